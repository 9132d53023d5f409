// MultiVersionMemory: for every location that the block touches, the values its units wrote, newest first.
// A list is insert-only and ordered by descending unit (Harris' list without deletion). Value records are immutable: a change
// stores another pointer into the entry's data word, so a reader sees the old value or the new one, never a mixture.

import {
  ACCOUNT_ADDRESS,
  ACCOUNT_BALANCE,
  ACCOUNT_CODE_HASH,
  ACCOUNT_FLAT,
  ACCOUNT_HASH,
  ACCOUNT_LIST_NEXT,
  ACCOUNT_NEXT,
  ACCOUNT_NONCE,
  ACCOUNT_SIZE,
  ACCOUNT_SLOTS,
  ACCOUNT_STORAGE_RESET,
  ENTRY_DATA,
  ENTRY_NEXT,
  ENTRY_SIZE,
  ENTRY_UNIT,
  ESTIMATE_TAG,
  FLAT_ACCOUNT_BALANCE,
  FLAT_ACCOUNT_CODE_HASH,
  FLAT_ACCOUNT_NONCE,
  FLAT_SLOT_VALUE,
  INSTANCE_SUM,
  KIND_VALUE,
  LOCATION_BALANCE,
  LOCATION_KIND_MASK,
  LOCATION_NONCE,
  LOCATION_STORAGE,
  LOCATION_STORAGE_RESET,
  READ_ESTIMATE,
  READ_MISSING,
  READ_OK,
  SLOT_ACCOUNT,
  SLOT_FLAT,
  SLOT_HASH,
  SLOT_HEAD,
  SLOT_HEAT,
  SLOT_KEY,
  SLOT_LIST_NEXT,
  SLOT_NEXT,
  SLOT_SIZE,
  VALUE_KIND,
  VALUE_LIMBS,
  WORD_ACCOUNT_COUNT,
  WORD_SLOT_COUNT,
} from "../src/layout";
import { flatFindAccount, flatFindSlot } from "./flat-state";
import { add256, copy32, hashAddress, hashKey32, sameAddress, sameKey32, zero32 } from "./keys";
import { allocBlock, area, blockBuckets, blockMask, codeMask } from "./memory";
import { sortRecords } from "./sort";

// @ts-ignore: decorator
@inline
function accountBucket(hash: u32): u32 {
  return blockBuckets + ((hash & blockMask) << 2);
}

// @ts-ignore: decorator
@inline
function slotBucket(hash: u32): u32 {
  return blockBuckets + ((blockMask + 1 + (hash & blockMask)) << 2);
}

function scanAccounts(from: u32, to: u32, hash: u32, address: u32): u32 {
  for (let record = from; record != to; record = load<u32>(record, ACCOUNT_NEXT)) {
    if (load<u32>(record, ACCOUNT_HASH) == hash && sameAddress(record + ACCOUNT_ADDRESS, address)) return record;
  }
  return 0;
}

/** HOT. Finds or creates the record of the account whose 20 address bytes are at scratch; 0 when the block arena is full. */
export function account(): u32 {
  const address = area;
  const hash = hashAddress(address);
  const bucket = accountBucket(hash);
  let head = atomic.load<u32>(bucket);
  let record = scanAccounts(head, 0, hash, address);
  if (record != 0) return record;
  const fresh = allocBlock(ACCOUNT_SIZE, 64);
  if (fresh == 0) return 0;
  memory.fill(fresh, 0, ACCOUNT_SIZE);
  store<u32>(fresh, hash, ACCOUNT_HASH);
  memory.copy(fresh + ACCOUNT_ADDRESS, address, 20);
  store<u32>(fresh, flatFindAccount(address), ACCOUNT_FLAT);
  while (true) {
    store<u32>(fresh, head, ACCOUNT_NEXT);
    const seen = atomic.cmpxchg<u32>(bucket, head, fresh);
    if (seen == head) break;
    record = scanAccounts(seen, head, hash, address);
    if (record != 0) return record;
    head = seen;
  }
  atomic.add<u32>(WORD_ACCOUNT_COUNT, 1);
  return fresh;
}

function scanSlots(from: u32, to: u32, hash: u32, owner: u32, key: u32): u32 {
  for (let record = from; record != to; record = load<u32>(record, SLOT_NEXT)) {
    if (load<u32>(record, SLOT_HASH) == hash && load<u32>(record, SLOT_ACCOUNT) == owner && sameKey32(record + SLOT_KEY, key)) {
      return record;
    }
  }
  return 0;
}

/** HOT. Finds or creates the location of the account's slot whose 32 key bytes are at scratch; 0 when the block arena is full. */
export function slot(owner: u32): u32 {
  const key = area;
  const hash = hashKey32(key, owner);
  const bucket = slotBucket(hash);
  let head = atomic.load<u32>(bucket);
  let record = scanSlots(head, 0, hash, owner, key);
  if (record != 0) return record + SLOT_HEAD;
  const fresh = allocBlock(SLOT_SIZE, 64);
  if (fresh == 0) return 0;
  store<u32>(fresh, hash, SLOT_HASH);
  store<u32>(fresh, owner, SLOT_ACCOUNT);
  store<u32>(fresh, 0, SLOT_FLAT);
  store<u64>(fresh, 0, SLOT_HEAD);
  store<u32>(fresh, 0, SLOT_HEAT);
  copy32(fresh + SLOT_KEY, key);
  while (true) {
    store<u32>(fresh, head, SLOT_NEXT);
    const seen = atomic.cmpxchg<u32>(bucket, head, fresh);
    if (seen == head) break;
    record = scanSlots(seen, head, hash, owner, key);
    if (record != 0) return record + SLOT_HEAD;
    head = seen;
  }
  atomic.add<u32>(WORD_SLOT_COUNT, 1);
  return fresh + SLOT_HEAD;
}

/** The flat record of a block's account record, or 0 when nobody has put it yet. */
export function accountFlat(record: u32): u32 {
  let flat = load<u32>(record, ACCOUNT_FLAT);
  if (flat == 0) {
    flat = flatFindAccount(record + ACCOUNT_ADDRESS);
    // Whoever comes first caches it: every writer stores the same pointer.
    if (flat != 0) store<u32>(record, flat, ACCOUNT_FLAT);
  }
  return flat;
}

function flatSlotOf(record: u32): u32 {
  let flat = load<u32>(record, SLOT_FLAT);
  if (flat == 0) {
    const owner = accountFlat(load<u32>(record, SLOT_ACCOUNT));
    if (owner == 0) return 0;
    flat = flatFindSlot(owner, record + SLOT_KEY);
    if (flat != 0) store<u32>(record, flat, SLOT_FLAT);
  }
  return flat;
}

/** Writes the parent state's value of a location to `out`, or answers READ_MISSING. */
function base(location: u32, kind: u32, out: u32): i32 {
  if (kind == LOCATION_STORAGE) {
    const flat = flatSlotOf(location - SLOT_HEAD);
    if (flat == 0) return READ_MISSING;
    copy32(out, flat + FLAT_SLOT_VALUE);
    return READ_OK;
  }
  const flat = accountFlat(location - kind);
  if (flat == 0) return READ_MISSING;
  if (kind == LOCATION_BALANCE) {
    copy32(out, flat + FLAT_ACCOUNT_BALANCE);
  } else if (kind == LOCATION_NONCE) {
    zero32(out);
    store<u64>(out, load<u64>(flat, FLAT_ACCOUNT_NONCE));
  } else {
    copy32(out, flat + FLAT_ACCOUNT_CODE_HASH);
  }
  return READ_OK;
}

/**
 * Resolves a location as `unit` has to see it: the newest VALUE below it plus the deltas above that one, else the base.
 * A storage reset is a floor under its account's slots: what was written before it counts no more and the base is zero; a slot
 * written by the resetting unit itself was written after the reset. `out` is written for READ_OK and READ_ESTIMATE only.
 */
export function resolve(location: u32, unit: u32, out: u32): i32 {
  const kind: u32 = location & LOCATION_KIND_MASK;
  if (kind == LOCATION_STORAGE_RESET) return resolveReset(location, unit, out);
  let floor: u32 = 0;
  let reset: u32 = 0; // data word of the reset that makes the floor
  if (kind == LOCATION_STORAGE) {
    let entry = atomic.load<u32>(load<u32>(location - SLOT_HEAD + SLOT_ACCOUNT) + ACCOUNT_STORAGE_RESET);
    while (entry != 0) {
      floor = load<u32>(entry, ENTRY_UNIT);
      reset = floor < unit ? atomic.load<u32>(entry, ENTRY_DATA) : 0;
      if (reset != 0) break;
      entry = atomic.load<u32>(entry, ENTRY_NEXT);
    }
    if (reset == 0) floor = 0;
  }
  let deltas: u32 = 0; // 0, the limbs of the only delta so far, or the sum of several
  let entry = atomic.load<u32>(location);
  while (entry != 0) {
    const writer = load<u32>(entry, ENTRY_UNIT);
    if (writer < floor) break;
    const data = writer < unit ? atomic.load<u32>(entry, ENTRY_DATA) : 0;
    if (data != 0) {
      if (data & ESTIMATE_TAG) {
        store<u32>(out, writer);
        return READ_ESTIMATE;
      }
      if (load<u32>(data, VALUE_KIND) == KIND_VALUE) {
        copy32(out, data + VALUE_LIMBS);
        if (deltas != 0) add256(out, deltas);
        return READ_OK;
      }
      deltas = addDelta(deltas, data + VALUE_LIMBS);
    }
    entry = atomic.load<u32>(entry, ENTRY_NEXT);
  }
  if (reset != 0) {
    if (reset & ESTIMATE_TAG) {
      store<u32>(out, floor);
      return READ_ESTIMATE;
    }
    zero32(out);
  } else {
    const status = base(location, kind, out);
    if (status != READ_OK) return status;
  }
  if (deltas != 0) add256(out, deltas);
  return READ_OK;
}

function resolveReset(location: u32, unit: u32, out: u32): i32 {
  let value: u64 = 0;
  for (let entry = atomic.load<u32>(location); entry != 0; entry = atomic.load<u32>(entry, ENTRY_NEXT)) {
    const writer = load<u32>(entry, ENTRY_UNIT);
    const data = writer < unit ? atomic.load<u32>(entry, ENTRY_DATA) : 0;
    if (data & ESTIMATE_TAG) {
      store<u32>(out, writer);
      return READ_ESTIMATE;
    }
    if (data != 0) {
      value = 1;
      break;
    }
  }
  zero32(out);
  store<u64>(out, value);
  return READ_OK;
}

function addDelta(sum: u32, limbs: u32): u32 {
  if (sum == 0) return limbs;
  const target = area + INSTANCE_SUM;
  if (sum != target) copy32(target, sum);
  add256(target, limbs);
  return target;
}

/** HOT. Writes the value of `location` as `unit` sees it (32 bytes) to scratch; READ_ESTIMATE: the blocking unit (u32). */
export function peek(location: u32, unit: u32): i32 {
  return resolve(location, unit, area);
}

/** The entry of `unit` at `location`, inserted empty when there is none; 0 when the block arena is full. */
export function entryOf(location: u32, unit: u32): u32 {
  let fresh: u32 = 0;
  while (true) {
    let link = location;
    let next = atomic.load<u32>(link);
    while (next != 0 && load<u32>(next) > unit) {
      link = next + ENTRY_NEXT;
      next = atomic.load<u32>(link);
    }
    if (next != 0 && load<u32>(next) == unit) return next;
    if (fresh == 0) {
      fresh = allocBlock(ENTRY_SIZE, 8);
      if (fresh == 0) return 0;
      store<u32>(fresh, unit, ENTRY_UNIT);
      store<u32>(fresh, 0, ENTRY_DATA);
    }
    store<u32>(fresh, next, ENTRY_NEXT);
    // Nothing is ever removed, so a link that did not change still is the right place; otherwise search again.
    if (atomic.cmpxchg<u32>(link, next, fresh) == next) return fresh;
  }
}

/** The first bucket from `bucket` on that holds anything, or `end`. PERF: most are empty after a small block, so they are looked at eight at a time. */
function filledBucket(bucket: u32, end: u32): u32 {
  while (bucket + 32 <= end) {
    if ((load<u64>(bucket) | load<u64>(bucket, 8) | load<u64>(bucket, 16) | load<u64>(bucket, 24)) != 0) break;
    bucket += 32;
  }
  while (bucket < end && load<u32>(bucket) == 0) bucket += 4;
  return bucket;
}

/**
 * Quiescent. Threads every account record into one list, ascending by address, and every slot record into its account's, ascending
 * by key; answers the first account.
 */
export function collectAccounts(): u32 {
  let first: u32 = 0;
  const slotBuckets = blockBuckets + ((blockMask + 1) << 2);
  const end = slotBuckets + ((blockMask + 1) << 2);
  for (let bucket = filledBucket(blockBuckets, slotBuckets); bucket < slotBuckets; bucket = filledBucket(bucket + 4, slotBuckets)) {
    for (let record = load<u32>(bucket); record != 0; record = load<u32>(record, ACCOUNT_NEXT)) {
      store<u32>(record, first, ACCOUNT_LIST_NEXT);
      store<u32>(record, 0, ACCOUNT_SLOTS);
      first = record;
    }
  }
  for (let bucket = filledBucket(slotBuckets, end); bucket < end; bucket = filledBucket(bucket + 4, end)) {
    for (let record = load<u32>(bucket); record != 0; record = load<u32>(record, SLOT_NEXT)) {
      const owner = load<u32>(record, SLOT_ACCOUNT);
      store<u32>(record, load<u32>(owner, ACCOUNT_SLOTS), SLOT_LIST_NEXT);
      store<u32>(owner, record, ACCOUNT_SLOTS);
    }
  }
  for (let record = first; record != 0; record = load<u32>(record, ACCOUNT_LIST_NEXT))
    store<u32>(record, sortRecords(load<u32>(record, ACCOUNT_SLOTS), SLOT_LIST_NEXT, SLOT_KEY, 32), ACCOUNT_SLOTS);
  return sortRecords(first, ACCOUNT_LIST_NEXT, ACCOUNT_ADDRESS, 20);
}

/** Quiescent. Empties the block's tables. PERF: clears the bucket arrays only, about 1 microsecond at their default size. */
export function emptyLocations(): void {
  memory.fill(blockBuckets, 0, (blockMask + 1) * 8 + (codeMask + 1) * 4);
  store<u32>(WORD_ACCOUNT_COUNT, 0);
  store<u32>(WORD_SLOT_COUNT, 0);
}

function clearList(location: u32, unit: u32): void {
  let entry = load<u32>(location);
  while (entry != 0 && load<u32>(entry) >= unit) {
    atomic.store<u32>(entry, 0, ENTRY_DATA);
    entry = load<u32>(entry, ENTRY_NEXT);
  }
}

/** Quiescent. Empties all entries of `unit` and above, also those that a dead worker had published but not yet listed anywhere. */
export function clearFrom(unit: u32): void {
  const buckets = blockMask + 1;
  for (let i: u32 = 0; i < buckets; i++) {
    for (let record = load<u32>(blockBuckets + (i << 2)); record != 0; record = load<u32>(record, ACCOUNT_NEXT)) {
      clearList(record + ACCOUNT_BALANCE, unit);
      clearList(record + ACCOUNT_NONCE, unit);
      clearList(record + ACCOUNT_CODE_HASH, unit);
      clearList(record + ACCOUNT_STORAGE_RESET, unit);
    }
    for (let record = load<u32>(blockBuckets + ((buckets + i) << 2)); record != 0; record = load<u32>(record, SLOT_NEXT)) {
      clearList(record + SLOT_HEAD, unit);
    }
  }
}
