// The programs' host over the kernel: one incarnation's own writes on top of the multi-version memory, as the executor's state
// manager does it. It yields between all calls into the kernel.

import type { Kernel } from "../kernel.ts";
import { PeekStatus } from "../status.ts";
import { ACCOUNTS, type Host, parentState, type Steps } from "./program.ts";

/** Thrown out of a program when its incarnation cannot go on. */
export class Interrupted {
  /** The unit to wait for, or -1 when the run is halted. */
  readonly blocking: number;

  constructor(blocking: number) {
    this.blocking = blocking;
  }
}

/** Puts something into the flat state, by whichever instance. */
export type Fetch = (kernel: Kernel) => void;

/** Thrown out of a program when its incarnation is given up for state that has to be fetched. */
export class Missing {
  readonly fetch: Fetch;

  constructor(fetch: Fetch) {
    this.fetch = fetch;
  }
}

interface OwnBalance {
  set: number | undefined;
  delta: number;
  observed: boolean;
}

/** Writes a small value as four limbs to scratch (plus `offset`). */
export function putWord(kernel: Kernel, offset: number, value: bigint): void {
  const at = (kernel.scratch + offset) >>> 3;
  for (let limb = 0; limb < 4; limb++) kernel.u64[at + limb] = BigInt.asUintN(64, value >> BigInt(64 * limb));
}

const MAX_WORD = (1n << 256n) - 1n;

/** Puts the key bytes of an account (20) or slot (32) at `ptr`. */
function putKey(kernel: Kernel, ptr: number, key: number, length: number): void {
  kernel.u8.fill(0, ptr, ptr + length);
  // A byte in the front and one in the back, so that both ends of a key matter.
  kernel.u8[ptr] = key & 1;
  kernel.u8[ptr + length - 1] = key + 1;
}

/** Inserts an account's parent state into the flat state, as a fetch from the source does; answers the flat record. */
export function fetchAccount(kernel: Kernel, seed: number, account: number): number {
  const { scratch } = kernel;
  putKey(kernel, scratch, account, 20);
  putWord(kernel, 64, BigInt(parentState.balance(seed, account)));
  putWord(kernel, 128, BigInt(parentState.code(seed, account)));
  const exists = parentState.exists(account);
  const nonce = BigInt(parentState.nonce(seed, account));
  return kernel.flatPutAccount(scratch, exists, exists, nonce, scratch + 64, scratch + 128);
}

/** Inserts a slot (and its account) into the flat state. */
export function fetchSlot(kernel: Kernel, seed: number, account: number, slot: number): void {
  const record = fetchAccount(kernel, seed, account);
  putKey(kernel, kernel.scratch, slot, 32);
  putWord(kernel, 64, BigInt(parentState.slot(seed, account, slot)));
  if (record !== 0) kernel.flatPutSlot(record, kernel.scratch, kernel.scratch + 64);
}

/** Finds an account's record in the multi-version memory. */
export function accountRecord(kernel: Kernel, account: number): number {
  putKey(kernel, kernel.scratch, account, 20);
  return nonZero(kernel.account());
}

/** Finds a slot's location in the multi-version memory. */
export function slotLocation(kernel: Kernel, record: number, slot: number): number {
  putKey(kernel, kernel.scratch, slot, 32);
  return nonZero(kernel.slot(record));
}

function nonZero(ptr: number): number {
  if (ptr === 0) throw new Interrupted(-1);
  return ptr;
}

export class KernelHost implements Host {
  readonly #kernel: Kernel;
  readonly #seed: number;
  readonly #unit: number;
  readonly #head: boolean;
  /** State that is missing is not fetched here: Missing is thrown. */
  readonly #parks: boolean;
  /** Values that this incarnation has read or written, by location: two reads of a location must not disagree. */
  readonly #values = new Map<number, number>();
  readonly #writes = new Map<number, number>();
  readonly #balances = new Map<number, OwnBalance>();
  readonly #resets = new Set<number>();
  readonly #slotsOf = new Map<number, Set<number>>();

  constructor(kernel: Kernel, seed: number, unit: number, head: boolean, parks: boolean) {
    this.#kernel = kernel;
    this.#seed = seed;
    this.#unit = unit;
    this.#head = head;
    this.#parks = parks;
  }

  *#resolve(location: number, logged: boolean, fetch: Fetch): Steps<number> {
    for (;;) {
      yield;
      const kernel = this.#kernel;
      const status = logged ? kernel.read(location, this.#unit) : kernel.peek(location, this.#unit);
      if (status === PeekStatus.Ok) return Number(kernel.u64[kernel.scratch >>> 3]);
      if (status === PeekStatus.Estimate) throw new Interrupted(kernel.blockingUnit());
      if (status === PeekStatus.Fault || kernel.haltReason !== 0) throw new Interrupted(-1);
      yield;
      if (this.#parks) throw new Missing(fetch);
      fetch(kernel);
    }
  }

  *#read(location: number, fetch: Fetch): Steps<number> {
    const own = this.#writes.get(location) ?? this.#values.get(location);
    if (own !== undefined) return own;
    const value = yield* this.#resolve(location, true, fetch);
    this.#values.set(location, value);
    return value;
  }

  #slot(account: number, slot: number): number {
    const location = slotLocation(this.#kernel, accountRecord(this.#kernel, account), slot);
    const slots = this.#slotsOf.get(account) ?? new Set();
    this.#slotsOf.set(account, slots.add(location));
    return location;
  }

  *readSlot(account: number, slot: number): Steps<number> {
    const location = this.#slot(account, slot);
    if (this.#resets.has(account)) return this.#writes.get(location) ?? 0;
    return yield* this.#read(location, (by) => fetchSlot(by, this.#seed, account, slot));
  }

  writeSlot(account: number, slot: number, value: number): void {
    this.#writes.set(this.#slot(account, slot), value);
  }

  resetStorage(account: number): void {
    this.#resets.add(account);
    for (const location of this.#slotsOf.get(account) ?? []) this.#writes.delete(location);
  }

  *wasReset(account: number): Steps<boolean> {
    if (this.#resets.has(account)) return true;
    const location = this.#kernel.storageResetLocation(accountRecord(this.#kernel, account));
    return (yield* this.#read(location, () => {})) === 1;
  }

  #balance(account: number): OwnBalance {
    const own = this.#balances.get(account) ?? { set: undefined, delta: 0, observed: false };
    this.#balances.set(account, own);
    return own;
  }

  *readBalance(account: number): Steps<number> {
    const own = this.#balance(account);
    if (own.set !== undefined) return own.set + own.delta;
    const location = this.#kernel.balanceLocation(accountRecord(this.#kernel, account));
    const base = yield* this.#read(location, (by) => fetchAccount(by, this.#seed, account));
    own.observed = true;
    return base + own.delta;
  }

  setBalance(account: number, value: number): void {
    const own = this.#balance(account);
    own.set = value;
    own.delta = 0;
  }

  credit(account: number, amount: number): void {
    this.#balance(account).delta += amount;
  }

  *covers(account: number, amount: number): Steps<boolean> {
    const own = this.#balance(account);
    if (own.set !== undefined) return own.set + own.delta >= amount;
    const kernel = this.#kernel;
    const location = kernel.balanceLocation(accountRecord(kernel, account));
    const fetch: Fetch = (by) => fetchAccount(by, this.#seed, account);
    const base = this.#values.get(location) ?? (yield* this.#resolve(location, false, fetch));
    yield;
    const needed = BigInt(Math.max(0, amount - own.delta));
    const enough = BigInt(base) >= needed;
    putWord(kernel, 0, enough ? needed : 0n);
    putWord(kernel, 32, enough ? MAX_WORD : needed - 1n);
    kernel.logRange(location);
    return enough;
  }

  *readNonce(account: number): Steps<number> {
    const location = this.#kernel.nonceLocation(accountRecord(this.#kernel, account));
    return yield* this.#read(location, (by) => fetchAccount(by, this.#seed, account));
  }

  *nonceIs(account: number, expected: number): Steps<boolean> {
    const kernel = this.#kernel;
    const location = kernel.nonceLocation(accountRecord(kernel, account));
    const known = this.#writes.has(location) || this.#values.has(location);
    if (this.#head || known) return (yield* this.readNonce(account)) === expected;
    yield;
    putWord(kernel, 0, BigInt(expected));
    putWord(kernel, 32, BigInt(expected));
    kernel.logAssumption(location);
    this.#values.set(location, expected);
    return true;
  }

  writeNonce(account: number, value: number): void {
    this.#writes.set(this.#kernel.nonceLocation(accountRecord(this.#kernel, account)), value);
  }

  *readCode(account: number): Steps<number> {
    const location = this.#kernel.codeHashLocation(accountRecord(this.#kernel, account));
    return yield* this.#read(location, (by) => fetchAccount(by, this.#seed, account));
  }

  writeCode(account: number, value: number): void {
    this.#writes.set(this.#kernel.codeHashLocation(accountRecord(this.#kernel, account)), value);
  }

  /** Hands the net writes to the write log. */
  collectWrites(): void {
    const kernel = this.#kernel;
    for (let account = 0; account < ACCOUNTS; account++) {
      if (!this.#resets.has(account)) continue;
      const location = kernel.storageResetLocation(accountRecord(kernel, account));
      putWord(kernel, 0, 1n);
      kernel.writeValue(location);
    }
    for (const [account, own] of this.#balances) {
      const location = kernel.balanceLocation(accountRecord(kernel, account));
      const base = own.set ?? (own.observed ? this.#values.get(location) : undefined);
      if (base !== undefined && (own.set !== undefined || own.delta !== 0)) {
        putWord(kernel, 0, BigInt(base + own.delta));
        kernel.writeValue(location);
      } else if (own.delta !== 0) {
        putWord(kernel, 0, BigInt(own.delta));
        kernel.writeDelta(location);
      }
    }
    for (const [location, value] of this.#writes) {
      putWord(kernel, 0, BigInt(value));
      kernel.writeValue(location);
    }
  }
}
