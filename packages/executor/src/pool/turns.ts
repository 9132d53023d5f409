// Who comes next where only so many can be at a time: who has the lowest number first, and of those with the same who came first.

import { ExecutionError } from "../errors.ts";
import { throwIfCancelled } from "./cancel.ts";

interface Waiting {
  priority: number;
  begin: () => void;
}

export class Turns {
  readonly #places: number;
  #taken = 0;
  /** In the order of their turns. */
  readonly #waiting: Waiting[] = [];
  #whenIdle: (() => void)[] = [];

  /** @param places as many are done at the same time. */
  constructor(places = 1) {
    this.#places = places;
  }

  /** Would the next one begin at once? */
  get hasRoom(): boolean {
    return this.#taken < this.#places;
  }

  /** Runs `action` when it is its turn. Who cancels does not wait: rejects with ExecutionError BRAID_ABORTED then. */
  async run<Result>(
    signal: AbortSignal | undefined,
    action: () => Promise<Result>,
    priority = 0,
  ): Promise<Result> {
    throwIfCancelled(signal);
    if (this.hasRoom) this.#taken++;
    else await this.#wait(priority, signal);
    try {
      return await action();
    } finally {
      this.#next();
    }
  }

  /** Resolves when all that was asked for has ended. */
  async idle(): Promise<void> {
    if (this.#taken > 0) await new Promise<void>((resolve) => this.#whenIdle.push(resolve));
  }

  #wait(priority: number, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const cancel = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(one), 1);
        reject(new ExecutionError("BRAID_ABORTED", "The execution was cancelled."));
      };
      const begin = (): void => {
        signal?.removeEventListener("abort", cancel);
        resolve();
      };
      const one: Waiting = { priority, begin };
      signal?.addEventListener("abort", cancel, { once: true });
      const at = this.#waiting.findLastIndex((other) => other.priority <= priority) + 1;
      this.#waiting.splice(at, 0, one);
    });
  }

  /** The place goes to who is next. */
  #next(): void {
    const next = this.#waiting.shift();
    if (next !== undefined) next.begin();
    else if (--this.#taken === 0) for (const resolve of this.#whenIdle.splice(0)) resolve();
  }
}
