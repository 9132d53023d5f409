// Blocks, their transactions and receipts.

import type { StoredBlock } from "@braid/chain";
import { bytesToHex } from "@braid/primitives";
import { type BlockParam, blockNumber, blockParam, findBlock } from "../block-tags.ts";
import {
  formatBlock,
  formatHeader,
  formatPendingBlock,
  formatPooled,
  formatReceiptAt,
  formatReceipts,
  formatTransaction,
  hexOf,
  type Json,
} from "../format.ts";
import { type MethodContext, type Methods, method } from "../method.ts";
import { boolean, hash, optional, quantity64 } from "../params.ts";

const byHash = (of: Uint8Array): BlockParam => ({ hash: of, requireCanonical: false });

function sendersOf({ node }: MethodContext, block: StoredBlock): readonly Uint8Array[] {
  return node.chain.receipts(block.hash)?.senders ?? [];
}

async function block(context: MethodContext, param: BlockParam, whole: boolean): Promise<Json | null> {
  const { node } = context;
  if (param === "pending") {
    const { built } = await node.miner.pending();
    const senders = whole ? built.result.transactions.map(({ sender }) => sender) : undefined;
    return formatPendingBlock(built.block, senders);
  }
  const found = findBlock(node, param);
  if (found === undefined) return null;
  return formatBlock(found, whole ? sendersOf(context, found) : undefined);
}

/** The block that would be mined now has no header yet. */
function header({ node }: MethodContext, param: BlockParam): Json | null {
  const found = param === "pending" ? undefined : findBlock(node, param);
  return found === undefined ? null : formatHeader(found.header, found.hash);
}

/** A number of what is in a block; null when there is no such block. */
async function count(
  { node }: MethodContext,
  param: BlockParam,
  of: (block: StoredBlock["block"]) => number,
): Promise<string | null> {
  const body = param === "pending" ? (await node.miner.pending()).built.block : findBlock(node, param)?.block;
  return body === undefined ? null : hexOf(of(body));
}

function transactionAt(context: MethodContext, param: BlockParam, index: bigint): Json | null {
  const found = findBlock(context.node, param);
  const raw = found?.block.transactions[Number(index)];
  const sender = found && sendersOf(context, found)[Number(index)];
  if (found === undefined || raw === undefined || sender === undefined) return null;
  return formatTransaction(raw, sender, { block: found, index: Number(index) });
}

function uncleAt({ node }: MethodContext, param: BlockParam, index: bigint): Json | null {
  const uncle = findBlock(node, param)?.block.uncles[Number(index)];
  return uncle === undefined ? null : { ...formatHeader(uncle), uncles: [], transactions: [] };
}

export const blockMethods: Methods = {
  eth_blockNumber: method([], ({ node }) => hexOf(node.head.number)),
  eth_getBlockByNumber: method([blockNumber, optional(boolean, false)], (context, param, whole) =>
    block(context, param, whole),
  ),
  eth_getBlockByHash: method([hash, optional(boolean, false)], (context, of, whole) =>
    block(context, byHash(of), whole),
  ),
  eth_getHeaderByNumber: method([blockNumber], (context, param) => header(context, param)),
  eth_getHeaderByHash: method([hash], (context, of) => header(context, byHash(of))),
  eth_getBlockTransactionCountByNumber: method([blockNumber], (context, param) =>
    count(context, param, ({ transactions }) => transactions.length),
  ),
  eth_getBlockTransactionCountByHash: method([hash], (context, of) =>
    count(context, byHash(of), ({ transactions }) => transactions.length),
  ),
  eth_getUncleCountByBlockNumber: method([blockNumber], (context, param) =>
    count(context, param, ({ uncles }) => uncles.length),
  ),
  eth_getUncleCountByBlockHash: method([hash], (context, of) =>
    count(context, byHash(of), ({ uncles }) => uncles.length),
  ),
  eth_getUncleByBlockNumberAndIndex: method([blockNumber, quantity64], uncleAt),
  eth_getUncleByBlockHashAndIndex: method([hash, quantity64], (context, of, index) =>
    uncleAt(context, byHash(of), index),
  ),
  eth_getTransactionByBlockNumberAndIndex: method([blockNumber, quantity64], transactionAt),
  eth_getTransactionByBlockHashAndIndex: method([hash, quantity64], (context, of, index) =>
    transactionAt(context, byHash(of), index),
  ),
  eth_getTransactionByHash: method([hash], (context, of) => {
    const { chain, pool } = context.node;
    const place = chain.transaction(of);
    if (place !== undefined) return transactionAt(context, byHash(place.block.hash), BigInt(place.index));
    const pooled = pool.get(of);
    return pooled === undefined ? null : formatPooled(pooled);
  }),
  eth_getRawTransactionByHash: method([hash], ({ node }, of) => {
    const place = node.chain.transaction(of);
    const raw = place?.block.block.transactions[place.index] ?? node.pool.get(of)?.raw;
    return raw === undefined ? null : bytesToHex(raw);
  }),
  eth_getTransactionReceipt: method([hash], ({ node: { chain } }, of) => {
    const place = chain.transaction(of);
    const receipts = place && chain.receipts(place.block.hash);
    if (place === undefined || receipts === undefined) return null;
    return formatReceiptAt(place.block, receipts, chain.rules, place.index) ?? null;
  }),
  eth_getBlockReceipts: method([blockParam], ({ node }, param) => {
    const found = findBlock(node, param);
    const receipts = found && node.chain.receipts(found.hash);
    return found && receipts ? formatReceipts(found, receipts, node.chain.rules) : null;
  }),
};
