// Hashing and whole-key comparison of addresses (20 bytes) and 32-byte keys. The hash only picks a bucket: keys are always
// compared whole. It is seeded per kernel, so that nobody can choose storage slots that collide.

import { hashSeed } from "./memory";

const K0: u64 = 0x9e3779b97f4a7c15;
const K1: u64 = 0xbf58476d1ce4e5b9;
const K2: u64 = 0x94d049bb133111eb;

// @ts-ignore: decorator
@inline
function mix(h: u64, word: u64): u64 {
  h = (h ^ word) * K1;
  return h ^ (h >> 29);
}

// @ts-ignore: decorator
@inline
function finish(h: u64): u32 {
  h *= K2;
  return u32(h ^ (h >> 32));
}

export function hashAddress(key: u32): u32 {
  let h = mix(hashSeed ^ K0, load<u64>(key));
  h = mix(h, load<u64>(key, 8));
  return finish(mix(h, u64(load<u32>(key, 16))));
}

/** `extra` tells apart equal keys of different owners, as the slots of different accounts. */
export function hashKey32(key: u32, extra: u32): u32 {
  let h = mix(hashSeed ^ (u64(extra) * K0), load<u64>(key));
  h = mix(h, load<u64>(key, 8));
  h = mix(h, load<u64>(key, 16));
  return finish(mix(h, load<u64>(key, 24)));
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
