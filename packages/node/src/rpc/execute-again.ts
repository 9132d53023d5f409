// Executing a block of the chain again, to find out what nobody has kept of it.

import { isOfEmptyRange, type StoredBlock } from "@braid/chain";
import type { BlockResult, ExecuteBlockInput } from "@braid/executor";
import { RpcError, SERVER_ERROR } from "@braid/rpc";
import type { KeptState } from "@braid/state";
import type { MethodContext } from "./method.ts";

type Context = Pick<MethodContext, "node" | "signal" | "payer" | "leave">;

/** How a block is executed; never what comes out. */
export type How = Pick<ExecuteBlockInput, "mode" | "workers" | "force" | "hints" | "intermediateRoots">;

/** The block before another one, and the state that the other one was executed on. Throws RpcError for what was not executed. */
export function beforeBlock(
  { node }: Pick<Context, "node">,
  block: StoredBlock,
): { parent: StoredBlock; state: KeptState } {
  const { header } = block;
  const parent = node.chain.block(header.parentHash);
  if (parent === undefined)
    throw new RpcError(SERVER_ERROR, `block ${header.number} was not executed: the chain begins with it`);
  if (isOfEmptyRange(block))
    throw new RpcError(SERVER_ERROR, `block ${header.number} was not executed: it is one of many empty ones`);
  return { parent, state: node.chain.stateAfter(parent.hash) };
}

/** Rejects as Executor.executeBlock. PERF: as long as the block took when it was mined; those that are mined meanwhile do not wait. */
export async function executeAgain(
  { node, signal, payer, leave }: Context,
  { hash, block }: StoredBlock,
  source: ExecuteBlockInput["source"],
  how: How = {},
): Promise<BlockResult> {
  leave?.();
  const result = await node.again.executeBlock({
    ...how,
    block,
    chain: node.chain.rules,
    source,
    senders: [...(node.chain.receipts(hash)?.senders ?? [])],
    contractSenders: true,
    signal,
  });
  payer?.charge(result.statistics.phases.total);
  return result;
}
