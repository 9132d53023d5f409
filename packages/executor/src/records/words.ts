// 256-bit words between JavaScript's bigint and memory. The kernel keeps four u64 limbs, lowest first; the EVM's
// memory and storage keys are big-endian. Most words are small, so the short cases come first.

import { bytesToBigInt, hexToBytes } from "@braid/primitives";

const EMPTY = new Uint8Array(0);

/** Reads four limbs at `index` (in 8-byte units). PERF: one bigint for a value below 2^64. */
export function readU256(u64: BigUint64Array, index: number): bigint {
  const low = u64[index] as bigint;
  const l1 = u64[index + 1] as bigint;
  const l2 = u64[index + 2] as bigint;
  const l3 = u64[index + 3] as bigint;
  if (l3 === 0n && l2 === 0n) return l1 === 0n ? low : low | (l1 << 64n);
  return low | (l1 << 64n) | (l2 << 128n) | (l3 << 192n);
}

/** Writes `value` modulo 2^256 as four limbs at `index` (in 8-byte units). */
export function writeU256(u64: BigUint64Array, index: number, value: bigint): void {
  u64[index] = value;
  if (value >= 0n && value <= 0xffffffffffffffffn) {
    u64[index + 1] = 0n;
    u64[index + 2] = 0n;
    u64[index + 3] = 0n;
    return;
  }
  u64[index + 1] = value >> 64n;
  u64[index + 2] = value >> 128n;
  u64[index + 3] = value >> 192n;
}

/** Reads 32 big-endian bytes at `offset`. */
export function readWordBigEndian(view: DataView, offset: number): bigint {
  const l3 = view.getBigUint64(offset);
  const l2 = view.getBigUint64(offset + 8);
  const l1 = view.getBigUint64(offset + 16);
  const low = view.getBigUint64(offset + 24);
  if (l3 === 0n && l2 === 0n) return l1 === 0n ? low : low | (l1 << 64n);
  return low | (l1 << 64n) | (l2 << 128n) | (l3 << 192n);
}

/** Writes `value` (0 to 2^256 - 1) as 32 big-endian bytes at `offset`. */
export function writeWordBigEndian(view: DataView, offset: number, value: bigint): void {
  view.setBigUint64(offset + 24, value);
  if (value <= 0xffffffffffffffffn) {
    view.setBigUint64(offset, 0n);
    view.setBigUint64(offset + 8, 0n);
    view.setBigUint64(offset + 16, 0n);
    return;
  }
  view.setBigUint64(offset + 16, value >> 64n);
  view.setBigUint64(offset + 8, value >> 128n);
  view.setBigUint64(offset, value >> 192n);
}

/** The word as the engine wants it from storage: minimal big-endian bytes, none for zero. */
export function bytesOfWord(value: bigint): Uint8Array {
  if (value === 0n) return EMPTY;
  let hex = value.toString(16);
  if (hex.length % 2 === 1) hex = `0${hex}`;
  return hexToBytes(`0x${hex}`);
}

/** Big-endian bytes of any length up to 32 as a number. */
export function wordOfBytes(bytes: Uint8Array): bigint {
  return bytes.length === 0 ? 0n : bytesToBigInt(bytes);
}
