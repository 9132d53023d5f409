// What one transaction does with storage: which slots, by whose code, at which opcodes, and what it hashed to find them.

import type { Tracer, TraceStep } from "@braid/executor";
import { bigIntToBytes32, bytesToHex, type Hex } from "@braid/primitives";

/** A slot that an opcode has read or written. */
export interface SlotUse {
  address: Hex;
  /** 32 bytes. */
  slot: Hex;
  /** Whose code it was: another contract's, where a proxy lends its storage. */
  code: Hex;
  isWrite: boolean;
  /** Where in that code, and the last jumps before it: the compiler's own code stands on no line. */
  trail: number[];
}

/** More jumps lead out of what has to do with it. */
const TRAIL = 12;
/** An address alone, and what is longer than any key. */
const SHORTEST_KEY = 20n;
const LONGEST_KEY = 4_096n;

export class Look implements Tracer {
  readonly uses: SlotUse[] = [];
  /** Inputs of KECCAK256. */
  readonly hashed: Uint8Array[] = [];
  /** All whose code ran. */
  readonly codes = new Set<Hex>();
  /** The last jumps of each frame. */
  readonly #jumps: number[][] = [];

  /** What several have seen. */
  static ofAll(looks: readonly Look[]): Look {
    const all = new Look();
    for (const { uses, hashed, codes } of looks) {
      all.uses.push(...uses);
      all.hashed.push(...hashed);
      for (const code of codes) all.codes.add(code);
    }
    return all;
  }

  beforeMessage({ depth }: { depth: number }): void {
    this.#jumps[depth] = [];
  }

  step(step: TraceStep): void {
    const { opcode, stack, memory } = step;
    switch (opcode.name) {
      case "JUMP":
      case "JUMPI": {
        const jumps = this.#jumps[step.depth];
        jumps?.push(step.pc);
        if (jumps !== undefined && jumps.length > TRAIL) jumps.shift();
        break;
      }
      case "KECCAK256":
        this.#hash(stack.at(-1) ?? 0n, stack.at(-2) ?? 0n, memory);
        break;
      case "SLOAD":
        this.#use(step, false);
        break;
      case "SSTORE":
        this.#use(step, true);
        break;
    }
  }

  #hash(offset: bigint, length: bigint, memory: Uint8Array): void {
    if (length < SHORTEST_KEY || length > LONGEST_KEY) return;
    const input = new Uint8Array(Number(length));
    input.set(memory.subarray(Number(offset), Number(offset + length)));
    this.hashed.push(input);
  }

  #use({ pc, depth, stack, address, codeAddress }: TraceStep, isWrite: boolean): void {
    const key = stack.at(-1);
    if (key === undefined) return;
    const code = (codeAddress ?? address).toString() as Hex;
    this.codes.add(code);
    this.uses.push({
      address: address.toString() as Hex,
      slot: bytesToHex(bigIntToBytes32(key)),
      code,
      isWrite,
      trail: [pc, ...(this.#jumps[depth] ?? []).toReversed()],
    });
  }
}
