// trace_block and trace_transaction: what calls there were, as Parity has shown them first and Erigon and Reth do today.

import type { StoredBlock } from "@braid/chain";
import { bytesToHex } from "@braid/primitives";
import type { ForkRules } from "@braid/protocol";
import { blockParam, findBlock } from "./block-tags.ts";
import { hexOf, type Json } from "./format.ts";
import { type Methods, method } from "./method.ts";
import { hash } from "./params.ts";
import { type TracedResult, traceBlock } from "./trace-block.ts";
import { type FlatCall, FlatCallTracer } from "./tracers/flat-call-tracer.ts";
import type { TracerMaker } from "./tracers/index.ts";
import { Room } from "./tracers/room.ts";

const OPTIONS = { convertParityErrors: true, includePrecompiles: false };
/** For one request. */
function flatCalls(): TracerMaker {
  const room = new Room();
  return (call) => new FlatCallTracer(call, OPTIONS, room);
}

export const parityMethods: Methods = {
  trace_block: method([blockParam], async (context, param) => {
    const block = findBlock(context.node, param);
    if (block === undefined) return null;
    if (block.number === 0n) return [];
    const traced = await traceBlock(context, block, flatCalls());
    const calls = traced.flatMap((transaction) => callsOf(transaction).map(formatCall));
    return [...calls, ...rewards(block, context.node.chain.rules.rulesAt(block.header))];
  }),

  trace_transaction: method([hash], async (context, of) => {
    const place = context.node.chain.transaction(of);
    if (place === undefined) return null;
    const [traced] = await traceBlock(context, place.block, flatCalls(), place.index);
    return callsOf(traced).map(formatCall);
  }),
};

function callsOf(traced: TracedResult | undefined): FlatCall[] {
  // What the tracer here gives.
  return traced === undefined ? [] : (traced.result as FlatCall[]);
}

/** Whoever reads traces of this kind expects all fields to be there. */
function formatCall({ action, result, ...rest }: FlatCall): Json {
  const hasValue = rest.type === "call" && action.value === undefined;
  return { action: hasValue ? { ...action, value: "0x0" } : action, ...rest, result: result ?? null };
}

/** What the miner of a block with proof of work got for it, and those of its uncles. */
function rewards({ block, hash: of, number }: StoredBlock, { proofOfWork, minerReward }: ForkRules): Json[] {
  if (!proofOfWork) return [];
  const { header, uncles } = block;
  const reward = (rewardType: string, author: Uint8Array, value: bigint): Json => ({
    action: { author: bytesToHex(author), rewardType, value: hexOf(value) },
    blockHash: bytesToHex(of),
    blockNumber: Number(number),
    result: null,
    subtraces: 0,
    traceAddress: [],
    transactionHash: null,
    transactionPosition: null,
    type: "reward",
  });
  return [
    reward("block", header.coinbase, minerReward + (minerReward / 32n) * BigInt(uncles.length)),
    ...uncles.map((uncle) =>
      reward("uncle", uncle.coinbase, (minerReward * (8n + uncle.number - number)) / 8n),
    ),
  ];
}
