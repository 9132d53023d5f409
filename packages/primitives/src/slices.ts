// Work that takes long goes on in slices of a few milliseconds, between which the event loop turns. All such work of a thread shares the slices:
// however much of it there is, whatever else the thread has to do waits for one slice, and of those who wait for the next one it is the turn of
// the client that has had least.

/** For whom something is done. What it takes is put down to them. */
export interface Payer {
  /** What all together have had who come from where this one comes from. */
  readonly placeLevel: number;
  /** What this one has had: the lower, the earlier it is its turn. */
  readonly level: number;
  /** It has had so many milliseconds more. */
  charge(milliseconds: number): void;
}

/** Milliseconds of work before the event loop turns. */
const SLICE_MS = 8;

interface Waiting {
  payer: Payer | undefined;
  begin: () => void;
}

/** When work in slices first began in this turn of the event loop; undefined: there was none. */
let since: number | undefined;
/** Who waits for a slice, in the order in which they came. */
const waiting: Waiting[] = [];
/** The last slice was of work that nobody pays for. */
let wasUnpaid = false;

/** Is it the turn of `a` before that of `b`? What nobody pays for is the node's own, and comes first. */
export function comesFirst(a: Payer | undefined, b: Payer | undefined): boolean {
  if (a === undefined || b === undefined) return a === undefined && b !== undefined;
  const difference = a.placeLevel - b.placeLevel;
  return difference < 0 || (difference === 0 && a.level < b.level);
}

/** Has the event loop waited long enough for its next turn? */
function isOver(): boolean {
  if (since === undefined) {
    since = performance.now();
    setImmediate(() => {
      since = undefined;
    });
  }
  return performance.now() - since >= SLICE_MS;
}

/** Of the node's own work and that of its clients each has every other slice: neither can hold the other one up. */
function next(): Waiting | undefined {
  const isPaid = ({ payer }: Waiting): boolean => payer !== undefined;
  let at = wasUnpaid ? waiting.findIndex(isPaid) : waiting.findIndex((one) => !isPaid(one));
  if (at < 0) at = 0;
  for (let i = at + 1; waiting[at]?.payer !== undefined && i < waiting.length; i++)
    if (isPaid(waiting[i] as Waiting) && comesFirst(waiting[i]?.payer, waiting[at]?.payer)) at = i;
  const [chosen] = waiting.splice(at, 1);
  wasUnpaid = chosen !== undefined && !isPaid(chosen);
  return chosen;
}

let isGiving = false;

async function giveSlices(): Promise<void> {
  isGiving = true;
  while (waiting.length > 0) {
    await new Promise((resolve) => setImmediate(resolve));
    do {
      next()?.begin();
      // What it does at once is done by then.
      await Promise.resolve();
      await Promise.resolve();
    } while (waiting.length > 0 && !isOver());
  }
  isGiving = false;
}

export interface SlicesOptions {
  payer?: Payer | undefined;
  /** Of who waits for the work: it ends with its reason when that is aborted. */
  signal?: AbortSignal | undefined;
  /** Milliseconds, of all since the work began, in which it waited for others; they are not paid for. */
  idleMs?: () => number;
}

/** One piece of work. Make it when the work begins. */
export class Slices {
  readonly #payer: Payer | undefined;
  readonly #signal: AbortSignal | undefined;
  readonly #idleMs: () => number;
  #since = performance.now();
  #idleBefore: number;

  constructor({ payer, signal, idleMs = () => 0 }: SlicesOptions = {}) {
    this.#payer = payer;
    this.#signal = signal;
    this.#idleMs = idleMs;
    this.#idleBefore = idleMs();
  }

  /** Before work that has not begun: undefined when it may, else it is its turn when the promise resolves. Rejects with the signal's reason. */
  begin(): Promise<void> | undefined {
    return waiting.length > 0 ? this.#wait() : this.pause();
  }

  /** Undefined as long as there is time; else the work goes on when the promise resolves. Rejects with the signal's reason. */
  pause(): Promise<void> | undefined {
    return isOver() ? this.#wait() : undefined;
  }

  /** The work is done: its last slice is paid for. */
  end(): void {
    const idle = this.#idleMs();
    this.#payer?.charge(Math.max(0, performance.now() - this.#since - (idle - this.#idleBefore)));
    this.#idleBefore = idle;
    this.#since = performance.now();
  }

  async #wait(): Promise<void> {
    this.end();
    await new Promise<void>((begin) => {
      waiting.push({ payer: this.#payer, begin });
      if (!isGiving) void giveSlices();
    });
    this.#since = performance.now();
    this.#signal?.throwIfAborted();
  }
}
