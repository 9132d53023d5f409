// keccak-256 (the padding of Ethereum, 0x01) and the log bloom. The 25 lanes of Keccak-f[1600] are locals, so that the engine's
// compiler keeps what it can in registers.

import {
  BLOOM_BITS_ENTRIES,
  BLOOM_BITS_KEY,
  BLOOM_BITS_LENGTH,
  BLOOM_BITS_PLACES,
  BLOOM_BITS_SIZE,
  INSTANCE_BLOOM_BITS,
  INSTANCE_HASH,
  INSTANCE_HASHES,
  INSTANCE_KECCAK,
  KNOWN_HASH_INPUT,
  KNOWN_HASH_MASK,
  KNOWN_HASH_SIZE,
} from "../src/layout";
import { copy32, sameKey32 } from "./keys";
import { area } from "./memory";

const ROUND_CONSTANTS: usize = memory.data<u64>([
  0x0000000000000001, 0x0000000000008082, 0x800000000000808a, 0x8000000080008000, 0x000000000000808b, 0x0000000080000001,
  0x8000000080008081, 0x8000000000008009, 0x000000000000008a, 0x0000000000000088, 0x0000000080008009, 0x000000008000000a,
  0x000000008000808b, 0x800000000000008b, 0x8000000000008089, 0x8000000000008003, 0x8000000000008002, 0x8000000000000080,
  0x000000000000800a, 0x800000008000000a, 0x8000000080008081, 0x8000000000008080, 0x0000000080000001, 0x8000000080008008,
]);

/** Bytes absorbed for one permutation. */
const RATE: u32 = 136;

/**
 * Keccak-f[1600]. Six of the lanes are complemented throughout, which leaves one NOT for most rows of chi instead of five, and two rounds are written
 * out, from the lanes a to the lanes e and back, each row of five (b) as it is needed.
 * PERF: 12 percent faster than one round over all lanes with chi as it is defined: V8 has registers for half of the lanes.
 */
function permute(state: u32): void {
  let a0 = load<u64>(state);
  let a1 = ~load<u64>(state, 8);
  let a2 = ~load<u64>(state, 16);
  let a3 = load<u64>(state, 24);
  let a4 = load<u64>(state, 32);
  let a5 = load<u64>(state, 40);
  let a6 = load<u64>(state, 48);
  let a7 = load<u64>(state, 56);
  let a8 = ~load<u64>(state, 64);
  let a9 = load<u64>(state, 72);
  let a10 = load<u64>(state, 80);
  let a11 = load<u64>(state, 88);
  let a12 = ~load<u64>(state, 96);
  let a13 = load<u64>(state, 104);
  let a14 = load<u64>(state, 112);
  let a15 = load<u64>(state, 120);
  let a16 = load<u64>(state, 128);
  let a17 = ~load<u64>(state, 136);
  let a18 = load<u64>(state, 144);
  let a19 = load<u64>(state, 152);
  let a20 = ~load<u64>(state, 160);
  let a21 = load<u64>(state, 168);
  let a22 = load<u64>(state, 176);
  let a23 = load<u64>(state, 184);
  let a24 = load<u64>(state, 192);
  let e0: u64, e1: u64, e2: u64, e3: u64, e4: u64;
  let e5: u64, e6: u64, e7: u64, e8: u64, e9: u64;
  let e10: u64, e11: u64, e12: u64, e13: u64, e14: u64;
  let e15: u64, e16: u64, e17: u64, e18: u64, e19: u64;
  let e20: u64, e21: u64, e22: u64, e23: u64, e24: u64;
  let b0: u64, b1: u64, b2: u64, b3: u64, b4: u64;
  let c0: u64, c1: u64, c2: u64, c3: u64, c4: u64;
  let d0: u64, d1: u64, d2: u64, d3: u64, d4: u64;
  let n: u64;
  const end = ROUND_CONSTANTS + 192;
  for (let rc = ROUND_CONSTANTS; rc < end; rc += 16) {
    c0 = a0 ^ a5 ^ a10 ^ a15 ^ a20;
    c1 = a1 ^ a6 ^ a11 ^ a16 ^ a21;
    c2 = a2 ^ a7 ^ a12 ^ a17 ^ a22;
    c3 = a3 ^ a8 ^ a13 ^ a18 ^ a23;
    c4 = a4 ^ a9 ^ a14 ^ a19 ^ a24;
    d0 = c4 ^ rotl<u64>(c1, 1);
    d1 = c0 ^ rotl<u64>(c2, 1);
    d2 = c1 ^ rotl<u64>(c3, 1);
    d3 = c2 ^ rotl<u64>(c4, 1);
    d4 = c3 ^ rotl<u64>(c0, 1);
    b0 = a0 ^ d0;
    b1 = rotl<u64>(a6 ^ d1, 44);
    b2 = rotl<u64>(a12 ^ d2, 43);
    b3 = rotl<u64>(a18 ^ d3, 21);
    b4 = rotl<u64>(a24 ^ d4, 14);
    e0 = b0 ^ (b1 | b2) ^ load<u64>(rc);
    e1 = b1 ^ (~b2 | b3);
    e2 = b2 ^ (b3 & b4);
    e3 = b3 ^ (b4 | b0);
    e4 = b4 ^ (b0 & b1);
    b0 = rotl<u64>(a3 ^ d3, 28);
    b1 = rotl<u64>(a9 ^ d4, 20);
    b2 = rotl<u64>(a10 ^ d0, 3);
    b3 = rotl<u64>(a16 ^ d1, 45);
    b4 = rotl<u64>(a22 ^ d2, 61);
    e5 = b0 ^ (b1 | b2);
    e6 = b1 ^ (b2 & b3);
    e7 = b2 ^ (b3 | ~b4);
    e8 = b3 ^ (b4 | b0);
    e9 = b4 ^ (b0 & b1);
    b0 = rotl<u64>(a1 ^ d1, 1);
    b1 = rotl<u64>(a7 ^ d2, 6);
    b2 = rotl<u64>(a13 ^ d3, 25);
    b3 = rotl<u64>(a19 ^ d4, 8);
    b4 = rotl<u64>(a20 ^ d0, 18);
    n = ~b3;
    e10 = b0 ^ (b1 | b2);
    e11 = b1 ^ (b2 & b3);
    e12 = b2 ^ (n & b4);
    e13 = n ^ (b4 | b0);
    e14 = b4 ^ (b0 & b1);
    b0 = rotl<u64>(a4 ^ d4, 27);
    b1 = rotl<u64>(a5 ^ d0, 36);
    b2 = rotl<u64>(a11 ^ d1, 10);
    b3 = rotl<u64>(a17 ^ d2, 15);
    b4 = rotl<u64>(a23 ^ d3, 56);
    n = ~b3;
    e15 = b0 ^ (b1 & b2);
    e16 = b1 ^ (b2 | b3);
    e17 = b2 ^ (n | b4);
    e18 = n ^ (b4 & b0);
    e19 = b4 ^ (b0 | b1);
    b0 = rotl<u64>(a2 ^ d2, 62);
    b1 = rotl<u64>(a8 ^ d3, 55);
    b2 = rotl<u64>(a14 ^ d4, 39);
    b3 = rotl<u64>(a15 ^ d0, 41);
    b4 = rotl<u64>(a21 ^ d1, 2);
    n = ~b1;
    e20 = b0 ^ (n & b2);
    e21 = n ^ (b2 | b3);
    e22 = b2 ^ (b3 & b4);
    e23 = b3 ^ (b4 | b0);
    e24 = b4 ^ (b0 & b1);
    c0 = e0 ^ e5 ^ e10 ^ e15 ^ e20;
    c1 = e1 ^ e6 ^ e11 ^ e16 ^ e21;
    c2 = e2 ^ e7 ^ e12 ^ e17 ^ e22;
    c3 = e3 ^ e8 ^ e13 ^ e18 ^ e23;
    c4 = e4 ^ e9 ^ e14 ^ e19 ^ e24;
    d0 = c4 ^ rotl<u64>(c1, 1);
    d1 = c0 ^ rotl<u64>(c2, 1);
    d2 = c1 ^ rotl<u64>(c3, 1);
    d3 = c2 ^ rotl<u64>(c4, 1);
    d4 = c3 ^ rotl<u64>(c0, 1);
    b0 = e0 ^ d0;
    b1 = rotl<u64>(e6 ^ d1, 44);
    b2 = rotl<u64>(e12 ^ d2, 43);
    b3 = rotl<u64>(e18 ^ d3, 21);
    b4 = rotl<u64>(e24 ^ d4, 14);
    a0 = b0 ^ (b1 | b2) ^ load<u64>(rc, 8);
    a1 = b1 ^ (~b2 | b3);
    a2 = b2 ^ (b3 & b4);
    a3 = b3 ^ (b4 | b0);
    a4 = b4 ^ (b0 & b1);
    b0 = rotl<u64>(e3 ^ d3, 28);
    b1 = rotl<u64>(e9 ^ d4, 20);
    b2 = rotl<u64>(e10 ^ d0, 3);
    b3 = rotl<u64>(e16 ^ d1, 45);
    b4 = rotl<u64>(e22 ^ d2, 61);
    a5 = b0 ^ (b1 | b2);
    a6 = b1 ^ (b2 & b3);
    a7 = b2 ^ (b3 | ~b4);
    a8 = b3 ^ (b4 | b0);
    a9 = b4 ^ (b0 & b1);
    b0 = rotl<u64>(e1 ^ d1, 1);
    b1 = rotl<u64>(e7 ^ d2, 6);
    b2 = rotl<u64>(e13 ^ d3, 25);
    b3 = rotl<u64>(e19 ^ d4, 8);
    b4 = rotl<u64>(e20 ^ d0, 18);
    n = ~b3;
    a10 = b0 ^ (b1 | b2);
    a11 = b1 ^ (b2 & b3);
    a12 = b2 ^ (n & b4);
    a13 = n ^ (b4 | b0);
    a14 = b4 ^ (b0 & b1);
    b0 = rotl<u64>(e4 ^ d4, 27);
    b1 = rotl<u64>(e5 ^ d0, 36);
    b2 = rotl<u64>(e11 ^ d1, 10);
    b3 = rotl<u64>(e17 ^ d2, 15);
    b4 = rotl<u64>(e23 ^ d3, 56);
    n = ~b3;
    a15 = b0 ^ (b1 & b2);
    a16 = b1 ^ (b2 | b3);
    a17 = b2 ^ (n | b4);
    a18 = n ^ (b4 & b0);
    a19 = b4 ^ (b0 | b1);
    b0 = rotl<u64>(e2 ^ d2, 62);
    b1 = rotl<u64>(e8 ^ d3, 55);
    b2 = rotl<u64>(e14 ^ d4, 39);
    b3 = rotl<u64>(e15 ^ d0, 41);
    b4 = rotl<u64>(e21 ^ d1, 2);
    n = ~b1;
    a20 = b0 ^ (n & b2);
    a21 = n ^ (b2 | b3);
    a22 = b2 ^ (b3 & b4);
    a23 = b3 ^ (b4 | b0);
    a24 = b4 ^ (b0 & b1);
  }
  store<u64>(state, a0);
  store<u64>(state, ~a1, 8);
  store<u64>(state, ~a2, 16);
  store<u64>(state, a3, 24);
  store<u64>(state, a4, 32);
  store<u64>(state, a5, 40);
  store<u64>(state, a6, 48);
  store<u64>(state, a7, 56);
  store<u64>(state, ~a8, 64);
  store<u64>(state, a9, 72);
  store<u64>(state, a10, 80);
  store<u64>(state, a11, 88);
  store<u64>(state, ~a12, 96);
  store<u64>(state, a13, 104);
  store<u64>(state, a14, 112);
  store<u64>(state, a15, 120);
  store<u64>(state, a16, 128);
  store<u64>(state, ~a17, 136);
  store<u64>(state, a18, 144);
  store<u64>(state, a19, 152);
  store<u64>(state, ~a20, 160);
  store<u64>(state, a21, 168);
  store<u64>(state, a22, 176);
  store<u64>(state, a23, 184);
  store<u64>(state, a24, 192);
}

/** Writes keccak-256 of `length` bytes at `data` (32 bytes) to `out`, which may overlap the input. */
export function keccak(data: u32, length: u32, out: u32): void {
  const state = area + INSTANCE_KECCAK;
  memory.fill(state, 0, 200);
  while (length >= RATE) {
    for (let i: u32 = 0; i < RATE; i += 8) store<u64>(state + i, load<u64>(state + i) ^ load<u64>(data + i));
    permute(state);
    data += RATE;
    length -= RATE;
  }
  let i: u32 = 0;
  for (; i + 8 <= length; i += 8) store<u64>(state + i, load<u64>(state + i) ^ load<u64>(data + i));
  for (; i < length; i++) store<u8>(state + i, load<u8>(state + i) ^ load<u8>(data + i));
  store<u8>(state + length, load<u8>(state + length) ^ 1);
  store<u8>(state, load<u8>(state, 135) ^ 0x80, 135);
  permute(state);
  memory.copy(out, state, 32);
}

/** Bytes that are hashed for the slot of a mapping's key: the key and the mapping's own slot. */
export const MAPPING_KEY: u32 = 64;

/**
 * ptr of keccak-256 of the 64 bytes at `data`. PERF: the same keys come again and again in a block, so each instance remembers what it has hashed, by the
 * input's bits: 10 ns instead of 300. Who makes inputs meet there gains nothing by it: they are compared whole.
 */
export function keccakOfKey(data: u32): u32 {
  const mixed =
    (load<u64>(data) ^ load<u64>(data, 32)) * 0x9e3779b97f4a7c15 +
    (load<u64>(data, 8) ^ load<u64>(data, 40)) * 0xc2b2ae3d27d4eb4f +
    (load<u64>(data, 16) ^ load<u64>(data, 48)) * 0x165667b19e3779f9 +
    (load<u64>(data, 24) ^ load<u64>(data, 56)) * 0xd6e8feb86659fd93;
  const known = area + INSTANCE_HASHES + (u32(mixed >> 40) & KNOWN_HASH_MASK) * KNOWN_HASH_SIZE;
  const input = known + KNOWN_HASH_INPUT;
  // No hash begins with eight zeros: then there is nothing yet.
  if (load<u64>(known) != 0 && sameKey32(input, data) && sameKey32(input + 32, data + 32)) return known;
  keccak(data, MAPPING_KEY, known);
  copy32(input, data);
  copy32(input + 32, data + 32);
  return known;
}

/** Adds one address or topic (20 or 32 bytes) to a log bloom of 256 bytes: three 11-bit places from its hash (Yellow Paper 4.4.1). */
export function bloomAdd(bloom: u32, data: u32, length: u32): void {
  const bits = bloomBits(data, length);
  for (let i: u32 = 0; i < 6; i += 2) {
    const place: u32 = load<u16>(bits + i, BLOOM_BITS_PLACES);
    const bit: u32 = 1 << (place & 7);
    const at = bloom + 255 - (place >> 3);
    store<u8>(at, load<u8>(at) | u8(bit));
  }
}

/** ptr of BLOOM_BITS_*. PERF: of a token transfer's log the contract and the event are those of the one before; a hash costs 0.3 microseconds. */
function bloomBits(data: u32, length: u32): u32 {
  const first = load<u64>(data);
  const second = load<u64>(data + 8);
  const third = length == 20 ? u64(load<u32>(data + 16)) : load<u64>(data + 16);
  const fourth = length == 20 ? 0 : load<u64>(data + 24);
  const mixed = (first ^ rotl<u64>(second, 21) ^ rotl<u64>(third, 42) ^ fourth) * 0x9e3779b97f4a7c15;
  const bits = area + INSTANCE_BLOOM_BITS + (u32(mixed >> 56) & (BLOOM_BITS_ENTRIES - 1)) * BLOOM_BITS_SIZE;
  if (
    load<u32>(bits, BLOOM_BITS_LENGTH) == length &&
    load<u64>(bits, BLOOM_BITS_KEY) == first &&
    load<u64>(bits, BLOOM_BITS_KEY + 8) == second &&
    load<u64>(bits, BLOOM_BITS_KEY + 16) == third &&
    load<u64>(bits, BLOOM_BITS_KEY + 24) == fourth
  ) {
    return bits;
  }
  const hash = area + INSTANCE_HASH;
  keccak(data, length, hash);
  for (let i: u32 = 0; i < 6; i += 2) store<u16>(bits + i, bswap<u16>(load<u16>(hash + i)) & 2047, BLOOM_BITS_PLACES);
  store<u32>(bits, length, BLOOM_BITS_LENGTH);
  store<u64>(bits, first, BLOOM_BITS_KEY);
  store<u64>(bits, second, BLOOM_BITS_KEY + 8);
  store<u64>(bits, third, BLOOM_BITS_KEY + 16);
  store<u64>(bits, fourth, BLOOM_BITS_KEY + 24);
  return bits;
}
