// Calls on a state that is warm: on the caller's thread, on a worker, and as stock ethereumjs runs them.

import { type CallInput, type CallMessage, Executor } from "@braid/executor";
import { equalBytes } from "@braid/primitives";
import { chainOf } from "@braid/protocol";
import { loadBlock } from "@braid/replay";
import { MemoryStateStore } from "@braid/state";
import { openVm } from "@braid/stock/run-once";
import { type Message, type PreparedState, prepareState, sealBlocks, tokenTransfers } from "@braid/workloads";
import { Address } from "@ethereumjs/util";
import type { CallTimes } from "../measurements.ts";

/** Calls that make one sample. */
const BATCH = 20;
const WARM_UP = 25;
const GAS_LIMIT = 1_000_000n;

/** The messages that are called, by what they are. */
export function messagesOf({ market, senders, receivers }: PreparedState): Record<string, CallMessage> {
  const { weth, tokens, router } = market;
  const [token] = tokens;
  const [sender] = senders;
  if (token === undefined || sender === undefined) throw new Error("the workload has tokens and senders");
  const from = sender.address;
  const call = (message: Message): CallMessage => ({ from, ...message, gasLimit: GAS_LIMIT });
  const path = [weth.address, token.address];
  return {
    "balance of a token": call(token.call("balanceOf", from)),
    "transfer of a token": call(token.call("transfer", receivers[1] as Uint8Array, 5n)),
    "swap of two tokens": call(router.call("swapExactIn", 10n ** 15n, 1n, path, from, 2n ** 64n)),
  };
}

/** Milliseconds for each call; one sample is the mean of a few, and the ways take turns. */
export async function callTimes(rounds: number): Promise<CallTimes[]> {
  const workload = await prepareState({ senders: 8, pools: 1 });
  const bundle = await sealBlocks(workload, [tokenTransfers(workload, 1)], "a header");
  const chain = chainOf(bundle.chain);
  const block = loadBlock(bundle.blocks[0] as Uint8Array, chain); // it was sealed
  const { header } = block.input;
  const store = MemoryStateStore.fromFlat(workload.genesis, {
    hash: header.parentHash,
    number: block.number - 1n,
  });
  const vm = await openVm({ chain, fork: block.fork, pre: workload.genesis, blockHashes: new Map() });
  const executor = new Executor({ workers: 1 });
  const measured: CallTimes[] = [];
  for (const [kind, message] of Object.entries(messagesOf(workload))) {
    const source = store.stateAt(header.parentHash);
    const braid = async (thread: NonNullable<CallInput["thread"]>): Promise<Uint8Array> => {
      const [result] = await executor.call({ header, chain, source, messages: [message], thread });
      if (result?.status !== 1) throw new Error(`${kind} failed: ${result?.error}`);
      return result.output;
    };
    const stock = async (): Promise<Uint8Array> => {
      await vm.stateManager.checkpoint();
      const { execResult } = await vm.evm.runCall({
        caller: new Address(message.from as Uint8Array),
        to: new Address(message.to as Uint8Array),
        data: message.data as Uint8Array,
        gasLimit: GAS_LIMIT,
      });
      await vm.stateManager.revert();
      await vm.evm.journal.cleanup();
      if (execResult.exceptionError !== undefined) throw new Error(`${kind} failed on stock`);
      return execResult.returnValue;
    };
    const ways = { caller: () => braid("caller"), worker: () => braid("worker"), stock };
    const expected = await ways.stock();
    for (const way of [ways.caller, ways.worker])
      if (!equalBytes(await way(), expected)) throw new Error(`${kind} answers something else than stock`);
    const times: CallTimes = { kind, caller: [], worker: [], stock: [] };
    for (let round = 0; round < WARM_UP + rounds; round++) {
      for (const way of ["caller", "worker", "stock"] as const) {
        const start = performance.now();
        for (let i = 0; i < BATCH; i++) await ways[way]();
        if (round >= WARM_UP) times[way].push((performance.now() - start) / BATCH);
      }
    }
    measured.push(times);
  }
  await executor.close();
  return measured;
}
