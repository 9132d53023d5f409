// What has happened lately, one after the other: whoever knows where he was reads what has come since.

/** Who is further behind has lost something. */
const MOST = 100_000;

export class Journal<T> {
  #entries: T[] = [];
  /** Entries that are gone. */
  #before = 0;

  /** Where the next entry will be. */
  get end(): number {
    return this.#before + this.#entries.length;
  }

  add(entry: T): void {
    this.#entries.push(entry);
    // Not one by one: that would move all of them each time.
    if (this.#entries.length >= 2 * MOST) this.#forget(this.#entries.length - MOST);
  }

  /** From a place on; undefined when some of it is gone. */
  since(position: number): T[] | undefined {
    return position < this.#before ? undefined : this.#entries.slice(position - this.#before);
  }

  /** Nobody reads them any more. */
  clear(): void {
    this.#forget(this.#entries.length);
  }

  #forget(count: number): void {
    this.#entries = this.#entries.slice(count);
    this.#before += count;
  }
}
