// Simulated transactions for the scheduler's tests: little programs over few locations whose control flow depends on every value
// they have read, so that a single wrong read shows. Values are small: equal values from different writers are common.

import { mix } from "./mix.ts";

export const ACCOUNTS = 3;
export const SLOTS = 2;

/** A step of a host operation; tests may suspend a worker at each. */
export type Steps<T> = Generator<undefined, T>;

/** What a program can do. Every read sees the unit's own writes first. */
export interface Host {
  readSlot(account: number, slot: number): Steps<number>;
  writeSlot(account: number, slot: number, value: number): void;
  resetStorage(account: number): void;
  /** Whether any unit up to here has reset the account's storage. */
  wasReset(account: number): Steps<boolean>;
  readBalance(account: number): Steps<number>;
  setBalance(account: number, value: number): void;
  credit(account: number, amount: number): void;
  /** Learns only whether the balance covers `amount`. */
  covers(account: number, amount: number): Steps<boolean>;
  readNonce(account: number): Steps<number>;
  /** Whether the nonce is `expected`; a speculating host may assume so without looking. */
  nonceIs(account: number, expected: number): Steps<boolean>;
  writeNonce(account: number, value: number): void;
  readCode(account: number): Steps<number>;
  writeCode(account: number, value: number): void;
}

/** Runs unit `unit` of the block that `seed` names; answers everything it observed, in order. */
export function* runProgram(seed: number, unit: number, host: Host): Steps<number[]> {
  const trace: number[] = [];
  let seen = 0;
  const observe = (value: number) => {
    trace.push(value);
    seen = mix(seen, value);
  };
  const length = 1 + (mix(seed, unit) % 7);
  for (let pc = 0; pc < length; pc++) {
    const word = mix(seed, unit, pc, seen);
    const account = (word >>> 8) % ACCOUNTS;
    const slot = (word >>> 12) % SLOTS;
    const small = (word >>> 16) % 4;
    switch (word % 15) {
      case 0:
      case 1:
      case 2:
        observe(yield* host.readSlot(account, slot));
        break;
      case 3:
      case 4:
        host.writeSlot(account, slot, small);
        break;
      case 5:
        host.resetStorage(account);
        break;
      case 6:
        observe((yield* host.wasReset(account)) ? 1 : 0);
        break;
      case 7:
        observe(yield* host.readBalance(account));
        break;
      case 8:
        host.setBalance(account, small);
        break;
      case 9:
      case 10:
        host.credit(account, 1 + small);
        break;
      case 11:
        observe((yield* host.covers(account, small * 3)) ? 1 : 0);
        break;
      case 12: {
        const nonce = yield* host.readNonce(account);
        observe(nonce);
        host.writeNonce(account, nonce + (small & 1));
        break;
      }
      case 13:
        observe((yield* host.nonceIs(account, small & 1)) ? 1 : 0);
        break;
      default:
        observe(yield* host.readCode(account));
        host.writeCode(account, small);
    }
  }
  return trace;
}

/** The parent state of the block that `seed` names. The last account is absent: all zero. */
export const parentState = {
  exists: (account: number) => account < ACCOUNTS - 1,
  balance: (seed: number, account: number) => (parentState.exists(account) ? mix(seed, 1, account) % 5 : 0),
  nonce: (seed: number, account: number) => (parentState.exists(account) ? mix(seed, 2, account) % 3 : 0),
  code: (seed: number, account: number) =>
    parentState.exists(account) ? 1 + (mix(seed, 3, account) % 2) : 0,
  slot: (seed: number, account: number, slot: number) =>
    parentState.exists(account) ? mix(seed, 4, account, slot) % 3 : 0,
};

/** What a block that is being built has room for: by its seed, sometimes less than its units would take. */
export interface Room {
  gas: number;
  blobs: number;
}

/** No unit uses more gas: one for each thing that it observes. */
export const UNIT_GAS = 7;

export function roomOf(seed: number, units: number): Room {
  return { gas: UNIT_GAS + (mix(seed, 5) % (UNIT_GAS * units)), blobs: mix(seed, 6) % (units + 1) };
}

export function blobsOf(seed: number, unit: number): number {
  return Math.max(0, (mix(seed, 7, unit) % 5) - 2);
}

/** While building: a unit that observed this is no valid candidate. */
export function isInvalid(seed: number, trace: number[]): boolean {
  return mix(seed, ...trace) % 4 === 0;
}

/** The state behind a block, and what each unit observed. */
export interface SimulatedResult {
  /** Of a unit that was left out: null. */
  traces: (number[] | null)[];
  balances: number[];
  nonces: number[];
  codes: number[];
  /** By account, then slot. */
  slots: number[][];
}

function* answer<T>(value: T): Steps<T> {
  yield;
  return value;
}

/** Runs the block's units one after the other on plain arrays: what every schedule has to come to. With `room` the block is built of them. */
export function runSequentially(seed: number, units: number, room?: Room): SimulatedResult {
  const accounts = Array.from({ length: ACCOUNTS }, (_, account) => account);
  const balances = accounts.map((account) => parentState.balance(seed, account));
  const nonces = accounts.map((account) => parentState.nonce(seed, account));
  const codes = accounts.map((account) => parentState.code(seed, account));
  const resets = accounts.map(() => false);
  const slots = accounts.map((account) =>
    Array.from({ length: SLOTS }, (_, slot) => parentState.slot(seed, account, slot)),
  );
  const host: Host = {
    readSlot: (account, slot) => answer(slots[account]?.[slot] ?? 0),
    writeSlot(account, slot, value) {
      const storage = slots[account];
      if (storage !== undefined) storage[slot] = value;
    },
    resetStorage(account) {
      slots[account]?.fill(0);
      resets[account] = true;
    },
    wasReset: (account) => answer(resets[account] === true),
    readBalance: (account) => answer(balances[account] ?? 0),
    setBalance(account, value) {
      balances[account] = value;
    },
    credit(account, amount) {
      balances[account] = (balances[account] ?? 0) + amount;
    },
    covers: (account, amount) => answer((balances[account] ?? 0) >= amount),
    readNonce: (account) => answer(nonces[account] ?? 0),
    nonceIs: (account, expected) => answer(nonces[account] === expected),
    writeNonce(account, value) {
      nonces[account] = value;
    },
    readCode: (account) => answer(codes[account] ?? 0),
    writeCode(account, value) {
      codes[account] = value;
    },
  };
  const traces: (number[] | null)[] = [];
  const left = { ...room };
  for (let unit = 0; unit < units; unit++) {
    const before = structuredClone([balances, nonces, codes, resets, slots]);
    const steps = runProgram(seed, unit, host);
    let step = steps.next();
    while (!step.done) step = steps.next();
    const trace = step.value;
    const blobs = blobsOf(seed, unit);
    const hasRoom = left.gas === undefined || (left.gas >= UNIT_GAS && (left.blobs ?? 0) >= blobs);
    if (room === undefined || (hasRoom && !isInvalid(seed, trace))) {
      traces.push(trace);
      if (left.gas !== undefined) left.gas -= trace.length;
      if (left.blobs !== undefined) left.blobs -= blobs;
      continue;
    }
    traces.push(null);
    for (const [i, array] of [balances, nonces, codes, resets, slots].entries())
      array.splice(0, array.length, ...((before[i] ?? []) as never[]));
  }
  return { traces, balances, nonces, codes, slots };
}
