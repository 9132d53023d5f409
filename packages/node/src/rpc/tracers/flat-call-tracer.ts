// geth's flatCallTracer: the tree of calls as a list, each with its place in the tree. It is what Parity has called a trace.

import type { TraceMessage, TraceResult, TraceState, TraceStep } from "@braid/executor";
import { bytesToHex, type Hex } from "@braid/primitives";
import { precompilesOf } from "../precompiles.ts";
import { type CallFrame, CallTracer } from "./call-tracer.ts";
import type { ResultTracer, Traced, TracedCall } from "./result-tracer.ts";
import type { Room } from "./room.ts";

export interface FlatCallOptions {
  /** Errors in Parity's words instead of geth's. */
  convertParityErrors: boolean;
  /** Calls of precompiles are listed too. */
  includePrecompiles: boolean;
}

/** One call, creation or self-destruction. */
export interface FlatCall {
  action: Record<string, unknown>;
  blockHash: Hex | null;
  blockNumber: number;
  error?: string;
  result?: Record<string, unknown>;
  subtraces: number;
  traceAddress: number[];
  transactionHash: Hex | null;
  transactionPosition: number;
  type: "call" | "create" | "suicide";
}

const REVERTED = "execution reverted";

/** Parity's words, by geth's or by how geth's begin. */
const PARITY_ERRORS: readonly (readonly [geth: string | RegExp, parity: string])[] = [
  ["contract creation code storage out of gas", "Out of gas"],
  [/^out of gas/, "Out of gas"],
  ["gas uint64 overflow", "Out of gas"],
  ["max code size exceeded", "Out of gas"],
  ["invalid jump destination", "Bad jump destination"],
  [REVERTED, "Reverted"],
  ["return data out of bounds", "Out of bounds"],
  [/^stack limit reached/, "Out of stack"],
  [/^invalid opcode/, "Bad instruction"],
  [/^stack underflow/, "Stack underflow"],
];

export class FlatCallTracer implements ResultTracer {
  readonly #call: TracedCall;
  readonly #options: FlatCallOptions;
  readonly #room: Room;
  readonly #tree: CallTracer;
  readonly #precompiles: ReadonlySet<Hex>;

  /** @param room shared by the tracers of one request. */
  constructor(call: TracedCall, options: FlatCallOptions, room: Room) {
    this.#call = call;
    this.#options = options;
    this.#room = room;
    this.#tree = new CallTracer(call, { onlyTopCall: false, withLog: false }, room);
    // Precompiles work on their caller's own memory: Parity does not list them.
    this.#precompiles = new Set(options.includePrecompiles ? [] : Object.values(precompilesOf(call.rules)));
  }

  begin(state: TraceState): void {
    this.#tree.begin(state);
  }

  step(step: TraceStep): Promise<void> {
    return this.#tree.step(step);
  }

  beforeMessage(message: TraceMessage): void {
    this.#tree.beforeMessage(message);
  }

  afterMessage(result: TraceResult): void {
    this.#tree.afterMessage(result);
  }

  result(traced: Traced): FlatCall[] {
    const top = this.#tree.result(traced);
    const calls: FlatCall[] = [];
    if (top !== undefined) this.#flatten(top, [], calls);
    return calls;
  }

  /** The call, and then those below it. */
  #flatten(frame: CallFrame, traceAddress: number[], calls: FlatCall[]): void {
    const { place } = this.#call;
    const { convertParityErrors } = this.#options;
    const below = (frame.calls ?? []).filter((call) => !this.#isPrecompile(call));
    const { error } = frame;
    this.#room.take(2 * traceAddress.length);
    calls.push({
      ...shapeOf(frame),
      ...(error === undefined ? {} : { error: convertParityErrors ? parityError(error) : error }),
      subtraces: below.length,
      traceAddress,
      blockHash: place === undefined ? null : bytesToHex(place.blockHash),
      blockNumber: Number(place?.blockNumber ?? 0n),
      transactionHash: place === undefined ? null : bytesToHex(place.transactionHash),
      transactionPosition: place?.index ?? 0,
    });
    for (const [i, call] of below.entries()) this.#flatten(call, [...traceAddress, i], calls);
  }

  #isPrecompile({ type, to }: CallFrame): boolean {
    return (type === "CALL" || type === "STATICCALL") && to !== undefined && this.#precompiles.has(to);
  }
}

/** What was done, and what came of it when anything did. */
function shapeOf(frame: CallFrame): Pick<FlatCall, "action" | "result" | "type"> {
  const { type, from, to, gas, gasUsed, input, output = "0x", value, error } = frame;
  if (type === "SELFDESTRUCT")
    return { type: "suicide", action: { address: from, balance: value, refundAddress: to } };
  // What was reverted has used some of its gas, and may have said why; all other failures leave nothing.
  const hasResult = error === undefined || error === REVERTED;
  if (type === "CREATE" || type === "CREATE2") {
    const action = { creationMethod: type.toLowerCase(), from, gas, init: input, value };
    const result = { gasUsed, code: output, ...(to === undefined ? {} : { address: to }) };
    return { type: "create", action, ...(hasResult ? { result } : {}) };
  }
  const action = {
    callType: type.toLowerCase(),
    from,
    to,
    gas,
    input,
    ...(value === undefined ? {} : { value }),
  };
  return { type: "call", action, ...(hasResult ? { result: { gasUsed, output } } : {}) };
}

function parityError(error: string): string {
  const found = PARITY_ERRORS.find(([geth]) =>
    typeof geth === "string" ? geth === error : geth.test(error),
  );
  return found?.[1] ?? error;
}
