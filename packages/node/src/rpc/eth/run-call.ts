// Calls on the state after a block.

import type { BlockOverrides, CallInput, CallMessage, CallResult, StateOverride } from "@braid/executor";
import type { Steps } from "@braid/primitives";
import type { Header } from "@braid/protocol";
import type { StateSource } from "@braid/state";
import type { Node } from "../../node.ts";
import type { MethodContext } from "../method.ts";

/** Where a call runs. */
export interface CallPlace {
  header: Header;
  state: StateSource;
  stateOverrides?: StateOverride[];
  blockOverrides?: BlockOverrides;
}

/** Of a request, what its calls need to know. */
export type CallContext = Pick<MethodContext, "node" | "signal" | "payer" | "leave">;

/** So many times as long a call may take where its state comes from another node first. */
const FORKED = 12;

/** Milliseconds that a call, or the trace of a transaction, may take. */
export function callLimitMs({ fork, limits }: Node): number {
  return fork === undefined ? limits.callMs : FORKED * limits.callMs;
}

/** Runs messages one after the other. Throws as Executor.call. */
export function* runCalls(
  { node, signal, payer, leave }: CallContext,
  { header, state, stateOverrides = [], blockOverrides = {} }: CallPlace,
  messages: CallMessage[],
  more: Pick<CallInput, "tracer" | "validate" | "timeLimitMs" | "accesses"> = {},
): Steps<CallResult[]> {
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
    timeLimitMs: callLimitMs(node),
    ...more,
  };
  // The executor sees to it that others have their turns.
  leave?.();
  return yield* node.executor.callSteps({ ...input, signal, payer });
}

/** Runs one message. */
export function* runCall(
  context: CallContext,
  place: CallPlace,
  message: CallMessage,
  more: Pick<CallInput, "timeLimitMs"> = {},
): Steps<CallResult> {
  const [result] = yield* runCalls(context, place, [message], more);
  return result as CallResult; // one for each message
}
