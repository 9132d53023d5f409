// The executor when something around it breaks: threads that die, workers that throw, cancellation, full arenas, sources that
// hang or move on. The block still completes with the right result, or fails with an error that says why; the next one is right.

import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { type BegunStore, MemoryStateStore, type StateSource } from "@braid/state";
import { keyed, plainAddress } from "@braid/testing/accounts";
import { BlockBuilder, type TestBlock } from "@braid/testing/block-builder";
import { TOOL, tool } from "@braid/testing/tool";
import { afterEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { Executor, type ExecutorOptions } from "./executor.ts";
import type { BlockResult } from "./result/block-result.ts";
import { fingerprint, runBraid } from "./testing/agree.ts";
import { spyOnPools } from "./testing/pool-spy.ts";
import { readByRead } from "./testing/sources.ts";

const TRANSACTIONS = 120;
const CONTRACT = plainAddress(1);

/** A block of chains of dependents that takes some 100 milliseconds. */
async function slowBlock(transactions = TRANSACTIONS, iterations = 2_000): Promise<TestBlock> {
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

/** A new executor that ends with the test. */
function newExecutor(options: ExecutorOptions): Executor {
  const executor = new Executor(options);
  onTestFinished(() => executor.close());
  return executor;
}

function input(block: TestBlock, source: StateSource = block.source()) {
  return { block: block.input, chain: block.chain, source, force: true };
}

/** What the sequential run on an executor of the file says. */
async function rightPrint(block: TestBlock): Promise<string> {
  return fingerprint(await runBraid(block, 1, { mode: "sequential" }));
}

afterEach(() => {
  vi.restoreAllMocks();
});

/** On a busy machine a kill may come when the worker has nothing left to do: the result is right then too, and the kill is tried again. */
async function untilInTime(attempt: () => Promise<boolean>): Promise<void> {
  for (let i = 0; i < 30; i++) if (await attempt()) return;
  throw new Error("in thirty attempts no worker was killed while it had work");
}

describe("a worker that dies", () => {
  test.each([
    { workers: 1, at: 40 },
    { workers: 2, at: 0 },
    { workers: 2, at: 60 },
    { workers: 3, at: 20 },
  ])("one of $workers is killed when $at units are committed", async ({ workers, at }) => {
    const block = await slowBlock();
    const right = await rightPrint(block);
    await untilInTime(async () => {
      const spy = spyOnPools();
      const executor = newExecutor({ workers });
      // Warm, so that the threads run when the block begins.
      expect(fingerprint(await executor.executeBlock(input(block)))).toBe(right);
      const running = executor.executeBlock(input(block));
      while (spy.kernel().commitIndex() >= TRANSACTIONS)
        await new Promise((resolve) => setImmediate(resolve));
      await spy.committed(at);
      await spy.pool().threads[at % workers]?.terminate();
      const result = await running;
      expect(fingerprint(result)).toBe(right);
      if (result.statistics.fallback?.reason !== "worker-died") return false;
      expect(result.statistics.fallback.at).toBeGreaterThanOrEqual(at);
      const next = await executor.executeBlock(input(block));
      expect(fingerprint(next)).toBe(right);
      expect(next.statistics.fallback?.reason).not.toBe("worker-died");
      return true;
    });
  });

  test("all of them are killed", async () => {
    const block = await slowBlock();
    const right = await rightPrint(block);
    await untilInTime(async () => {
      const spy = spyOnPools();
      const executor = newExecutor({ workers: 3 });
      const running = executor.executeBlock(input(block));
      await spy.committed(10);
      await Promise.all(spy.pool().threads.map((thread) => thread.terminate()));
      const result = await running;
      expect(fingerprint(result)).toBe(right);
      return result.statistics.fallback?.reason === "worker-died";
    });
  });

  test("one is killed, and then the one that goes on: an error, and the next block is right", async () => {
    const block = await slowBlock();
    const right = await rightPrint(block);
    await untilInTime(async () => {
      const spy = spyOnPools();
      const executor = newExecutor({ workers: 2 });
      const running = executor.executeBlock(input(block)).then(
        (result) => fingerprint(result),
        (error: unknown) => error,
      );
      let over = false;
      void running.then(() => {
        over = true;
      });
      for (const at of [5, 70]) {
        await Promise.race([spy.committed(at), running]);
        if (!over) await Promise.all(spy.pool().threads.map((thread) => thread.terminate()));
      }
      const end = await running;
      expect(fingerprint(await executor.executeBlock(input(block)))).toBe(right);
      if (end === right) return false;
      expect(end).toMatchObject({ code: "BRAID_WORKER_DIED" });
      return true;
    });
  });

  test("again and again, more often than there are instances of the kernel", async () => {
    const block = await slowBlock(20);
    const right = await rightPrint(block);
    const spy = spyOnPools();
    const executor = newExecutor({ workers: 1 });
    for (let i = 0; i < 10; i++) {
      const running = executor.executeBlock(input(block));
      await spy.committed(0);
      await spy.pool().threads[0]?.terminate();
      expect(fingerprint(await running)).toBe(right);
    }
  });

  test("one throws, which is the same", async () => {
    const block = await slowBlock();
    const right = await rightPrint(block);
    const spy = spyOnPools();
    const executor = newExecutor({ workers: 2 });
    for (const failures of [[true], [false, true], [true, true]]) {
      spy.failNext(failures);
      const result = await executor.executeBlock(input(block));
      expect(fingerprint(result)).toBe(right);
      expect(result.statistics.fallback?.reason).toBe("worker-died");
    }
    spy.failNext([true, true, true]);
    await expect(executor.executeBlock(input(block))).rejects.toMatchObject({ code: "BRAID_WORKER_DIED" });
    expect(fingerprint(await executor.executeBlock(input(block)))).toBe(right);
  });
});

describe("cancellation", () => {
  const cancelled = { code: "BRAID_ABORTED" };

  test("before the block begins, in mid-block, and after the end", async () => {
    const block = await slowBlock();
    const right = await rightPrint(block);
    const spy = spyOnPools();
    const executor = newExecutor({ workers: 2 });
    await expect(
      executor.executeBlock({ ...input(block), signal: AbortSignal.abort() }),
    ).rejects.toMatchObject(cancelled);
    for (const mode of ["parallel", "sequential"] as const) {
      const controller = new AbortController();
      const running = executor.executeBlock({ ...input(block), mode, signal: controller.signal });
      await spy.committed(5);
      controller.abort();
      await expect(running).rejects.toMatchObject(cancelled);
    }
    const controller = new AbortController();
    const result = await executor.executeBlock({ ...input(block), signal: controller.signal });
    controller.abort();
    expect(fingerprint(result)).toBe(right);
  });

  test("while a block waits in the queue, which does not begin it", async () => {
    const block = await slowBlock();
    const executor = newExecutor({ workers: 1 });
    const controller = new AbortController();
    const first = executor.executeBlock(input(block));
    let reads = 0;
    const source = readByRead(block.source());
    const getAccount = source.getAccount.bind(source);
    source.getAccount = (address) => {
      reads++;
      return getAccount(address);
    };
    const second = executor.executeBlock({ ...input(block, source), signal: controller.signal });
    controller.abort();
    await expect(second).rejects.toMatchObject(cancelled);
    expect((await first).gasUsed).toBeGreaterThan(0n);
    expect(reads).toBe(0);
  });

  test.each([true, false])("while the source does not answer (prefetching: %s)", async (hints) => {
    const block = await slowBlock();
    const executor = newExecutor({ workers: 2 });
    const controller = new AbortController();
    let asked = 0;
    const silent = readByRead(block.source());
    silent.getAccount = () => {
      asked++;
      return new Promise(() => {});
    };
    const running = executor.executeBlock({ ...input(block, silent), hints, signal: controller.signal });
    while (asked === 0) await new Promise((resolve) => setImmediate(resolve));
    controller.abort();
    await expect(running).rejects.toMatchObject(cancelled);
    expect(fingerprint(await executor.executeBlock(input(block)))).toBe(await rightPrint(block));
  });

  test("an answer that comes after the block had ended does not get into another state", async () => {
    const block = await slowBlock(20);
    const executor = newExecutor({ workers: 1 });
    const controller = new AbortController();
    const late: (() => void)[] = [];
    const slow = readByRead(block.source());
    slow.getAccount = () => new Promise((resolve) => late.push(() => resolve(undefined)));
    const running = executor.executeBlock({ ...input(block, slow), hints: false, signal: controller.signal });
    while (late.length === 0) await new Promise((resolve) => setImmediate(resolve));
    controller.abort();
    await expect(running).rejects.toMatchObject(cancelled);
    const source = readByRead(block.source());
    const getAccount = source.getAccount.bind(source);
    source.getAccount = (address) => {
      // Now the old source says that the account does not exist.
      for (const answer of late.splice(0)) answer();
      return getAccount(address);
    };
    const result = await executor.executeBlock({ ...input(block, source), hints: false });
    expect(fingerprint(result)).toBe(await rightPrint(block));
  });

  test("listeners do not pile up on the signal", async () => {
    const block = await slowBlock(5);
    const executor = newExecutor({ workers: 1 });
    const { signal } = new AbortController();
    let listeners = 0;
    const add = signal.addEventListener.bind(signal);
    const remove = signal.removeEventListener.bind(signal);
    signal.addEventListener = (...args: Parameters<typeof add>) => {
      listeners++;
      add(...args);
    };
    signal.removeEventListener = (...args: Parameters<typeof remove>) => {
      listeners--;
      remove(...args);
    };
    for (let i = 0; i < 3; i++) await executor.executeBlock({ ...input(block), signal });
    expect(listeners).toBe(0);
  });
});

describe("the queue", () => {
  test("blocks that are given at once run one after the other, whatever becomes of each", async () => {
    const [small, large] = [await slowBlock(10), await slowBlock(40)];
    const executor = newExecutor({ workers: 2 });
    const broken = new BlockBuilder("osaka");
    broken.fund(keyed(0));
    broken.send({ from: keyed(0), to: CONTRACT, nonce: 7 });
    const [a, b, c, d] = await Promise.allSettled([
      executor.executeBlock(input(large)),
      executor.executeBlock(input(await broken.build())),
      executor.executeBlock(input(small)),
      executor.executeBlock({ ...input(large), mode: "sequential" }),
    ]);
    if (a.status !== "fulfilled" || c.status !== "fulfilled" || d.status !== "fulfilled")
      throw new Error("a good block failed");
    expect(fingerprint(a.value)).toBe(await rightPrint(large));
    expect(fingerprint(c.value)).toBe(await rightPrint(small));
    expect(fingerprint(d.value)).toBe(fingerprint(a.value));
    expect(b).toMatchObject({ status: "rejected", reason: { code: "BRAID_TX_NONCE_TOO_HIGH" } });
  });

  test("a closed executor takes no more blocks, and closing twice is closing", async () => {
    const block = await slowBlock(5);
    const executor = new Executor({ workers: 1 });
    const last = executor.executeBlock(input(block));
    await Promise.all([executor.close(), executor.close()]);
    expect((await last).gasUsed).toBeGreaterThan(0n);
    await expect(executor.executeBlock(input(block))).rejects.toMatchObject({
      code: "BRAID_EXECUTOR_CLOSED",
    });
  });

  test("a process that closes its executor ends", async () => {
    const child = spawn(
      process.execPath,
      [fileURLToPath(new URL("./testing/close-child.ts", import.meta.url))],
      {
        stdio: ["ignore", "pipe", "inherit"],
      },
    );
    const killer = setTimeout(() => child.kill("SIGKILL"), 30_000);
    let output = "";
    child.stdout.on("data", (chunk) => {
      output += String(chunk);
    });
    const code = await new Promise((resolve) => child.on("exit", resolve));
    clearTimeout(killer);
    expect(code).toBe(0);
    expect(JSON.parse(output)).toEqual({ outcome: "BRAID_ABORTED", gasUsed: "420000" });
  });
});

describe("arenas that are too small", () => {
  const KIB = 1024;

  test.each<ExecutorOptions>([16, 64, 256, 1024].map((kib) => ({ blockArenaBytes: kib * KIB })))(
    "$blockArenaBytes bytes for the block",
    async (options) => {
      const block = await slowBlock(TRANSACTIONS, 20);
      await fallsBackOrSaysWhy(block, options, "blockArenaBytes");
    },
  );

  test.each<ExecutorOptions>([1, 4, 16, 32, 64].map((kib) => ({ stateArenaBytes: kib * KIB })))(
    "$stateArenaBytes bytes for the state",
    async (options) => {
      const builder = new BlockBuilder("osaka");
      builder.fund(...Array.from({ length: 50 }, (_, i) => keyed(i)));
      builder.contract(CONTRACT, TOOL, { storage: Array.from({ length: 50 }, (_, i) => [i, i] as const) });
      // Much that the block does not need: only a preload brings it in.
      for (let i = 0; i < 200; i++) builder.account(plainAddress(100 + i), { balance: 1n });
      for (let i = 0; i < 50; i++) builder.send({ from: keyed(i), to: CONTRACT, data: tool.increment(i) });
      await fallsBackOrSaysWhy(await builder.build(), options, "stateArenaBytes");
    },
  );

  async function fallsBackOrSaysWhy(
    block: TestBlock,
    options: ExecutorOptions,
    setting: string,
  ): Promise<void> {
    const right = await rightPrint(block);
    const executor = newExecutor({ workers: 2, ...options });
    for (const source of [block.source(), readByRead(block.source())]) {
      for (const mode of ["parallel", "sequential"] as const) {
        try {
          const result = await executor.executeBlock({ ...input(block, source), mode });
          expect(fingerprint(result)).toBe(right);
          if (result.statistics.fallback?.reason === "arena-full")
            expect(result.statistics.fallback.message).toContain(setting);
        } catch (error) {
          expect(error).toMatchObject({ code: "BRAID_ARENA_EXHAUSTED", data: { setting } });
        }
      }
    }
    // A block that fits is right after that.
    const small = new BlockBuilder("osaka");
    small.fund(keyed(0));
    small.send({ from: keyed(0), to: plainAddress(5), value: 1 });
    const fits = await small.build();
    if ((options.stateArenaBytes ?? 0) === KIB || (options.blockArenaBytes ?? 0) === 16 * KIB) return;
    expect(fingerprint(await executor.executeBlock(input(fits)))).toBe(await rightPrint(fits));
  }

  test("both outcomes occur: the tests above are about something", async () => {
    const block = await slowBlock(TRANSACTIONS, 20);
    const tiny = newExecutor({ workers: 2, blockArenaBytes: 16 * KIB });
    await expect(tiny.executeBlock(input(block))).rejects.toMatchObject({ code: "BRAID_ARENA_EXHAUSTED" });
    // All of the state does not fit, what is needed of it does.
    const large = new BlockBuilder("osaka");
    large.fund(keyed(0));
    for (let i = 0; i < 5_000; i++) large.account(plainAddress(100 + i), { balance: 1n });
    large.send({ from: keyed(0), to: plainAddress(5), value: 1 });
    const executor = newExecutor({ workers: 2, stateArenaBytes: 128 * KIB });
    const result = await executor.executeBlock(input(await large.build()));
    expect(result.statistics.fallback?.reason).toBe("arena-full");
  });
});

describe("the cache of the parent state", () => {
  /** A block in which everybody adds one to a slot of his own. */
  async function incrementing(nonce: number, slots: number[]): Promise<TestBlock> {
    const block = new BlockBuilder("osaka");
    for (const i of slots) block.account(keyed(i).address, { balance: 10n ** 20n, nonce: BigInt(nonce) });
    block.contract(CONTRACT, TOOL, { storage: [[99, 1]] });
    for (const i of slots) block.send({ from: keyed(i), to: CONTRACT, data: tool.increment(i) });
    for (const i of slots) block.send({ from: keyed(i), to: CONTRACT, data: tool.load(i) });
    return block.build();
  }

  const newest = (store: BegunStore): StateSource => store.stateAt(store.head.hash);

  /** The result's state goes by its root. */
  async function commit(store: BegunStore, { stateChanges }: BlockResult): Promise<void> {
    const after = store.prepare(store.head.hash, stateChanges);
    await after.commit({ hash: after.root, number: store.head.number + 1n });
  }

  test("goes on from block to block, and does not when another block was committed", async () => {
    const slots = [0, 1, 2, 3];
    const block = await incrementing(0, slots);
    const other = await incrementing(0, [0]);
    const next = await incrementing(2, slots);
    const mixed = await incrementing(0, [1, 2, 3]);
    const executor = newExecutor({ workers: 2 });

    const store = MemoryStateStore.fromFlat(block.pre);
    const first = await executor.executeBlock(input(block, newest(store)));
    await commit(store, first);
    const second = await executor.executeBlock(input(next, newest(store)));
    await commit(store, second);
    expect(second.receipts[4]?.logs[0]?.data[31]).toBe(2);

    // A candidate is executed and thrown away; the block before it is the one that is committed.
    const forked = MemoryStateStore.fromFlat(block.pre);
    const candidate = await executor.executeBlock(input(other, newest(forked)));
    const thrownAway = await executor.executeBlock(input(mixed, newest(forked)));
    expect(thrownAway.gasUsed).toBeGreaterThan(0n);
    await commit(forked, candidate);
    const after = await executor.executeBlock(input(mixed, newest(forked)));
    expect(after.receipts[3]?.logs[0]?.data[31]).toBe(1);
  });

  test("two commits between blocks, and a commit of something that was never executed", async () => {
    const slots = [0, 1];
    const block = await incrementing(0, slots);
    const executor = newExecutor({ workers: 1 });
    const store = MemoryStateStore.fromFlat(block.pre);
    const first = await executor.executeBlock(input(block, newest(store)));
    await commit(store, first);
    const elsewhere = newExecutor({ workers: 1 });
    await commit(store, await elsewhere.executeBlock(input(await incrementing(2, slots), newest(store))));
    const third = await executor.executeBlock(input(await incrementing(4, slots), newest(store)));
    expect(third.receipts[2]?.logs[0]?.data[31]).toBe(3);
  });

  test("asks the source for nothing that the block before it has read or changed", async () => {
    const slots = [0, 1];
    const block = await incrementing(0, slots);
    const executor = newExecutor({ workers: 2 });
    const store = MemoryStateStore.fromFlat(block.pre);
    const asked: string[] = [];
    const asking = (): StateSource => {
      const state = newest(store);
      return {
        getCode: (hash) => state.getCode(hash),
        getBlockHash: (number) => state.getBlockHash(number),
        getAccount: (address) => {
          asked.push("account");
          return state.getAccount(address);
        },
        getStorage: (address, slot) => {
          asked.push("slot");
          return state.getStorage(address, slot);
        },
        ...(state.stateRoot === undefined ? {} : { stateRoot: state.stateRoot }),
        changesSince: (root) => state.changesSince?.(root),
      };
    };
    await commit(store, await executor.executeBlock(input(block, asking())));
    expect(asked.splice(0)).not.toEqual([]);
    const next = await executor.executeBlock(input(await incrementing(2, slots), asking()));
    expect(next.receipts[2]?.logs[0]?.data[31]).toBe(2);
    expect(asked).toEqual([]);
  });
});

describe("progress", () => {
  test("what the caller's function throws rejects the call, and the next block is right", async () => {
    const block = await slowBlock();
    const right = await rightPrint(block);
    const executor = newExecutor({ workers: 2 });
    const error = new Error("the terminal is gone");
    const onProgress = (): never => {
      throw error;
    };
    await expect(executor.executeBlock({ ...input(block), onProgress })).rejects.toBe(error);
    const counts: number[] = [];
    const result = await executor.executeBlock({
      ...input(block),
      onProgress: ({ committed }) => counts.push(committed),
    });
    expect(fingerprint(result)).toBe(right);
    expect(counts.at(-1)).toBe(TRANSACTIONS);
  });
});
