// The state arena: a ring of chunks. Records are appended to chunks at the head; between blocks makeRoom empties those at the tail.
// Each instance fills chunks of its own: one for accounts and slots, one for codes, which would leave too much of a common one empty.
//
// A chunk can be read record by record, whoever filled it: a record's kind and length are written before the chunk's fill takes it in,
// so what a dead worker left half done is a record that no bucket leads to.

import {
  CHUNK_ENTRY_SIZE,
  CHUNK_FILL,
  CHUNK_FILLED,
  CODE_BYTES,
  CODE_LENGTH,
  CODE_PADDING,
  FLAT_ACCOUNT_SIZE,
  FLAT_KIND_ACCOUNT,
  FLAT_KIND_CODE,
  FLAT_KIND_MASK,
  FLAT_KIND_SLOT,
  FLAT_SLOT_SIZE,
  FLAT_STAMP,
  INSTANCE_CODE_CHUNK,
  INSTANCE_RECORD_CHUNK,
  WORD_FLAT_NOW,
  WORD_STATE_HEAD,
  WORD_STATE_SETTLED,
  WORD_STATE_TAIL,
} from "../src/layout";
import { area, chunkBits, chunkCount, chunkTable, instanceArea, instanceCount, stateBase } from "./memory";

export function chunkEntry(chunk: u32): u32 {
  return chunkTable + chunk * CHUNK_ENTRY_SIZE;
}

export function chunkAddress(chunk: u32): u32 {
  return stateBase + (chunk << chunkBits);
}

/** Chunks that a fill of so many bytes takes. */
// @ts-ignore: decorator
@inline
export function chunksOf(bytes: u32): u32 {
  return bytes == 0 ? 1 : ((bytes - 1) >> chunkBits) + 1;
}

/** Where a record of a code says whether its jump destinations are known; the bits are behind it. */
export function jumpsOffset(length: u32): u32 {
  return (CODE_BYTES + length + CODE_PADDING + 3) & ~3;
}

export function codeRecordSize(length: u32): u32 {
  return (jumpsOffset(length) + 4 + (((length + 31) >> 5) << 2) + 7) & ~7;
}

export function recordSize(record: u32): u32 {
  const kind = load<u32>(record, FLAT_STAMP) & FLAT_KIND_MASK;
  if (kind == FLAT_KIND_SLOT) return FLAT_SLOT_SIZE;
  return kind == FLAT_KIND_ACCOUNT ? FLAT_ACCOUNT_SIZE : codeRecordSize(load<u32>(record, CODE_LENGTH));
}

/** What a record of this kind is stamped with when it is used now. */
// @ts-ignore: decorator
@inline
export function stampNow(kind: u32): u32 {
  return (load<u32>(WORD_FLAT_NOW) << 2) | kind;
}

/** Notes that the block uses the record. All threads store the same, and once is enough. */
// @ts-ignore: decorator
@inline
export function stamp(record: u32, kind: u32): void {
  const now = stampNow(kind);
  if (load<u32>(record, FLAT_STAMP) != now) store<u32>(record, now, FLAT_STAMP);
}

/** Takes chunks that stand side by side: the number of the first, plus 1; 0 when there are not so many. */
function takeChunks(count: u32): u32 {
  if (count > chunkCount) return 0;
  const end = load<u32>(WORD_STATE_TAIL) + chunkCount;
  let head = atomic.load<u32>(WORD_STATE_HEAD);
  while (true) {
    const chunk = head < chunkCount ? head : head - chunkCount;
    // Those that are passed over at the end of the arena stay empty.
    const passed = count > chunkCount - chunk ? chunkCount - chunk : 0;
    if (passed + count > end - head) return 0;
    const seen = atomic.cmpxchg<u32>(WORD_STATE_HEAD, head, head + passed + count);
    if (seen == head) return (passed != 0 ? 0 : chunk) + 1;
    head = seen;
  }
}

/** A new record, stamped, that no bucket leads to yet; `length` is a code's. Answers 0 when the arena is full: whoever needs it halts the run. */
export function newRecord(kind: u32, size: u32, length: u32): u32 {
  const bytes: u32 = 1 << chunkBits;
  const current = area + (kind == FLAT_KIND_CODE ? INSTANCE_CODE_CHUNK : INSTANCE_RECORD_CHUNK);
  let chunk = load<u32>(current);
  if (chunk == 0 || size > bytes - load<u32>(chunkEntry(chunk - 1), CHUNK_FILL)) {
    chunk = takeChunks(chunksOf(size));
    if (chunk == 0) return 0;
    if (size <= bytes) store<u32>(current, chunk);
  }
  const entry = chunkEntry(chunk - 1);
  const fill = load<u32>(entry, CHUNK_FILL);
  const record = chunkAddress(chunk - 1) + fill;
  store<u32>(record, stampNow(kind), FLAT_STAMP);
  if (kind == FLAT_KIND_CODE) store<u32>(record, length, CODE_LENGTH);
  store<u32>(entry, fill + size, CHUNK_FILL);
  store<u32>(entry, load<u32>(WORD_FLAT_NOW), CHUNK_FILLED);
  return record;
}

/** Quiescent. Gives up the chunk at the tail, and those that its record reached into; answers how many. */
export function releaseTail(): u32 {
  const tail = load<u32>(WORD_STATE_TAIL);
  const entry = chunkEntry(tail);
  const count = chunksOf(load<u32>(entry, CHUNK_FILL));
  store<u32>(entry, 0, CHUNK_FILL);
  let next = tail + count;
  if (next >= chunkCount) {
    next -= chunkCount;
    store<u32>(WORD_STATE_HEAD, load<u32>(WORD_STATE_HEAD) - chunkCount);
    store<u32>(WORD_STATE_SETTLED, load<u32>(WORD_STATE_SETTLED) - chunkCount);
  }
  store<u32>(WORD_STATE_TAIL, next);
  return count;
}

/** Quiescent. No instance goes on filling this chunk. */
export function retireChunk(chunk: u32): void {
  const count = instanceCount();
  for (let i: u32 = 0; i < count; i++) {
    const instance = instanceArea(i);
    if (load<u32>(instance, INSTANCE_RECORD_CHUNK) == chunk + 1) store<u32>(instance, 0, INSTANCE_RECORD_CHUNK);
    if (load<u32>(instance, INSTANCE_CODE_CHUNK) == chunk + 1) store<u32>(instance, 0, INSTANCE_CODE_CHUNK);
  }
}

/** Quiescent. Empties the arena and takes back every instance's chunks. */
export function emptyStateArena(): void {
  while (load<u32>(WORD_STATE_TAIL) != load<u32>(WORD_STATE_HEAD)) releaseTail();
  const count = instanceCount();
  for (let i: u32 = 0; i < count; i++) {
    store<u32>(instanceArea(i), 0, INSTANCE_RECORD_CHUNK);
    store<u32>(instanceArea(i), 0, INSTANCE_CODE_CHUNK);
  }
}

/** Chunks in use. */
export function chunksUsed(): u32 {
  return atomic.load<u32>(WORD_STATE_HEAD) - load<u32>(WORD_STATE_TAIL);
}

/** Bytes in use, in whole chunks. */
export function stateArenaUsed(): u32 {
  return chunksUsed() << chunkBits;
}
