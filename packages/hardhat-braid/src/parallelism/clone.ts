// Other users like one that was seen: whatever contracts hold under the user's keys, they hold under the other user's keys as well.
// Keys are found by what an execution has hashed, so this needs no layout: a slot whose hash has the user's address in it, however deep,
// has a counterpart with the other address.

import { keccak256 } from "@braid/kernel";
import { bigIntToBytes32, bytesToBigInt, bytesToHex, type Hex, hexToBytes } from "@braid/primitives";
import type { Preimages } from "../layout/index.ts";

/** Bytes as hex digits without 0x. */
type Digits = string;

const WORD_DIGITS = 64;
const ADDRESS_DIGITS = 40;
/** A smaller value may be an identifier, and is more likely a count or a flag. */
const LEAST_TELLING = 1_000n;

const digitsOf = (bytes: Uint8Array): Digits => bytesToHex(bytes).slice(2);
const wordOf = (value: bigint): Digits => digitsOf(bigIntToBytes32(value));
const bytesOf = (digits: Digits): Uint8Array => hexToBytes(`0x${digits}`);

/** The account that stands for another one in the copy with a number. */
export function copyOfAddress(address: Uint8Array, copy: number): Uint8Array {
  const seed = new TextEncoder().encode(`user ${copy} like ${bytesToHex(address)}`);
  return keccak256(seed).slice(12);
}

/** Addresses (20 bytes) and words (32 bytes), and what stands for them. */
export interface Substitutes {
  addresses: readonly (readonly [from: Uint8Array, to: Uint8Array])[];
  words: readonly (readonly [from: bigint, to: bigint])[];
}

export class Substitution {
  readonly #addresses: readonly (readonly [Digits, Digits])[];
  readonly #words: ReadonlyMap<Digits, Digits>;
  readonly #preimages: Preimages;
  readonly #known = new Map<Digits, Digits>();

  constructor({ addresses, words }: Substitutes, preimages: Preimages) {
    this.#addresses = addresses.map(([from, to]) => [digitsOf(from), digitsOf(to)]);
    this.#words = new Map(words.map(([from, to]) => [wordOf(from), wordOf(to)]));
    this.#preimages = preimages;
  }

  /** Where the copy has what a slot has; the same slot when it belongs to everybody. */
  slot(slot: Hex): Hex {
    return `0x${this.#word(slot.slice(2))}`;
  }

  /** What the copy has in place of a value. */
  value(value: bigint): bigint {
    const word = wordOf(value);
    const own = value < LEAST_TELLING ? undefined : this.#words.get(word);
    return BigInt(`0x${own ?? this.#inAddresses(word)}`);
  }

  /** Call data: a selector and words. */
  data(data: Uint8Array): Uint8Array {
    const digits = digitsOf(data);
    let result = digits.slice(0, 8);
    for (let at = 8; at < digits.length; at += WORD_DIGITS) {
      const word = digits.slice(at, at + WORD_DIGITS);
      result += this.#words.get(word) ?? word;
    }
    return bytesOf(this.#inAddresses(result));
  }

  #word(word: Digits): Digits {
    const known = this.#known.get(word);
    if (known !== undefined) return known;
    // A hash does not contain itself; this is for inputs that nobody could have made.
    this.#known.set(word, word);
    const result = this.#hashed(word) ?? this.#words.get(word) ?? this.#inAddresses(word);
    this.#known.set(word, result);
    return result;
  }

  /** Of a hash, and of what lies behind it: with its input's substitute, if that is another one. */
  #hashed(word: Digits): Digits | undefined {
    const slot = BigInt(`0x${word}`);
    const found = this.#preimages.below(slot);
    if (found === undefined) return undefined;
    const input = digitsOf(found.input);
    const other = this.#input(input);
    if (other === input) return undefined;
    return wordOf(BigInt.asUintN(256, bytesToBigInt(keccak256(bytesOf(other))) + slot - found.hash));
  }

  #input(digits: Digits): Digits {
    if (digits.length % WORD_DIGITS !== 0) {
      // Packed, or text: what is a word in it stands at its end.
      const end = Math.max(0, digits.length - WORD_DIGITS);
      const packed = this.#inAddresses(digits);
      return end === 0 ? packed : packed.slice(0, end) + this.#place(digits.slice(end));
    }
    const end = digits.length - WORD_DIGITS;
    let result = "";
    for (let at = 0; at < end; at += WORD_DIGITS) result += this.#word(digits.slice(at, at + WORD_DIGITS));
    return result + this.#place(digits.slice(end));
  }

  /** What a key is hashed with: a slot's number, which is no identifier even where it is the same number. */
  #place(word: Digits): Digits {
    return this.#hashed(word) ?? this.#inAddresses(word);
  }

  #inAddresses(digits: Digits): Digits {
    if (digits.length < ADDRESS_DIGITS) return digits;
    return this.#addresses.reduce((text, [from, to]) => text.replaceAll(from, to), digits);
  }
}
