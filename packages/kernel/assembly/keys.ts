// Hashing and whole-key comparison of addresses (20 bytes) and 32-byte keys. The hash only picks a bucket: keys are always
// compared whole. Anybody can choose storage slots, so the hash has to hold against somebody who knows this code but not the secret:
//
// - A key is first folded to 64 bits: each of its 32-bit halves times a secret 64-bit word of its own, summed modulo 2^64. Two different
//   keys meet there only when the sum of secret times difference is zero. A difference is below 2^32, so for any two keys that is one
//   secret in 2^33 or fewer: no relation between keys holds for more of them.
// - That sum is linear, so keys in a row would lie in a row. A bijection without linear structure scatters them over the buckets.

import { CONFIG_HASH_SECRET } from "../src/layout";

// @ts-ignore: decorator
@inline
function fold(index: u32, word: u64): u64 {
  return load<u64>(CONFIG_HASH_SECRET + index * 16) * (word & 0xffffffff) + load<u64>(CONFIG_HASH_SECRET + index * 16 + 8) * (word >> 32);
}

/** The finalizer of MurmurHash3: each bit of the sum decides about half of all bits. */
// @ts-ignore: decorator
@inline
function scatter(sum: u64): u32 {
  sum = (sum ^ (sum >> 33)) * 0xff51afd7ed558ccd;
  sum = (sum ^ (sum >> 33)) * 0xc4ceb9fe1a85ec53;
  return u32(sum ^ (sum >> 33));
}

export function hashAddress(key: u32): u32 {
  return scatter(load<u64>(CONFIG_HASH_SECRET, 72) + fold(0, load<u64>(key)) + fold(1, load<u64>(key, 8)) + load<u64>(CONFIG_HASH_SECRET, 32) * u64(load<u32>(key, 16)));
}

/** `extra` tells apart equal keys of different owners, as the slots of different accounts. */
export function hashKey32(key: u32, extra: u32): u32 {
  return scatter(
    load<u64>(CONFIG_HASH_SECRET, 72) +
      load<u64>(CONFIG_HASH_SECRET, 64) * u64(extra) +
      fold(0, load<u64>(key)) +
      fold(1, load<u64>(key, 8)) +
      fold(2, load<u64>(key, 16)) +
      fold(3, load<u64>(key, 24)),
  );
}

// @ts-ignore: decorator
@inline
export function sameAddress(a: u32, b: u32): bool {
  return load<u64>(a) == load<u64>(b) && load<u64>(a, 8) == load<u64>(b, 8) && load<u32>(a, 16) == load<u32>(b, 16);
}

// @ts-ignore: decorator
@inline
export function sameKey32(a: u32, b: u32): bool {
  return (
    load<u64>(a) == load<u64>(b) &&
    load<u64>(a, 8) == load<u64>(b, 8) &&
    load<u64>(a, 16) == load<u64>(b, 16) &&
    load<u64>(a, 24) == load<u64>(b, 24)
  );
}

// @ts-ignore: decorator
@inline
export function copy32(to: u32, from: u32): void {
  store<u64>(to, load<u64>(from));
  store<u64>(to, load<u64>(from, 8), 8);
  store<u64>(to, load<u64>(from, 16), 16);
  store<u64>(to, load<u64>(from, 24), 24);
}

// @ts-ignore: decorator
@inline
export function zero32(to: u32): void {
  store<u64>(to, 0);
  store<u64>(to, 0, 8);
  store<u64>(to, 0, 16);
  store<u64>(to, 0, 24);
}

/** Unsigned 256-bit a <= b. */
export function atMost(a: u32, b: u32): bool {
  let x = load<u64>(a, 24);
  let y = load<u64>(b, 24);
  if (x != y) return x < y;
  x = load<u64>(a, 16);
  y = load<u64>(b, 16);
  if (x != y) return x < y;
  x = load<u64>(a, 8);
  y = load<u64>(b, 8);
  if (x != y) return x < y;
  return load<u64>(a) <= load<u64>(b);
}

/** to += from, modulo 2^256. */
export function add256(to: u32, from: u32): void {
  const a0 = load<u64>(to);
  const s0 = a0 + load<u64>(from);
  store<u64>(to, s0);
  let carry = u64(s0 < a0);
  const a1 = load<u64>(to, 8);
  const t1 = a1 + load<u64>(from, 8);
  const s1 = t1 + carry;
  store<u64>(to, s1, 8);
  carry = u64(t1 < a1) | u64(s1 < t1);
  const a2 = load<u64>(to, 16);
  const t2 = a2 + load<u64>(from, 16);
  const s2 = t2 + carry;
  store<u64>(to, s2, 16);
  carry = u64(t2 < a2) | u64(s2 < t2);
  store<u64>(to, load<u64>(to, 24) + load<u64>(from, 24) + carry, 24);
}
