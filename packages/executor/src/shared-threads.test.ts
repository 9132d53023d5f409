// Many executors on the same threads: each has its own state and its own blocks, and what becomes of one is nothing to the others.

import { keyed, plainAddress } from "@braid/testing/accounts";
import { BlockBuilder, type Fork, type TestBlock } from "@braid/testing/block-builder";
import { randomBlock } from "@braid/testing/random-block";
import { TOOL, tool } from "@braid/testing/tool";
import { afterEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { Executor } from "./executor.ts";
import { fingerprint, inputOf, runBraid } from "./testing/agree.ts";
import { inTime } from "./testing/deadline.ts";
import { spyOnPools } from "./testing/pool-spy.ts";
import { readByRead } from "./testing/sources.ts";

const FORKS: readonly Fork[] = ["byzantium", "london", "cancun", "osaka"];
const WORKERS = 2;
const CONTRACT = plainAddress(1);

afterEach(() => {
  vi.restoreAllMocks();
});

function newExecutor(): Executor {
  const executor = new Executor({ workers: WORKERS, blockArenaBytes: 64 << 20, stateArenaBytes: 32 << 20 });
  onTestFinished(() => inTime(executor.close(), "close()"));
  return executor;
}

/** A block of chains of dependents. */
async function slowBlock(transactions = 60, iterations = 2_000): Promise<TestBlock> {
  const block = new BlockBuilder("osaka", { gasLimit: 100_000_000n });
  block.fund(...Array.from({ length: 10 }, (_, i) => keyed(i)));
  block.contract(CONTRACT, TOOL);
  for (let i = 0; i < transactions; i++)
    block.send({
      from: keyed(i % 10),
      to: CONTRACT,
      data: tool.slowly(iterations, tool.increment(i % 7)),
      gasLimit: 500_000,
    });
  return block.build();
}

const rightPrint = async (block: TestBlock): Promise<string> =>
  fingerprint(await runBraid(block, 0, { mode: "sequential" }));

/** A source that never answers; `asked` resolves when somebody waits for it. */
function silentSource(block: TestBlock) {
  const asked = Promise.withResolvers<void>();
  const source = readByRead(block.source());
  source.getAccount = () => {
    asked.resolve();
    return new Promise(() => {});
  };
  return { source, asked: asked.promise };
}

describe("executors that ask for as many workers", () => {
  test("20 of them run blocks at once on the same two threads, again and again", async () => {
    const blocks = await Promise.all(
      Array.from({ length: 20 }, (_, i) => randomBlock(FORKS[i % FORKS.length] as Fork, 100 + i)),
    );
    const right: string[] = [];
    for (const block of blocks) right.push(await rightPrint(block));
    const spy = spyOnPools();
    const executors = blocks.map(newExecutor);
    for (let round = 0; round < 3; round++) {
      const running = executors.map((executor, i) => {
        const block = blocks[(i + round) % blocks.length] as TestBlock;
        return executor.executeBlock(inputOf(block));
      });
      const prints = (await inTime(Promise.all(running), "all blocks")).map(fingerprint);
      expect(prints).toEqual(blocks.map((_, i) => right[(i + round) % blocks.length]));
    }
    expect(spy.pools.size).toBe(1);
    expect(spy.pool().threads).toHaveLength(WORKERS);
  });

  test("50 are opened, and no thread is started", async () => {
    const block = await slowBlock(12, 10);
    const right = await rightPrint(block);
    const spy = spyOnPools();
    const first = newExecutor();
    expect(fingerprint(await first.executeBlock(inputOf(block)))).toBe(right);
    const ids = spy.pool().threads.map(({ threadId }) => threadId);
    const others = Array.from({ length: 50 }, newExecutor);
    expect(fingerprint(await (others.at(-1) as Executor).executeBlock(inputOf(block)))).toBe(right);
    expect(spy.pools.size).toBe(1);
    expect(spy.pool().threads.map(({ threadId }) => threadId)).toEqual(ids);
  });

  test("one is closed, which the others do not notice; the threads end with the last one", async () => {
    const block = await slowBlock();
    const right = await rightPrint(block);
    const spy = spyOnPools();
    const [a, b] = [newExecutor(), newExecutor()];
    expect(fingerprint(await a.executeBlock(inputOf(block)))).toBe(right);
    const { threads } = spy.pool();
    const running = b.executeBlock(inputOf(block));
    await a.close();
    expect(fingerprint(await running)).toBe(right);
    expect(fingerprint(await b.executeBlock(inputOf(block)))).toBe(right);
    expect(spy.pool().threads).toEqual(threads);
    const exits = threads.map((thread) => new Promise((resolve) => thread.on("exit", resolve)));
    await b.close();
    await inTime(Promise.all(exits), "the threads");
    // Closing again is nothing to those who came after.
    const c = newExecutor();
    const last = c.executeBlock(inputOf(block));
    await Promise.all([a.close(), b.close()]);
    expect(fingerprint(await last)).toBe(right);
  });

  test("a thread dies: what ran on it goes on, and the others are right on the one that replaces it", async () => {
    const block = await slowBlock();
    const right = await rightPrint(block);
    const spy = spyOnPools();
    const executors = [newExecutor(), newExecutor(), newExecutor()];
    for (const executor of executors) await executor.executeBlock(inputOf(block));
    for (let round = 0; round < 3; round++) {
      const running = executors.map((executor) => executor.executeBlock(inputOf(block)));
      await new Promise((resolve) => setTimeout(resolve, 10 * round));
      await spy.pool().threads[round % WORKERS]?.terminate();
      const results = await inTime(Promise.all(running), "the blocks");
      expect(results.map(fingerprint)).toEqual(executors.map(() => right));
      // The threads had at most one block each.
      const hit = results.filter(({ statistics }) => statistics.fallback?.reason === "worker-died");
      expect(hit.length).toBeLessThanOrEqual(1);
      expect(spy.pool().threads).toHaveLength(WORKERS);
    }
  });
});

describe("threads that are taken", () => {
  test("by blocks whose sources do not answer: the caller's thread runs the others", async () => {
    const block = await slowBlock();
    const right = await rightPrint(block);
    const controller = new AbortController();
    const silent: Promise<unknown>[] = [];
    for (let i = 0; i < WORKERS; i++) {
      const { source, asked } = silentSource(block);
      const more = { source, signal: controller.signal, hints: false, mode: "sequential" } as const;
      silent.push(newExecutor().executeBlock(inputOf(block, more)));
      await asked;
    }
    const results = await inTime(
      Promise.all([newExecutor(), newExecutor()].map((one) => one.executeBlock(inputOf(block)))),
      "the blocks",
    );
    for (const result of results) {
      expect(fingerprint(result)).toBe(right);
      expect(result.statistics).toMatchObject({
        mode: "sequential",
        fallback: { reason: "threads-taken" },
      });
    }
    controller.abort();
    for (const end of await Promise.allSettled(silent))
      expect(end).toMatchObject({ reason: { code: "BRAID_ABORTED" } });
  });
});
