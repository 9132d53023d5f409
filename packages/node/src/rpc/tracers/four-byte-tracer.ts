// geth's 4byteTracer: which functions were called, each with the length of its arguments, and how often.

import type { TraceMessage, TraceStep } from "@braid/executor";
import { bytesToHex } from "@braid/primitives";
import { isPrecompile } from "../precompiles.ts";
import type { ResultTracer } from "./result-tracer.ts";

const SELECTOR_BYTES = 4;

export class FourByteTracer implements ResultTracer {
  readonly #counts: Record<string, number> = {};
  #opcode = "CALL";

  step({ opcode }: TraceStep): void {
    this.#opcode = opcode.name;
  }

  beforeMessage({ to, data, depth }: TraceMessage): void {
    if (data.length < SELECTOR_BYTES || to === undefined) return;
    if (depth > 0 && !this.#opcode.endsWith("CALL") && this.#opcode !== "CALLCODE") return;
    if (depth > 0 && isPrecompile(to.bytes)) return;
    const key = `${bytesToHex(data.subarray(0, SELECTOR_BYTES))}-${data.length - SELECTOR_BYTES}`;
    this.#counts[key] = (this.#counts[key] ?? 0) + 1;
  }

  result(): object {
    return this.#counts;
  }
}
