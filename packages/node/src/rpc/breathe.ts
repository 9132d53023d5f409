// Work that goes through much lets others have the event loop now and then.

/** Milliseconds of work before the event loop turns. */
const SLICE_MS = 8;

export class Breather {
  readonly #signal: AbortSignal | undefined;
  #since = performance.now();

  /** @param signal of who waits for the work: it ends with its reason when that is aborted. */
  constructor(signal?: AbortSignal) {
    this.#signal = signal;
  }

  /** Undefined as long as there is time; else it is over when the event loop has turned. */
  pause(): Promise<void> | undefined {
    return performance.now() - this.#since < SLICE_MS ? undefined : this.#turn();
  }

  async #turn(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    this.#signal?.throwIfAborted();
    this.#since = performance.now();
  }
}
