// Whose request runs next, of those that take long: so many at the same time, of a client no more than a few, and who has had least comes first.

import { LIMIT_EXCEEDED, RpcError } from "./errors.ts";
import { type Client, Lines } from "./lines.ts";
import type { Usage } from "./usage.ts";

export interface FairQueueLimits {
  concurrent: number;
  concurrentPerConnection: number;
  elsewhere: number;
  waiting: number;
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
   * Runs `action` when it is the client's turn. Rejects with RpcError when too many wait, and this client has most of them.
   *
   * @param action gets what it calls when it goes on elsewhere (on another thread, or when somebody else is done): another one may begin then.
   */
  async run<T>(client: Client, action: (leave: () => void) => Promise<T>): Promise<T> {
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

  #turn(client: Client): Promise<void> | undefined {
    if (this.#lines.waiting === 0 && this.#hasRoom && this.#may(this.#lines.runningOf(client))) {
      this.#here++;
      this.#lines.begin(client);
      return undefined;
    }
    const turn = this.#lines.wait(client);
    // Others may wait for nothing but their own ones.
    this.#next();
    if (this.#lines.waiting > this.#limits.waiting)
      this.#lines.refuseOne(
        new RpcError(LIMIT_EXCEEDED, "too many requests wait for their turn; try again later"),
      );
    return turn;
  }

  get #hasRoom(): boolean {
    return this.#here < this.#limits.concurrent;
  }

  /** When others have all places elsewhere, a client has one of its own all the same. */
  readonly #may = (running: number): boolean =>
    running === 0 ||
    (running < this.#limits.concurrentPerConnection && this.#elsewhere < this.#limits.elsewhere);

  /** Lets as many begin as there is room for. */
  #next(): void {
    while (this.#hasRoom && this.#lines.next(this.#may)) this.#here++;
  }
}
