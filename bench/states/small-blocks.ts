// A block of one transfer, all its way: executed, rooted and committed.

import { Executor } from "@braid/executor";
import { bigIntToBytes32 } from "@braid/primitives";
import { changesOfFlat, type StateStore } from "@braid/state";
import { etherTransfers, prepareState, sealBlocks } from "@braid/workloads";
import { openBlock } from "../blocks.ts";

const WARM_UP = 300;

/** Milliseconds for each block, into an empty store, which is closed. */
export async function oneTransferBlocks(
  store: StateStore,
  workers: number,
  rounds: number,
): Promise<number[]> {
  const workload = await prepareState({ senders: 64, pools: 1 });
  const bundle = await sealBlocks(workload, [etherTransfers(workload, 1)], "transfer");
  const { block, pre } = await openBlock({ kind: "bundle", name: "transfer", bundle });
  const executor = new Executor({ workers });
  const parent = block.input.header.parentHash;
  await store.prepare(undefined, changesOfFlat(pre)).commit({ hash: parent, number: block.number - 1n });
  const times: number[] = [];
  // The same block again and again, each time as another child of its parent. The head goes back first: a fork would not become the head.
  for (let round = 0; round < WARM_UP + rounds; round++) {
    await store.setHead(parent);
    const start = performance.now();
    const { stateChanges } = await executor.executeBlock({
      block: block.input,
      chain: block.chain,
      source: store.stateAt(parent),
    });
    const prepared = store.prepare(parent, stateChanges);
    await prepared.commit({ hash: bigIntToBytes32(BigInt(round)), number: block.number });
    if (round >= WARM_UP) times.push(performance.now() - start);
  }
  await executor.close();
  await store.close();
  return times;
}
