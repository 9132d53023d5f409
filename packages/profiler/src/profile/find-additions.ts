// Which writes are additions: the block is run again on a state in which contended slots hold other values. A unit that then adds the same, with
// the same result in everything else, logs included, does not depend on the value.

import type { BlockResult, ReadAccess, WriteAccess } from "@braid/executor";
import { BaseError, bytesToHex, type Hex } from "@braid/primitives";
import { encodeLogs } from "@braid/protocol";
import type { SourceAccount, StateSource } from "@braid/state";
import { type BlockProfile, locationKey } from "./block-profile.ts";

/** Neither of them likely to be a distance that a contract has in mind; the second one is more than most counters will ever come to. */
const SHIFTS = [1n, (1n << 64n) + 3n] as const;
/** Slots that are shifted alone, because together with others something went wrong: each takes a run of the block, or two. */
const MOST_ALONE = 24;

type Execute = (source: StateSource) => Promise<BlockResult>;

/** Marks the writes that are additions. Slots that only one transaction writes are left alone: nobody waits for them. */
export async function findAdditions(
  profile: BlockProfile,
  execute: Execute,
  source: StateSource,
): Promise<void> {
  const units = candidates(profile);
  if (units.size === 0) return;
  const original = await execute(source);
  // Each is made again whenever somebody looks.
  const doneBefore = new Map<number, Done | undefined>();
  const originally = (index: number): Done | undefined => {
    if (!doneBefore.has(index)) doneBefore.set(index, doneBy(original, index));
    return doneBefore.get(index);
  };
  const shifted = async (keys: readonly string[], by: bigint): Promise<BlockResult | undefined> => {
    try {
      return await execute(new ShiftedSource(source, new Set(keys), by));
    } catch (error) {
      // On another state the block may well be invalid.
      if (error instanceof BaseError) return undefined;
      throw error;
    }
  };
  const holds = async (keys: readonly string[]): Promise<Map<string, Set<number>>> => {
    let holding = new Map(keys.map((key) => [key, units.get(key) ?? new Set<number>()]));
    for (const by of SHIFTS) {
      const result = await shifted([...holding.keys()], by);
      const shift: ShiftOf = (key) => (holding.has(key) ? by : 0n);
      const wrote = new Map<number, ReadonlySet<string>>();
      for (const index of new Set([...holding.values()].flatMap((of) => [...of])))
        wrote.set(index, writtenAlike(originally(index), result && doneBy(result, index), shift));
      holding = new Map(
        [...holding].flatMap(([key, of]): [string, Set<number>][] => {
          const adding = new Set([...of].filter((index) => wrote.get(index)?.has(key)));
          return adding.size === 0 ? [] : [[key, adding]];
        }),
      );
      if (holding.size === 0) break;
    }
    return holding;
  };
  const found = await holds([...units.keys()]);
  const failed = [...units.keys()].filter((key) => (found.get(key)?.size ?? 0) < (units.get(key)?.size ?? 0));
  failed.sort((a, b) => (units.get(b)?.size ?? 0) - (units.get(a)?.size ?? 0));
  // The only slot there is was alone before.
  const alone = units.size === 1 ? [] : failed.slice(0, MOST_ALONE);
  for (const key of alone) {
    const [one] = await holds([key]);
    if (one !== undefined) found.set(...one);
  }
  mark(profile, found);
}

/** By key, the slots that several transactions have looked at and written, with those transactions' indices. */
function candidates({ units, locations }: BlockProfile): Map<string, Set<number>> {
  const found = new Map<string, Set<number>>();
  for (const [unit, { kind, reads, writes }] of units.entries()) {
    if (kind !== "transaction") continue;
    const looked = new Set(reads.flatMap(({ location, max }) => (max === undefined ? [location] : [])));
    for (const { location } of writes) {
      const at = locations[location];
      if (at?.field !== "storage" || !looked.has(location)) continue;
      const key = locationKey(at);
      found.set(key, (found.get(key) ?? new Set()).add(unit - 1));
    }
  }
  for (const [key, { size }] of found) if (size < 2) found.delete(key);
  return found;
}

/** What a transaction has done, by the keys of its locations. */
interface Done {
  status: 0 | 1;
  gasUsed: bigint;
  logs: Hex;
  reads: ReadonlyMap<string, ReadAccess>;
  writes: ReadonlyMap<string, WriteAccess>;
}

function doneBy({ transactions, receipts }: BlockResult, index: number): Done | undefined {
  const transaction = transactions[index];
  if (transaction === undefined) return undefined;
  const { status, gasUsed, reads, writes } = transaction;
  return {
    status,
    gasUsed,
    logs: bytesToHex(encodeLogs(receipts[index]?.logs ?? [])),
    reads: new Map(reads.map((read) => [locationKey(read), read])),
    writes: new Map(writes.map((write) => [locationKey(write), write])),
  };
}

type ShiftOf = (key: string) => bigint;

/** The keys that the transaction wrote, when it has done the same on the shifted values and added the same to each of them; else none. */
function writtenAlike(one: Done | undefined, other: Done | undefined, shift: ShiftOf): ReadonlySet<string> {
  const isSame =
    one !== undefined &&
    other !== undefined &&
    one.status === other.status &&
    one.gasUsed === other.gasUsed &&
    one.logs === other.logs &&
    sameReads(one, other, shift) &&
    sameWrites(one, other, shift);
  return isSame ? new Set(one.writes.keys()) : new Set();
}

function sameReads(one: Done, other: Done, shift: ShiftOf): boolean {
  if (one.reads.size !== other.reads.size) return false;
  for (const [key, read] of one.reads) {
    const same = other.reads.get(key);
    const by = shift(key);
    if (same === undefined || (by !== 0n && !isShifted(read.min, same.min, by))) return false;
  }
  return true;
}

function sameWrites(one: Done, other: Done, shift: ShiftOf): boolean {
  if (one.writes.size !== other.writes.size) return false;
  for (const [key, write] of one.writes) {
    const same = other.writes.get(key);
    if (same === undefined || write.delta !== same.delta) return false;
    if (!isShifted(write.value ?? 0n, same.value ?? 0n, shift(key))) return false;
  }
  return true;
}

function isShifted(one: bigint, other: bigint, by: bigint): boolean {
  return BigInt.asUintN(256, one + by) === other;
}

function mark(profile: BlockProfile, found: ReadonlyMap<string, Set<number>>): void {
  for (const [unit, { reads, writes }] of profile.units.entries()) {
    for (const write of writes) {
      const at = profile.locations[write.location];
      if (at === undefined || write.value === undefined || found.get(locationKey(at))?.has(unit - 1) !== true)
        continue;
      const before = reads.find(({ location, max }) => location === write.location && max === undefined);
      if (before === undefined) continue;
      const by = BigInt.asUintN(256, BigInt(write.value) - BigInt(before.min));
      write.adds = { by: `0x${by.toString(16)}`, how: "seems" };
    }
  }
}

/** A state in which some slots hold more. */
class ShiftedSource implements StateSource {
  readonly #source: StateSource;
  readonly #keys: ReadonlySet<string>;
  readonly #addresses: ReadonlySet<string>;
  readonly #by: bigint;

  constructor(source: StateSource, keys: ReadonlySet<string>, by: bigint) {
    this.#source = source;
    this.#keys = keys;
    this.#addresses = new Set([...keys].map((key) => key.slice(0, key.indexOf(":"))));
    this.#by = by;
  }

  getAccount(address: Uint8Array): ReturnType<StateSource["getAccount"]> {
    const account = this.#source.getAccount(address);
    if (!this.#addresses.has(bytesToHex(address))) return account;
    // Of an account without storage no slot would be read.
    const withStorage = (known: SourceAccount | undefined): SourceAccount | undefined =>
      known === undefined ? undefined : { ...known, hasStorage: true };
    return account instanceof Promise ? account.then(withStorage) : withStorage(account);
  }

  getStorage(address: Uint8Array, slot: Uint8Array): bigint | Promise<bigint> {
    const value = this.#source.getStorage(address, slot);
    if (!this.#keys.has(`${bytesToHex(address)}:${bytesToHex(slot)}`)) return value;
    const shift = (known: bigint): bigint => BigInt.asUintN(256, known + this.#by);
    return value instanceof Promise ? value.then(shift) : shift(value);
  }

  getCode(codeHash: Uint8Array): Uint8Array | Promise<Uint8Array> {
    return this.#source.getCode(codeHash);
  }

  getBlockHash(number: bigint): Uint8Array | Promise<Uint8Array> {
    return this.#source.getBlockHash(number);
  }
}
