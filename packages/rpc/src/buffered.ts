// What clients make the server keep: bodies that have not come whole, requests that wait, answers and notifications that nobody reads. All of it
// together has a limit; when there is more, the connection goes that has most of it.

interface Held {
  bytes: number;
  close: () => void;
}

export class Buffered {
  readonly #limit: number;
  readonly #held = new Map<object, Held>();
  #total = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Of all clients. */
  get bytes(): number {
    return this.#total;
  }

  /** So many bytes more are kept for a client; gives what is called when they are not any more. */
  hold(client: { close: () => void }, bytes: number): () => void {
    let held = this.#held.get(client);
    if (held === undefined) {
      held = { bytes: 0, close: client.close };
      this.#held.set(client, held);
    }
    const mine = held;
    mine.bytes += bytes;
    this.#total += bytes;
    if (this.#total > this.#limit) this.#closeLargest();
    let isHeld = true;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      mine.bytes -= bytes;
      this.#total -= bytes;
      if (mine.bytes === 0 && this.#held.get(client) === mine) this.#held.delete(client);
    };
  }

  /** PERF: looks at all clients for whom something is kept, when it is too much. */
  #closeLargest(): void {
    let largest: [client: object, held: Held] | undefined;
    for (const entry of this.#held)
      if (largest === undefined || entry[1].bytes > largest[1].bytes) largest = entry;
    if (largest === undefined) return;
    // What it has is let go as soon as its socket is closed; until then it is not chosen again.
    this.#held.delete(largest[0]);
    largest[1].close();
  }
}
