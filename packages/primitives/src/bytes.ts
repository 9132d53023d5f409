// Byte arrays: comparing, joining, and the 256-bit big-endian words of the EVM as bigint and back.

import { BaseError } from "./errors.ts";
import { bytesToHex } from "./hex.ts";

/** True when both have the same length and the same bytes. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  // PERF: for the 20 and 32 bytes of keys a loop beats Buffer.compare, whose call alone costs more.
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** One new array with the bytes of all parts, in order. */
export function concatBytes(...parts: Uint8Array[]): Uint8Array {
  let length = 0;
  for (const part of parts) length += part.length;
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

// PERF: four limbs and a reversed copy take 0.1 us, a seventh of four DataView writes. The limbs lie in the machine's own
// order, which is little-endian wherever Node runs WebAssembly threads that Braid supports (x64 and arm64).
const limbs = new BigUint64Array(4);
const limbBytes = new Uint8Array(limbs.buffer);

/** The unsigned number that big-endian bytes of any length, or those from `start` to `end`, stand for; 0n for no bytes. */
export function bytesToBigInt(bytes: Uint8Array, start = 0, end = bytes.length): bigint {
  const length = end - start;
  if (length === 0) return 0n;
  if (length > 32) return BigInt(bytesToHex(bytes.subarray(start, end)));
  // PERF: a view over the bytes' own buffer would move a small array out of the heap.
  const count = (length + 7) >> 3;
  for (let i = 0; i < 8 * count; i++) limbBytes[i] = i < length ? (bytes[end - 1 - i] as number) : 0;
  let value = limbs[count - 1] as bigint;
  for (let i = count - 2; i >= 0; i--) value = (value << 64n) | (limbs[i] as bigint);
  return value;
}

/**
 * The number as 32 big-endian bytes.
 * @throws Bytes32RangeError when the value is negative or does not fit 256 bits.
 */
export function bigIntToBytes32(value: bigint): Uint8Array {
  // An assignment to a limb keeps the lowest 64 bits.
  limbs[0] = value;
  let rest = value >> 64n;
  limbs[1] = rest;
  if (rest === 0n) {
    limbs[2] = 0n;
    limbs[3] = 0n;
  } else {
    rest >>= 64n;
    limbs[2] = rest;
    rest >>= 64n;
    limbs[3] = rest;
    // A negative value shifts to -1n and never to 0n.
    if (rest >> 64n !== 0n) throw new Bytes32RangeError(value);
  }
  const bytes = new Uint8Array(32);
  for (let i = 0; i < 32; i++) bytes[i] = limbBytes[31 - i] as number; // in bounds: 32 limb bytes
  return bytes;
}

/** A number that is no 256-bit word. */
export class Bytes32RangeError extends BaseError {
  constructor(value: bigint) {
    super("BRAID_BYTES32_RANGE", `${value} does not fit 32 bytes: expected 0 to 2^256 - 1.`, {
      data: { value },
    });
  }
}
