// Whose request runs next: each client has a line of its own, and the lines take turns, so that a client that sends a thousand
// requests keeps only itself waiting.

import { LIMIT_EXCEEDED, RpcError } from "./errors.ts";

interface Line {
  waiting: (() => void)[];
  running: number;
}

export interface FairQueueLimits {
  concurrent: number;
  concurrentPerConnection: number;
  waitingPerConnection: number;
}

export class FairQueue {
  readonly #limits: FairQueueLimits;
  /** Lines in which somebody waits or runs; those whose turn it is come first. */
  readonly #lines = new Map<object, Line>();
  #running = 0;

  constructor(limits: FairQueueLimits) {
    this.#limits = limits;
  }

  get running(): number {
    return this.#running;
  }

  /** Runs `action` when it is the client's turn. Rejects with RpcError -32005 when too many of the client's requests wait already. */
  async run<T>(client: object, action: () => Promise<T>): Promise<T> {
    await this.#turn(client);
    try {
      return await action();
    } finally {
      this.#running--;
      const line = this.#lines.get(client) as Line;
      line.running--;
      if (line.running === 0 && line.waiting.length === 0) this.#lines.delete(client);
      this.#next();
    }
  }

  #turn(client: object): Promise<void> | undefined {
    const { concurrent, concurrentPerConnection, waitingPerConnection } = this.#limits;
    let line = this.#lines.get(client);
    if (line === undefined) {
      line = { waiting: [], running: 0 };
      this.#lines.set(client, line);
    }
    if (this.#running < concurrent && line.running < concurrentPerConnection && line.waiting.length === 0) {
      this.#running++;
      line.running++;
      return undefined;
    }
    if (line.waiting.length >= waitingPerConnection)
      throw new RpcError(
        LIMIT_EXCEEDED,
        "too many requests of this connection are waiting; send fewer at a time",
      );
    const { waiting } = line;
    return new Promise((resolve) => waiting.push(resolve));
  }

  /** Lets as many begin as there is room for, one of each line in turn. */
  #next(): void {
    const { concurrent, concurrentPerConnection } = this.#limits;
    for (const [client, line] of this.#lines) {
      if (this.#running >= concurrent) return;
      if (line.running >= concurrentPerConnection) continue;
      const begin = line.waiting.shift();
      if (begin === undefined) continue;
      // To the end of the lines: the others come before its next one.
      this.#lines.delete(client);
      this.#lines.set(client, line);
      this.#running++;
      line.running++;
      begin();
    }
  }
}
