// Lays out the shared memory: control block, an area for each instance, bucket tables, state arena, block arena.

import { KernelOptionsError } from "./errors.ts";
import {
  CHUNK_ENTRY_SIZE,
  CONFIG_BLOCK_BASE,
  CONFIG_BLOCK_BUCKETS,
  CONFIG_BLOCK_END,
  CONFIG_BLOCK_MASK,
  CONFIG_CHUNK_BITS,
  CONFIG_CHUNK_COUNT,
  CONFIG_CHUNK_TABLE,
  CONFIG_CODE_MASK,
  CONFIG_FLAT_BUCKETS,
  CONFIG_FLAT_MASK,
  CONFIG_HASH_SECRET,
  CONFIG_INSTANCE_BASE,
  CONFIG_INSTANCES,
  CONFIG_STATE_BASE,
  HASH_SECRET_WORDS,
  INSTANCE_STRIDE,
} from "./layout.ts";
import { Memory, type WasmMemory } from "./webassembly.ts";

const PAGE = 65536;
const ADDRESS_SPACE = 65536 * PAGE;
const INSTANCES = PAGE;
/** A bucket for each 128 bytes of the state arena, in which there is room for 1.1 to 1.6 records: it is nearly full most of the time. */
const BYTES_PER_BUCKET = 128;
/** Chunks of the state arena: at least 512 as long as they have 1 KiB or more, and 64 KiB at most, the room of two of the largest codes. */
const CHUNKS = 512;
const MIN_CHUNK_BITS = 10;
const MAX_CHUNK_BITS = 16;
/** 16,384 buckets for a block's accounts and as many for its slots: resetBlock clears them, so they are sized for ordinary blocks. */
const BLOCK_BUCKET_BITS = 14;
/** A block makes few codes: 1,024 buckets. */
const BLOCK_BUCKETS_PER_CODE_BUCKET = 16;

/** Sizes of the shared memory. Untouched pages cost nothing but address space. */
export interface KernelOptions {
  /** Bytes for what one block needs: versions, read and write sets, outcomes. Default 256 MiB. */
  blockArenaBytes?: number;
  /** Bytes for the cached parent state: accounts, slots, codes; what was not used lately makes room for more. Default 256 MiB. */
  stateArenaBytes?: number;
  /** Worker instances besides the main thread's. Default 16. */
  maxWorkers?: number;
  /** log2 of the number of hash buckets in every table; for tests that want long chains. */
  bucketBits?: number;
  /** Seed of the hash tables' secret; for tests. Default: a random secret, so that nobody can choose keys that collide. */
  hashSeed?: bigint;
}

/** A laid-out memory: what a worker needs to attach; survives `postMessage`. */
export interface KernelShared {
  memory: WasmMemory;
  maxWorkers: number;
  blockArenaBytes: number;
  stateArenaBytes: number;
}

const MIB = 1024 * 1024;

function roundUp(bytes: number): number {
  return Math.ceil(bytes / PAGE) * PAGE;
}

/** log2, rounded down, within bounds. */
function log2(value: number, min: number, max: number): number {
  return Math.min(max, Math.max(min, Math.floor(Math.log2(value))));
}

/** The secret words of the hash: random ones, or for tests what splitmix64 makes of a seed. */
function hashSecret(seed: bigint | undefined): BigUint64Array<ArrayBuffer> {
  const words = new BigUint64Array(HASH_SECRET_WORDS);
  if (seed === undefined) return crypto.getRandomValues(words);
  return words.map((_, i) => {
    let z = BigInt.asUintN(64, seed + BigInt(i + 1) * 0x9e3779b97f4a7c15n);
    z = BigInt.asUintN(64, (z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n);
    z = BigInt.asUintN(64, (z ^ (z >> 27n)) * 0x94d049bb133111ebn);
    return z ^ (z >> 31n);
  });
}

/**
 * Creates the shared memory at its full size and writes the configuration words.
 * @throws KernelOptionsError when it would exceed 4 GiB
 */
export function createMemory(options: KernelOptions): KernelShared {
  const { blockArenaBytes = 256 * MIB, stateArenaBytes = 256 * MIB, maxWorkers = 16 } = options;
  const flatBuckets = 1 << (options.bucketBits ?? log2(stateArenaBytes / BYTES_PER_BUCKET, 0, 30));
  const blockBuckets = 1 << (options.bucketBits ?? BLOCK_BUCKET_BITS);

  const flatTable = INSTANCES + roundUp((maxWorkers + 1) * INSTANCE_STRIDE);
  const codeBuckets = Math.max(1, blockBuckets / BLOCK_BUCKETS_PER_CODE_BUCKET);
  const chunkBits = log2(stateArenaBytes / CHUNKS, MIN_CHUNK_BITS, MAX_CHUNK_BITS);
  const chunkCount = Math.floor(stateArenaBytes / 2 ** chunkBits);

  const blockTable = flatTable + roundUp(flatBuckets * 4);
  const chunkTable = blockTable + roundUp(blockBuckets * 8 + codeBuckets * 4);
  const stateBase = chunkTable + roundUp(chunkCount * CHUNK_ENTRY_SIZE);
  const blockBase = stateBase + roundUp(stateArenaBytes);
  const end = blockBase + roundUp(blockArenaBytes);
  // The last page stays unused: the end of the arena must itself be a 32-bit number.
  if (end > ADDRESS_SPACE - PAGE) throw new KernelOptionsError(end);

  const pages = end / PAGE;
  const memory = new Memory({ initial: pages, maximum: pages, shared: true });
  const words = new Uint32Array(memory.buffer);
  const set = (address: number, value: number) => {
    words[address >>> 2] = value;
  };
  set(CONFIG_INSTANCES, maxWorkers + 1);
  set(CONFIG_INSTANCE_BASE, INSTANCES);
  set(CONFIG_STATE_BASE, stateBase);
  set(CONFIG_BLOCK_BASE, blockBase);
  set(CONFIG_BLOCK_END, blockBase + blockArenaBytes);
  set(CONFIG_FLAT_BUCKETS, flatTable);
  set(CONFIG_FLAT_MASK, flatBuckets - 1);
  set(CONFIG_BLOCK_BUCKETS, blockTable);
  set(CONFIG_BLOCK_MASK, blockBuckets - 1);
  set(CONFIG_CODE_MASK, codeBuckets - 1);
  set(CONFIG_CHUNK_BITS, chunkBits);
  set(CONFIG_CHUNK_COUNT, chunkCount);
  set(CONFIG_CHUNK_TABLE, chunkTable);
  new BigUint64Array(memory.buffer).set(hashSecret(options.hashSeed), CONFIG_HASH_SECRET >>> 3);
  return { memory, maxWorkers, blockArenaBytes, stateArenaBytes };
}
