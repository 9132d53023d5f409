// What an executor with workers runs on the caller's thread by itself: small blocks and calls. What takes longer than it looked goes on on a
// worker, with the same result.

import { keyed, plainAddress } from "@braid/testing/accounts";
import { asm } from "@braid/testing/assembler";
import { BlockBuilder, type TestBlock } from "@braid/testing/block-builder";
import { TOOL, tool } from "@braid/testing/tool";
import { afterEach, describe, expect, onTestFinished, test, vi } from "vitest";
import type { CallInput } from "./block/call-input.ts";
import type { CallResult } from "./call.ts";
import { MIN_PARALLEL_TRANSACTIONS } from "./execute-block.ts";
import { Executor } from "./executor.ts";
import { fingerprint, inputOf, runBraid } from "./testing/agree.ts";
import { inTime } from "./testing/deadline.ts";
import { spyOnPools } from "./testing/pool-spy.ts";
import { readByRead } from "./testing/sources.ts";

const CONTRACT = plainAddress(1);
/** Counts to a hundred thousand, and returns 42. */
const SLOW = plainAddress(2);
const SLOW_CODE = asm(
  ...[0, ":again", 1, "ADD", "DUP1", 100_000n, "GT", "@again", "JUMPI"],
  ...[42, 0, "MSTORE", 32, 0, "RETURN"],
);

afterEach(() => {
  vi.restoreAllMocks();
});

function newExecutor(workers: number): Executor {
  const executor = new Executor({ workers });
  onTestFinished(() => inTime(executor.close(), "close()"));
  return executor;
}

async function blockOf(transactions: number, iterations: number, gasUsed = 0n): Promise<TestBlock> {
  const builder = new BlockBuilder("prague", { gasLimit: 1_000_000_000n });
  builder.fund(...Array.from({ length: 10 }, (_, i) => keyed(i)));
  builder.contract(CONTRACT, TOOL);
  builder.contract(SLOW, SLOW_CODE);
  for (let i = 0; i < transactions; i++)
    builder.send({
      from: keyed(i % 10),
      to: CONTRACT,
      data: tool.slowly(iterations, tool.increment(i % 3)),
      gasLimit: 20_000_000,
    });
  const block = await builder.build();
  return { ...block, input: { ...block.input, header: { ...block.input.header, gasUsed } } };
}

const chosen = { force: false } as const;
const rightPrint = async (block: TestBlock): Promise<string> =>
  fingerprint(await runBraid(block, 1, { mode: "sequential" }));

/** On a busy machine, or with cold code, small things take their eight milliseconds too: then they are tried again. */
async function untilInTime(attempt: () => Promise<boolean>): Promise<void> {
  for (let i = 0; i < 30; i++) if (await attempt()) return;
  throw new Error("in thirty attempts the caller's thread was never fast enough");
}

test("a small block of a single client stays on the caller's thread, and threads start with the first large one", async () => {
  const slow = await blockOf(1, 20_000);
  const large = await blockOf(MIN_PARALLEL_TRANSACTIONS, 10);
  const [slowPrint, largePrint] = [await rightPrint(slow), await rightPrint(large)];
  const spy = spyOnPools();
  const executor = new Executor({ workers: 2, singleClient: true });
  onTestFinished(() => inTime(executor.close(), "close()"));
  const result = await executor.executeBlock(inputOf(slow, chosen));
  expect(fingerprint(result)).toBe(slowPrint);
  expect(result.statistics.workers).toBe(0);
  expect(result.statistics.fallback).toBeUndefined();
  expect(spy.hasPool()).toBe(false);
  const workers = async (): Promise<number> => {
    const executed = await executor.executeBlock(inputOf(large, chosen));
    expect(fingerprint(executed)).toBe(largePrint);
    return executed.statistics.workers;
  };
  expect(await workers()).toBe(0);
  await expect.poll(workers, { timeout: 30_000 }).toBe(2);
  expect(spy.hasPool()).toBe(true);
});

describe("a block", () => {
  test.each(["parallel", "sequential"] as const)(
    "that is small runs on the caller's thread (%s)",
    async (mode) => {
      const executor = newExecutor(2);
      for (const transactions of [0, 1, MIN_PARALLEL_TRANSACTIONS - 1]) {
        const block = await blockOf(transactions, 1);
        const right = await rightPrint(block);
        const spy = spyOnPools();
        await untilInTime(async () => {
          const tasks = spy.tasks();
          const result = await executor.executeBlock(inputOf(block, { ...chosen, mode }));
          expect(result.statistics).toMatchObject({ mode: "sequential", workers: 0 });
          expect(fingerprint(result)).toBe(right);
          const stayed = result.statistics.fallback === undefined;
          expect(spy.tasks() === tasks).toBe(stayed);
          return stayed;
        });
      }
    },
  );

  test.each<[string, number, bigint, object]>([
    ["has as many transactions as pay for threads", MIN_PARALLEL_TRANSACTIONS, 0n, {}],
    ["says in its header that it takes much gas", 1, 3_000_000n, {}],
    ["is forced onto threads", 1, 0n, { force: true }],
    ["asks for workers", 1, 0n, { workers: 1 }],
  ])("that %s runs on threads", async (_, transactions, gasUsed, more) => {
    const spy = spyOnPools();
    const block = await blockOf(transactions, 1, gasUsed);
    const result = await newExecutor(2).executeBlock(inputOf(block, { ...chosen, ...more }));
    expect(result.statistics.workers).toBeGreaterThan(0);
    expect(spy.pool().threads).toHaveLength(2);
    expect(fingerprint(result)).toBe(await rightPrint(block));
  });

  test("that takes longer than its header says goes on on a worker, from any transaction on", async () => {
    const spy = spyOnPools();
    const executor = newExecutor(2);
    // Threads that are still starting are not waited for.
    await executor.executeBlock(inputOf(await blockOf(MIN_PARALLEL_TRANSACTIONS, 1), { force: true }));
    const moved: number[] = [];
    for (const iterations of [2_000, 20_000, 100_000]) {
      const block = await blockOf(6, iterations);
      const right = await rightPrint(block);
      const result = await executor.executeBlock(inputOf(block, chosen));
      expect(fingerprint(result)).toBe(right);
      const { fallback } = result.statistics;
      if (fallback?.reason === "moved-to-threads") moved.push(fallback.at);
      // And the same when it is being built.
      const { included, leftOut, ...built } = await executor.buildBlock(inputOf(block, chosen));
      expect(leftOut).toEqual([]);
      expect(included).toHaveLength(6);
      expect(built.gasUsed).toBe(result.gasUsed);
      expect(built.receiptsRoot).toEqual(result.receiptsRoot);
    }
    // 100,000 iterations take 5 million gas: no machine does that in eight milliseconds, six times.
    expect(moved.length).toBeGreaterThan(0);
    expect(spy.pools.size).toBeGreaterThan(0);
  });

  test("never leaves the caller's thread where there are no workers", async () => {
    const block = await blockOf(6, 100_000);
    const right = await rightPrint(block);
    const spy = spyOnPools();
    const result = await newExecutor(0).executeBlock(inputOf(block, chosen));
    expect(fingerprint(result)).toBe(right);
    expect(result.statistics.fallback).toBeUndefined();
    expect(spy.pools.size).toBe(0);
  });
});

describe("a call", () => {
  const call = async (executor: Executor, more: Partial<CallInput> = {}): Promise<CallResult[]> => {
    const { input, chain, source } = await blockOf(0, 1);
    const messages = [{ to: SLOW, gasLimit: 100_000_000n }];
    return inTime(executor.call({ header: input.header, chain, source: source(), messages, ...more }));
  };
  const small = [{ to: CONTRACT, data: tool.load(1) }];

  test("that is small does not leave the caller's thread, however slow its source", async () => {
    const spy = spyOnPools();
    const executor = newExecutor(2);
    const source = readByRead((await blockOf(0, 1)).source());
    const { getStorage } = source;
    source.getStorage = async (address, slot) => {
      await new Promise((resolve) => setTimeout(resolve, 30));
      return getStorage.call(source, address, slot);
    };
    await untilInTime(async () => {
      const tasks = spy.tasks();
      // Each time with a cache that has nothing.
      const slow = Object.assign(readByRead(source), { stateRoot: undefined });
      expect(await call(executor, { messages: small, source: slow })).toMatchObject([{ status: 1 }]);
      return spy.tasks() === tasks;
    });
  });

  test("that runs long does so on a worker, with the result that it has on the caller's thread", async () => {
    const expected = await call(newExecutor(0));
    expect(expected[0]?.output.at(-1)).toBe(42);
    const spy = spyOnPools();
    const executor = newExecutor(2);
    // While no thread is ready, it may be done here.
    await expect
      .poll(
        async () => {
          expect(await call(executor)).toEqual(expected);
          return spy.tasks();
        },
        { timeout: 30_000 },
      )
      .toBeGreaterThan(0);
    const tasks = spy.tasks();
    expect(await call(executor, { timeLimitMs: 60_000 })).toEqual(expected);
    expect(spy.tasks()).toBe(tasks + 1);
    expect(spy.pools.size).toBe(1);
    expect(await call(executor, { thread: "caller" })).toEqual(expected);
  });

  test("of a single client stays on the caller's thread", async () => {
    const spy = spyOnPools();
    const executor = new Executor({ workers: 2, singleClient: true });
    onTestFinished(() => inTime(executor.close(), "close()"));
    expect(await call(executor)).toEqual(await call(newExecutor(0)));
    expect(spy.hasPool()).toBe(false);
  });

  test("leaves the event loop its turns, also when many come at once", async () => {
    const executor = newExecutor(0);
    await call(executor);
    let isOver = false;
    let turns = 0;
    const count = (): void => {
      turns++;
      if (!isOver) setImmediate(count);
    };
    setImmediate(count);
    // Each takes a part of a turn's time; all together take several of them.
    await Promise.all(Array.from({ length: 20 }, () => call(executor)));
    isOver = true;
    expect(turns).toBeGreaterThan(3);
  });

  test("of many at once some take threads, and all give the same", async () => {
    const executor = newExecutor(2);
    const [expected] = await call(executor, { messages: small });
    for (let round = 0; round < 3; round++) {
      const results = await Promise.all(
        Array.from({ length: 60 }, (_, i) => call(executor, i % 7 === 0 ? {} : { messages: small })),
      );
      for (const [i, [result]] of results.entries())
        if (i % 7 === 0) expect(result?.output.at(-1)).toBe(42);
        else expect(result).toEqual(expected);
    }
  });
});

test("lazy workers start with the first block that is for them, which waits for them", async () => {
  const large = await blockOf(MIN_PARALLEL_TRANSACTIONS, 10);
  const largePrint = await rightPrint(large);
  const spy = spyOnPools();
  const executor = new Executor({ workers: 2, lazyWorkers: true });
  onTestFinished(() => inTime(executor.close(), "close()"));
  expect(spy.hasPool()).toBe(false);
  const result = await executor.executeBlock(inputOf(large, chosen));
  expect(fingerprint(result)).toBe(largePrint);
  expect(result.statistics.workers).toBe(2);
});
