// Calls on the state after a block.

import type { BlockOverrides, CallInput, CallMessage, CallResult, StateOverride } from "@braid/executor";
import { BaseError } from "@braid/primitives";
import type { Header } from "@braid/protocol";
import type { StateSource } from "@braid/state";
import type { MethodContext } from "../method.ts";

/** Where a call runs. */
export interface CallPlace {
  header: Header;
  state: StateSource;
  stateOverrides?: StateOverride[];
  blockOverrides?: BlockOverrides;
}

/** Calls run on the node's own thread, one after the other, for so long; one that takes longer begins anew in a worker, and keeps nobody waiting. */
const SHORT_MS = 50;
/** As geth: no call takes longer. */
const MOST_MS = 5_000;

/** Runs messages one after the other. Rejects as Executor.call. */
export async function runCalls(
  { node, signal }: Pick<MethodContext, "node" | "signal">,
  { header, state, stateOverrides = [], blockOverrides = {} }: CallPlace,
  messages: CallMessage[],
  more: Pick<CallInput, "tracer" | "validate"> = {},
): Promise<CallResult[]> {
  // As geth: who pays nothing for gas sees a base fee of nothing.
  const isFree =
    header.baseFeePerGas !== undefined && messages.every(({ maxFeePerGas = 0n }) => maxFeePerGas === 0n);
  const input: CallInput = {
    header,
    chain: node.chain.rules,
    source: state,
    messages,
    stateOverrides,
    blockOverrides: isFree ? { ...blockOverrides, baseFeePerGas: 0n } : blockOverrides,
    ...more,
  };
  const whole = { ...input, signal, timeLimitMs: MOST_MS };
  if (node.executor.workers === 0 || more.tracer !== undefined) return node.executor.call(whole);
  try {
    return await node.executor.call({ ...whole, timeLimitMs: SHORT_MS });
  } catch (error) {
    const isLong = error instanceof BaseError && error.code === "BRAID_TIME_LIMIT";
    if (!isLong) throw error;
    return node.executor.call({ ...whole, thread: "worker" });
  }
}

/** Runs one message. */
export async function runCall(
  context: Pick<MethodContext, "node" | "signal">,
  place: CallPlace,
  message: CallMessage,
): Promise<CallResult> {
  const [result] = await runCalls(context, place, [message]);
  return result as CallResult; // one for each message
}
