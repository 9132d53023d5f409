// Running out of arena: a fault, a halt and an error that names the setting; never a corruption.

import { Random } from "@braid/primitives";
import { expect, test } from "vitest";
import { ArenaExhaustedError, KernelOptionsError } from "./errors.ts";
import { Kernel } from "./kernel.ts";
import {
  FAULT_BLOCK_ARENA_FULL,
  FAULT_STATE_ARENA_FULL,
  HALT_FAULT,
  PUBLISH_FAULT,
  STEP_DONE,
  STEP_HALTED,
} from "./layout.ts";
import { checkBlock, prepareBlock, virtualWorker } from "./simulation/virtual-worker.ts";
import { PeekStatus, StepCode } from "./status.ts";

const KIB = 1024;
const SMALL = { blockArenaBytes: 128 * KIB, stateArenaBytes: 128 * KIB, maxWorkers: 2, bucketBits: 4 };

function setting(error: unknown): unknown {
  return error instanceof ArenaExhaustedError ? [error.code, error.data?.setting] : error;
}

test("the state arena", () => {
  const kernel = Kernel.create(SMALL);
  const { scratch, u32, u8 } = kernel;
  u8.fill(0, scratch, scratch + 96);
  const put: number[] = [];
  for (;;) {
    u32[scratch >>> 2] = put.length;
    const record = kernel.flatPutAccount(
      scratch,
      true,
      false,
      BigInt(put.length),
      scratch + 32,
      scratch + 64,
    );
    if (record === 0) break;
    put.push(record);
  }
  expect(put.length).toBeGreaterThan(1000);
  expect(kernel.fault).toBe(FAULT_STATE_ARENA_FULL);
  expect(kernel.haltReason).toBe(HALT_FAULT);
  expect(kernel.next()).toBe(StepCode.Halted);
  expect(setting(kernel.faultError())).toEqual(["BRAID_ARENA_EXHAUSTED", "stateArenaBytes"]);
  // What was put is whole, and what did not fit is unknown.
  for (const [i, record] of put.entries()) {
    u32[scratch >>> 2] = i;
    expect(kernel.flatFindAccount(scratch)).toBe(record);
  }
  u32[scratch >>> 2] = put.length;
  expect(kernel.flatFindAccount(scratch)).toBe(0);
  expect(kernel.storeCode(new Uint8Array(32), new Uint8Array(200 * KIB))).toBe(false);
  kernel.resetState();
  kernel.resetBlock(1);
  expect(kernel.fault).toBe(0);
  expect(kernel.faultError()).toBeUndefined();
  expect(kernel.stateArenaUsed()).toBe(0);
  expect(kernel.flatPutAccount(scratch, true, false, 0n, scratch + 32, scratch + 64)).not.toBe(0);
});

test("the block arena: locations, logs, published sets and outcomes", () => {
  const kernel = Kernel.create(SMALL);
  const { scratch, u32, u8 } = kernel;
  const fill = (allocate: () => number, full: number) => {
    kernel.resetBlock(2);
    for (let i = 0; i < 10_000 && allocate() !== full; i++);
    expect(kernel.fault).toBe(FAULT_BLOCK_ARENA_FULL);
    expect(kernel.haltReason).toBe(HALT_FAULT);
    expect(setting(kernel.faultError())).toEqual(["BRAID_ARENA_EXHAUSTED", "blockArenaBytes"]);
  };
  let next = 0;
  const fresh = (length: number) => {
    u8.fill(0, scratch, scratch + length);
    u32[scratch >>> 2] = next++;
  };
  fill(() => {
    fresh(20);
    return kernel.account();
  }, 0);
  fill(() => {
    fresh(32);
    return kernel.slot(64);
  }, 0);
  fill(() => kernel.alloc(1000), 0);
  fill(() => kernel.alloc(100 * KIB), 0);
  fill(() => kernel.logRange(64 + 48), PeekStatus.Fault);
  fill(() => kernel.writeDelta(64 + 48), PeekStatus.Fault);
  fill(() => {
    kernel.beginIncarnation();
    for (let i = 0; i < 100; i++) kernel.logRange(64 + 48);
    return kernel.publishAll(1, 0);
  }, PUBLISH_FAULT);
  expect(() => kernel.resetBlock(10_000)).toThrow(ArenaExhaustedError);
  kernel.resetBlock(10);
  expect(kernel.fault).toBe(0);
  expect(kernel.alloc(8)).not.toBe(0);
});

test("allocations stay within the arena and never overlap", () => {
  const kernel = Kernel.create(SMALL);
  const other = Kernel.attach(kernel.shared, 1);
  kernel.resetBlock(1);
  const random = new Random(5);
  const taken: [number, number][] = [];
  for (let failures = 0; failures < 20; ) {
    const size = 1 + random.below(random.below(10) === 0 ? 20_000 : 300);
    const start = (random.below(2) === 0 ? kernel : other).alloc(size);
    if (start === 0) failures++;
    else taken.push([start, start + size]);
  }
  taken.sort(([x], [y]) => x - y);
  expect(taken.length).toBeGreaterThan(50);
  for (const [i, [start, end]] of taken.entries()) {
    expect(start % 8).toBe(0);
    expect(end).toBeLessThanOrEqual(taken[i + 1]?.[0] ?? kernel.u8.length);
  }
});

test("a block whose arena runs out anywhere stops with a fault, or comes to the sequential result", () => {
  const outcomes = new Set<number>();
  for (let seed = 1; seed < 400; seed++) {
    const kernel = Kernel.create({
      ...SMALL,
      blockArenaBytes: (12 + (seed % 40) * 2) * KIB,
      stateArenaBytes: seed % 3 === 0 ? 33 * KIB : 64 * KIB,
      hashSeed: BigInt(seed),
    });
    const workers = [1, 2].map((i) => Kernel.attach(kernel.shared, i));
    const units = 60;
    prepareBlock(kernel, seed, units);
    const random = new Random(seed);
    const running = workers.map((worker) => virtualWorker(worker, seed, random, () => worker.exports.step()));
    let end = -1;
    while (running.length > 0) {
      const index = random.below(running.length);
      const step = running[index]?.next();
      if (step?.done) {
        end = step.value;
        running.splice(index, 1);
      }
    }
    outcomes.add(end);
    if (end === STEP_HALTED) expect(kernel.faultError()).toBeInstanceOf(ArenaExhaustedError);
    else if (kernel.fault === 0) expect(checkBlock(kernel, seed, units), `seed ${seed}`).toBeUndefined();
  }
  expect(outcomes).toEqual(new Set([STEP_HALTED, STEP_DONE]));
});

test("sizes beyond a 32-bit address space are refused", () => {
  expect(() => Kernel.create({ blockArenaBytes: 2 ** 31, stateArenaBytes: 2 ** 31 })).toThrow(
    KernelOptionsError,
  );
});
