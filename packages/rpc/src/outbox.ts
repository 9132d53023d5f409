// Answers that are ready in the same turn of the event loop go out together. Each one wakes its client, who is mostly on the same machine and has
// fallen asleep again before the next one comes: that takes longer than to answer a small request.

/** Milliseconds that an answer waits for others. */
const MOST_MS = 1;

export class Outbox {
  #waiting: (() => void)[] = [];
  /** When the first of them was ready. */
  #since = 0;

  /** Resolves when an answer may go: before the event loop looks at the sockets again. */
  turn(): Promise<void> {
    return new Promise((resolve) => {
      const now = performance.now();
      if (this.#waiting.length === 0) {
        this.#since = now;
        setImmediate(() => this.#go());
      }
      this.#waiting.push(resolve);
      if (now - this.#since >= MOST_MS) this.#go();
    });
  }

  #go(): void {
    for (const go of this.#waiting.splice(0)) go();
  }
}
