// Block access lists (EIP-7928): what a block has read and written, and which transaction wrote what. The newest blocks' are read off their
// runs, all others are executed again. execution-apis has lists from Amsterdam on; here all blocks have one.

import { isOfEmptyRange } from "@braid/chain";
import { bytesToHex, equalBytes } from "@braid/primitives";
import { accessListHash, type BlockAccessList, encodeAccessList, encodeRpcAccessList } from "@braid/protocol";
import { RpcError, SERVER_ERROR } from "@braid/rpc";
import { type BlockParam, blockParam, findBlock } from "../block-tags.ts";
import { beforeBlock, executeAgain } from "../execute-again.ts";
import { type MethodContext, type Methods, method } from "../method.ts";

export const accessListMethods: Methods = {
  eth_getBlockAccessList: method([blockParam], async (context, param) => {
    const list = await accessListOf(context, param);
    return list === undefined ? null : encodeRpcAccessList(list);
  }),

  debug_getRawBlockAccessList: method([blockParam], async (context, param) => {
    const list = await accessListOf(context, param);
    if (list === undefined) throw new RpcError(SERVER_ERROR, "block not found");
    return bytesToHex(encodeAccessList(list));
  }),
};

/** Undefined where there is no such block, and for the one that is not mined yet. */
async function accessListOf(context: MethodContext, param: BlockParam): Promise<BlockAccessList | undefined> {
  const block = param === "pending" ? undefined : findBlock(context.node, param);
  if (block === undefined) return undefined;
  // Nothing was executed.
  if (equalBytes(block.hash, context.node.chain.first.hash) || isOfEmptyRange(block)) return [];
  const { accessList } =
    context.node.runOf(block.hash) ?? (await executeAgain(context, block, beforeBlock(context, block).state));
  const { blockAccessListHash: expected } = block.header;
  if (expected !== undefined && !equalBytes(accessListHash(accessList), expected))
    throw new Error(`block ${block.number} has another access list than its header says`);
  return accessList;
}
