// Turns on the event loop: what is done at once (parsing, methods that look something up) is done for a few milliseconds, and then the sockets
// are looked at again, and whoever has had least comes first. A client that sends a thousand requests keeps only itself waiting.

import { setImmediate as nextTurn } from "node:timers/promises";
import { type Client, Lines } from "./lines.ts";
import type { Usage } from "./usage.ts";

/** Milliseconds of work before the event loop turns: what any other client waits at most for requests that are small. */
const SLICE_MS = 4;

export class Turns {
  readonly #lines: Lines;
  /** When the work of this turn of the event loop began; undefined: there was none. */
  #since: number | undefined;
  #isPumping = false;

  constructor(usage: Usage) {
    this.#lines = new Lines(usage);
  }

  /** Undefined when the client may go on at once; else it is its turn when the promise resolves. */
  take(client: Client): Promise<void> | undefined {
    if (this.#lines.waiting === 0 && !this.#isOver()) return undefined;
    const turn = this.#lines.wait(client).then(() => this.#lines.end(client));
    if (!this.#isPumping) void this.#pump();
    return turn;
  }

  #isOver(): boolean {
    if (this.#since === undefined) {
      this.#since = performance.now();
      setImmediate(() => {
        this.#since = undefined;
      });
    }
    return performance.now() - this.#since >= SLICE_MS;
  }

  async #pump(): Promise<void> {
    this.#isPumping = true;
    while (this.#lines.waiting > 0) {
      // All sockets that have something are read, and what they have is in its line, before the next ones are chosen.
      await nextTurn();
      do {
        this.#lines.next(() => true);
        // What it does at once is done by then.
        await Promise.resolve();
        await Promise.resolve();
      } while (this.#lines.waiting > 0 && !this.#isOver());
    }
    this.#isPumping = false;
  }
}
