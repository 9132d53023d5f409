// Ends code that runs too long: frames look at the clock between opcodes. What one opcode or precompile takes is bounded by its gas alone.
// A scout (see MissHandler) has a limit of its own, which is no time, so that a schedule can be had again.

import { timeLimitError } from "../../../errors.ts";
import type { MissHandler } from "../../engine.ts";

/** Gas after which the run loop looks at the clock: about a millisecond of ordinary opcodes. */
export const CHECK_GAS = 100_000;
/** As many steps of a scout. */
export const CHECK_STEPS = 100;

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
    return this.#deadline !== Number.POSITIVE_INFINITY || this.#misses.refused.length > 0;
  }

  /** Throws ExecutionError BRAID_TIME_LIMIT when the time is up, and when a scout has gone so many steps that it has done enough. */
  check(steps = 1): void {
    if (!this.isSet) return;
    this.#misses.spend(steps);
    if (performance.now() >= this.#deadline + this.#misses.waitedMs) throw timeLimitError(this.#milliseconds);
  }
}
