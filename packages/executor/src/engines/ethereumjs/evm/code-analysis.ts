// What can be known of a code before it runs: its jump destinations, and the wide constants it pushes. Kept beside the
// code object, so that a contract that is called a thousand times is analysed once per worker.

export interface CodeAnalysis {
  /** 1 at each JUMPDEST that is not inside push data (Yellow Paper section 9.4.3). */
  readonly jumps: Uint8Array;
  /** Constants of PUSH5 to PUSH32 by the position of their first byte, filled as they are met. */
  readonly wideConstants: Map<number, bigint>;
}

const JUMPDEST = 0x5b;
const PUSH1 = 0x60;
const PUSH32 = 0x7f;

const analyses = new WeakMap<Uint8Array, CodeAnalysis>();

/** PERF: one pass over the code at first sight, a WeakMap look-up after that. */
export function analyse(code: Uint8Array): CodeAnalysis {
  let analysis = analyses.get(code);
  if (analysis === undefined) {
    const jumps = new Uint8Array(code.length);
    for (let pc = 0; pc < code.length; pc++) {
      const opcode = code[pc] as number;
      if (opcode === JUMPDEST) jumps[pc] = 1;
      else if (opcode >= PUSH1 && opcode <= PUSH32) pc += opcode - PUSH1 + 1;
    }
    analysis = { jumps, wideConstants: new Map() };
    analyses.set(code, analysis);
  }
  return analysis;
}

/** The constant of `length` bytes at `start`; bytes beyond the code are zero. */
export function wideConstant(
  code: Uint8Array,
  start: number,
  length: number,
  known: Map<number, bigint>,
): bigint {
  let value = known.get(start);
  if (value === undefined) {
    value = 0n;
    for (let i = 0; i < length; i++) value = (value << 8n) | BigInt(code[start + i] ?? 0);
    known.set(start, value);
  }
  return value;
}
