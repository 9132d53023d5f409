// Calls while blocks are imported: how many a second, and what they cost the blocks.

import { type CallMessage, Executor } from "@braid/executor";
import { chainOf } from "@braid/protocol";
import { type LoadedBlock, loadBlock } from "@braid/replay";
import { MemoryStateStore } from "@braid/state";
import { type PreparedState, prepareState, sealBlocks, tokenTransfers } from "@braid/workloads";
import type { BesideBlocks } from "../measurements.ts";
import { messagesOf } from "./calls.ts";

const BLOCKS = 10;
export const TRANSACTIONS = 200;
/** Calls under way at a time, for each worker: enough that none has to wait for the next one to come. */
const IN_FLIGHT = 4;
const WARM_UP = 3;

interface Chain {
  workload: PreparedState;
  blocks: LoadedBlock[];
  message: CallMessage;
}

/** What callers see: the newest state, and its block. */
interface Newest {
  block: LoadedBlock;
  parent: Uint8Array;
  store: MemoryStateStore;
}

/** Calls on the newest state until `stop`: how many there were. */
class Callers {
  #calls = 0;
  #running = true;
  readonly #loops: Promise<void>[];

  constructor(executor: Executor, newest: Newest, message: CallMessage) {
    this.#loops = Array.from({ length: IN_FLIGHT * executor.workers }, async () => {
      while (this.#running) {
        const { block, parent, store } = newest;
        const [result] = await executor.call({
          header: block.input.header,
          chain: block.chain,
          source: store.stateAt(parent),
          messages: [message],
          thread: "worker",
        });
        if (result?.status !== 1) throw new Error(`a call failed: ${result?.error}`);
        if (this.#running) this.#calls++;
      }
    });
  }

  async stop(): Promise<number> {
    this.#running = false;
    await Promise.all(this.#loops);
    return this.#calls;
  }
}

export async function besideBlocks(workerCounts: number[], rounds: number): Promise<BesideBlocks[]> {
  const chain = await makeChain();
  const measured: BesideBlocks[] = [];
  for (const workers of workerCounts) {
    const executor = new Executor({ workers });
    const result: BesideBlocks = {
      workers,
      blocksAlone: [],
      blocksBeside: [],
      callsAlone: [],
      callsBeside: [],
    };
    for (let round = 0; round < WARM_UP + rounds; round++) {
      const alone = await importBlocks(executor, chain, false);
      const beside = await importBlocks(executor, chain, true);
      const idle = await callsFor(executor, chain, beside.ms);
      if (round < WARM_UP) continue;
      result.blocksAlone.push(alone.ms / BLOCKS);
      result.blocksBeside.push(beside.ms / BLOCKS);
      result.callsBeside.push((1_000 * beside.calls) / beside.ms);
      result.callsAlone.push((1_000 * idle.calls) / idle.ms);
    }
    await executor.close();
    measured.push(result);
  }
  return measured;
}

/** Imports all blocks into a new store, with calls on the newest state beside them or without. */
async function importBlocks(
  executor: Executor,
  chain: Chain,
  withCalls: boolean,
): Promise<{ ms: number; calls: number }> {
  const newest = genesisOf(chain);
  const { store } = newest;
  const start = performance.now();
  const callers = withCalls ? new Callers(executor, newest, chain.message) : undefined;
  for (const block of chain.blocks) {
    const { parentHash } = block.input.header;
    const source = store.stateAt(parentHash);
    const { stateChanges } = await executor.executeBlock({ block: block.input, chain: block.chain, source });
    await store.prepare(parentHash, stateChanges).commit(block);
    Object.assign(newest, { block, parent: block.hash });
  }
  const ms = performance.now() - start;
  return { ms, calls: (await callers?.stop()) ?? 0 };
}

/** Calls, and nothing else, for so long. */
async function callsFor(
  executor: Executor,
  chain: Chain,
  duration: number,
): Promise<{ ms: number; calls: number }> {
  const start = performance.now();
  const callers = new Callers(executor, genesisOf(chain), chain.message);
  await new Promise((resolve) => setTimeout(resolve, duration));
  const ms = performance.now() - start;
  return { ms, calls: await callers.stop() };
}

function genesisOf({ workload, blocks }: Chain): Newest {
  const block = blocks[0] as LoadedBlock; // there are ten
  const parent = block.input.header.parentHash;
  return {
    block,
    parent,
    store: MemoryStateStore.fromFlat(workload.genesis, { hash: parent, number: block.number - 1n }),
  };
}

/** Blocks of transfers of a token, one after the other. */
async function makeChain(): Promise<Chain> {
  const workload = await prepareState({ senders: TRANSACTIONS, pools: 1 });
  const transfers = tokenTransfers(workload, BLOCKS * TRANSACTIONS);
  const bodies = Array.from({ length: BLOCKS }, (_, i) =>
    transfers.slice(i * TRANSACTIONS, (i + 1) * TRANSACTIONS),
  );
  const bundle = await sealBlocks(workload, bodies, "token transfers");
  const chain = chainOf(bundle.chain);
  const message = messagesOf(workload)["transfer of a token"];
  if (message === undefined) throw new Error("there is such a message");
  return { workload, blocks: bundle.blocks.map((rlp) => loadBlock(rlp, chain)), message };
}
