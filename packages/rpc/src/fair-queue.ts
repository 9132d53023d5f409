// Whose request runs next, of those that take long: so many at the same time, of a client no more than a few, and who has used least comes first.

import { Lines } from "./lines.ts";
import type { Usage } from "./usage.ts";

export interface FairQueueLimits {
  concurrent: number;
  concurrentPerConnection: number;
  elsewhere: number;
}

export class FairQueue {
  readonly #limits: FairQueueLimits;
  readonly #lines: Lines;
  /** On this thread. */
  #here = 0;
  /** Those that have left it and not ended. */
  #elsewhere = 0;

  constructor(limits: FairQueueLimits, usage: Usage) {
    this.#limits = limits;
    this.#lines = new Lines(usage);
  }

  get running(): number {
    return this.#here + this.#elsewhere;
  }

  get waiting(): number {
    return this.#lines.waiting;
  }

  /**
   * Runs `action` when it is the client's turn.
   *
   * @param action gets what it calls when it goes on elsewhere (on another thread, or when somebody else is done): another one may begin then.
   */
  async run<T>(client: object, action: (leave: () => void) => Promise<T>): Promise<T> {
    await this.#turn(client);
    let isHere = true;
    const leave = (): void => {
      if (!isHere) return;
      isHere = false;
      this.#here--;
      this.#elsewhere++;
      this.#next();
    };
    try {
      return await action(leave);
    } finally {
      if (isHere) this.#here--;
      else this.#elsewhere--;
      this.#lines.end(client);
      this.#next();
    }
  }

  #turn(client: object): Promise<void> | undefined {
    const { concurrentPerConnection } = this.#limits;
    if (
      this.#hasRoom &&
      this.#lines.waiting === 0 &&
      this.#lines.runningOf(client) < concurrentPerConnection
    ) {
      this.#here++;
      this.#lines.begin(client);
      return undefined;
    }
    const turn = this.#lines.wait(client);
    // Others may wait for nothing but their own ones.
    this.#next();
    return turn;
  }

  get #hasRoom(): boolean {
    return this.#here < this.#limits.concurrent && this.#elsewhere < this.#limits.elsewhere;
  }

  /** Lets as many begin as there is room for. */
  #next(): void {
    while (this.#hasRoom && this.#lines.next(this.#limits.concurrentPerConnection)) this.#here++;
  }
}
