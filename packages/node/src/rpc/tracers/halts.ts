// What ended a frame, in geth's words, which name the opcode and the stack.

import type { TraceStep } from "@braid/executor";
import type { ForkRules } from "@braid/protocol";
import { haltMessage } from "../errors.ts";

/** The opcode that was about to run when the frame ended. */
export interface LastStep {
  code: number;
  /** Words on the stack. */
  height: number;
  gasLeft: bigint;
}

export function lastStepOf({ opcode, stack, gasLeft }: TraceStep): LastStep {
  return { code: opcode.code, height: stack.length, gasLeft };
}

const INVALID = 0xfe;
const SSTORE = 0x55;
/** EIP-2200: with no more gas than a called contract gets as a gift nothing is stored. */
const SENTRY_GAS = 2_300n;

/** What geth calls an opcode. */
export function nameOfOpcode({ name, code }: TraceStep["opcode"]): string {
  return name === "INVALID" && code !== INVALID ? `opcode 0x${code.toString(16)} not defined` : name;
}

/** What opcodes take from the stack, where it is not nothing: pairs of a range and a number. */
const NEEDS: readonly (readonly [first: number, last: number, words: number])[] = [
  [0x01, 0x07, 2],
  [0x08, 0x09, 3],
  [0x0a, 0x0b, 2],
  [0x10, 0x14, 2],
  [0x15, 0x15, 1],
  [0x16, 0x18, 2],
  [0x19, 0x19, 1],
  [0x1a, 0x1d, 2],
  [0x1e, 0x1e, 1],
  [0x20, 0x20, 2],
  [0x31, 0x31, 1],
  [0x35, 0x35, 1],
  [0x37, 0x37, 3],
  [0x39, 0x39, 3],
  [0x3b, 0x3b, 1],
  [0x3c, 0x3c, 4],
  [0x3e, 0x3e, 3],
  [0x3f, 0x40, 1],
  [0x49, 0x49, 1],
  [0x50, 0x51, 1],
  [0x52, 0x53, 2],
  [0x54, 0x54, 1],
  [0x55, 0x55, 2],
  [0x56, 0x56, 1],
  [0x57, 0x57, 2],
  [0x5c, 0x5c, 1],
  [0x5d, 0x5d, 2],
  [0x5e, 0x5e, 3],
  [0xf0, 0xf0, 3],
  [0xf1, 0xf2, 7],
  [0xf3, 0xf3, 2],
  [0xf4, 0xf4, 6],
  [0xf5, 0xf5, 4],
  [0xfa, 0xfa, 6],
  [0xfd, 0xfd, 2],
  [0xff, 0xff, 1],
];

function needOf(code: number): number {
  if (code >= 0x80 && code <= 0x8f) return code - 0x7f;
  if (code >= 0x90 && code <= 0x9f) return code - 0x8e;
  if (code >= 0xa0 && code <= 0xa4) return code - 0x9e;
  return NEEDS.find(([first, last]) => code >= first && code <= last)?.[2] ?? 0;
}

/** Why a frame ended, other than by itself. */
export function describeHalt(error: string, last: LastStep | undefined, rules: ForkRules): string {
  if (last === undefined) return haltMessage(error);
  const { code, height, gasLeft } = last;
  if (error === "invalid opcode")
    return `invalid opcode: ${code === INVALID ? "INVALID" : `opcode 0x${code.toString(16)} not defined`}`;
  if (error === "out of gas" && code === SSTORE && gasLeft <= SENTRY_GAS && hasSentry(rules))
    return "out of gas: not enough gas for reentrancy sentry";
  if (error === "stack underflow") return `stack underflow (${height} <=> ${needOf(code)})`;
  if (error === "stack overflow") return `stack limit reached ${height} (1023)`;
  return haltMessage(error);
}

/** EIP-2200 came with Istanbul, as did the lower price of calldata (EIP-2028). */
function hasSentry({ calldataNonZeroGas }: ForkRules): boolean {
  return calldataNonZeroGas === 16n;
}
