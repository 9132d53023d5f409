// Rows of bytes of one length, found by the key that each of them begins with.
// PERF: a map of strings needs a string for each look-up, and objects that the garbage collector goes through as long as the state is kept.

import { getRandomValues } from "node:crypto";

const FIRST_ROWS = 16;
const NONE = -1;
/** Words of a key, at most. */
const MOST_WORDS = 16;

/** What keys are hashed with: nobody can choose keys that collide. */
const secrets = getRandomValues(new Uint32Array(MOST_WORDS)).map((word) => word | 1);

export class RowTable {
  /** Row `i` begins at `i * rowBytes`. */
  bytes: Uint8Array;
  u32: Uint32Array;
  u64: BigUint64Array;
  /** Rows that are in use. */
  size = 0;
  readonly rowBytes: number;
  readonly #keyBytes: number;
  /** Rows that were ever used. */
  #used = 0;
  /** Those of them that are used no more. */
  readonly #free: number[] = [];
  /** Numbers of rows, each where its hash says or behind that; at most half full. */
  #index = new Int32Array(2 * FIRST_ROWS).fill(NONE);

  /**
   * @param keyBytes a multiple of 4, at most 64.
   * @param rowBytes a multiple of 8.
   */
  constructor(keyBytes: number, rowBytes: number) {
    this.#keyBytes = keyBytes;
    this.rowBytes = rowBytes;
    this.bytes = new Uint8Array(FIRST_ROWS * rowBytes);
    this.u32 = new Uint32Array(this.bytes.buffer);
    this.u64 = new BigUint64Array(this.bytes.buffer);
  }

  /** The row with the key at `at`; -1: there is none. */
  find(key: Uint8Array, at: number): number {
    const mask = this.#index.length - 1;
    for (let place = this.#hash(key, at) & mask; ; place = (place + 1) & mask) {
      const row = this.#index[place] as number; // in range
      if (row === NONE || this.#hasKey(row, key, at)) return row;
    }
  }

  /** A new row with the key at `at`, which no row has; the rest of it is zero. */
  add(key: Uint8Array, at: number): number {
    const row = this.#free.pop() ?? this.#used++;
    if (this.#used * this.rowBytes > this.bytes.length) this.#grow();
    const start = row * this.rowBytes;
    this.bytes.fill(0, start, start + this.rowBytes);
    for (let i = 0; i < this.#keyBytes; i++) this.bytes[start + i] = key[at + i] as number; // the caller's key
    this.size++;
    if (2 * this.size > this.#index.length) this.#growIndex();
    this.#enter(row);
    return row;
  }

  remove(row: number): void {
    const index = this.#index;
    const mask = index.length - 1;
    let hole = this.#homeOf(row);
    while (index[hole] !== row) hole = (hole + 1) & mask;
    // What lies behind it moves up, unless it would come before its place.
    for (let place = (hole + 1) & mask; index[place] !== NONE; place = (place + 1) & mask) {
      const home = this.#homeOf(index[place] as number); // in range
      if (((place - home) & mask) < ((place - hole) & mask)) continue;
      index[hole] = index[place] as number; // in range
      hole = place;
    }
    index[hole] = NONE;
    this.#free.push(row);
    this.size--;
  }

  /** The rows in use, in no order. */
  *rows(): Generator<number> {
    for (const row of this.#index) if (row !== NONE) yield row;
  }

  #hasKey(row: number, key: Uint8Array, at: number): boolean {
    const { bytes } = this;
    const start = row * this.rowBytes;
    for (let i = 0; i < this.#keyBytes; i++) if (bytes[start + i] !== key[at + i]) return false;
    return true;
  }

  #homeOf(row: number): number {
    return this.#hash(this.bytes, row * this.rowBytes) & (this.#index.length - 1);
  }

  #enter(row: number): void {
    const mask = this.#index.length - 1;
    let place = this.#homeOf(row);
    while (this.#index[place] !== NONE) place = (place + 1) & mask;
    this.#index[place] = row;
  }

  #hash(key: Uint8Array, at: number): number {
    let hash = 0;
    for (let i = 0; i < this.#keyBytes; i += 4) {
      const from = at + i;
      // The caller's key.
      const word =
        (key[from] as number) |
        ((key[from + 1] as number) << 8) |
        ((key[from + 2] as number) << 16) |
        ((key[from + 3] as number) << 24);
      hash = Math.imul(hash ^ word, secrets[i >> 2] as number); // at most MOST_WORDS
      hash ^= hash >>> 15;
    }
    return hash;
  }

  #grow(): void {
    const bytes = new Uint8Array(2 * this.bytes.length);
    bytes.set(this.bytes);
    this.bytes = bytes;
    this.u32 = new Uint32Array(bytes.buffer);
    this.u64 = new BigUint64Array(bytes.buffer);
  }

  #growIndex(): void {
    const before = this.#index;
    this.#index = new Int32Array(2 * before.length).fill(NONE);
    for (const row of before) if (row !== NONE) this.#enter(row);
  }
}
