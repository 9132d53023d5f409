// How long requests may take. All may take as long, so who began first is over first: one timer is enough for all of them.

interface Running {
  /** Milliseconds since the process began. */
  end: number;
  /** Undefined when it has ended. */
  late: (() => void) | undefined;
}

const MAX_TIMEOUT_MS = 2 ** 31 - 1;
/** Of those that have ended so many are left where they are: not each moves the others. */
const MOST_ENDED = 256;

export class Deadlines {
  readonly #milliseconds: number;
  /** In the order of their ends. */
  #running: Running[] = [];
  /** Those before it have ended. */
  #first = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(milliseconds: number) {
    this.#milliseconds = milliseconds;
  }

  /** Calls `late` when the time is over, unless what it gives was called before. PERF: a timer for each request would take longer than a small one. */
  begin(late: () => void): () => void {
    const running: Running = { end: performance.now() + this.#milliseconds, late };
    this.#running.push(running);
    this.#timer ??= this.#wake(this.#milliseconds);
    return () => {
      running.late = undefined;
      this.#passEnded();
    };
  }

  #passEnded(): void {
    while (this.#first < this.#running.length && this.#running[this.#first]?.late === undefined)
      this.#first++;
    if (this.#first < MOST_ENDED) return;
    this.#running = this.#running.slice(this.#first);
    this.#first = 0;
  }

  #wake(milliseconds: number): NodeJS.Timeout {
    // Node's timers may come up to a millisecond early, and longer ones end at once.
    return setTimeout(() => this.#look(), Math.min(milliseconds + 1, MAX_TIMEOUT_MS)).unref();
  }

  #look(): void {
    const now = performance.now();
    this.#timer = undefined;
    for (const running of this.#running.slice(this.#first)) {
      if (running.end > now) {
        this.#timer = this.#wake(running.end - now);
        break;
      }
      const { late } = running;
      running.late = undefined;
      late?.();
    }
    this.#passEnded();
  }
}
