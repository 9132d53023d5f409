// This instance's view of the memory map, the block arena, and the words that every part needs (fault, halt, wake).
// Globals are per instance: everything shared lives in memory, at the addresses of src/layout.ts.

import {
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
  CONFIG_INSTANCE_BASE,
  CONFIG_INSTANCES,
  CONFIG_STATE_BASE,
  FAULT_BLOCK_ARENA_FULL,
  HALT_FAULT,
  INSTANCE_BLOCK_CURSOR,
  INSTANCE_BLOCK_END,
  INSTANCE_EVM,
  INSTANCE_STRIDE,
  WORD_BLOCK_CURSOR,
  WORD_FAULT,
  WORD_HALT,
  WORD_WAITERS,
  WORD_WAKE,
} from "../src/layout";

/** Index of this instance; 0 is the main thread. */
export let self: u32 = 0;
/** This instance's area; it begins with its scratch. */
export let area: u32 = 0;
/** This instance's EVM: what EVM_* are offsets from. */
export let evm: u32 = 0;
export let flatBuckets: u32 = 0;
export let flatMask: u32 = 0;
export let blockBuckets: u32 = 0;
export let blockMask: u32 = 0;
export let codeMask: u32 = 0;
export let stateBase: u32 = 0;
export let chunkBits: u32 = 0;
export let chunkCount: u32 = 0;
export let chunkTable: u32 = 0;

/** Chunks keep instances off the shared cursor; larger allocations are taken from it directly. */
const CHUNK: u32 = 32768;
/** PERF: those of a block that has taken little so far are small: a block of one transaction, whose arena is copied with its result, needs 8 KB. */
const SMALL_CHUNK: u32 = 2048;
const LITTLE: u32 = 32768;

/** Binds this instance to its area. The configuration words must have been written. */
export function attach(instance: u32): u32 {
  self = instance;
  area = instanceArea(instance);
  evm = area + INSTANCE_EVM;
  flatBuckets = load<u32>(CONFIG_FLAT_BUCKETS);
  flatMask = load<u32>(CONFIG_FLAT_MASK);
  blockBuckets = load<u32>(CONFIG_BLOCK_BUCKETS);
  blockMask = load<u32>(CONFIG_BLOCK_MASK);
  codeMask = load<u32>(CONFIG_CODE_MASK);
  stateBase = load<u32>(CONFIG_STATE_BASE);
  chunkBits = load<u32>(CONFIG_CHUNK_BITS);
  chunkCount = load<u32>(CONFIG_CHUNK_COUNT);
  chunkTable = load<u32>(CONFIG_CHUNK_TABLE);
  return area;
}

export function instanceArea(instance: u32): u32 {
  return load<u32>(CONFIG_INSTANCE_BASE) + instance * INSTANCE_STRIDE;
}

export function instanceCount(): u32 {
  return load<u32>(CONFIG_INSTANCES);
}

/** Tells every waiting thread that there may be work. */
export function wake(): void {
  atomic.add<u32>(WORD_WAKE, 1);
  if (atomic.load<u32>(WORD_WAITERS) != 0) atomic.notify(WORD_WAKE, -1);
}

/** Stops the run; the first reason wins. Needs no lock, because a dead worker may hold it. */
export function halt(reason: u32, unit: u32): void {
  atomic.cmpxchg<u64>(WORD_HALT, 0, (u64(unit) << 32) | u64(reason));
  wake();
}

// @ts-ignore: decorator
@inline
export function halted(): bool {
  return atomic.load<u64>(WORD_HALT) != 0;
}

/** Halts the run because an arena is full; answers 0. */
export function fault(bit: u32): u32 {
  atomic.or<u32>(WORD_FAULT, bit);
  halt(HALT_FAULT, 0);
  return 0;
}

/** Takes `size` bytes from a shared cursor, 64-byte aligned; 0 when they do not fit. A failed attempt leaves the cursor alone. */
function take(cursor: u32, end: u32, size: u32): u32 {
  let current = atomic.load<u32>(cursor);
  while (true) {
    const start = (current + 63) & ~63;
    if (start < current || start > end || size > end - start) return 0;
    const seen = atomic.cmpxchg<u32>(cursor, current, start + size);
    if (seen == current) return start;
    current = seen;
  }
}

/** Bytes of the block arena, valid until resetBlock. `align` is a power of two up to 64. Answers 0, with fault and halt, when it is full. */
export function allocBlock(size: u32, align: u32): u32 {
  const start = (load<u32>(area + INSTANCE_BLOCK_CURSOR) + align - 1) & ~(align - 1);
  const end = load<u32>(area + INSTANCE_BLOCK_END);
  if (start <= end && size <= end - start) {
    store<u32>(area + INSTANCE_BLOCK_CURSOR, start + size);
    return start;
  }
  return allocBlockSlow(size, align);
}

function allocBlockSlow(size: u32, align: u32): u32 {
  const limit = load<u32>(CONFIG_BLOCK_END);
  const chunkSize = blockArenaUsed() < LITTLE ? SMALL_CHUNK : CHUNK;
  if (size <= chunkSize / 4) {
    const chunk = take(WORD_BLOCK_CURSOR, limit, chunkSize);
    if (chunk != 0) {
      store<u32>(area + INSTANCE_BLOCK_CURSOR, chunk + size);
      store<u32>(area + INSTANCE_BLOCK_END, chunk + chunkSize);
      return chunk;
    }
  }
  const start = take(WORD_BLOCK_CURSOR, limit, size);
  return start != 0 ? start : fault(FAULT_BLOCK_ARENA_FULL);
}

/** Bytes of the block arena for JavaScript, 8-aligned. */
export function alloc(size: u32): u32 {
  return allocBlock(size != 0 ? size : 8, 8);
}

/** Quiescent. Empties the block arena and takes back every instance's chunk. */
export function emptyBlockArena(): void {
  store<u32>(WORD_BLOCK_CURSOR, load<u32>(CONFIG_BLOCK_BASE));
  const count = instanceCount();
  for (let i: u32 = 0; i < count; i++) {
    store<u64>(instanceArea(i) + INSTANCE_BLOCK_CURSOR, 0);
  }
}

export function blockArenaUsed(): u32 {
  return atomic.load<u32>(WORD_BLOCK_CURSOR) - load<u32>(CONFIG_BLOCK_BASE);
}

/** End of the module's static data: it has to stay below the control block. */
export function heapBase(): u32 {
  return u32(__heap_base);
}
