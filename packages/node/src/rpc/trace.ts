// debug_trace*: transactions of a block, or a call, with a tracer looking on.

import type { StoredBlock } from "@braid/chain";
import { recoverAuthority } from "@braid/executor";
import { bytesToHex } from "@braid/primitives";
import { decodeTransaction, type ForkRules, type Transaction } from "@braid/protocol";
import { RpcError, SERVER_ERROR } from "@braid/rpc";
import { blockNumber, findBlock, stateBlock, stateOf } from "./block-tags.ts";
import { runCalls } from "./eth/run-call.ts";
import { blockOverrides, messageOf, stateOverrides, transactionArgs } from "./eth/transaction-args.ts";
import { type MethodContext, type Methods, method } from "./method.ts";
import { hash, object } from "./params.ts";
import { type ResultTracer, type TracedCall, type TracerMaker, tracerOptions } from "./tracers/index.ts";

/** As geth's default for one transaction, in milliseconds. */
const TRACE_MS = 5_000;

const overrides = object({ stateOverrides, blockOverrides });

/** A tracer, and what is to be another way. */
const callConfig = (value: unknown) => ({ make: tracerOptions(value), ...overrides(value ?? {}) });

export const traceMethods: Methods = {
  debug_traceTransaction: method([hash, tracerOptions], async (context, of, make) => {
    const place = context.node.chain.transaction(of);
    if (place === undefined) throw new RpcError(SERVER_ERROR, "transaction not found");
    const [traced] = await traceBlock(context, place.block, make, place.index);
    return traced?.result;
  }),

  debug_traceBlockByNumber: method([blockNumber, tracerOptions], (context, param, make) => {
    const block = findBlock(context.node, param);
    const name = typeof param === "object" ? `#${param.number}` : param;
    if (block === undefined) throw new RpcError(SERVER_ERROR, `block ${name} not found`);
    return traceBlock(context, block, make);
  }),

  debug_traceBlockByHash: method([hash, tracerOptions], (context, of, make) => {
    const block = context.node.chain.block(of);
    if (block === undefined) throw new RpcError(SERVER_ERROR, `block ${bytesToHex(of)} not found`);
    return traceBlock(context, block, make);
  }),

  debug_traceCall: method(
    [transactionArgs, stateBlock, callConfig],
    async (context, args, param, { make, ...overrides }) => {
      const { node } = context;
      const { header, state } = await stateOf(node, param);
      const gasLimit = args.gas === undefined || args.gas > node.callGasLimit ? node.callGasLimit : args.gas;
      const from = args.from ?? new Uint8Array(20);
      const nonce = args.nonce ?? (await state.getAccount(from))?.nonce ?? 0n;
      const tracer = make({
        from,
        to: args.to,
        nonce,
        gasLimit,
        coinbase: header.coinbase,
        keepsOld: node.chain.rules.rulesAt(header).eip6780,
        authorities: [],
      });
      const place = { header, state, ...overrides };
      const [result] = await runCalls(context, place, [messageOf(args, gasLimit)], { tracer: () => tracer });
      return result === undefined ? null : tracer.result(result);
    },
  ),
};

interface TracedResult {
  txHash: string;
  result: unknown;
}

/** Traces all transactions of a block, or the one with this index. */
async function traceBlock(
  { node, signal }: MethodContext,
  { header, block, hash: id, transactionHashes }: StoredBlock,
  make: TracerMaker,
  only?: number,
): Promise<TracedResult[]> {
  const parent = node.chain.block(header.parentHash);
  if (parent === undefined) throw new RpcError(SERVER_ERROR, "genesis is not traceable");
  const rules = node.chain.rules.rulesAt(header);
  const senders = [...(node.chain.receipts(id)?.senders ?? [])];
  const tracers = new Map<number, ResultTracer>();
  const traced = await node.executor.trace({
    block,
    chain: node.chain.rules,
    source: node.chain.stateAfter(parent.hash),
    senders,
    contractSenders: true,
    signal,
    timeLimitMs: TRACE_MS * Math.max(1, only === undefined ? block.transactions.length : 1),
    ...(only === undefined ? {} : { last: only }),
    tracer: (index) => {
      if (only !== undefined && index !== only) return undefined;
      const tx = decodeTransaction(block.transactions[index] as Uint8Array);
      const tracer = make(tracedCall(tx, senders[index] as Uint8Array, header.coinbase, rules));
      tracers.set(index, tracer);
      return tracer;
    },
  });
  return [...tracers].map(([index, tracer]) => {
    const transaction = traced[index];
    if (transaction === undefined) throw new Error("a transaction that was traced has no result");
    return { txHash: bytesToHex(transactionHashes[index] as Uint8Array), result: tracer.result(transaction) };
  });
}

/** What tracers need to know of a transaction. */
export function tracedCall(
  tx: Transaction,
  from: Uint8Array,
  coinbase: Uint8Array,
  { eip6780: keepsOld }: Pick<ForkRules, "eip6780">,
): TracedCall {
  const { to, nonce, gasLimit } = tx;
  const authorities = tx.authorizations.flatMap((authorization) => recoverAuthority(authorization) ?? []);
  return { from, to, nonce, gasLimit, coinbase, keepsOld, authorities };
}
