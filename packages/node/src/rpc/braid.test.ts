// braid_*: how blocks ran, told of blocks whose conflicts are known.

import { afterEach, describe, expect, test } from "vitest";
import type { BlockParallelism } from "../parallelism/report.ts";
import { type BraidProvider, createNode } from "../provider.ts";

type Json = Record<string, unknown>;

const COUNTER = "0x00000000000000000000000000000000000000c1";
const word = (value: number): string => `0x${value.toString(16).padStart(64, "0")}`;
/** Adds one to the slot that the call names. */
const CODE = "0x60003580546001019055";
const COUNT = 12;

const open: BraidProvider[] = [];
afterEach(async () => {
  for (const node of open.splice(0)) await node.close();
});

async function start(workers: number) {
  const node = await createNode({ workers, accounts: COUNT, mining: { auto: false } });
  open.push(node);
  const rpc = async <T = Json>(method: string, ...params: unknown[]): Promise<T> =>
    JSON.parse(JSON.stringify((await node.request({ method, params })) ?? null)) as T;
  const accounts = await rpc<string[]>("eth_accounts");
  await rpc("hardhat_setCode", COUNTER, CODE);
  return { node, rpc, accounts };
}

type Started = Awaited<ReturnType<typeof start>>;

/** A block in which each account calls the counter with the slot that is its. */
async function mineCalls({ rpc, accounts }: Started, slotOf: (i: number) => number): Promise<void> {
  for (const [i, from] of accounts.entries())
    await rpc("eth_sendTransaction", { from, to: COUNTER, data: word(slotOf(i)), gas: "0x186a0" });
  await rpc("hardhat_mine");
}

const all = Array.from({ length: COUNT }, (_, i) => i);

describe.each([0, 2])("with %i workers", (workers) => {
  test("calls that count up the same slot wait for each other", async () => {
    const started = await start(workers);
    await mineCalls(started, () => 5);
    const report = await started.rpc<BlockParallelism>("braid_getBlockParallelism", "latest");
    expect(report).toMatchObject({
      blockNumber: "0x1",
      transactionCount: COUNT,
      run: "kept",
      mode: workers === 0 ? "sequential" : "parallel",
      workers,
      longestChain: { transactions: all, gasUsed: report.gasUsed },
      speedup: { possible: 1 },
      conflicts: [
        {
          address: COUNTER,
          field: "storage",
          slot: word(5),
          writers: all.slice(0, -1),
          readers: all.slice(1),
          critical: true,
        },
      ],
    });
    expect(report.transactions.map(({ dependsOn }) => dependsOn)).toEqual(
      all.map((i) => (i === 0 ? [] : [i - 1])),
    );
    expect(report.executions).toBeGreaterThanOrEqual(COUNT + 2);
    const { transactions, hash } = await started.rpc<{ transactions: string[]; hash: string }>(
      "eth_getBlockByNumber",
      "latest",
      false,
    );
    expect(report.blockHash).toBe(hash);
    expect(report.transactions.map((transaction) => transaction.hash)).toEqual(transactions);
    expect(Object.values(report.abortCauses).reduce((sum, count) => sum + count, 0)).toBe(report.aborts);
  });

  test("a block whose run is not kept is executed again, and says the same of who waits for whom", async () => {
    const started = await start(workers);
    await mineCalls(started, (i) => i % 3);
    const kept = await started.rpc<BlockParallelism>("braid_getBlockParallelism", "0x1");
    started.node.node.runOf = () => undefined;
    const again = await started.rpc<BlockParallelism>("braid_getBlockParallelism", "0x1");
    expect(again.run).toBe("again");
    const certain = ({ conflicts, longestChain, transactions, gasUsed, speedup }: BlockParallelism) => ({
      conflicts,
      longestChain,
      gasUsed,
      possible: speedup.possible,
      transactions: transactions.map(({ executions: _, ...rest }) => rest),
    });
    expect(certain(again)).toEqual(certain(kept));
    expect(again.conflicts).toHaveLength(3);
    expect(again.speedup.possible).toBeCloseTo(3, 1);
  });
});

test("calls of slots of their own, and transfers of one sender, wait for nobody", async () => {
  const started = await start(0);
  await mineCalls(started, (i) => i);
  const calls = await started.rpc<BlockParallelism>("braid_getBlockParallelism", "0x1");
  expect(calls.conflicts).toEqual([]);
  expect(calls.speedup.possible).toBeCloseTo(COUNT, 0);
  const [from] = started.accounts;
  for (let i = 0; i < 4; i++)
    await started.rpc("eth_sendTransaction", {
      from,
      to: `0x${"77".repeat(19)}0${i}`,
      value: "0x1",
    });
  await started.rpc("hardhat_mine");
  const transfers = await started.rpc<BlockParallelism>("braid_getBlockParallelism", "latest");
  expect(transfers).toMatchObject({ transactionCount: 4, conflicts: [], speedup: { possible: 4 } });
});

test("a subscription tells of each block as it comes", async () => {
  const started = await start(0);
  const messages: { subscription: string; result: BlockParallelism }[] = [];
  started.node.on("message", ({ type, data }) => {
    if (type === "eth_subscription") messages.push(data);
  });
  const id = await started.rpc<string>("eth_subscribe", "braid_parallelism");
  await mineCalls(started, () => 5);
  await started.rpc("hardhat_mine");
  expect(messages.map(({ subscription, result }) => [subscription, result.blockNumber])).toEqual([
    [id, "0x1"],
    [id, "0x2"],
  ]);
  expect(JSON.parse(JSON.stringify(messages[0]?.result))).toEqual(
    await started.rpc("braid_getBlockParallelism", "0x1"),
  );
  await started.rpc("eth_unsubscribe", id);
  await started.rpc("hardhat_mine");
  expect(messages).toHaveLength(2);
});

test("both ways of running a block are timed", async () => {
  const started = await start(2);
  await mineCalls(started, (i) => i);
  const timed = await started.rpc<Record<string, number>>("braid_compareBlock", "latest", 2);
  expect(timed).toMatchObject({ blockNumber: "0x1", runs: 2, workers: 2 });
  const { sequentialMs = 0, parallelMs = 0, speedup } = timed;
  expect(sequentialMs).toBeGreaterThan(0);
  expect(speedup).toBeCloseTo(sequentialMs / parallelMs, 6);
});

test("what is not there is nothing, and what is no block is refused", async () => {
  const { rpc } = await start(0);
  for (const method of ["braid_getBlockParallelism", "braid_compareBlock"]) {
    expect(await rpc(method, "0x9")).toBeNull();
    expect(await rpc(method, "pending")).toBeNull();
    await expect(rpc(method, "0x0")).rejects.toMatchObject({ code: -32000 });
    for (const params of [[], ["last"], [1]])
      await expect(rpc(method, ...params)).rejects.toMatchObject({ code: -32602 });
  }
  for (const runs of [0, 21, "many"])
    await expect(rpc("braid_compareBlock", "latest", runs)).rejects.toMatchObject({ code: -32602 });
  await expect(rpc("eth_subscribe", "braid_nothing")).rejects.toMatchObject({ code: -32602 });
});
