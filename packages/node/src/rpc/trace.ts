// debug_trace*: transactions of a block, or a call, with a tracer looking on.

import { recoverAuthority } from "@braid/executor";
import { BaseError, bytesToHex, equalBytes, promised } from "@braid/primitives";
import { decodeBlock, hashHeader, hashTransaction } from "@braid/protocol";
import { RpcError, SERVER_ERROR } from "@braid/rpc";
import { blockNumber, findBlock, stateBlock, stateOf } from "./block-tags.ts";
import { type CallPlace, runCalls } from "./eth/run-call.ts";
import {
  blockOverrides,
  messageOf,
  stateOverrides,
  type TransactionArgs,
  transactionArgs,
} from "./eth/transaction-args.ts";
import { type MethodContext, type Methods, method } from "./method.ts";
import { bytes, hash, object } from "./params.ts";
import { type TraceableBlock, traceBlock } from "./trace-block.ts";
import { type TracerMaker, tracerOptions } from "./tracers/index.ts";

const overrides = object({ stateOverrides, blockOverrides });

/** A tracer, and what is to be another way. */
export const callConfig = (value: unknown) => ({ make: tracerOptions(value), ...overrides(value ?? {}) });

export const traceMethods: Methods = {
  debug_traceTransaction: method([hash, tracerOptions], async (context, of, make) => {
    const place = context.node.chain.transaction(of);
    if (place === undefined) throw new RpcError(SERVER_ERROR, "transaction not found");
    const [traced] = await traceBlock(context, place.block, make, place.index);
    return traced?.result ?? null;
  }),

  debug_traceBlock: method([bytes, tracerOptions], (context, raw, make) =>
    traceWhole(context, decodeTraceable(context, raw), make),
  ),

  debug_traceBlockByNumber: method([blockNumber, tracerOptions], (context, param, make) => {
    const block = findBlock(context.node, param);
    const name = typeof param === "object" ? `#${param.number}` : param;
    if (block === undefined) throw new RpcError(SERVER_ERROR, `block ${name} not found`);
    return traceWhole(context, block, make);
  }),

  debug_traceBlockByHash: method([hash, tracerOptions], (context, of, make) => {
    const block = context.node.chain.block(of);
    if (block === undefined) throw new RpcError(SERVER_ERROR, `block ${bytesToHex(of)} not found`);
    return traceWhole(context, block, make);
  }),

  debug_traceCall: method(
    [transactionArgs, stateBlock, callConfig],
    async (context, args, param, { make, ...overrides }) => {
      const { node } = context;
      const gasLimit = args.gas === undefined || args.gas > node.callGasLimit ? node.callGasLimit : args.gas;
      const place = { ...(await stateOf(node, param)), ...overrides };
      return traceCall(context, place, { ...args, gas: gasLimit }, make);
    },
  ),
};

/** Traces a message. */
export async function traceCall(
  context: MethodContext,
  place: CallPlace,
  args: TransactionArgs & { gas: bigint },
  make: TracerMaker,
): Promise<unknown> {
  const { header, state, stateOverrides: accounts = [], blockOverrides: fields = {} } = place;
  const from = args.from ?? new Uint8Array(20);
  const overridden = accounts.find(({ address }) => equalBytes(address, from))?.nonce;
  const tracer = make({
    from,
    to: args.to,
    nonce: args.nonce ?? overridden ?? (await state.getAccount(from))?.nonce ?? 0n,
    gasLimit: args.gas,
    coinbase: fields.coinbase ?? header.coinbase,
    rules: context.node.chain.rules.rulesAt(header),
    authorities: (args.authorizations ?? []).flatMap((one) => recoverAuthority(one) ?? []),
  });
  const [result] = await promised(
    runCalls(context, place, [messageOf(args, args.gas)], { tracer: () => tracer }),
  );
  return result === undefined ? null : (tracer.result(result) ?? null);
}

/** All transactions of a block, each with its hash. */
async function traceWhole(
  context: MethodContext,
  block: TraceableBlock,
  make: TracerMaker,
): Promise<{ txHash: string; result: unknown }[]> {
  const traced = await traceBlock(context, block, make);
  return traced.map(({ index, result }) => ({
    txHash: bytesToHex(block.transactionHashes[index] as Uint8Array),
    result: result ?? null,
  }));
}

/** A block that need not be part of the chain. Throws RpcError. */
function decodeTraceable({ node }: MethodContext, raw: Uint8Array): TraceableBlock {
  try {
    const block = decodeBlock(raw, node.chain.rules);
    const transactionHashes = block.transactions.map(hashTransaction);
    return { hash: hashHeader(block.header), block, transactionHashes };
  } catch (error) {
    if (!(error instanceof BaseError)) throw error;
    throw new RpcError(SERVER_ERROR, `could not decode block: ${error.message}`);
  }
}
