// For tests: what a tracer saw, as lines that can be compared: each opcode with its gas, stack and memory, each message call.

import { keccak256 } from "@braid/kernel";
import { bytesToHex } from "@braid/primitives";
import type { TraceMessage, TraceResult, TraceStep } from "../block/tracer.ts";

const hex = (bytes: Uint8Array | undefined): string => (bytes === undefined ? "none" : bytesToHex(bytes));

export function stepLine(step: TraceStep): string {
  const {
    opcode,
    pc,
    depth,
    gasLeft,
    gasRefund,
    stack,
    memory,
    memoryWordCount,
    address,
    codeAddress,
    error,
  } = step;
  return [
    opcode.name,
    pc,
    depth,
    `${gasLeft}-${opcode.dynamicFee}+${gasRefund}`,
    `[${stack.map((word) => word.toString(16)).join()}]`,
    `${memoryWordCount}:${hex(keccak256(memory)).slice(0, 18)}`,
    `${address}/${codeAddress}`,
    hex(error),
  ].join(" ");
}

export function callLine(message: TraceMessage): string {
  const { caller, to, value, gasLimit, data, depth, isStatic, delegatecall } = message;
  return `call ${depth} ${caller} ${to} ${value} ${gasLimit} ${hex(data)} ${isStatic} ${delegatecall}`;
}

export function endLine({ execResult, createdAddress }: TraceResult): string {
  const { executionGasUsed, exceptionError, returnValue } = execResult;
  return `end ${executionGasUsed} ${exceptionError?.error} ${hex(returnValue)} ${createdAddress}`;
}
