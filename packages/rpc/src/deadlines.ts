// How long requests may take. All may take as long, so who began first is over first: one timer is enough for all of them.

const MAX_TIMEOUT_MS = 2 ** 31 - 1;

interface Running {
  /** Milliseconds since the process began. */
  end: number;
  late: () => void;
}

export class Deadlines {
  readonly #milliseconds: number;
  /** In the order of their ends. */
  readonly #running = new Set<Running>();
  #timer: NodeJS.Timeout | undefined;

  constructor(milliseconds: number) {
    this.#milliseconds = milliseconds;
  }

  /** Calls `late` when the time is over, unless what it gives was called before. PERF: a timer for each request would take longer than a small one. */
  begin(late: () => void): () => void {
    const running = { end: performance.now() + this.#milliseconds, late };
    this.#running.add(running);
    this.#timer ??= this.#wake(this.#milliseconds);
    return () => this.#running.delete(running);
  }

  #wake(milliseconds: number): NodeJS.Timeout {
    // Node's timers may come up to a millisecond early, and longer ones end at once.
    return setTimeout(() => this.#look(), Math.min(milliseconds + 1, MAX_TIMEOUT_MS)).unref();
  }

  #look(): void {
    const now = performance.now();
    this.#timer = undefined;
    for (const running of this.#running) {
      if (running.end > now) {
        this.#timer = this.#wake(running.end - now);
        return;
      }
      this.#running.delete(running);
      running.late();
    }
  }
}
