// State that has to be fetched holds no worker: a unit that needs it is left, others run meanwhile, and it begins again when the answer is there.

import { Random } from "@braid/primitives";
import type { InvalidTransactionError } from "@braid/protocol";
import type { StateSource } from "@braid/state";
import { keyed, plainAddress } from "@braid/testing/accounts";
import { asm } from "@braid/testing/assembler";
import { BlockBuilder, type Fork, type TestBlock } from "@braid/testing/block-builder";
import { randomBlock } from "@braid/testing/random-block";
import { TOOL, tool } from "@braid/testing/tool";
import { afterEach, describe, expect, onTestFinished, test, vi } from "vitest";
import type { ExecuteBlockInput } from "./block/block-input.ts";
import { Executor } from "./executor.ts";
import type { BlockResult } from "./result/block-result.ts";
import { SeededExecutor } from "./seeded-executor.ts";
import { executorWith, fingerprint, inputOf, runBraid } from "./testing/agree.ts";
import { inTime } from "./testing/deadline.ts";
import { spyOnPools } from "./testing/pool-spy.ts";
import { ScriptedSource } from "./testing/sources.ts";

const TRANSACTIONS = 100;
const FORKS: readonly Fork[] = ["byzantium", "london", "cancun", "osaka"];

afterEach(() => {
  vi.restoreAllMocks();
});

/** Transactions that have nothing to do with each other, each on a contract of its own. */
async function independentBlock(): Promise<TestBlock> {
  const block = new BlockBuilder("osaka", { gasLimit: 100_000_000n });
  const indices = Array.from({ length: TRANSACTIONS }, (_, i) => i);
  block.fund(...indices.map(keyed));
  for (const i of indices) block.contract(plainAddress(1_000 + i), TOOL, { storage: [[1, 7]] });
  for (const i of indices)
    block.send({
      from: keyed(i),
      to: plainAddress(1_000 + i),
      data: tool.increment(1),
      gasLimit: 200_000,
    });
  return block.build();
}

/** Transactions that ask for the hashes of earlier blocks. */
async function hashBlock(): Promise<TestBlock> {
  const block = new BlockBuilder("shanghai", { gasLimit: 100_000_000n });
  const contract = plainAddress(1);
  block.fund(...Array.from({ length: 20 }, (_, i) => keyed(i)));
  // The hash of the block that the first word of the call data names, into the slot of its number.
  block.contract(contract, asm(0, "CALLDATALOAD", "DUP1", "BLOCKHASH", "SWAP1", "SSTORE"));
  const { number } = (await block.build()).input.header;
  for (let i = 0; i < 20; i++) {
    const data = new Uint8Array(32);
    new DataView(data.buffer).setBigUint64(24, number > BigInt(i % 4) ? number - 1n - BigInt(i % 4) : 0n);
    block.send({ from: keyed(i), to: contract, data, gasLimit: 200_000 });
  }
  return block.build();
}

/** What becomes of a block, be it valid or not. */
const endOf = (running: Promise<BlockResult>): Promise<unknown> =>
  inTime(
    running.then(fingerprint, (error: unknown) => {
      const { code, data } = error as InvalidTransactionError;
      return { code, data };
    }),
  );

const right = (block: TestBlock): Promise<unknown> => endOf(runBraid(block, 1, { mode: "sequential" }));

describe.each([1, 2, 3])("with %i workers", (workers) => {
  test("all that independent transactions lack is asked for at once", async () => {
    const block = await independentBlock();
    // As many as a source is asked for at one time, where each worker alone would ask for one; nothing is answered before.
    const all = Promise.withResolvers<void>();
    let asked = 0;
    const source = new ScriptedSource(block.source(), async () => {
      if (++asked === 64) all.resolve();
      await all.promise;
      return "answer";
    });
    const result = await inTime(runBraid(block, workers, { source, hints: false }));
    expect(fingerprint(result)).toBe(await right(block));
    expect(result.statistics.misses).toBeGreaterThanOrEqual(TRANSACTIONS);
    expect(result.statistics).toMatchObject({ reexecutions: 0, aborts: 0 });
  });

  test("a block is built to the same", async () => {
    const block = await independentBlock();
    const build = async (source: StateSource) => {
      const { included, leftOut, ...built } = await executorWith(workers).buildBlock(
        inputOf(block, { source, hints: false }),
      );
      return [included, leftOut, built.gasUsed, built.receiptsRoot, built.stateChanges.bytes];
    };
    const slow = new ScriptedSource(block.source(), async () => {
      await new Promise((resolve) => setTimeout(resolve, 2));
      return "answer";
    });
    expect(await inTime(build(slow))).toEqual(await build(block.source()));
  });

  test("hashes of earlier blocks too", async () => {
    const block = await hashBlock();
    let hashes = 0;
    const source = new ScriptedSource(block.source(), async (kind) => {
      if (kind === "blockHash") hashes++;
      await new Promise((resolve) => setTimeout(resolve, 2));
      return "answer";
    });
    const result = await inTime(runBraid(block, workers, { source, hints: false }));
    expect(fingerprint(result)).toBe(await right(block));
    // Each of them once.
    expect(hashes).toBe(4);
  });
});

describe("with units that wait", () => {
  const gate = (block: TestBlock) => {
    const open = Promise.withResolvers<void>();
    const asked = Promise.withResolvers<void>();
    let count = 0;
    const source = new ScriptedSource(block.source(), async () => {
      if (++count === 40) asked.resolve();
      await open.promise;
      return "answer";
    });
    return { source, asked: asked.promise, open: open.resolve };
  };

  test.each([1, 2])("all %i workers die: one goes on, and late answers harm nothing", async (workers) => {
    const block = await independentBlock();
    const expected = await right(block);
    const spy = spyOnPools();
    const executor = new Executor({ workers });
    onTestFinished(() => inTime(executor.close(), "close()"));
    for (let round = 0; round < 2; round++) {
      const { source, asked, open } = gate(block);
      const running = executor.executeBlock(inputOf(block, { source, hints: false }));
      await inTime(asked, "the reads");
      await Promise.all(spy.pool().threads.map((thread) => thread.terminate()));
      open();
      const result = await inTime(running);
      expect(fingerprint(result)).toBe(expected);
      expect(result.statistics.fallback?.reason).toBe("worker-died");
    }
    expect(await endOf(executor.executeBlock(inputOf(block)))).toBe(expected);
  });

  test.each([1, 2])(
    "cancelled with %i workers: nobody waits, and the next block is right",
    async (workers) => {
      const block = await independentBlock();
      const { source, asked, open } = gate(block);
      const controller = new AbortController();
      const running = runBraid(block, workers, { source, hints: false, signal: controller.signal });
      await inTime(asked, "the reads");
      controller.abort();
      await expect(inTime(running)).rejects.toMatchObject({ code: "BRAID_ABORTED" });
      const next = runBraid(block, workers, { source: unevenSource(block, new Random(1)), hints: false });
      open();
      expect(await endOf(next)).toBe(await right(block));
    },
  );
});

/** A source whose answers take a while, each another one. */
function unevenSource(block: TestBlock, random: Random): StateSource {
  return new ScriptedSource(block.source(), async () => {
    const turns = random.below(6);
    for (let i = 0; i < turns; i++) await new Promise((resolve) => setImmediate(resolve));
    return "answer";
  });
}

describe.each(FORKS)("random blocks in %s on sources that answer in any order", (fork) => {
  test("give the sequential result on threads and on schedules", async () => {
    let misses = 0;
    const counted = async (running: Promise<BlockResult>): Promise<BlockResult> => {
      const result = await running;
      misses += result.statistics.misses;
      return result;
    };
    for (let seed = 200; seed < 206; seed++) {
      const block = await randomBlock(fork, seed);
      const expected = await right(block);
      const input = (): ExecuteBlockInput =>
        inputOf(block, { source: unevenSource(block, new Random(seed)), hints: seed % 2 === 0 });
      for (const workers of [1, 2, 3, 8]) {
        const end = await endOf(counted(executorWith(workers).executeBlock(input())));
        expect(end, `${workers} workers, seed ${seed}`).toEqual(expected);
      }
      for (const workers of [1, 2, 4]) {
        const executor = new SeededExecutor({
          workers,
          seed,
          blockArenaBytes: 64 << 20,
          stateArenaBytes: 32 << 20,
        });
        const end = await endOf(counted(executor.executeBlock(input())));
        expect(end, `a schedule of ${workers} workers, seed ${seed}`).toEqual(expected);
      }
    }
    expect(misses).toBeGreaterThan(0);
  });
});
