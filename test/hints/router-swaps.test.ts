// Swaps through a router over 50 pools: one block teaches how a pool follows from the tokens that are named, and the swaps of users
// that were never seen are foreseen.

import { Executor } from "@braid/executor";
import { chainOf } from "@braid/protocol";
import { loadBlock } from "@braid/replay";
import { MemoryStateSource } from "@braid/state";
import { prepareState, sealBlocks, swaps } from "@braid/workloads";
import { expect, onTestFinished, test } from "vitest";

const POOLS = 50;
const SWAPS = 100;

test("are foreseen for users who were never seen, with call data that was never seen", async () => {
  const workload = await prepareState({ senders: 2 * SWAPS, pools: POOLS });
  const all = swaps(workload, 2 * SWAPS, POOLS);
  const executor = new Executor({ workers: 2 });
  onTestFinished(() => executor.close());
  const run = async (transactions: readonly Uint8Array[]) => {
    const bundle = await sealBlocks(workload, [transactions], "swaps");
    if (bundle.state.kind === "witness") throw new Error("a workload's state is whole");
    const chain = chainOf(bundle.chain);
    const { input } = loadBlock(bundle.blocks[0] as Uint8Array, chain);
    const source = MemoryStateSource.fromFlat(bundle.state.pre);
    const result = await executor.executeBlock({ block: input, chain, source });
    expect(result.receiptsRoot).toEqual(input.header.receiptsRoot);
    return result.statistics.hints;
  };
  expect(await run(all.slice(0, SWAPS))).toMatchObject({ predicted: 0, recall: 0 });
  const { predicted, precision, recall } = await run(all.slice(SWAPS));
  expect(predicted).toBeGreaterThan(SWAPS);
  expect(precision).toBeGreaterThanOrEqual(0.9);
  expect(recall).toBeGreaterThanOrEqual(0.8);
}, 240_000);
