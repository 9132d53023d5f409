// Codes by their hash: those of the parent state in the state arena, those that the block's units made in the block arena. An incarnation
// that is thrown away leaves nothing in the cache; what a block really made comes into it with the block's changes.

import {
  CODE_BYTES,
  CODE_HASH,
  CODE_LENGTH,
  FAULT_STATE_ARENA_FULL,
  FLAT_HASH,
  FLAT_KIND_CODE,
  FLAT_NEXT,
  FLAT_STAMP,
} from "../src/layout";
import { flatBucket, kindOf } from "./flat-state";
import { copy32, hashKey32, sameKey32 } from "./keys";
import { allocBlock, blockBuckets, blockMask, codeMask, fault } from "./memory";
import { codeRecordSize, jumpsOffset, newRecord, stamp } from "./state-arena";

// @ts-ignore: decorator
@inline
function blockBucket(hash: u32): u32 {
  return blockBuckets + (((blockMask + 1) * 2 + (hash & codeMask)) << 2);
}

function scanCodes(from: u32, to: u32, hash: u32, codeHash: u32): u32 {
  for (let record = from; record != to; record = load<u32>(record, FLAT_NEXT)) {
    if (
      load<u32>(record, FLAT_HASH) == hash &&
      kindOf(record) == FLAT_KIND_CODE &&
      sameKey32(record + CODE_HASH, codeHash)
    ) {
      return record;
    }
  }
  return 0;
}

/** The record of a code (CODE_LENGTH, CODE_BYTES), or 0 when nobody has put it yet. */
export function findCode(codeHash: u32): u32 {
  const hash = hashKey32(codeHash, 0);
  const record = scanCodes(atomic.load<u32>(flatBucket(hash)), 0, hash, codeHash);
  if (record == 0) return scanCodes(atomic.load<u32>(blockBucket(hash)), 0, hash, codeHash);
  stamp(record, FLAT_KIND_CODE);
  return record;
}

/** A record of the state arena for the caller to write `length` bytes into and then to add; 0 when the arena is full. */
export function newCode(codeHash: u32, length: u32): u32 {
  const record = newRecord(FLAT_KIND_CODE, codeRecordSize(length), length);
  if (record == 0) return fault(FAULT_STATE_ARENA_FULL);
  copy32(record + CODE_HASH, codeHash);
  clearEnd(record, length);
  return record;
}

/** The zeros behind the code; its jump destinations are not known. */
function clearEnd(record: u32, length: u32): void {
  const end = CODE_BYTES + length;
  memory.fill(record + end, 0, jumpsOffset(length) + 4 - end);
}

const JUMPDEST: u8 = 0x5b;
/** PUSH1 to PUSH32, 0x60 to 0x7f: by their highest three bits. */
const PUSHES: u8 = 0x60;
const PUSHES_MASK: u8 = 0xe0;

/** One bit for each of 32 bytes: is it `value` under the mask? */
// @ts-ignore: decorator
@inline
function bytesThatAre(low: v128, high: v128, value: u8, mask: u8): u32 {
  const masks = i8x16.splat(mask);
  const values = i8x16.splat(value);
  return (
    u32(i8x16.bitmask(i8x16.eq(v128.and(low, masks), values))) |
    (u32(i8x16.bitmask(i8x16.eq(v128.and(high, masks), values))) << 16)
  );
}

/**
 * Writes the bits of a code's jump destinations, word by word; up to 31 bytes behind the code are read.
 * PERF: 32 bytes at a time, and from push to push: a quarter of what a walk over the opcodes takes, where a processor guesses each one wrong.
 */
export function analyse(code: u32, length: u32, bits: u32): void {
  // Bytes from here on that are the data of a push.
  let skip: u32 = 0;
  for (let i: u32 = 0; i < length; i += 32) {
    const low = v128.load(code + i);
    const high = v128.load(code + i, 16);
    const opcodes: u32 = skip < 32 ? u32.MAX_VALUE << skip : 0;
    let jumps = bytesThatAre(low, high, JUMPDEST, 0xff) & opcodes;
    let pushes = bytesThatAre(low, high, PUSHES, PUSHES_MASK) & opcodes;
    skip = skip < 32 ? 0 : skip - 32;
    while (pushes != 0) {
      const at = u32(ctz(pushes));
      const end = at + u32(load<u8>(code + i + at)) - (PUSHES - 2);
      const before: u32 = (1 << at) - 1;
      if (end >= 32) {
        jumps &= before;
        skip = end - 32;
        break;
      }
      const behind: u32 = u32.MAX_VALUE << end;
      jumps &= before | behind;
      pushes &= behind;
    }
    store<u32>(bits + (i >> 3), jumps);
  }
}

/**
 * The jump destinations of a code (Yellow Paper section 9.4.3): one bit for each byte, in words of 32. Found when they are first asked for, kept
 * beside the code for all workers. Two that look for them at once write the same words.
 */
export function jumpsOf(record: u32): u32 {
  const length = load<u32>(record, CODE_LENGTH);
  const isKnown = record + jumpsOffset(length);
  const bits = isKnown + 4;
  if (atomic.load<u32>(isKnown) == 0) {
    analyse(record + CODE_BYTES, length, bits);
    atomic.store<u32>(isKnown, 1);
  }
  return bits;
}

/** Makes a written code known; the first one wins, and is answered. */
export function addCode(record: u32): u32 {
  const hash = hashKey32(record + CODE_HASH, 0);
  return link(flatBucket(hash), hash, record);
}

/** As newCode, of the block arena. */
export function newBlockCode(codeHash: u32, length: u32): u32 {
  const record = allocBlock(codeRecordSize(length), 8);
  if (record == 0) return 0;
  store<u32>(record, FLAT_KIND_CODE, FLAT_STAMP);
  store<u32>(record, length, CODE_LENGTH);
  copy32(record + CODE_HASH, codeHash);
  clearEnd(record, length);
  return record;
}

/** As addCode, for a record of the block arena. */
export function addBlockCode(record: u32): u32 {
  const hash = hashKey32(record + CODE_HASH, 0);
  return link(blockBucket(hash), hash, record);
}

function link(bucket: u32, hash: u32, record: u32): u32 {
  store<u32>(record, hash, FLAT_HASH);
  let head = atomic.load<u32>(bucket);
  let first = scanCodes(head, 0, hash, record + CODE_HASH);
  while (first == 0) {
    store<u32>(record, head, FLAT_NEXT);
    const seen = atomic.cmpxchg<u32>(bucket, head, record);
    if (seen == head) return record;
    first = scanCodes(seen, head, hash, record + CODE_HASH);
    head = seen;
  }
  return first;
}
