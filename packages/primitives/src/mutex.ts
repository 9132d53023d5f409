// One action after the other.

import { promised, type Steps, wait } from "./steps.ts";

export class Mutex {
  #isTaken = false;
  readonly #waiting: (() => void)[] = [];

  /** Takes `action`'s steps when all that were given before it have ended: at once when there are none. */
  *steps<T>(action: () => Steps<T>): Steps<T> {
    if (this.#isTaken) yield* wait(new Promise<void>((resolve) => this.#waiting.push(resolve)));
    this.#isTaken = true;
    try {
      return yield* action();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#isTaken = false;
      else next();
    }
  }

  /** The same for an action that gives a promise. */
  run<T>(action: () => Promise<T>): Promise<T> {
    return promised(this.steps(() => wait(action())));
  }
}
