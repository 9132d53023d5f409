// A block that ends while a worker waits for the state source: whatever halts it, nobody is left waiting, and the executor is as good as
// before. A source that does not answer ends a block by itself after the time limit of reads.

import { equalBytes } from "@braid/primitives";
import { InvalidTransactionError } from "@braid/protocol";
import type { StateSource } from "@braid/state";
import { keyed, plainAddress } from "@braid/testing/accounts";
import { asm } from "@braid/testing/assembler";
import { BlockBuilder, type BlockOptions, type TestBlock } from "@braid/testing/block-builder";
import { TOOL, tool } from "@braid/testing/tool";
import { afterEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { ENGINE_NAMES } from "./engines/registry.ts";
import { Executor, type ExecutorOptions } from "./executor.ts";
import { fingerprint, inputOf, runBraid } from "./testing/agree.ts";
import { inTime } from "./testing/deadline.ts";
import { spyOnPools } from "./testing/pool-spy.ts";
import { type ReadKind, ScriptedSource } from "./testing/sources.ts";

const CONTRACT = plainAddress(1);
/** Nobody gets an answer about it. */
const SILENT = plainAddress(77);

afterEach(() => {
  vi.restoreAllMocks();
});

function newExecutor(options: ExecutorOptions): Executor {
  const executor = new Executor(options);
  onTestFinished(() => inTime(executor.close(), "close()"));
  return executor;
}

/** Transaction 0 is another one each time; those after it look at SILENT, by a transfer to it and from within a call. */
async function waitingBlock(
  first: (block: BlockBuilder) => void,
  options: BlockOptions = {},
): Promise<TestBlock> {
  const block = new BlockBuilder("osaka", options);
  block.fund(...[0, 1, 2, 3, 4, 5].map(keyed));
  block.contract(CONTRACT, TOOL);
  first(block);
  for (const i of [1, 2, 3])
    block.send({ from: keyed(i), to: CONTRACT, data: tool.balance(SILENT), gasLimit: 90_000 });
  block.send({ from: keyed(4), to: SILENT, value: 1 });
  return block.build();
}

/** Never answers about SILENT; and about the first sender only when SILENT has been asked for, so that somebody waits when that one fails. */
function silentSource(block: TestBlock): StateSource {
  const asked = Promise.withResolvers<void>();
  return new ScriptedSource(block.source(), async (kind, _number, what) => {
    if (kind !== "account" || typeof what === "bigint") return "answer";
    if (equalBytes(what, SILENT)) {
      asked.resolve();
      return "never";
    }
    if (equalBytes(what, keyed(0).address)) await asked.promise;
    return "answer";
  });
}

/** The executor still does what it is for. */
async function expectGood(executor: Executor): Promise<void> {
  const block = await waitingBlock((builder) => builder.send({ from: keyed(0), to: CONTRACT, value: 1 }));
  const right = fingerprint(await runBraid(block, 1, { mode: "sequential" }));
  expect(fingerprint(await inTime(executor.executeBlock(inputOf(block)), "the next block"))).toBe(right);
}

describe.each([2, 3])("of %i workers one waits for an answer that never comes", (workers) => {
  test("when another finds an invalid transaction", async () => {
    const executor = newExecutor({ workers });
    const block = await waitingBlock((builder) => builder.send({ from: keyed(0), to: CONTRACT, nonce: 7 }));
    const running = executor.executeBlock(inputOf(block, { source: silentSource(block), hints: false }));
    const error: unknown = await inTime(running.catch((thrown: unknown) => thrown));
    expect(error).toBeInstanceOf(InvalidTransactionError);
    expect(error).toMatchObject({
      name: "InvalidTransactionError",
      code: "BRAID_TX_NONCE_TOO_HIGH",
      data: { transactionIndex: 0 },
    });
    await expectGood(executor);
  });

  test("when another finds no room for a transaction's gas limit", async () => {
    const executor = newExecutor({ workers });
    const full = (builder: BlockBuilder) => {
      builder.send({
        from: keyed(0),
        to: CONTRACT,
        data: tool.slowly(300, tool.store(1, 1)),
        gasLimit: 90_000,
      });
      builder.send({ from: keyed(5), to: CONTRACT, gasLimit: 99_000 });
    };
    const block = await waitingBlock(full, { gasLimit: 100_000n });
    const running = executor.executeBlock(inputOf(block, { source: silentSource(block), hints: false }));
    await expect(inTime(running)).rejects.toMatchObject({
      name: "InvalidTransactionError",
      code: "BRAID_TX_GAS_LIMIT_EXCEEDS_BLOCK",
      data: { transactionIndex: 1 },
    });
    await expectGood(executor);
  });

  test("when a source fails for another", async () => {
    const executor = newExecutor({ workers });
    const block = await waitingBlock((builder) => builder.send({ from: keyed(0), to: CONTRACT, value: 1 }));
    const silent = silentSource(block);
    const down = new Error("the source is down");
    const source = new ScriptedSource(silent, async (kind, _number, what) => {
      if (kind === "account" && typeof what !== "bigint" && equalBytes(what, keyed(0).address)) {
        // The answer waits until somebody waits for SILENT.
        await silent.getAccount(what);
        throw down;
      }
      return "answer";
    });
    const running = executor.executeBlock(inputOf(block, { source, hints: false }));
    expect(await inTime(running.catch((thrown: unknown) => thrown))).toBe(down);
    await expectGood(executor);
  });

  test.each(ENGINE_NAMES)("when an arena is full, engine %s", async (engine) => {
    const executor = newExecutor({ workers, stateArenaBytes: 24 * 1024, engine });
    const block = await waitingBlock((builder) => {
      // A code that does not fit.
      const large = builder.contract(
        plainAddress(5),
        asm("STOP", ...Array.from({ length: 40_000 }, () => "STOP" as const)),
      );
      builder.send({ from: keyed(0), to: large });
    });
    const running = executor.executeBlock(inputOf(block, { source: silentSource(block), hints: false }));
    await expect(inTime(running)).rejects.toMatchObject({ code: "BRAID_ARENA_EXHAUSTED" });
  });

  test("when workers die", async () => {
    const spy = spyOnPools();
    const executor = newExecutor({ workers });
    const block = await waitingBlock((builder) => builder.send({ from: keyed(0), to: CONTRACT, value: 1 }));
    const right = fingerprint(await runBraid(block, 1, { mode: "sequential" }));
    const asked = Promise.withResolvers<void>();
    const answer = Promise.withResolvers<void>();
    const source = new ScriptedSource(block.source(), async (kind, _number, what) => {
      if (kind !== "account" || typeof what === "bigint" || !equalBytes(what, SILENT)) return "answer";
      asked.resolve();
      await answer.promise;
      return "answer";
    });
    const running = executor.executeBlock(inputOf(block, { source, hints: false }));
    await inTime(asked.promise, "the read");
    await spy.pool().threads[0]?.terminate();
    // The read that was under way belongs to nobody now, or to the one that is left.
    answer.resolve();
    expect(fingerprint(await inTime(running))).toBe(right);
    await expectGood(executor);
  });

  test("when it is cancelled, and then closed", async () => {
    const executor = newExecutor({ workers });
    const block = await waitingBlock((builder) => builder.send({ from: keyed(0), to: CONTRACT, value: 1 }));
    for (const hints of [false, true]) {
      const controller = new AbortController();
      const asked = Promise.withResolvers<void>();
      const source = new ScriptedSource(block.source(), async (kind, _number, what) => {
        if (kind !== "account" || typeof what === "bigint" || !equalBytes(what, SILENT)) return "answer";
        asked.resolve();
        return "never";
      });
      const running = executor.executeBlock(inputOf(block, { source, hints, signal: controller.signal }));
      const closing = hints ? asked.promise.then(() => executor.close()) : undefined;
      void asked.promise.then(() => setImmediate(() => controller.abort()));
      await expect(inTime(running)).rejects.toMatchObject({ code: "BRAID_ABORTED" });
      await inTime(closing ?? Promise.resolve(), "close()");
      if (!hints) await expectGood(executor);
    }
  });
});

test("a signal that is aborted already, or while the block waits its turn, does not wait for the blocks before it", async () => {
  const executor = newExecutor({ workers: 2 });
  const block = await waitingBlock((builder) => builder.send({ from: keyed(0), to: CONTRACT, value: 1 }));
  const [first, second] = [new AbortController(), new AbortController()];
  const never = new ScriptedSource(block.source(), () => "never");
  const blocking = executor.executeBlock(inputOf(block, { source: never, signal: first.signal }));
  const waiting = executor.executeBlock(inputOf(block, { signal: second.signal }));
  const behind = executor.executeBlock(inputOf(block));
  await expect(
    inTime(executor.executeBlock(inputOf(block, { signal: AbortSignal.abort() }))),
  ).rejects.toMatchObject({ code: "BRAID_ABORTED" });
  second.abort();
  await expect(inTime(waiting)).rejects.toMatchObject({ code: "BRAID_ABORTED" });
  first.abort();
  await expect(inTime(blocking)).rejects.toMatchObject({ code: "BRAID_ABORTED" });
  expect((await inTime(behind)).receipts.length).toBe(5);
});

describe("the time limit of reads", () => {
  /** A block that reads all there is to read. */
  async function readingBlock(): Promise<TestBlock> {
    return waitingBlock((builder) => {
      builder.contract(plainAddress(2), asm(1, "SLOAD", "POP", "STOP"), { storage: [[1, 1]] });
      builder.send({ from: keyed(0), to: CONTRACT, data: tool.call(plainAddress(2), new Uint8Array(0)) });
      builder.send({ from: keyed(5), to: CONTRACT, data: tool.blockHash(990) });
    });
  }

  const KINDS: [ReadKind, object][] = [
    ["account", { kind: "account", address: expect.stringMatching(/^0x[0-9a-f]{40}$/) }],
    ["storage", { kind: "slot", slot: expect.stringMatching(/^0x/), address: expect.stringMatching(/^0x/) }],
    ["code", { kind: "code", codeHash: expect.stringMatching(/^0x[0-9a-f]{64}$/) }],
    ["blockHash", { kind: "blockHash", number: "990" }],
  ];

  test.each(KINDS)(
    "ends a block whose source never answers for an %s, and says for what",
    async (kind, data) => {
      for (const { mode, workers, hints } of [
        { mode: "sequential" as const, workers: 1, hints: true },
        { mode: "parallel" as const, workers: 2, hints: true },
        { mode: "parallel" as const, workers: 3, hints: false },
      ]) {
        const executor = newExecutor({ workers });
        const block = await readingBlock();
        const source = new ScriptedSource(block.source(), (read) => (read === kind ? "never" : "answer"));
        const running = executor.executeBlock(inputOf(block, { source, mode, hints, readTimeoutMs: 40 }));
        await expect(inTime(running)).rejects.toMatchObject({
          name: "ExecutionError",
          code: "BRAID_SOURCE_TIMEOUT",
          data: { ...data, milliseconds: 40 },
        });
        await expectGood(executor);
      }
    },
  );

  test("ends one that asks for much more than may be under way", async () => {
    const executor = newExecutor({ workers: 2 });
    const builder = new BlockBuilder("osaka");
    builder.fund(keyed(0));
    const slots = Array.from({ length: 500 }, (_, i) => new Uint8Array(32).fill(i));
    const accessList: [Uint8Array, Uint8Array[]][] = [[CONTRACT, slots]];
    builder.send({ from: keyed(0), type: 1, to: CONTRACT, accessList, gasLimit: 2_000_000 });
    const block = await builder.build();
    let reads = 0;
    const never = new ScriptedSource(block.source(), () => {
      reads++;
      return "never";
    });
    const running = executor.executeBlock(inputOf(block, { source: never, readTimeoutMs: 40 }));
    await expect(inTime(running)).rejects.toMatchObject({ code: "BRAID_SOURCE_TIMEOUT" });
    expect(reads).toBeLessThan(100);
  });

  test("says nothing about what the block turns out not to need", async () => {
    const executor = newExecutor({ workers: 2 });
    const builder = new BlockBuilder("osaka");
    builder.fund(...[0, 1].map(keyed));
    const accessList: [Uint8Array, Uint8Array[]][] = [[SILENT, []]];
    builder.send({ from: keyed(0), type: 1, to: CONTRACT, accessList });
    builder.send({ from: keyed(1), to: CONTRACT });
    const block = await builder.build();
    const right = fingerprint(await runBraid(block, 1, { mode: "sequential" }));
    const source = new ScriptedSource(block.source(), (kind, _number, what) =>
      kind === "account" && typeof what !== "bigint" && equalBytes(what, SILENT) ? "never" : "answer",
    );
    const running = executor.executeBlock(inputOf(block, { source, readTimeoutMs: 40 }));
    expect(fingerprint(await inTime(running))).toBe(right);
  });
});
