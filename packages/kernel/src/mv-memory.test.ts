// The multi-version memory against a reference model: what each unit sees, for any history of values, deltas, estimates and
// storage resets; and that keys are compared whole.

import * as fc from "fast-check";
import { expect, test } from "vitest";
import { Kernel } from "./kernel.ts";
import {
  ACCOUNT_LIST_NEXT,
  ACCOUNT_SLOTS,
  KIND_DELTA,
  KIND_VALUE,
  LOCATION_KIND_MASK,
  LOCATION_STORAGE,
  LOCATION_STORAGE_RESET,
  SLOT_ACCOUNT,
  SLOT_HEAD,
  SLOT_LIST_NEXT,
} from "./layout.ts";
import { PeekStatus } from "./status.ts";

const UNITS = 6;
const kernel = Kernel.create({
  blockArenaBytes: 4 << 20,
  stateArenaBytes: 1 << 20,
  maxWorkers: 1,
  bucketBits: 0,
});
const { scratch } = kernel;
const MASK = (1n << 256n) - 1n;

function putWord(offset: number, value: bigint): number {
  const at = (scratch + offset) >>> 3;
  for (let limb = 0; limb < 4; limb++) kernel.u64[at + limb] = BigInt.asUintN(64, value >> BigInt(64 * limb));
  return scratch + offset;
}

function scratchWord(): bigint {
  let value = 0n;
  for (let limb = 3; limb >= 0; limb--) value = (value << 64n) | (kernel.u64[(scratch >>> 3) + limb] ?? 0n);
  return value;
}

function account(key: number): number {
  kernel.u8.fill(key, scratch, scratch + 20);
  return kernel.account();
}

function slot(record: number, key: number): number {
  kernel.u8.fill(key, scratch, scratch + 32);
  return kernel.slot(record);
}

function publish(
  unit: number,
  incarnation: number,
  writes: { location: number; kind: number; value: bigint }[],
): number {
  kernel.beginIncarnation();
  for (const { location, kind, value } of writes) {
    putWord(0, value);
    kernel.write(location, kind);
  }
  return kernel.publishAll(unit, incarnation);
}

const BASE_BALANCE = (1n << 255n) + 7n;
const BASE_SLOT = 40n;

/** An account (with storage) and one of its slots in the flat state; answers the five kinds of locations. */
function setUp(
  units: number,
  inFlat: boolean,
): { record: number; balance: number; reset: number; storage: number } {
  kernel.resetState();
  kernel.resetBlock(units);
  const record = account(1);
  const storage = slot(record, 9);
  if (inFlat) {
    kernel.u8.fill(1, scratch, scratch + 20);
    const flat = kernel.flatPutAccount(scratch, true, true, 3n, putWord(64, BASE_BALANCE), putWord(96, 77n));
    kernel.u8.fill(9, scratch, scratch + 32);
    kernel.flatPutSlot(flat, scratch, putWord(64, BASE_SLOT));
  }
  return {
    record,
    storage,
    balance: kernel.balanceLocation(record),
    reset: kernel.storageResetLocation(record),
  };
}

type Entry = { kind: "value" | "delta" | "reset"; value: bigint; estimate: boolean };
type Seen = { status: number; value?: bigint; blocking?: number };

/** What `unit` sees, spelled out: the newest reset is a floor, deltas add up down to a value or the base. */
function expected(
  entries: (Entry | undefined)[],
  resets: (Entry | undefined)[],
  base: bigint | undefined,
  unit: number,
): Seen {
  let sum = 0n;
  for (let below = unit - 1; below >= 0; below--) {
    const entry = entries[below];
    if (entry !== undefined) {
      if (entry.estimate) return { status: PeekStatus.Estimate, blocking: below };
      sum += entry.value;
      if (entry.kind === "value") return { status: PeekStatus.Ok, value: sum & MASK };
    }
    const reset = resets[below];
    if (reset?.estimate) return { status: PeekStatus.Estimate, blocking: below };
    if (reset !== undefined) return { status: PeekStatus.Ok, value: sum & MASK };
  }
  return base === undefined
    ? { status: PeekStatus.Missing }
    : { status: PeekStatus.Ok, value: (sum + base) & MASK };
}

function peek(location: number, unit: number): Seen {
  putWord(0, 0xdeadn);
  const status = kernel.peek(location, unit);
  if (status === PeekStatus.Ok) return { status, value: scratchWord() };
  if (status === PeekStatus.Estimate) return { status, blocking: kernel.blockingUnit() };
  // Where the address of what is missing may still be, nothing must have been written.
  expect(scratchWord()).toBe(0xdeadn);
  return { status };
}

const value = fc.oneof(fc.bigInt(0n, 3n), fc.bigInt(0n, MASK));
const entry = fc.option(
  fc.record({ kind: fc.constantFrom("value" as const, "delta" as const), value, estimate: fc.boolean() }),
  { nil: undefined },
);
const reset = fc.option(
  fc.record({ kind: fc.constant("reset" as const), value: fc.constant(1n), estimate: fc.boolean() }),
  { nil: undefined, freq: 3 },
);
const history = <T>(one: fc.Arbitrary<T>) => fc.array(one, { minLength: UNITS, maxLength: UNITS });

test("every unit sees what the model says", () => {
  fc.assert(
    fc.property(
      history(entry),
      history(entry),
      history(reset),
      fc.shuffledSubarray([0, 1, 2, 3, 4, 5], { minLength: UNITS }),
      fc.boolean(),
      (slots, balances, resets, order, inFlat) => {
        const at = setUp(UNITS, inFlat);
        const estimated: number[] = [];
        // A unit's writes become estimates together, so the three histories take the mark from the first that has one.
        for (const unit of order) {
          const mine = [slots[unit], balances[unit], resets[unit]];
          const estimate = mine.some((one) => one?.estimate === true);
          for (const one of mine) if (one !== undefined) one.estimate = estimate;
          if (estimate) estimated.push(unit);
          const writes = mine.flatMap((one, i) => {
            const location = [at.storage, at.balance, at.reset][i];
            if (one === undefined || location === undefined) return [];
            return [{ location, kind: one.kind === "delta" ? KIND_DELTA : KIND_VALUE, value: one.value }];
          });
          publish(unit, 0, writes);
        }
        for (const unit of estimated) kernel.exports.markEstimates(unit);
        const flags = resets.map((one) =>
          one === undefined ? undefined : { ...one, kind: "value" as const },
        );
        for (let unit = 0; unit <= UNITS; unit++) {
          expect(peek(at.storage, unit)).toEqual(
            expected(slots, resets, inFlat ? BASE_SLOT : undefined, unit),
          );
          expect(peek(at.balance, unit)).toEqual(
            expected(balances, [], inFlat ? BASE_BALANCE : undefined, unit),
          );
          expect(peek(at.reset, unit)).toEqual(expected(flags, [], 0n, unit));
        }
      },
    ),
    { numRuns: 300 },
  );
});

test("a later incarnation replaces, adds and clears", () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.boolean(), fc.subarray([0, 1, 2, 3]), value), { maxLength: 8 }),
      (incarnations) => {
        const at = setUp(2, true);
        const locations = [1, 2, 3, 4].map((key) => slot(at.record, key));
        kernel.u8.fill(1, scratch, scratch + 20);
        const flat = kernel.flatFindAccount(scratch);
        for (const key of [1, 2, 3, 4]) {
          kernel.u8.fill(key, scratch, scratch + 32);
          kernel.flatPutSlot(flat, scratch, putWord(64, 1000n + BigInt(key)));
        }
        let former = new Map<number, bigint>();
        for (const [incarnation, [abort, written, first]] of incarnations.entries()) {
          if (abort) kernel.exports.markEstimates(0);
          const now = new Map(written.map((i) => [i, (first + BigInt(i)) & MASK]));
          const flags = publish(
            0,
            incarnation,
            [...now].map(([i, v]) => ({ location: locations[i] ?? 0, kind: KIND_VALUE, value: v })),
          );
          const same = now.size === former.size && [...now].every(([i, v]) => former.get(i) === v);
          expect(flags).toBe(same ? 0 : 1);
          for (const [i, location] of locations.entries()) {
            expect(peek(location, 1)).toEqual({
              status: PeekStatus.Ok,
              value: now.get(i) ?? 1001n + BigInt(i),
            });
          }
          former = now;
        }
      },
    ),
  );
});

test("nonce and code hash come from the flat account, an absent account is all zero", () => {
  const { record } = setUp(2, true);
  expect(peek(kernel.nonceLocation(record), 1)).toEqual({ status: PeekStatus.Ok, value: 3n });
  expect(peek(kernel.codeHashLocation(record), 1)).toEqual({ status: PeekStatus.Ok, value: 77n });
  const absent = account(2);
  kernel.u8.fill(2, scratch, scratch + 20);
  kernel.flatPutAccount(scratch, false, false, 9n, putWord(64, 9n), putWord(96, 9n));
  const locations = [
    kernel.nonceLocation(absent),
    kernel.codeHashLocation(absent),
    kernel.balanceLocation(absent),
  ];
  for (const location of [...locations, slot(absent, 1)]) {
    expect(peek(location, 1)).toEqual({ status: PeekStatus.Ok, value: 0n });
  }
});

test("keys are compared whole: any differing byte makes another record, equal keys make the same one", () => {
  kernel.resetBlock(1);
  const records = new Set<number>();
  for (let byte = 0; byte < 20; byte++) {
    kernel.u8.fill(5, scratch, scratch + 20);
    kernel.u8[scratch + byte] = 6;
    const record = kernel.account();
    records.add(record);
    expect(kernel.account()).toBe(record);
  }
  const locations = new Set<number>();
  for (const record of records) {
    for (let byte = 0; byte < 32; byte++) {
      kernel.u8.fill(5, scratch, scratch + 32);
      kernel.u8[scratch + byte] = 6;
      const location = kernel.slot(record);
      locations.add(location);
      expect(kernel.slot(record)).toBe(location);
      expect(location & LOCATION_KIND_MASK).toBe(LOCATION_STORAGE);
      expect(kernel.slotKey(location)[byte]).toBe(6);
    }
  }
  expect([records.size, locations.size]).toEqual([20, 640]);
  expect([kernel.accountCount(), kernel.slotCount()]).toEqual([20, 640]);
  for (const record of records) {
    expect(kernel.storageResetLocation(record) & LOCATION_KIND_MASK).toBe(LOCATION_STORAGE_RESET);
    expect(kernel.balanceLocation(record) & ~LOCATION_KIND_MASK).toBe(record);
  }
  // The result's walk finds each of them once.
  const word = (at: number) => kernel.u32[at >>> 2] ?? 0;
  const walked = new Set<number>();
  for (let record = kernel.collectAccounts(); record !== 0; record = word(record + ACCOUNT_LIST_NEXT)) {
    expect(records.delete(record)).toBe(true);
    for (let at = word(record + ACCOUNT_SLOTS); at !== 0; at = word(at + SLOT_LIST_NEXT)) {
      expect(word(at + SLOT_ACCOUNT)).toBe(record);
      walked.add(at + SLOT_HEAD);
    }
  }
  expect(records.size).toBe(0);
  expect(walked).toEqual(locations);
});
