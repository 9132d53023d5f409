// Keeps the state arena from getting full. Between two blocks a few chunks at the tail of the ring are emptied: what was used lately
// moves to the head, the rest is dropped, so that the next reader asks the source again. The work is bounded by what the last block put in.
//
// What is dropped becomes "not here", and that must never be taken for "zero" or "absent": an account whose slots are all here ceases
// to be FLAT_COMPLETE with the first one that is dropped and not zero, and the answer ROOM_LOST says that the state as a whole is not
// complete any more.

import {
  CHUNK_FILL,
  CHUNK_FILLED,
  FLAT_ACCOUNT_FLAGS,
  FLAT_ACCOUNT_STORAGE,
  FLAT_COMPLETE,
  FLAT_EXISTS,
  FLAT_HASH,
  FLAT_KIND_ACCOUNT,
  FLAT_KIND_SLOT,
  FLAT_NEXT,
  FLAT_SLOT_KEY,
  FLAT_SLOT_STORAGE,
  FLAT_SLOT_VALUE,
  FLAT_STAMP,
  FLAT_ZERO_SLOT,
  ROOM_LEFT,
  ROOM_LOST,
  ROOM_MADE,
  WORD_FAULT,
  WORD_FLAT_NOW,
  WORD_HUGE_BALANCES,
  WORD_STATE_CREDIT,
  WORD_STATE_HEAD,
  WORD_STATE_SETTLED,
  WORD_STATE_TAIL,
  WORD_STORAGE_IDS,
} from "../src/layout";
import { flatBucket, kindOf } from "./flat-state";
import { hashKey32, sameKey32 } from "./keys";
import { chunkBits, chunkCount, flatBuckets, flatMask } from "./memory";
import {
  chunkAddress,
  chunkEntry,
  chunksOf,
  chunksUsed,
  emptyStateArena,
  newRecord,
  recordSize,
  releaseTail,
  retireChunk,
} from "./state-arena";

/** One chunk of four is kept free for what the next block puts in: enough for all that one of ordinary size can read. */
const FREE_SHARE: u32 = 2;
/**
 * Chunks that are emptied for each one that the last block took. At most three quarters of what is in them is kept in the long run, so
 * at least as much becomes free as was taken.
 */
const SWEEP: u32 = 4;
/**
 * What is wanted tends to stand together, because it was moved together. So what was not kept of the three quarters is kept in mind, up
 * to half of the arena: the quarter that is free lasts until the sweep has passed that.
 */
const CREDIT_SHARE: u32 = 1;
/** With an account go all its slots, so accounts are kept on credit, up to an eighth of the arena. */
const DEBT_SHARE: u32 = 3;
const NOW_MASK: u32 = 0x3fff_ffff;
/** Beyond, the state is reset, because the numbers of storages must not begin again while slots bear them. */
const MAX_STORAGE_ID: u32 = 0x8000_0000;

let answer: u32 = ROOM_LEFT;

function mostCredit(): i32 {
  return i32((chunkCount << chunkBits) >> CREDIT_SHARE);
}

/** Quiescent, between two blocks and before resetBlock, whose records point to what this moves. Answers ROOM_*. */
export function makeRoom(): u32 {
  const now = (load<u32>(WORD_FLAT_NOW) + 1) & NOW_MASK;
  store<u32>(WORD_FLAT_NOW, now);
  if (load<u32>(WORD_STORAGE_IDS) > MAX_STORAGE_ID) {
    resetState();
    return ROOM_LOST;
  }
  answer = ROOM_LEFT;
  const most = chunkCount - (chunkCount >> FREE_SHARE);
  let budget = i32((load<u32>(WORD_STATE_HEAD) - load<u32>(WORD_STATE_SETTLED)) * SWEEP);
  while (chunksUsed() > most && budget > 0) {
    if (answer == ROOM_LEFT) answer = ROOM_MADE;
    sweepTail(now);
    budget -= releaseTail();
  }
  store<u32>(WORD_STATE_SETTLED, load<u32>(WORD_STATE_HEAD));
  return answer;
}

function sweepTail(now: u32): void {
  const chunk = load<u32>(WORD_STATE_TAIL);
  retireChunk(chunk);
  const entry = chunkEntry(chunk);
  const filled = load<u32>(entry, CHUNK_FILLED);
  const fill = load<u32>(entry, CHUNK_FILL);
  const begin = chunkAddress(chunk);
  const end = begin + fill;
  const credit = i64(load<i32>(WORD_STATE_CREDIT)) + i64(((chunksOf(fill) << chunkBits) >> 2) * 3);
  store<i32>(WORD_STATE_CREDIT, i32(min(credit, i64(mostCredit()))));
  for (let record = begin; record < end; ) {
    const size = recordSize(record);
    // Used by another block after all of the chunk was put in.
    const used = ((load<u32>(record, FLAT_STAMP) >> 2) - filled) & NOW_MASK;
    sweepRecord(record, size, used != 0 && used <= ((now - filled) & NOW_MASK));
    record += size;
  }
}

function sweepRecord(record: u32, size: u32, wanted: bool): void {
  const link = linkTo(record);
  // A record that lost its race for the bucket, or whose writer died.
  if (link == 0) return;
  const kind = kindOf(record);
  if (kind == FLAT_KIND_SLOT) {
    const account = accountOf(record);
    if (account != 0) {
      if (wanted && keep(record, size, link, 0)) return;
      // A slot that is zero is as good as none.
      if (!sameKey32(record + FLAT_SLOT_VALUE, FLAT_ZERO_SLOT + FLAT_SLOT_VALUE)) {
        store<u32>(account, load<u32>(account, FLAT_ACCOUNT_FLAGS) & ~FLAT_COMPLETE, FLAT_ACCOUNT_FLAGS);
        answer = ROOM_LOST;
      }
    }
  } else if (kind == FLAT_KIND_ACCOUNT) {
    if (wanted && keep(record, size, link, i32((chunkCount << chunkBits) >> DEBT_SHARE))) return;
    if (load<u32>(record, FLAT_ACCOUNT_FLAGS) & FLAT_EXISTS) answer = ROOM_LOST;
  } else if (wanted && keep(record, size, link, 0)) return;
  store<u32>(link, load<u32>(record, FLAT_NEXT));
}

/** Moves a record to the head of the ring, unless too much was kept already. */
function keep(record: u32, size: u32, link: u32, debt: i32): bool {
  const credit = load<i32>(WORD_STATE_CREDIT) - i32(size);
  if (credit + debt < 0) return false;
  const fresh = newRecord(kindOf(record), size, 0);
  if (fresh == 0) return false;
  memory.copy(fresh, record, size);
  store<u32>(link, fresh);
  store<i32>(WORD_STATE_CREDIT, credit);
  return true;
}

/** The hash that picked a record's bucket. */
function bucketHash(record: u32): u32 {
  return kindOf(record) == FLAT_KIND_SLOT
    ? hashKey32(record + FLAT_SLOT_KEY, load<u32>(record, FLAT_SLOT_STORAGE))
    : load<u32>(record, FLAT_HASH);
}

/** The address of the word that leads to a record; 0 when none does. */
function linkTo(record: u32): u32 {
  let link = flatBucket(bucketHash(record));
  while (true) {
    const next = load<u32>(link);
    if (next == record || next == 0) return next != 0 ? link : 0;
    link = next + FLAT_NEXT;
  }
}

/** The account that a slot belongs to, or 0 when its storage is gone. */
function accountOf(slot: u32): u32 {
  const hash = load<u32>(slot, FLAT_HASH);
  const storage = load<u32>(slot, FLAT_SLOT_STORAGE);
  for (let record = load<u32>(flatBucket(hash)); record != 0; record = load<u32>(record, FLAT_NEXT)) {
    if (kindOf(record) == FLAT_KIND_ACCOUNT && load<u32>(record, FLAT_ACCOUNT_STORAGE) == storage) return record;
  }
  return 0;
}

/** Quiescent. Forgets the whole state cache. Records of the block that point into it must be dropped too (resetBlock). */
export function resetState(): void {
  const tableBytes = (flatMask + 1) << 2;
  // PERF: small states come and go by the thousand: their buckets are emptied one by one.
  if (chunksUsed() << chunkBits < tableBytes) emptyBuckets();
  else memory.fill(flatBuckets, 0, tableBytes);
  emptyStateArena();
  store<u32>(WORD_STATE_HEAD, 0);
  store<u32>(WORD_STATE_TAIL, 0);
  store<u32>(WORD_STATE_SETTLED, 0);
  store<i32>(WORD_STATE_CREDIT, mostCredit());
  store<u32>(WORD_STORAGE_IDS, 0);
  store<u32>(WORD_HUGE_BALANCES, 0);
  store<u32>(WORD_FAULT, 0);
}

function emptyBuckets(): void {
  const head = load<u32>(WORD_STATE_HEAD);
  for (let at = load<u32>(WORD_STATE_TAIL); at != head; ) {
    const chunk = at < chunkCount ? at : at - chunkCount;
    const fill = load<u32>(chunkEntry(chunk), CHUNK_FILL);
    const begin = chunkAddress(chunk);
    for (let record = begin; record < begin + fill; record += recordSize(record)) store<u32>(flatBucket(bucketHash(record)), 0);
    at += chunksOf(fill);
  }
}
