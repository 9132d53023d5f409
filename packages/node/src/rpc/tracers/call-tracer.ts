// geth's callTracer: the tree of message calls.

import type { TraceMessage, TraceResult, TraceState, TraceStep } from "@braid/executor";
import { bigIntToBytes32, bytesToHex, type Hex } from "@braid/primitives";
import type { ForkRules } from "@braid/protocol";
import { revertMessage } from "../errors.ts";
import { hexOf } from "../format.ts";
import { describeHalt, type LastStep, lastStepOf } from "./halts.ts";
import { memoryAt } from "./memory.ts";
import type { ResultTracer, Traced, TracedCall } from "./result-tracer.ts";
import type { Room } from "./room.ts";

export interface CallTracerOptions {
  onlyTopCall: boolean;
  withLog: boolean;
}

interface CallLog {
  address: Hex;
  topics: Hex[];
  data: Hex;
  /** Calls of the frame before it. */
  position: Hex;
  index?: Hex;
}

/** A message call, with those below it. */
export interface CallFrame {
  type: string;
  from: Hex;
  to?: Hex;
  gas: Hex;
  gasUsed: Hex;
  input: Hex;
  output?: Hex;
  error?: string;
  revertReason?: string;
  calls?: CallFrame[];
  logs?: CallLog[];
  value?: Hex;
}

const CREATES = new Set(["CREATE", "CREATE2"]);
const CALLS = new Set(["CALL", "CALLCODE", "DELEGATECALL", "STATICCALL"]);
const SELFDESTRUCT = 0xff;
const RETURN = 0xf3;
const REVERT_PREFIX = "execution reverted: ";

/** An opcode that makes a call, and the call as it should be. */
interface Caller {
  type: string;
  from: Hex;
  to: Hex | undefined;
  gas: bigint;
  input: Uint8Array;
  value: bigint;
  depth: number;
}

/** Characters of a call or a log, beside its data. */
const FRAME_CHARACTERS = 300;
const STIPEND = 2_300n;
const MOST_DEPTH = 1_024;

export class CallTracer implements ResultTracer {
  readonly #options: CallTracerOptions;
  readonly #call: TracedCall;
  readonly #room: Room;
  readonly #open: CallFrame[] = [];
  /** Of each open frame. */
  readonly #last: (LastStep | undefined)[] = [];
  #top: CallFrame | undefined;
  #state: TraceState | undefined;
  #logs = 0;
  /** The opcode that is about to make a call. */
  #caller: Caller | undefined;

  /** @param room shared by the tracers of one request. */
  constructor(call: TracedCall, options: CallTracerOptions, room: Room) {
    this.#call = call;
    this.#options = options;
    this.#room = room;
  }

  begin(state: TraceState): void {
    this.#state = state;
  }

  async step(step: TraceStep): Promise<void> {
    const { opcode, stack, address, memory } = step;
    const { name } = opcode;
    this.#settleCall();
    this.#last[this.#last.length - 1] = lastStepOf(step);
    const from = bytesToHex(address.bytes);
    if (CREATES.has(name)) this.#caller = creationOf(step);
    else if (CALLS.has(name)) this.#caller = callOf(step);
    else if (name === "SELFDESTRUCT") await this.#selfDestruct(address.bytes, stack.at(-1));
    else if (name.startsWith("LOG") && this.#options.withLog) this.#log(name, from, stack, memory);
  }

  beforeMessage({ caller, to, value, gasLimit, data, depth }: TraceMessage): void {
    const by = depth === 0 ? undefined : this.#caller;
    this.#caller = undefined;
    const type = by?.type ?? (to === undefined ? "CREATE" : "CALL");
    const parent = this.#open.at(-1);
    if (parent === undefined || !this.#options.onlyTopCall)
      this.#room.take(FRAME_CHARACTERS + 2 * data.length);
    const target = by?.to ?? (to === undefined ? undefined : bytesToHex(to.bytes));
    const frame: CallFrame = {
      type,
      from: by?.from ?? bytesToHex(caller.bytes),
      gas: hexOf(depth === 0 ? this.#call.gasLimit : gasLimit),
      gasUsed: "0x0",
      ...(target === undefined ? {} : { to: target }),
      input: bytesToHex(data),
      ...(type === "STATICCALL"
        ? {}
        : { value: type === "DELEGATECALL" ? (parent?.value ?? "0x0") : hexOf(value) }),
    };
    this.#open.push(frame);
    this.#last.push(undefined);
    if (parent === undefined) this.#top = frame;
    else if (!this.#options.onlyTopCall) {
      parent.calls ??= [];
      parent.calls.push(frame);
    }
  }

  afterMessage({ execResult, createdAddress }: TraceResult): void {
    // An opcode that ended its own frame has not tried to call.
    if (execResult.exceptionError === undefined) this.#settleCall();
    this.#caller = undefined;
    const frame = this.#open.pop();
    const last = this.#last.pop();
    if (frame === undefined) return;
    const { executionGasUsed, exceptionError, returnValue } = execResult;
    this.#room.take(2 * returnValue.length);
    frame.gasUsed = hexOf(executionGasUsed);
    if (exceptionError === undefined) {
      if (createdAddress !== undefined) frame.to = bytesToHex(createdAddress.bytes);
      if (returnValue.length > 0) frame.output = bytesToHex(returnValue);
      return;
    }
    if (last?.code === SELFDESTRUCT) dropLastCall(frame);
    fail(frame, exceptionError.error, returnValue, last, this.#call.rules);
    dropLogs(frame);
  }

  /** Undefined when the transaction has not come to a call. */
  result({ gasUsed, output, status }: Traced): CallFrame | undefined {
    const frame = this.#top;
    if (frame === undefined) return undefined;
    frame.gasUsed = hexOf(gasUsed);
    if (status === 1 && output.length > 0) frame.output = bytesToHex(output);
    return frame;
  }

  /** An opcode that has made no call could not: there is a frame of it all the same. */
  #settleCall(): void {
    const caller = this.#caller;
    const parent = this.#open.at(-1);
    this.#caller = undefined;
    if (caller === undefined || parent === undefined || this.#options.onlyTopCall) return;
    const { type, from, to, gas, input, value, depth } = caller;
    const isTooDeep = depth + 1 > MOST_DEPTH;
    // With neither depth nor value in its way, it had no gas for the opcode itself.
    if (!isTooDeep && value === 0n) return;
    parent.calls ??= [];
    parent.calls.push({
      type,
      from,
      ...(to === undefined ? {} : { to }),
      gas: hexOf(gas),
      gasUsed: "0x0",
      input: bytesToHex(input),
      error: isTooDeep ? "max call depth exceeded" : "insufficient balance for transfer",
      ...(type === "STATICCALL" ? {} : { value: hexOf(value) }),
    });
  }

  async #selfDestruct(own: Uint8Array, to: bigint | undefined): Promise<void> {
    const parent = this.#open.at(-1);
    this.#room.take(FRAME_CHARACTERS);
    const target = addressOf(to);
    if (parent === undefined || target === undefined || this.#options.onlyTopCall) return;
    const balance = (await this.#state?.account(own))?.balance ?? 0n;
    parent.calls ??= [];
    parent.calls.push({
      type: "SELFDESTRUCT",
      from: bytesToHex(own),
      to: target,
      gas: "0x0",
      gasUsed: "0x0",
      input: "0x",
      value: hexOf(balance),
    });
  }

  #log(name: string, address: Hex, stack: readonly bigint[], memory: Uint8Array): void {
    const frame = this.#open.at(-1);
    if (frame === undefined || (this.#options.onlyTopCall && frame !== this.#top)) return;
    const count = Number(name.slice(3));
    const [offset = 0n, size = 0n] = [stack.at(-1), stack.at(-2)];
    const data = memoryAt(memory, offset, size);
    this.#room.take(FRAME_CHARACTERS + 2 * data.length);
    frame.logs ??= [];
    frame.logs.push({
      address,
      topics: Array.from({ length: count }, (_, i) => bytesToHex(bigIntToBytes32(stack.at(-3 - i) ?? 0n))),
      data: bytesToHex(data),
      position: hexOf(frame.calls?.length ?? 0),
      index: hexOf(this.#logs++),
    });
  }
}

/** EIP-150: all but a 64th of what is left after the opcode's own cost. */
function availableGas({ gasLeft, opcode }: TraceStep): bigint {
  const left = gasLeft - (opcode.dynamicFee ?? BigInt(opcode.fee));
  return left <= 0n ? 0n : left - left / 64n;
}

function callOf(step: TraceStep): Caller {
  const { opcode, stack, address, memory, depth } = step;
  const hasValue = opcode.name === "CALL" || opcode.name === "CALLCODE";
  const value = hasValue ? (stack.at(-3) ?? 0n) : 0n;
  const [offset = 0n, size = 0n] = hasValue ? [stack.at(-4), stack.at(-5)] : [stack.at(-3), stack.at(-4)];
  const [wanted, available] = [stack.at(-1) ?? 0n, availableGas(step)];
  const gas = (wanted < available ? wanted : available) + (value > 0n ? STIPEND : 0n);
  const to = addressOf(stack.at(-2));
  const input = memoryAt(memory, offset, size);
  return { type: opcode.name, from: bytesToHex(address.bytes), to, gas, input, value, depth };
}

function creationOf(step: TraceStep): Caller {
  const { opcode, stack, address, memory, depth } = step;
  const [value = 0n, offset = 0n, size = 0n] = [stack.at(-1), stack.at(-2), stack.at(-3)];
  const input = memoryAt(memory, offset, size);
  const from = bytesToHex(address.bytes);
  return { type: opcode.name, from, to: undefined, gas: availableGas(step), input, value, depth };
}

function addressOf(word: bigint | undefined): Hex | undefined {
  return word === undefined ? undefined : bytesToHex(bigIntToBytes32(BigInt.asUintN(160, word)).subarray(12));
}

function fail(
  frame: CallFrame,
  error: string,
  output: Uint8Array,
  last: LastStep | undefined,
  rules: ForkRules,
): void {
  const isDeposit = CREATES.has(frame.type) && error === "out of gas" && last?.code === RETURN;
  frame.error = isDeposit ? "contract creation code storage out of gas" : describeHalt(error, last, rules);
  // What was to be created is not there.
  if (CREATES.has(frame.type)) delete frame.to;
  if (error !== "revert") return;
  if (output.length > 0) frame.output = bytesToHex(output);
  const message = revertMessage(output);
  if (message.startsWith(REVERT_PREFIX)) frame.revertReason = message.slice(REVERT_PREFIX.length);
}

/** What the frame has failed at did not happen. */
function dropLastCall(frame: CallFrame): void {
  frame.calls?.pop();
  if (frame.calls?.length === 0) delete frame.calls;
}

/** A frame that failed has left no logs, nor have those below it. */
function dropLogs(frame: CallFrame): void {
  delete frame.logs;
  for (const call of frame.calls ?? []) dropLogs(call);
}
