// Two tracers as tools write them, in the form that geth gives: struct logs (one for each opcode) and trees of message calls. Both hand on
// what they make and keep nothing of it.
import type { TracedAddress, TraceMessage, TraceResult, Tracer, TraceStep } from "@braid/executor";
import { bytesToHex } from "@braid/primitives";

/** What there is before an opcode runs. The first depth is 1. */
export interface StructLog {
  pc: number;
  op: string;
  gas: bigint;
  gasCost: bigint;
  refund: bigint;
  depth: number;
  /** Whose storage is at work, and whose code runs. */
  address: TracedAddress;
  codeAddress: TracedAddress | undefined;
  /** The top is last. */
  stack: readonly bigint[];
  memory: Uint8Array;
  /** What REVERT says. */
  error: Uint8Array | undefined;
}

/** A message call with those that it made. */
export interface CallFrame {
  type: "CALL" | "STATICCALL" | "DELEGATECALL" | "CREATE";
  from: string;
  to?: string;
  value: string;
  gas: string;
  gasUsed?: string;
  input: string;
  output?: string;
  error?: string;
  calls?: CallFrame[];
}

const hex = (value: bigint): string => `0x${value.toString(16)}`;

/** The log in words, for people. */
export function structLogText({ stack, memory, error, ...log }: StructLog): string {
  const words = stack.map(hex).join();
  const said = error === undefined ? "" : ` error ${bytesToHex(error)}`;
  return `${Object.values(log).join(" ")} stack [${words}] memory ${bytesToHex(memory)}${said}`;
}

export function structLogTracer(take: (log: StructLog) => void): Pick<Tracer, "step"> {
  return {
    step: ({
      pc,
      opcode,
      gasLeft,
      gasRefund,
      depth,
      address,
      codeAddress,
      stack,
      memory,
      error,
    }: TraceStep) =>
      take({
        pc,
        op: opcode.name,
        gas: gasLeft,
        gasCost: opcode.dynamicFee ?? BigInt(opcode.fee),
        refund: gasRefund,
        depth: depth + 1,
        address,
        codeAddress,
        stack,
        memory,
        error,
      }),
  };
}

/** Takes a transaction's tree when its outermost call has ended. */
export function callTracer(take: (frame: CallFrame) => void): Omit<Tracer, "step"> {
  const open: CallFrame[] = [];
  return {
    beforeMessage: (message: TraceMessage) => {
      const frame = frameOf(message);
      const parent = open.at(-1);
      if (parent !== undefined) {
        parent.calls ??= [];
        parent.calls.push(frame);
      }
      open.push(frame);
    },
    newContract: ({ address, code }) => {
      const frame = open.at(-1);
      if (frame === undefined) throw new Error("a contract is created outside of all message calls");
      frame.to = address.toString();
      frame.input = bytesToHex(code);
    },
    afterMessage: ({ execResult, createdAddress }: TraceResult) => {
      const frame = open.pop();
      if (frame === undefined) throw new Error("a message call ends that has not begun");
      frame.gasUsed = hex(execResult.executionGasUsed);
      frame.output = bytesToHex(execResult.returnValue);
      if (execResult.exceptionError !== undefined) frame.error = execResult.exceptionError.error;
      if (createdAddress !== undefined) frame.to = createdAddress.toString();
      if (open.length === 0) take(frame);
    },
  };
}

function frameOf({ caller, to, value, gasLimit, data, isStatic, delegatecall }: TraceMessage): CallFrame {
  const called = delegatecall ? "DELEGATECALL" : isStatic ? "STATICCALL" : "CALL";
  return {
    type: to === undefined ? "CREATE" : called,
    from: caller.toString(),
    ...(to === undefined ? {} : { to: to.toString() }),
    value: hex(value),
    gas: hex(gasLimit),
    input: bytesToHex(data),
  };
}
