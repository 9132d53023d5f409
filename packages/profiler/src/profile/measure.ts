// Measures a block: runs it in order several times, and notes of each unit its time, gas, reads and writes.

import type { BlockResult, ExecuteBlockInput, Executor, ReadAccess, WriteAccess } from "@braid/executor";
import { bytesToBigInt, bytesToHex, type Hex, hexToBytes } from "@braid/primitives";
import { type Block, decodeTransaction, hashTransaction } from "@braid/protocol";
import { ABSENT_CODE_HASH, type StateSource } from "@braid/state";
import {
  type BlockProfile,
  locationKey,
  type ProfileLocation,
  type ProfileRead,
  type ProfileWrite,
  type UnitProfile,
} from "./block-profile.ts";
import { findAdditions } from "./find-additions.ts";
import { median } from "./median.ts";

/** A block on the state before it: what an executor takes, less the ways of running it. */
export interface MeasureInput
  extends Pick<
    ExecuteBlockInput,
    | "chain"
    | "source"
    | "engine"
    | "senders"
    | "contractSenders"
    | "signal"
    | "readTimeoutMs"
    | "intermediateRoots"
  > {
  block: Block;
}

export interface MeasureOptions {
  /** Timed runs, after one that is not timed; default 5. */
  runs?: number;
  /** What is run after each timed run, in turn with them; false when the run does not count. Without three that count, all do. */
  afterRun?: (inOrder: BlockResult["statistics"]) => Promise<boolean>;
  /** Find out which writes are additions, by running the block again on other values; default true. */
  additions?: boolean;
}

const DEFAULT_RUNS = 5;
const LEAST_COUNTED = 3;
/** Of a transaction's data that are looked through. */
const MOST_WORDS = 64;

/** An executor, or what looks like it. */
export type Runner = Pick<Executor, "executeBlock"> & { readonly workers: number };

/**
 * Runs a block in order on one thread of `executor` (or, when it has none, on the caller's) and tells of each unit what it took, read and wrote.
 * PERF: as long as the block takes, `runs` + 1 times, and up to twice more for `additions`.
 *
 * @throws as Executor.executeBlock.
 */
export async function measureBlock(
  executor: Runner,
  input: MeasureInput,
  { runs = DEFAULT_RUNS, afterRun = () => Promise.resolve(true), additions = true }: MeasureOptions = {},
): Promise<BlockProfile> {
  const inOrder: ExecuteBlockInput = {
    ...input,
    mode: "sequential",
    workers: Math.min(1, executor.workers),
    hints: false,
  };
  // The first run reads the state, and finds code that is not compiled yet.
  let result = await executor.executeBlock(inOrder);
  const all: { statistics: BlockResult["statistics"]; counts: boolean }[] = [];
  for (let run = 0; run < runs; run++) {
    result = await executor.executeBlock(inOrder);
    const { statistics } = result;
    all.push({ statistics, counts: await afterRun(statistics) });
  }
  const timed = counted(all).map(({ statistics }) => statistics);
  const locations = new LocationTable(input.source);
  const systemUnit = { gasUsed: 0, recoverMs: 0, settleMs: 0 };
  const executeMs = (unit: number): number => median(timed.map(({ unitMs }) => unitMs?.[unit] ?? 0));
  const count = result.transactions.length;
  const recoverMs =
    median(timed.map(({ workerPhases: [phases] }) => phases?.recover ?? 0)) / Math.max(1, count);
  const settleMs = median(timed.map(settleTime)) / Math.max(1, count);
  const units: UnitProfile[] = [
    {
      kind: "prologue",
      ...systemUnit,
      executeMs: executeMs(0),
      ...(await locations.accesses(result.prologue)),
    },
  ];
  const named = new Set<Hex>();
  for (const [i, transaction] of result.transactions.entries()) {
    const raw = input.block.transactions[i] as Uint8Array;
    const { to, data } = decodeTransaction(raw);
    for (const address of addressesIn(data)) named.add(address);
    units.push({
      kind: "transaction",
      hash: bytesToHex(hashTransaction(raw)),
      from: bytesToHex(transaction.sender),
      ...(to === undefined ? {} : { to: bytesToHex(to) }),
      ...(to === undefined || data.length < 4 ? {} : { selector: bytesToHex(data.subarray(0, 4)) }),
      status: transaction.status,
      gasUsed: Number(transaction.gasUsed),
      recoverMs,
      executeMs: executeMs(i + 1),
      settleMs,
      ...(await locations.accesses(transaction, bytesToHex(transaction.sender))),
    });
  }
  units.push({
    kind: "epilogue",
    ...systemUnit,
    executeMs: executeMs(count + 1),
    ...(await locations.accesses(result.epilogue)),
  });
  const mainThreadMs = median(timed.map(mainThreadTime));
  const workerMs = median(timed.map((statistics) => statistics.phases.total - mainThreadTime(statistics)));
  spread(units, workerMs);
  const profile: BlockProfile = {
    version: 1,
    number: Number(input.block.header.number),
    transactions: count,
    gasUsed: Number(result.gasUsed),
    runs: timed.length,
    sequentialMs: mainThreadMs + workerMs,
    mainThreadMs,
    locations: locations.list,
    arguments: [...named],
    units,
  };
  if (additions)
    await findAdditions(profile, (source) => executor.executeBlock({ ...inOrder, source }), input.source);
  return profile;
}

/** Those that count; all of them when few do. */
export function counted<Run extends { counts: boolean }>(runs: readonly Run[]): readonly Run[] {
  const counting = runs.filter(({ counts }) => counts);
  return counting.length >= LEAST_COUNTED ? counting : runs;
}

/** The words of call data that may be addresses: twelve bytes of zero, and then something. PERF: only the first ones, whoever sent them. */
function* addressesIn(data: Uint8Array): Generator<Hex> {
  const end = Math.min(data.length, 4 + 32 * MOST_WORDS);
  for (let at = 4; at + 32 <= end; at += 32) {
    const word = data.subarray(at, at + 32);
    // A number of less than eight bytes is none.
    if (word.subarray(0, 12).every((byte) => byte === 0) && word.subarray(12, 24).some((byte) => byte !== 0))
      yield bytesToHex(word.subarray(12));
  }
}

/** What a unit's median leaves out, now and then a collection of garbage, belongs to all: with it the units take as long as the block does. */
function spread(units: UnitProfile[], totalMs: number): void {
  const sum = units.reduce((total, unit) => total + unit.recoverMs + unit.executeMs + unit.settleMs, 0);
  const factor = sum === 0 ? 1 : totalMs / sum;
  for (const unit of units) {
    unit.recoverMs *= factor;
    unit.executeMs *= factor;
    unit.settleMs *= factor;
  }
}

/** A worker hashes receipts when all units are committed. */
function settleTime({ workerPhases: [phases], unitMs }: BlockResult["statistics"]): number {
  const units = unitMs?.reduce((sum, ms) => sum + ms, 0) ?? 0;
  return Math.max(0, (phases?.execute ?? 0) - units);
}

/** What is left of a block's time: preparing, loading, waking the worker, the result. */
function mainThreadTime({ phases, workerPhases: [worker] }: BlockResult["statistics"]): number {
  return Math.max(0, phases.total - (worker?.recover ?? 0) - (worker?.execute ?? 0));
}

function hexOf(value: bigint): Hex {
  return `0x${value.toString(16)}`;
}

/** The locations of a block, each once, with their values before it. */
class LocationTable {
  readonly list: ProfileLocation[] = [];
  readonly #index = new Map<string, number>();
  readonly #source: StateSource;

  constructor(source: StateSource) {
    this.#source = source;
  }

  async accesses(
    { reads, writes }: { reads: ReadAccess[]; writes: WriteAccess[] },
    sender?: Hex,
  ): Promise<Pick<UnitProfile, "reads" | "writes">> {
    const profile: Pick<UnitProfile, "reads" | "writes"> = { reads: [], writes: [] };
    // The sender's nonce and funds are checked before anything else is looked at.
    let isChecking = sender !== undefined;
    for (const read of reads) {
      isChecking &&= read.address === sender && (read.field === "nonce" || read.field === "balance");
      profile.reads.push({ ...(await this.#read(read)), ...(isChecking ? { assumed: true } : {}) });
    }
    for (const write of writes) profile.writes.push(await this.#write(write));
    return profile;
  }

  async #read({ min, max, ...where }: ReadAccess): Promise<ProfileRead> {
    const location = await this.#at(where);
    return min === max ? { location, min: hexOf(min) } : { location, min: hexOf(min), max: hexOf(max) };
  }

  async #write({ value, delta, ...where }: WriteAccess): Promise<ProfileWrite> {
    const location = await this.#at(where);
    return delta === undefined
      ? { location, value: hexOf(value ?? 0n) }
      : { location, delta: delta.toString() };
  }

  async #at(where: Omit<ProfileLocation, "before">): Promise<number> {
    const key = locationKey(where);
    const known = this.#index.get(key);
    if (known !== undefined) return known;
    const index = this.list.length;
    this.#index.set(key, index);
    this.list.push({ ...where, before: hexOf(await valueBefore(this.#source, where)) });
    return index;
  }
}

async function valueBefore(
  source: StateSource,
  { address, field, slot }: Omit<ProfileLocation, "before">,
): Promise<bigint> {
  const key = hexToBytes(address);
  if (field === "storage") return await source.getStorage(key, hexToBytes(slot ?? "0x"));
  const account = await source.getAccount(key);
  if (field === "balance") return account?.balance ?? 0n;
  if (field === "nonce") return account?.nonce ?? 0n;
  return field === "codeHash" ? bytesToBigInt(account?.codeHash ?? ABSENT_CODE_HASH) : 0n;
}
