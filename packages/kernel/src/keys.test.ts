// The hash against keys that somebody chose: chains must be as short as with random keys, whatever the seed. Measured in the block's
// tables, whose slots and addresses are hashed like those of the flat state.

import { bytesToHex, Random } from "@braid/primitives";
import { describe, expect, test } from "vitest";
import { keccak256 } from "./keccak256.ts";
import { Kernel } from "./kernel.ts";
import {
  ACCOUNT_NEXT,
  CONFIG_BLOCK_BUCKETS,
  CONFIG_BLOCK_MASK,
  SLOT_HASH,
  SLOT_HEAD,
  SLOT_NEXT,
} from "./layout.ts";

const BITS = 14;
/** As many as there are buckets. */
const KEYS = 1 << BITS;
const WORD = (1n << 64n) - 1n;
const MASK = (1n << 256n) - 1n;

/** 32 bytes whose 64-bit little-endian words, the hash's view of a key, are those of `value`, lowest first. */
function bytesOf(value: bigint): Uint8Array {
  const words = new BigUint64Array(4);
  for (let i = 0; i < 4; i++) words[i] = (value >> BigInt(64 * i)) & WORD;
  return new Uint8Array(words.buffer);
}

/** A storage slot as a contract counts them: 32 bytes, big-endian. */
function slotOf(value: bigint): Uint8Array {
  return bytesOf(value & MASK).reverse();
}

const random = new Random(7);
const randomKey = (): bigint => {
  let key = 0n;
  for (let i = 0; i < 16; i++) key = (key << 16n) | BigInt(random.below(1 << 16));
  return key;
};
const base = randomKey();
const list = (make: (i: number) => bigint): Uint8Array[] =>
  Array.from({ length: KEYS }, (_, i) => bytesOf(make(i) & MASK));

/** All subsets of 14 bits, flipped: the closest relatives that as many keys can have. */
const flips = (bits: number[]): Uint8Array[] =>
  list((i) => bits.reduce((key, bit, at) => key ^ (BigInt((i >> at) & 1) << BigInt(bit)), base));

/** The first 16,384 ways to flip `count` bits. */
function flipped(count: number): Uint8Array[] {
  const keys: Uint8Array[] = [];
  const choose = (from: number, left: number, key: bigint): void => {
    if (keys.length === KEYS) return;
    if (left === 0) keys.push(bytesOf(key));
    else for (let bit = from; bit < 256; bit++) choose(bit + 1, left - 1, key ^ (1n << BigInt(bit)));
  };
  choose(0, count, base);
  return keys;
}

/** 128 differences in the highest bits of one word, and all that a multiplication and a shift by 29 can make of them in the next one. */
const highBits = (word: number): Uint8Array[] =>
  list((i) => {
    const [a, b] = [BigInt(i & 127), BigInt(i >> 7)];
    return base ^ (((a << 57n) | (((b << 57n) | (b << 28n)) << 64n)) << BigInt(64 * word));
  });

const families: [string, Uint8Array[]][] = [
  ["random keys", list(() => randomKey())],
  ["slots of a mapping", Array.from({ length: KEYS }, (_, i) => keccak256(bytesOf(BigInt(i))))],
  ["high bits of the first word, made good in the second", highBits(0)],
  ["high bits of the second word, made good in the third", highBits(1)],
  ["high bits of the third word, made good in the last", highBits(2)],
  [
    "one bit in each word, highest",
    flips([63, 127, 191, 255, 62, 126, 190, 254, 61, 125, 189, 253, 60, 124]),
  ],
  ["one bit in each half, highest", flips([31, 63, 95, 127, 159, 191, 223, 255, 30, 62, 94, 126, 158, 190])],
  ["one bit in each half, lowest", flips([0, 32, 64, 96, 128, 160, 192, 224, 1, 33, 65, 97, 129, 161])],
  ["two bits", flipped(2)],
  ["three bits", flipped(3)],
  ["slots that are counted up", Array.from({ length: KEYS }, (_, i) => slotOf(BigInt(i)))],
  ["slots from a hash on", Array.from({ length: KEYS }, (_, i) => slotOf(base + BigInt(i)))],
  ...[1, 14, 18, 31, 32, 50, 63, 64, 130, 192, 242].map((bit): [string, Uint8Array[]] => [
    `steps of 2^${bit}`,
    list((i) => BigInt(i) << BigInt(bit)),
  ]),
  ...[1, 2, 3].map((seed): [string, Uint8Array[]] => {
    const step = randomKey();
    return [`steps of a random number (${seed})`, list((i) => base + BigInt(i) * step)];
  }),
  ["halves that are all equal", list((i) => BigInt(i) * ((1n << 256n) / ((1n << 32n) - 1n)))],
  ["halves whose sum is zero", list((i) => BigInt(i) | (((1n << 32n) - BigInt(i)) << 32n))],
];

/** Do the keys differ in their first 20 bytes? */
function differAsAddresses(keys: Uint8Array[]): boolean {
  return new Set(keys.map((key) => bytesToHex(key.subarray(0, 20)))).size === KEYS;
}

interface Chains {
  /** Records that a look-up passes, in the mean over all keys. */
  mean: number;
  longest: number;
}

function chains(kernel: Kernel, table: number, next: number): Chains {
  const { u32 } = kernel;
  const buckets = (u32[CONFIG_BLOCK_MASK >>> 2] ?? 0) + 1;
  const first = ((u32[CONFIG_BLOCK_BUCKETS >>> 2] ?? 0) >>> 2) + table * buckets;
  let passed = 0;
  let records = 0;
  let longest = 0;
  for (let bucket = first; bucket < first + buckets; bucket++) {
    let length = 0;
    for (let at = u32[bucket] ?? 0; at !== 0; at = u32[(at + next) >>> 2] ?? 0) passed += ++length;
    records += length;
    longest = Math.max(longest, length);
  }
  expect(records).toBe(KEYS);
  return { mean: passed / records, longest };
}

/** Random keys pass 1.5 records in the mean, and one set in ten million has a chain of 14. */
function expectShort({ mean, longest }: Chains): void {
  expect(mean).toBeLessThan(1.6);
  expect(longest).toBeLessThan(14);
}

describe.each([0n, 1n, 0x9e3779b97f4a7c15n, (1n << 64n) - 1n])("with the seed %i", (hashSeed) => {
  const kernel = Kernel.create({
    maxWorkers: 1,
    blockArenaBytes: 8 << 20,
    stateArenaBytes: 1 << 20,
    bucketBits: BITS,
    hashSeed,
  });

  test.each(families)("slots: %s", (_name, keys) => {
    kernel.resetBlock(1);
    kernel.u8.fill(1, kernel.scratch, kernel.scratch + 20);
    const owner = kernel.account();
    for (const key of keys) {
      kernel.u8.set(key, kernel.scratch);
      kernel.slot(owner);
    }
    expectShort(chains(kernel, 1, SLOT_NEXT));
  });

  test("one slot of many accounts", () => {
    kernel.resetBlock(1);
    kernel.u8.fill(0, kernel.scratch, kernel.scratch + 32);
    for (let i = 0; i < KEYS; i++) kernel.slot(64 * (i + 1));
    expectShort(chains(kernel, 1, SLOT_NEXT));
  });

  // An address is as good as random bytes to whoever makes it, but for those of precompiles and what is written into a genesis file.
  test.each(families.filter(([, keys]) => differAsAddresses(keys)))("addresses: %s", (_name, keys) => {
    kernel.resetBlock(1);
    for (const key of keys) {
      kernel.u8.set(key.subarray(0, 20), kernel.scratch);
      kernel.account();
    }
    expectShort(chains(kernel, 0, ACCOUNT_NEXT));
  });
});

test("without a seed the secret is random", () => {
  const hashes = [0, 1].map(() => {
    const kernel = Kernel.create({ maxWorkers: 1, blockArenaBytes: 1 << 20, stateArenaBytes: 1 << 20 });
    kernel.u8.fill(0, kernel.scratch, kernel.scratch + 32);
    kernel.resetBlock(1);
    return Array.from({ length: 8 }, (_, i) => {
      kernel.u32[kernel.scratch >>> 2] = i;
      return kernel.u32[(kernel.slot(64) - SLOT_HEAD + SLOT_HASH) >>> 2];
    });
  });
  expect(hashes[0]).not.toEqual(hashes[1]);
});
