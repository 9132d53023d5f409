// Ends code that runs too long: frames look at the clock between opcodes. What one opcode or precompile takes is bounded by its gas alone.

import { timeLimitError } from "../../../errors.ts";
import type { MissHandler } from "../../engine.ts";

/** Gas after which the run loop looks at the clock: about a millisecond of ordinary opcodes. */
export const CHECK_GAS = 100_000;

export class TimeLimit {
  readonly #misses: MissHandler;
  #milliseconds = 0;
  /** In milliseconds of performance.now(), if nobody waits for the source. */
  #deadline = Number.POSITIVE_INFINITY;

  constructor(misses: MissHandler) {
    this.#misses = misses;
  }

  /** From the block's beginning on so many milliseconds, or without a limit. */
  begin(milliseconds: number | undefined): void {
    this.#milliseconds = milliseconds ?? 0;
    this.#deadline = milliseconds === undefined ? Number.POSITIVE_INFINITY : performance.now() + milliseconds;
  }

  get isSet(): boolean {
    return this.#deadline !== Number.POSITIVE_INFINITY;
  }

  /** Throws ExecutionError BRAID_TIME_LIMIT when the time is up. */
  check(): void {
    if (this.isSet && performance.now() >= this.#deadline + this.#misses.waitedMs)
      throw timeLimitError(this.#milliseconds);
  }
}
