// Seeded pseudo-random numbers: the same seed gives the same chain, byte for byte, on every machine.
import { keccak_256 } from "@noble/hashes/sha3.js";

/** A deterministic stream of numbers (the "small fast counting" generator with 128 bits of state). Not for secrets. */
export class Random {
  #a: number;
  #b: number;
  #c: number;
  #counter: number;

  /** @param seed any text; different texts give unrelated streams. */
  constructor(seed: string) {
    // A hash as the start: seeds that differ in one character must not give similar first numbers.
    const start = new DataView(keccak_256(new TextEncoder().encode(seed)).buffer);
    this.#a = start.getInt32(0);
    this.#b = start.getInt32(4);
    this.#c = start.getInt32(8);
    this.#counter = start.getInt32(12);
  }

  /** A whole number of 32 bits. */
  next(): number {
    const sum = (this.#a + this.#b + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0;
    return sum >>> 0;
  }

  /** A whole number from 0 to `bound - 1`; `bound` is at most 2^32. */
  below(bound: number): number {
    return Math.floor((this.next() / 2 ** 32) * bound);
  }

  /** A whole number from `low` to `high`, both included. */
  between(low: number, high: number): number {
    return low + this.below(high - low + 1);
  }

  /** True in `percent` of 100 calls. */
  chance(percent: number): boolean {
    return this.next() / 2 ** 32 < percent / 100;
  }

  /** One of the list's elements, which must not be empty. */
  pick<T>(list: readonly T[]): T {
    if (list.length === 0) throw new RangeError("nothing to pick from");
    return list[this.below(list.length)] as T; // in bounds: the list is not empty
  }

  /** One of the list's elements, each as likely as its weight says. */
  weighted<T>(list: readonly (readonly [weight: number, value: T])[]): T {
    let rest = (this.next() / 2 ** 32) * list.reduce((sum, [weight]) => sum + weight, 0);
    for (const [weight, value] of list) {
      rest -= weight;
      if (rest < 0) return value;
    }
    return this.pick(list)[1]; // only reached by a rounding error
  }

  /** An amount of `low` to `high` tokens of 18 decimals, in thousandths of a token. */
  tokens(low: number, high: number): bigint {
    return BigInt(this.between(low * 1000, high * 1000)) * 10n ** 15n;
  }

  bytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => this.next() >>> 24);
  }
}
