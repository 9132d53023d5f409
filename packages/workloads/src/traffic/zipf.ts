// Zipf's law: the thing of rank k is wanted as often as 1/k^s says; an exponent of 0 wants all alike.
import type { Random } from "@braid/primitives";

export class Zipf {
  readonly #exponent: number;
  /** By the number of things, the sums of the weights up to each. */
  readonly #sums = new Map<number, Float64Array>();

  constructor(exponent: number) {
    this.#exponent = exponent;
  }

  /** One of the list's elements; the first is the most popular. Throws a RangeError when there is none. */
  pick<T>(random: Random, list: readonly T[]): T {
    if (list.length === 0) throw new RangeError("nothing to pick from");
    const sums = this.#sumsOf(list.length);
    const wanted = (random.next() / 2 ** 32) * (sums[list.length - 1] ?? 0);
    let [low, high] = [0, list.length - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((sums[middle] ?? 0) > wanted) high = middle;
      else low = middle + 1;
    }
    return list[low] as T; // in bounds
  }

  #sumsOf(count: number): Float64Array {
    let sums = this.#sums.get(count);
    if (sums === undefined) {
      sums = new Float64Array(count);
      let sum = 0;
      for (let rank = 1; rank <= count; rank++) {
        sum += rank ** -this.#exponent;
        sums[rank - 1] = sum;
      }
      this.#sums.set(count, sums);
    }
    return sums;
  }
}
