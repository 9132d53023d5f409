// MODEXP (EIP-198): its gas by fork (EIP-2565, EIP-7883), its limits (EIP-7823), and powers modulo any number whose even part is small.

import { EVM_END, EVM_TEMP, RULE_MODEXP_BOUNDS, RULE_MODEXP_WORDS } from "../../src/layout";
import { hasRule } from "../evm/machine";
import { evm } from "../memory";
import { beginModulus, isFused, power, roomFor, writeLimbs } from "./montgomery";

/** Somebody else has to compute it. */
export const ELSEWHERE: i64 = -1;

/** Lengths from here on cost more than any frame has. */
const HUGE: u64 = 1 << 31;
const MAX_LENGTH: u64 = 1024;
const HEADER: u32 = 96;
/** Behind numbers in bytes, so that words can be read and written across their ends. */
const PADDING: u32 = 16;
/** Of gas: nobody has so much. */
const TOO_MUCH: u64 = i64.MAX_VALUE;

/** A length, HUGE for all that are too large. */
function lengthAt(data: u32, dataLength: u32, at: u32): u64 {
  let value: u64 = 0;
  for (let i = at; i < at + 32; i++) {
    if (value >= HUGE) return HUGE;
    value = (value << 8) | (i < dataLength ? u64(load<u8>(data + i)) : 0);
  }
  return min(value, HUGE);
}

/** EIP-198: the number of the highest bit of the exponent's first 32 bytes, and 8 (16: EIP-7883) for each byte behind them; at least 1. */
function iterations(data: u32, dataLength: u32, at: u64, length: u64, perByte: u64): u64 {
  const head = min(length, 32);
  let count: u64 = length > 32 ? perByte * (length - 32) : 0;
  for (let i: u64 = 0; i < head && at + i < u64(dataLength); i++) {
    const byte = u32(load<u8>(data + u32(at + i)));
    if (byte == 0) continue;
    count += (head - i) * 8 - 1 - u64(clz(byte) - 24);
    break;
  }
  return max(count, 1);
}

function product(a: u64, b: u64): u64 {
  return b > TOO_MUCH / a ? TOO_MUCH : a * b;
}

function gasOf(longest: u64, count: u64): u64 {
  const words = (longest + 7) >> 3;
  if (hasRule(RULE_MODEXP_BOUNDS)) return max(product(longest > 32 ? 2 * words * words : 16, count), 500);
  if (longest == 0) return hasRule(RULE_MODEXP_WORDS) ? 200 : 0;
  if (hasRule(RULE_MODEXP_WORDS)) return max(product(words * words, count) / 3, 200);
  let complexity = longest * longest;
  if (longest > 1024) complexity = complexity / 16 + 480 * longest - 199_680;
  else if (longest > 64) complexity = complexity / 4 + 96 * longest - 3_072;
  return product(complexity, count) / 20;
}

/** Where the answer lies, and its length; valid when `modexp` has not answered ELSEWHERE. */
export let modexpOutput: u32 = 0;
export let modexpLength: u32 = 0;

/**
 * The gas that the call takes, more than any frame has where it fails; ELSEWHERE when somebody else has to compute it (who will find the gas for
 * himself). What it needs lies between `room` and the end of the frames' memory.
 */
export function modexp(data: u32, dataLength: u32, gas: u64, room: u32): i64 {
  const baseLength = lengthAt(data, dataLength, 0);
  const exponentLength = lengthAt(data, dataLength, 32);
  const modulusLength = lengthAt(data, dataLength, 64);
  const longest = max(baseLength, modulusLength);
  const bounded = hasRule(RULE_MODEXP_BOUNDS);
  modexpLength = 0;
  if (longest >= HUGE) return TOO_MUCH;
  if (longest == 0 && !bounded) return gasOf(0, 1);
  if (exponentLength >= HUGE) return TOO_MUCH;
  const exponentAt = u64(HEADER) + baseLength;
  const cost = gasOf(longest, iterations(data, dataLength, exponentAt, exponentLength, bounded ? 16 : 8));
  if (cost > gas || (bounded && max(longest, exponentLength) > MAX_LENGTH)) return TOO_MUCH;
  if (modulusLength == 0) return cost;
  if (max(longest, exponentLength) > 65_536 || !isFused(evm + EVM_TEMP)) return ELSEWHERE;

  const base = room;
  const exponent = base + u32(baseLength) + PADDING;
  const modulus = exponent + u32(exponentLength) + PADDING;
  modexpOutput = modulus + u32(modulusLength) + PADDING;
  const result = modexpOutput + u32(modulusLength);
  const numbers = (result + u32(modulusLength) + PADDING + 15) & ~15;
  if (numbers > evm + EVM_END) return ELSEWHERE;
  const baseBits = readNumber(base, data, dataLength, HEADER, u32(baseLength));
  const exponentBits = readNumber(exponent, data, dataLength, u32(exponentAt), u32(exponentLength));
  const modulusBits = readNumber(modulus, data, dataLength, u32(exponentAt + exponentLength), u32(modulusLength));
  memory.fill(result, 0, u32(modulusLength) + PADDING);
  if (modulusBits > 1) {
    const twos = trailingZeros(modulus);
    const oddBits = modulusBits - twos;
    if (twos > 64 || modulusBits > MAX_LENGTH * 8 || numbers + roomFor(oddBits) > evm + EVM_END) return ELSEWHERE;
    if (exponentBits == 0) {
      store<u8>(result, 1);
    } else {
      if (oddBits > 1) {
        beginModulus(modulus, twos, modulusBits, numbers);
        writeLimbs(result, power(base, baseBits, exponent, exponentBits));
      }
      if (twos != 0) combine(result, modulus, twos, modulusBits, lowPower(load<u64>(base), exponent, exponentBits));
    }
  }
  reverse(modexpOutput, result, u32(modulusLength));
  modexpLength = u32(modulusLength);
  return cost;
}

function reverse(out: u32, from: u32, length: u32): void {
  for (let i: u32 = 0; i < length; i++) store<u8>(out + i, load<u8>(from + length - 1 - i));
}

/** Copies a number of the data, behind whose end there are zeros, with the lowest byte first; answers how many bits it has. */
function readNumber(out: u32, data: u32, dataLength: u32, at: u32, length: u32): u32 {
  const there = at < dataLength ? min(length, dataLength - at) : 0;
  memory.fill(out, 0, length + PADDING);
  reverse(out + length - there, data + at, there);
  while (length != 0 && load<u8>(out + length - 1) == 0) length--;
  return length == 0 ? 0 : length * 8 + 24 - clz(u32(load<u8>(out + length - 1)));
}

function trailingZeros(bytes: u32): u32 {
  let at: u32 = 0;
  while (load<u8>(bytes + at) == 0) at++;
  return at * 8 + ctz(u32(load<u8>(bytes + at)));
}

/** A power modulo 2^64. An even base leaves nothing from the exponent 64 on; exponents of an odd one count modulo 2^62. */
function lowPower(base: u64, exponent: u32, exponentBits: u32): u64 {
  if ((base & 1) == 0 && exponentBits > 6) return 0;
  let result: u64 = 1;
  for (let left = load<u64>(exponent), square = base; left != 0; left >>= 1, square *= square) if (left & 1) result *= square;
  return result;
}

/** Makes x, which is right modulo the odd part d of the modulus, right modulo its even part 2^twos as well: x + d ((low - x) / d mod 2^twos). */
function combine(x: u32, modulus: u32, twos: u32, modulusBits: u32, low: u64): void {
  const odd = bitsAt(modulus, twos, 0) | (bitsAt(modulus, twos, 1) << 32);
  let inverse = odd;
  for (let i = 0; i < 5; i++) inverse *= 2 - odd * inverse;
  let factor = (low - load<u64>(x)) * inverse;
  if (twos < 64) factor &= ((<u64>1) << twos) - 1;
  const digits = (modulusBits - twos + 31) >> 5;
  addProduct(x, modulus, twos, digits, factor & 0xffffffff);
  addProduct(x + 4, modulus, twos, digits, factor >> 32);
}

/** The 32 bits of a number from `skipped` + 32 `digit` on. */
function bitsAt(bytes: u32, skipped: u32, digit: u32): u64 {
  const bit = skipped + digit * 32;
  return (load<u64>(bytes + (bit >> 3)) >> (bit & 7)) & 0xffffffff;
}

/** x += factor * (number >> skipped), both in 32-bit digits. */
function addProduct(x: u32, number: u32, skipped: u32, digits: u32, factor: u64): void {
  if (factor == 0) return;
  let carry: u64 = 0;
  for (let i: u32 = 0; i < digits; i++) {
    carry += bitsAt(number, skipped, i) * factor + u64(load<u32>(x + i * 4));
    store<u32>(x + i * 4, u32(carry));
    carry >>= 32;
  }
  for (let at = x + digits * 4; carry != 0; at += 4) {
    carry += u64(load<u32>(at));
    store<u32>(at, u32(carry));
    carry >>= 32;
  }
}
