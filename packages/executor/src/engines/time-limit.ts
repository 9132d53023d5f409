// Ends code that runs too long, and lets others have the thread meanwhile: frames look at the clock between opcodes. What one opcode or precompile
// takes is bounded by its gas alone. A scout (see MissHandler) has a limit of its own, which is no time, so that a schedule can be had again.

import { timeLimitError } from "../errors.ts";
import type { EngineBlock, MissHandler } from "./engine.ts";

/** Gas after which the run loop looks at the clock: about a millisecond of ordinary opcodes. */
export const CHECK_GAS = 100_000;
/** As many steps of a scout. */
export const CHECK_STEPS = 100;

export class TimeLimit {
  readonly #misses: MissHandler;
  #milliseconds = 0;
  /** In milliseconds of performance.now(), if nobody waits for the source or lets others go first. */
  #deadline = Number.POSITIVE_INFINITY;
  #breathe: EngineBlock["breathe"];
  #turn: Promise<void> | undefined;

  constructor(misses: MissHandler) {
    this.#misses = misses;
  }

  /** From the block's beginning on its milliseconds, or without a limit. */
  begin({ timeLimitMs, breathe }: Pick<EngineBlock, "timeLimitMs" | "breathe">): void {
    this.#milliseconds = timeLimitMs ?? 0;
    this.#deadline = timeLimitMs === undefined ? Number.POSITIVE_INFINITY : performance.now() + timeLimitMs;
    this.#breathe = breathe;
    this.#turn = undefined;
  }

  get isSet(): boolean {
    return (
      this.#deadline !== Number.POSITIVE_INFINITY ||
      this.#breathe !== undefined ||
      this.#misses.refused.length > 0
    );
  }

  /**
   * Answers whether others have to go first: then `pause` comes before the next opcode. Throws ExecutionError BRAID_TIME_LIMIT when the time is
   * up, and when a scout has gone so many steps that it has done enough.
   */
  check(steps = 1): boolean {
    if (!this.isSet) return false;
    this.#misses.spend(steps);
    if (performance.now() >= this.#deadline + this.#misses.waitedMs) throw timeLimitError(this.#milliseconds);
    this.#turn = this.#breathe?.();
    return this.#turn !== undefined;
  }

  /** What `check` has asked for. The clock stands still meanwhile. */
  async pause(): Promise<void> {
    const since = performance.now();
    await this.#turn;
    this.#deadline += performance.now() - since;
  }
}
