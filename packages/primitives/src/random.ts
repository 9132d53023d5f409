// Numbers that look random and can be had again: schedules, test blocks, workloads.

/** A repeatable stream of numbers (the "small fast counting" generator with 128 bits of state). The same on every machine; not for secrets. */
export class Random {
  #a: number;
  #b: number;
  #c: number;
  #counter: number;

  /** @param seed a whole number, or at least 16 bytes such as the hash of a text. */
  constructor(seed: number | Uint8Array) {
    const words = typeof seed === "number" ? spread(seed) : wordsOf(seed);
    [this.#a, this.#b, this.#c, this.#counter] = words;
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

  bytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => this.next() >>> 24);
  }
}

type State = [number, number, number, number];

function wordsOf(seed: Uint8Array): State {
  const view = new DataView(seed.buffer, seed.byteOffset, seed.length);
  return [view.getInt32(0), view.getInt32(4), view.getInt32(8), view.getInt32(12)];
}

/** Neighbouring seeds must not give similar first numbers: murmur's finalizer, once for each word. */
function spread(seed: number): State {
  const word = (i: number): number => {
    let h = (seed + Math.imul(i, 0x9e3779b1)) | 0;
    h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
    h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
    return h ^ (h >>> 16);
  };
  return [word(1), word(2), word(3), word(4)];
}
