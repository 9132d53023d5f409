// A profile in a kernel's memory: the values before the block, its units with what they will read and write, and where everything lies.

import { HEAD_ONLY, Kernel, KIND_DELTA, KIND_VALUE } from "@braid/kernel";
import { type Hex, hexToBytes } from "@braid/primitives";
import type { BlockProfile, ProfileLocation, UnitProfile } from "../profile/block-profile.ts";
import { findDependencies } from "./critical-path.ts";
import { type Limbs, limbsOf, putLimbs } from "./words.ts";

export interface VirtualRead {
  location: number;
  lo: Limbs;
  hi: Limbs;
  exact: boolean;
  assumed: boolean;
}

interface VirtualWrite {
  location: number;
  kind: number;
  limbs: Limbs;
  /** What a unit that has seen a wrong value leaves behind is wrong here too. */
  follows: boolean;
}

export interface VirtualUnit {
  recoverMs: number;
  executeMs: number;
  settleMs: number;
  reads: VirtualRead[];
  writes: VirtualWrite[];
}

/** Speculation stops when twice as many incarnations were in vain as the block has units, and so many: as the executor has it. */
const SOLO_ALLOWANCE = 32;
const MAX_WORKERS = 64;

/** An account's values before the block. */
interface AccountBefore {
  balance: bigint;
  nonce: bigint;
  codeHash: bigint;
  slots: { key: Uint8Array; value: bigint }[];
}

/** What all simulations share: a memory, and an instance of the kernel for each worker. */
export class VirtualMachine {
  readonly main: Kernel;
  readonly #workers: Kernel[] = [];

  constructor() {
    this.main = Kernel.create({ maxWorkers: MAX_WORKERS });
  }

  /** The instances of the first `count` workers, made when they are first needed. */
  workers(count: number): readonly Kernel[] {
    while (this.#workers.length < count)
      this.#workers.push(Kernel.attach(this.main.shared, this.#workers.length + 1));
    return this.#workers.slice(0, count);
  }
}

/** A block that is ready to be run. One at a time: the next one takes its place. */
export class VirtualBlock {
  readonly units: VirtualUnit[];
  /** By the index of the location in the profile: its ptr; and the other way round. */
  readonly ptrs: number[];
  readonly indexOf = new Map<number, number>();

  /** `foreseen`: hints say of every write that others look at where it will be, and of each of those whom it waits for. */
  constructor(kernel: Kernel, profile: BlockProfile, foreseen: boolean) {
    this.units = profile.units.map(virtualUnit);
    kernel.resetState();
    putState(kernel, profile.locations);
    kernel.resetBlock(profile.units.length);
    kernel.setSoloAfter(2 * profile.units.length + SOLO_ALLOWANCE);
    kernel.setUnitFlags(profile.units.length - 1, HEAD_ONLY);
    this.ptrs = profile.locations.map((location) => locate(kernel, location));
    for (const [index, ptr] of this.ptrs.entries()) this.indexOf.set(ptr, index);
    if (foreseen) this.#placeHints(kernel, profile);
    const fault = kernel.faultError();
    if (fault !== undefined) throw fault;
  }

  #placeHints(kernel: Kernel, profile: BlockProfile): void {
    const last = new Map<number, number>();
    for (const { reader, writer, location } of findDependencies(profile)) {
      kernel.hintEstimate(this.ptrs[location] as number, writer);
      last.set(reader, Math.max(writer, last.get(reader) ?? 0));
    }
    for (const [reader, writer] of last) kernel.setUnitAfter(reader, writer);
  }
}

function virtualUnit({ recoverMs, executeMs, settleMs, reads, writes }: UnitProfile): VirtualUnit {
  return {
    recoverMs,
    executeMs,
    settleMs,
    reads: reads.map(({ location, min, max = min, assumed = false }) => ({
      location,
      lo: limbsOf(BigInt(min)),
      hi: limbsOf(BigInt(max)),
      exact: min === max,
      assumed,
    })),
    writes: writes.map(({ location, value, delta }) => ({
      location,
      kind: value === undefined ? KIND_DELTA : KIND_VALUE,
      limbs: limbsOf(BigInt.asUintN(256, BigInt(value ?? delta ?? 0))),
      follows: value !== undefined,
    })),
  };
}

function accountsBefore(locations: readonly ProfileLocation[]): Map<Hex, AccountBefore> {
  const accounts = new Map<Hex, AccountBefore>();
  for (const { address, field, slot, before } of locations) {
    const account = accounts.get(address) ?? { balance: 0n, nonce: 0n, codeHash: 0n, slots: [] };
    accounts.set(address, account);
    const value = BigInt(before);
    if (field === "storage") account.slots.push({ key: hexToBytes(slot ?? "0x"), value });
    else if (field !== "storageReset") account[field] = value;
  }
  return accounts;
}

function putState(kernel: Kernel, locations: readonly ProfileLocation[]): void {
  const { scratch, u8, u64 } = kernel;
  const [balanceAt, codeHashAt] = [scratch + 64, scratch + 96];
  for (const [address, { balance, nonce, codeHash, slots }] of accountsBefore(locations)) {
    u8.set(hexToBytes(address), scratch);
    putLimbs(u64, balanceAt >>> 3, limbsOf(balance));
    putLimbs(u64, codeHashAt >>> 3, limbsOf(codeHash));
    const record = kernel.flatPutAccount(scratch, true, true, nonce, balanceAt, codeHashAt);
    if (record === 0) return;
    for (const { key, value } of slots) {
      u8.set(key, scratch);
      putLimbs(u64, balanceAt >>> 3, limbsOf(value));
      kernel.flatPutSlot(record, scratch, balanceAt);
    }
  }
}

/** The location's ptr; 0 when the arena is full, which is noticed by then. */
function locate(kernel: Kernel, { address, field, slot }: ProfileLocation): number {
  kernel.u8.set(hexToBytes(address), kernel.scratch);
  const record = kernel.account();
  if (record === 0) return 0;
  if (field === "balance") return kernel.balanceLocation(record);
  if (field === "nonce") return kernel.nonceLocation(record);
  if (field === "codeHash") return kernel.codeHashLocation(record);
  if (field === "storageReset") return kernel.storageResetLocation(record);
  kernel.u8.set(hexToBytes(slot ?? "0x"), kernel.scratch);
  return kernel.slot(record);
}
