// Who comes next where only so many can be at a time: what nobody pays for, then the client that has had least, and of one client's what came first.

import { comesFirst, type Payer, type Steps, wait } from "@braid/primitives";
import { ExecutionError } from "../errors.ts";
import { throwIfCancelled } from "./cancel.ts";

interface Waiting {
  payer: Payer | undefined;
  begin: () => void;
}

export class Turns {
  readonly #places: number;
  #taken = 0;
  /** What has begun and not ended, also without a place. */
  #running = 0;
  /** In the order in which they came. */
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

  /** How many it would wait for who comes now. PERF: looks at all that wait. */
  ahead(payer: Payer | undefined): number {
    return this.#waiting.reduce((count, one) => (comesFirst(payer, one.payer) ? count : count + 1), 0);
  }

  /**
   * Runs `action` when it is its turn. Who cancels does not wait: throws ExecutionError BRAID_ABORTED then.
   *
   * @param action gets what it calls when it goes on without its place, which is the next one's from then on.
   */
  *run<Result>(
    signal: AbortSignal | undefined,
    action: (leave: () => void) => Steps<Result>,
    payer?: Payer,
  ): Steps<Result> {
    throwIfCancelled(signal);
    if (this.hasRoom) this.#taken++;
    else yield* wait(this.#wait(payer, signal));
    this.#running++;
    let hasPlace = true;
    const leave = (): void => {
      if (hasPlace) this.#next();
      hasPlace = false;
    };
    try {
      return yield* action(leave);
    } finally {
      this.#running--;
      leave();
      if (this.#running === 0 && this.#taken === 0) for (const resolve of this.#whenIdle.splice(0)) resolve();
    }
  }

  /** Resolves when all that was asked for has ended. */
  async idle(): Promise<void> {
    if (this.#running > 0 || this.#taken > 0)
      await new Promise<void>((resolve) => this.#whenIdle.push(resolve));
  }

  #wait(payer: Payer | undefined, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const cancel = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(one), 1);
        reject(new ExecutionError("BRAID_ABORTED", "The execution was cancelled."));
      };
      const begin = (): void => {
        signal?.removeEventListener("abort", cancel);
        resolve();
      };
      const one: Waiting = { payer, begin };
      signal?.addEventListener("abort", cancel, { once: true });
      this.#waiting.push(one);
    });
  }

  /** The place goes to who is next. PERF: looks at all that wait: what they have had changes while they do. */
  #next(): void {
    let next = 0;
    for (let i = 1; i < this.#waiting.length; i++)
      if (comesFirst(this.#waiting[i]?.payer, this.#waiting[next]?.payer)) next = i;
    const [chosen] = this.#waiting.splice(next, 1);
    if (chosen !== undefined) chosen.begin();
    else this.#taken--;
  }
}
