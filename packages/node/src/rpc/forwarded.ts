// What a forked chain cannot answer itself: blocks, transactions, receipts and states from before it began. The other node is asked, in the
// caller's own words.

import { equalBytes, jsonQuantity } from "@braid/primitives";
import type { Fork } from "../fork/fork.ts";
import type { Node } from "../node.ts";
import { type BlockParam, blockParam } from "./block-tags.ts";
import { hexOf } from "./format.ts";
import { hash } from "./params.ts";

/** Methods about a block, and the parameter that names it. The block that the chain begins with has neither body nor trie here. */
const ABOUT_BLOCKS: Readonly<Record<string, number>> = {
  eth_getBlockByNumber: 0,
  eth_getBlockByHash: 0,
  eth_getBlockTransactionCountByNumber: 0,
  eth_getBlockTransactionCountByHash: 0,
  eth_getUncleCountByBlockNumber: 0,
  eth_getUncleCountByBlockHash: 0,
  eth_getUncleByBlockNumberAndIndex: 0,
  eth_getUncleByBlockHashAndIndex: 0,
  eth_getTransactionByBlockNumberAndIndex: 0,
  eth_getTransactionByBlockHashAndIndex: 0,
  eth_getRawTransactionByBlockNumberAndIndex: 0,
  eth_getRawTransactionByBlockHashAndIndex: 0,
  eth_getBlockReceipts: 0,
  eth_getBlockAccessList: 0,
  eth_feeHistory: 1,
  debug_getRawHeader: 0,
  debug_getRawBlock: 0,
  debug_getRawReceipts: 0,
  eth_getProof: 2,
  debug_traceBlockByNumber: 0,
  debug_traceBlockByHash: 0,
  debug_executionWitness: 0,
  trace_block: 0,
  trace_replayBlockTransactions: 0,
};

/** Methods about the state after a block, and the parameter that names it; the state that the chain begins with is read here. */
const ABOUT_STATES: Readonly<Record<string, number>> = {
  eth_getBalance: 1,
  eth_getTransactionCount: 1,
  eth_getCode: 1,
  eth_getStorageAt: 2,
  eth_getStorageValues: 1,
  eth_call: 1,
  eth_estimateGas: 1,
  eth_createAccessList: 1,
  eth_simulateV1: 1,
  debug_traceCall: 1,
};

/** Methods about a transaction, which is their first parameter. */
const ABOUT_TRANSACTIONS: ReadonlySet<string> = new Set([
  "eth_getTransactionByHash",
  "eth_getTransactionReceipt",
  "eth_getRawTransactionByHash",
  "debug_getRawTransaction",
  "debug_traceTransaction",
  "trace_transaction",
  "trace_get",
  "trace_replayTransaction",
]);

/** A call as the other node gets it; undefined when it is answered here. */
export function forwardedCall(node: Node, name: string, params: unknown): readonly unknown[] | undefined {
  const { fork } = node;
  if (fork === undefined || !Array.isArray(params)) return undefined;
  if (ABOUT_TRANSACTIONS.has(name)) return isOwnTransaction(node, params[0]) ? undefined : params;
  const index = ABOUT_BLOCKS[name] ?? ABOUT_STATES[name];
  if (index === undefined) return undefined;
  const param = blockOf(params[index]);
  const named = param && namedBefore(node, fork, param, name);
  return named && params.with(index, named.as ?? params[index]);
}

/** Asks the other node. What it knows from after the block where the chains parted is no part of this one. */
export async function forward(fork: Fork, name: string, params: readonly unknown[]): Promise<unknown> {
  const answer = await fork.ask(name, params);
  return isLater(answer, fork) ? null : answer;
}

function isOwnTransaction({ chain, pool }: Node, param: unknown): boolean {
  const of = attempt(hash, param);
  // What is no hash is for the method to refuse.
  return of === undefined || chain.transaction(of) !== undefined || pool.get(of) !== undefined;
}

function blockOf(param: unknown): BlockParam | undefined {
  return param === undefined || param === null ? undefined : attempt(blockParam, param);
}

function attempt<T>(read: (value: unknown) => T, value: unknown): T | undefined {
  try {
    return read(value);
  } catch {
    // The method itself says what is wrong with it.
    return undefined;
  }
}

/** `as`: what the other node calls it, when that is something else. */
function namedBefore(
  { chain }: Node,
  { block }: Fork,
  param: BlockParam,
  method: string,
): { as?: string } | undefined {
  // With what was changed by hand since.
  const keepsFirst = method in ABOUT_STATES;
  if (typeof param === "string") {
    if (param === "earliest") return {};
    // All other names mean the newest block.
    const isFirst = param !== "pending" && chain.head.number === block.number;
    return isFirst && !keepsFirst ? { as: hexOf(block.number) } : undefined;
  }
  if ("number" in param)
    return param.number < block.number || (param.number === block.number && !keepsFirst) ? {} : undefined;
  if (equalBytes(param.hash, block.hash)) return keepsFirst ? undefined : {};
  return chain.block(param.hash) === undefined ? {} : undefined;
}

/** Does a block, a transaction or a receipt come from after the chains parted, or wait for its block? */
function isLater(answer: unknown, { block }: Fork): boolean {
  if (typeof answer !== "object" || answer === null || Array.isArray(answer)) return false;
  const { number, blockNumber = number } = answer as { number?: unknown; blockNumber?: unknown };
  if (blockNumber === undefined) return false;
  return blockNumber === null || jsonQuantity(blockNumber, "block.number", 64n) > block.number;
}
