// Tracing a block: its transactions executed again, in order, with a tracer looking on.

import { recoverAuthority, recoverSender } from "@braid/executor";
import { type Block, decodeTransaction, type ForkRules, type Transaction } from "@braid/protocol";
import { RpcError, SERVER_ERROR } from "@braid/rpc";
import { callLimitMs } from "./eth/run-call.ts";
import type { MethodContext } from "./method.ts";
import type { ResultTracer, TracedCall, TracerMaker } from "./tracers/index.ts";
import type { TracedPlace } from "./tracers/result-tracer.ts";

/** A block of the tree, or any other one whose parent is in it. */
export interface TraceableBlock {
  hash: Uint8Array;
  block: Block;
  transactionHashes: readonly Uint8Array[];
}

/** What the tracer of a transaction has found. */
export interface TracedResult {
  index: number;
  result: unknown;
}

/** Traces all transactions of a block, or the one with this index. Throws RpcError for a block without a parent; rejects as Executor.trace. */
export async function traceBlock(
  { node, signal, payer, leave }: Pick<MethodContext, "node" | "signal" | "payer" | "leave">,
  traceable: TraceableBlock,
  make: TracerMaker,
  only?: number,
): Promise<TracedResult[]> {
  const { block, hash } = traceable;
  const { header, transactions } = block;
  if (header.number === 0n) throw new RpcError(SERVER_ERROR, "genesis is not traceable");
  const parent = node.chain.block(header.parentHash);
  if (parent === undefined) throw new RpcError(SERVER_ERROR, "parent block not found");
  const rules = node.chain.rules.rulesAt(header);
  const known = node.chain.receipts(hash)?.senders;
  const decoded = transactions.map(decodeTransaction);
  const senders = decoded.map(
    (tx, i) => known?.[i] ?? recoverSender(transactions[i] as Uint8Array, tx, rules),
  );
  const tracers = new Map<number, ResultTracer>();
  leave?.();
  const traced = await node.executor.trace({
    block,
    chain: node.chain.rules,
    source: node.chain.stateAfter(parent.hash),
    senders,
    contractSenders: true,
    signal,
    payer,
    timeLimitMs: callLimitMs(node) * Math.max(1, only === undefined ? transactions.length : 1),
    ...(only === undefined ? {} : { last: only }),
    tracer: (index) => {
      if (only !== undefined && index !== only) return undefined;
      // A transaction that runs has a sender.
      const [tx, from] = [decoded[index] as Transaction, senders[index] as Uint8Array];
      const tracer = make(tracedCall(tx, from, header.coinbase, rules, placeOf(traceable, index)));
      tracers.set(index, tracer);
      return tracer;
    },
  });
  return [...tracers].map(([index, tracer]) => {
    const transaction = traced[index];
    if (transaction === undefined) throw new Error("a transaction that was traced has no result");
    return { index, result: tracer.result(transaction) };
  });
}

function placeOf({ hash, block, transactionHashes }: TraceableBlock, index: number): TracedPlace {
  return {
    blockHash: hash,
    blockNumber: block.header.number,
    transactionHash: transactionHashes[index] as Uint8Array,
    index,
  };
}

/** What tracers need to know of a transaction. */
export function tracedCall(
  tx: Transaction,
  from: Uint8Array,
  coinbase: Uint8Array,
  rules: ForkRules,
  place?: TracedPlace,
): TracedCall {
  const { to, nonce, gasLimit } = tx;
  const authorities = tx.authorizations.flatMap((authorization) => recoverAuthority(authorization) ?? []);
  return {
    from,
    to,
    nonce,
    gasLimit,
    coinbase,
    rules,
    authorities,
    ...(place === undefined ? {} : { place }),
  };
}
