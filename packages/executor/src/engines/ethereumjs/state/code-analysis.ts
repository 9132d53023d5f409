// What can be known of a code before it runs: its jump destinations, and the wide constants it pushes. The code store keeps it beside
// the code, so that a contract that is called a thousand times is analysed once per worker.

import { constantSlots } from "./constant-slots.ts";

export interface CodeAnalysis {
  /** 1 at each JUMPDEST that is not inside push data (Yellow Paper section 9.4.3). */
  readonly jumps: Uint8Array;
  /** Constants of PUSH3 to PUSH32 by the position of their first byte, filled as they are met. */
  readonly wideConstants: Map<number, bigint>;
  /** See constant-slots.ts; once somebody has asked for them. */
  constantSlots: readonly bigint[] | undefined;
  /** Where the bytes that this takes are counted, while it is kept. */
  tally: Tally | undefined;
}

export interface Tally {
  bytes: number;
}

/** A number of 4 bytes or more as an entry of a map, about. */
const CONSTANT_BYTES = 96;

const JUMPDEST = 0x5b;
const PUSH1 = 0x60;
const PUSH32 = 0x7f;

/** PERF: one pass over the code. */
export function analyse(code: Uint8Array): CodeAnalysis {
  const jumps = new Uint8Array(code.length);
  // Not at the end: V8 would optimize the loop without having seen it, and give that up at the end of each of the first hundred codes.
  const analysis = { jumps, wideConstants: new Map(), constantSlots: undefined, tally: undefined };
  for (let pc = 0; pc < code.length; pc++) {
    const opcode = code[pc] as number;
    if (opcode === JUMPDEST) jumps[pc] = 1;
    else if (opcode >= PUSH1 && opcode <= PUSH32) pc += opcode - PUSH1 + 1;
  }
  return analysis;
}

/** What an analysis takes, about. */
export function analysisBytes({ jumps, wideConstants, constantSlots }: CodeAnalysis): number {
  return jumps.length + (wideConstants.size + (constantSlots?.length ?? 0)) * CONSTANT_BYTES;
}

/** The slots that `code` reads under constant keys, as far as that can be seen. */
export function slotsOf(code: Uint8Array, analysis: CodeAnalysis): readonly bigint[] {
  if (analysis.constantSlots === undefined) {
    analysis.constantSlots = constantSlots(code);
    if (analysis.tally !== undefined) analysis.tally.bytes += CONSTANT_BYTES * analysis.constantSlots.length;
  }
  return analysis.constantSlots;
}

/** The constant of `length` bytes at `start`; bytes beyond the code are zero. */
export function wideConstant(
  code: Uint8Array,
  start: number,
  length: number,
  { wideConstants, tally }: CodeAnalysis,
): bigint {
  let value = wideConstants.get(start);
  if (value === undefined) {
    value = 0n;
    for (let i = 0; i < length; i++) value = (value << 8n) | BigInt(code[start + i] ?? 0);
    wideConstants.set(start, value);
    if (tally !== undefined) tally.bytes += CONSTANT_BYTES;
  }
  return value;
}
