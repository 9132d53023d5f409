// The seeded generator that chooses who goes next.

/** xorshift32: small, and the same everywhere. */
export class Random {
  #state: number;

  constructor(seed: number) {
    // The state must not be zero, and neighbouring seeds should not begin alike.
    this.#state = Math.imul(seed + 1, 0x9e3779b1) | 0 || 1;
  }

  /** 0 to limit - 1. */
  below(limit: number): number {
    let x = this.#state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.#state = x;
    return (x >>> 0) % limit;
  }
}
