// The numbers that a text stands for: the same text gives the same chain, byte for byte, on every machine.
import { Random } from "@braid/primitives";
import { keccak_256 } from "@noble/hashes/sha3.js";

/** Different texts give unrelated streams. */
export class TextRandom extends Random {
  constructor(text: string) {
    super(keccak_256(new TextEncoder().encode(text)));
  }

  /** An amount of `low` to `high` tokens of 18 decimals, in thousandths of a token. */
  tokens(low: number, high: number): bigint {
    return BigInt(this.between(low * 1000, high * 1000)) * 10n ** 15n;
  }
}
