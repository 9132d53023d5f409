// Read sets, their ranges and validation; logs that grow; hints.

import * as fc from "fast-check";
import { beforeEach, expect, test } from "vitest";
import { Kernel } from "./kernel.ts";
import {
  KIND_VALUE,
  PUBLISH_CHANGED,
  READ_LO,
  READ_SIZE,
  SETS_INCARNATION,
  SETS_READ_COUNT,
  SETS_READS,
  SETS_WRITE_COUNT,
  UNIT_HINT_COUNT,
  UNIT_HINT_HITS,
} from "./layout.ts";
import { PeekStatus } from "./status.ts";

const kernel = Kernel.create({
  blockArenaBytes: 16 << 20,
  stateArenaBytes: 1 << 20,
  maxWorkers: 1,
  bucketBits: 10,
});
const { scratch } = kernel;
const MAX = (1n << 256n) - 1n;
let balance = 0;

function putWord(offset: number, value: bigint): void {
  const at = (scratch + offset) >>> 3;
  for (let limb = 0; limb < 4; limb++) kernel.u64[at + limb] = BigInt.asUintN(64, value >> BigInt(64 * limb));
}

function account(key: number): number {
  kernel.u8.fill(key, scratch, scratch + 20);
  return kernel.account();
}

/** Unit 0 writes the balance (and nothing when undefined). */
function writeBalance(incarnation: number, value: bigint | undefined): number {
  kernel.beginIncarnation();
  if (value !== undefined) {
    putWord(0, value);
    kernel.writeValue(balance);
  }
  return kernel.publishAll(0, incarnation);
}

beforeEach(() => {
  kernel.resetState();
  kernel.resetBlock(4);
  balance = kernel.balanceLocation(account(1));
});

const word = fc.oneof(
  fc.bigInt(0n, MAX),
  // Words that differ in one limb only, and the borders.
  fc.tuple(fc.nat(3), fc.bigInt(0n, 2n)).map(([limb, value]) => value << BigInt(64 * limb)),
  fc.constantFrom(0n, MAX),
);

test("a range holds exactly while lo <= value <= hi", () => {
  fc.assert(
    fc.property(word, word, word, (value, a, b) => {
      kernel.resetBlock(4);
      balance = kernel.balanceLocation(account(1));
      const [lo, hi] = a < b ? [a, b] : [b, a];
      writeBalance(0, value);
      kernel.beginIncarnation();
      putWord(0, lo);
      putWord(32, hi);
      kernel.logRange(balance);
      kernel.publishAll(1, 0);
      expect(kernel.validate(1)).toBe(lo <= value && value <= hi);
    }),
    { numRuns: 500 },
  );
});

test("a read is valid while its value is the same, whoever wrote it", () => {
  writeBalance(0, 5n);
  kernel.beginIncarnation();
  expect(kernel.read(balance, 3)).toBe(PeekStatus.Ok);
  kernel.publishAll(3, 0);
  expect(kernel.validate(3)).toBe(true);
  writeBalance(1, 6n);
  expect(kernel.validate(3)).toBe(false);
  // Another writer above it, the same value.
  kernel.beginIncarnation();
  putWord(0, 5n);
  kernel.writeValue(balance);
  kernel.publishAll(2, 0);
  expect(kernel.validate(3)).toBe(true);
  kernel.exports.markEstimates(2);
  expect(kernel.validate(3)).toBe(false);
});

test("a read whose base is no longer covered is invalid, not zero", () => {
  writeBalance(0, 0n);
  kernel.beginIncarnation();
  kernel.read(balance, 1);
  kernel.publishAll(1, 0);
  expect(kernel.validate(1)).toBe(true);
  writeBalance(1, undefined);
  expect(kernel.validate(1)).toBe(false);
});

test("a unit that has published nothing is not valid", () => {
  expect(kernel.validate(2)).toBe(false);
});

test("all of several entries for a location have to hold", () => {
  writeBalance(0, 5n);
  kernel.beginIncarnation();
  for (const [lo, hi] of [
    [0n, 9n],
    [5n, MAX],
    [0n, 7n],
  ] as const) {
    putWord(0, lo);
    putWord(32, hi);
    kernel.logRange(balance);
  }
  kernel.publishAll(1, 0);
  expect(kernel.validate(1)).toBe(true);
  writeBalance(1, 8n);
  expect(kernel.validate(1)).toBe(false);
  writeBalance(2, 4n);
  expect(kernel.validate(1)).toBe(false);
});

test("an assumption is validated like any other predicate", () => {
  writeBalance(0, 5n);
  kernel.beginIncarnation();
  putWord(0, 6n);
  putWord(32, 6n);
  kernel.logAssumption(balance);
  kernel.publishAll(1, 0);
  expect(kernel.validate(1)).toBe(false);
  writeBalance(1, 6n);
  expect(kernel.validate(1)).toBe(true);
});

test("logs grow: ten thousand reads and writes are published and validated", () => {
  const record = account(1);
  const count = 10_000;
  const locations = Array.from({ length: count }, (_, i) => {
    kernel.u8.fill(0, scratch, scratch + 32);
    kernel.u32[scratch >>> 2] = i;
    return kernel.slot(record);
  });
  kernel.beginIncarnation();
  for (const [i, location] of locations.entries()) {
    putWord(0, BigInt(i));
    kernel.writeValue(location);
  }
  expect(kernel.publishAll(0, 0)).toBe(PUBLISH_CHANGED);
  kernel.beginIncarnation();
  for (const location of locations) expect(kernel.read(location, 1)).toBe(PeekStatus.Ok);
  kernel.publishAll(1, 0);
  const sets = kernel.unitSets(1);
  const field = (offset: number) => kernel.u32[(sets + offset) >>> 2] ?? 0;
  expect([field(SETS_INCARNATION), field(SETS_READ_COUNT), field(SETS_WRITE_COUNT)]).toEqual([0, count, 0]);
  const lastRead = field(SETS_READS) + (count - 1) * READ_SIZE;
  expect(kernel.u64[(lastRead + READ_LO) >>> 3]).toBe(BigInt(count - 1));
  expect(kernel.validate(1)).toBe(true);
  // One of them changes, in the middle.
  const middle = locations[4321] ?? 0;
  kernel.beginIncarnation();
  for (const [i, location] of locations.entries()) {
    putWord(0, location === middle ? 1n : BigInt(i));
    kernel.writeValue(location);
  }
  kernel.publishAll(0, 1);
  expect(kernel.validate(1)).toBe(false);
});

test("a hint blocks readers until its unit has published, whether it comes true or not", () => {
  const nonce = kernel.nonceLocation(account(1));
  const code = kernel.codeHashLocation(account(1));
  kernel.hintEstimate(balance, 0);
  kernel.hintEstimate(balance, 0);
  kernel.hintEstimate(nonce, 0);
  kernel.hintEstimate(code, 1);
  for (const location of [balance, nonce]) {
    expect(kernel.peek(location, 2)).toBe(PeekStatus.Estimate);
    expect(kernel.blockingUnit()).toBe(0);
  }
  expect(kernel.peek(balance, 0)).toBe(PeekStatus.Missing);
  // Nobody can have looked past the hint: its coming true invalidates nobody.
  expect(writeBalance(0, 5n)).toBe(0);
  expect(kernel.peek(balance, 2)).toBe(PeekStatus.Ok);
  expect(kernel.peek(nonce, 2)).toBe(PeekStatus.Missing);
  expect(kernel.peek(code, 2)).toBe(PeekStatus.Estimate);
  expect(kernel.unitField(0, UNIT_HINT_COUNT)).toBe(2);
  expect(kernel.unitField(0, UNIT_HINT_HITS)).toBe(1);
});

test("readers go on with a hinted value, and are validated again only when something else comes", () => {
  const nonce = kernel.nonceLocation(account(1));
  const hint = (location: number, value: bigint): void => {
    putWord(0, value);
    kernel.hintValue(location, 0);
  };
  hint(balance, 5n);
  hint(balance, 6n);
  hint(nonce, 7n);
  expect(kernel.peek(balance, 2)).toBe(PeekStatus.Ok);
  expect(kernel.u64[scratch >>> 3]).toBe(5n);
  expect(kernel.peek(balance, 0)).toBe(PeekStatus.Missing);
  kernel.beginIncarnation();
  expect(kernel.read(balance, 1)).toBe(PeekStatus.Ok);
  kernel.publishAll(1, 0);
  kernel.beginIncarnation();
  expect(kernel.read(nonce, 2)).toBe(PeekStatus.Ok);
  kernel.publishAll(2, 0);
  expect(kernel.validate(1) && kernel.validate(2)).toBe(true);
  // The balance comes true; the nonce does not come, and whoever saw it is wrong.
  expect(writeBalance(0, 5n)).toBe(PUBLISH_CHANGED);
  expect(kernel.validate(1)).toBe(true);
  expect(kernel.validate(2)).toBe(false);
  expect(kernel.peek(nonce, 2)).toBe(PeekStatus.Missing);
  expect(kernel.unitField(0, UNIT_HINT_COUNT)).toBe(2);
  expect(kernel.unitField(0, UNIT_HINT_HITS)).toBe(1);
});

test("hinted values that all come true change nothing, another value does", () => {
  putWord(0, 5n);
  kernel.hintValue(balance, 0);
  expect(writeBalance(0, 5n)).toBe(0);
  kernel.resetBlock(4);
  balance = kernel.balanceLocation(account(1));
  putWord(0, 5n);
  kernel.hintValue(balance, 0);
  expect(writeBalance(0, 6n)).toBe(PUBLISH_CHANGED);
});

test("estimates keep the former write set until it is replaced", () => {
  writeBalance(0, 5n);
  kernel.exports.markEstimates(0);
  expect(kernel.peek(balance, 1)).toBe(PeekStatus.Estimate);
  // The same value again: nobody who read it before has to be looked at.
  expect(writeBalance(1, 5n)).toBe(0);
  kernel.exports.markEstimates(0);
  expect(writeBalance(2, undefined)).toBe(PUBLISH_CHANGED);
  expect(kernel.peek(balance, 1)).toBe(PeekStatus.Missing);
});

test("publishing the same location with another kind is a change", () => {
  writeBalance(0, 5n);
  kernel.beginIncarnation();
  putWord(0, 5n);
  kernel.writeDelta(balance);
  expect(kernel.publishAll(0, 1)).toBe(PUBLISH_CHANGED);
  kernel.beginIncarnation();
  putWord(0, 5n);
  kernel.write(balance, KIND_VALUE);
  expect(kernel.publishAll(0, 2)).toBe(PUBLISH_CHANGED);
});
