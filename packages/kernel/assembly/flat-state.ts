// FlatState: the parent state in one hash table over the state arena. Records are published whole by a compare-and-swap at the
// head of their bucket; a lost race rescans, so a key has one record. "Not here" is an answer of its own: it never means "absent".
//
// Slots do not point to their account but bear the number of its storage, which no other storage ever has. So accounts can be moved
// and dropped without touching their slots: the slots of a storage that is gone (wiped, or of an account that was dropped) are not
// found any more, and makeRoom drops them when it comes by.

import {
  FLAT_ACCOUNT_ADDRESS,
  FLAT_ACCOUNT_BALANCE,
  FLAT_ACCOUNT_CODE_HASH,
  FLAT_ACCOUNT_FLAGS,
  FLAT_ACCOUNT_NONCE,
  FLAT_ACCOUNT_SIZE,
  FLAT_ACCOUNT_STORAGE,
  FLAT_COMPLETE,
  FLAT_EXISTS,
  FLAT_HAS_STORAGE,
  FLAT_HASH,
  FLAT_KIND_ACCOUNT,
  FLAT_KIND_MASK,
  FLAT_KIND_SLOT,
  FLAT_NEXT,
  FLAT_SLOT_KEY,
  FLAT_SLOT_SIZE,
  FLAT_SLOT_STORAGE,
  FLAT_SLOT_VALUE,
  FLAT_STAMP,
  FLAT_ZERO_SLOT,
  FAULT_STATE_ARENA_FULL,
  WORD_HUGE_BALANCES,
  WORD_STORAGE_IDS,
} from "../src/layout";
import { copy32, hashAddress, hashKey32, sameAddress, sameKey32, zero32 } from "./keys";
import { fault, flatBuckets, flatMask } from "./memory";
import { newRecord, stamp } from "./state-arena";

// @ts-ignore: decorator
@inline
export function flatBucket(hash: u32): u32 {
  return flatBuckets + ((hash & flatMask) << 2);
}

// @ts-ignore: decorator
@inline
export function kindOf(record: u32): u32 {
  return load<u32>(record, FLAT_STAMP) & FLAT_KIND_MASK;
}

function scanAccounts(from: u32, to: u32, hash: u32, address: u32): u32 {
  for (let record = from; record != to; record = load<u32>(record, FLAT_NEXT)) {
    if (
      load<u32>(record, FLAT_HASH) == hash &&
      kindOf(record) == FLAT_KIND_ACCOUNT &&
      sameAddress(record + FLAT_ACCOUNT_ADDRESS, address)
    ) {
      return record;
    }
  }
  return 0;
}

/** The record of an account, or 0 when nobody has put it yet. */
export function flatFindAccount(address: u32): u32 {
  const hash = hashAddress(address);
  const record = scanAccounts(atomic.load<u32>(flatBucket(hash)), 0, hash, address);
  if (record != 0) stamp(record, FLAT_KIND_ACCOUNT);
  return record;
}

/** Inserts what the source says about an account; the first insert wins. Answers the record, or 0 when the state arena is full. */
export function flatPutAccount(address: u32, exists: u32, hasStorage: u32, nonce: u64, balance: u32, codeHash: u32): u32 {
  const hash = hashAddress(address);
  const bucket = flatBucket(hash);
  let head = atomic.load<u32>(bucket);
  let record = scanAccounts(head, 0, hash, address);
  if (record != 0) return record;
  const fresh = newRecord(FLAT_KIND_ACCOUNT, FLAT_ACCOUNT_SIZE, 0);
  if (fresh == 0) return fault(FAULT_STATE_ARENA_FULL);
  store<u32>(fresh, hash, FLAT_HASH);
  memory.copy(fresh + FLAT_ACCOUNT_ADDRESS, address, 20);
  store<u32>(fresh, 0, FLAT_ACCOUNT_FLAGS);
  store<u32>(fresh, newStorage(), FLAT_ACCOUNT_STORAGE);
  flatSetAccount(fresh, exists, hasStorage, nonce, balance, codeHash);
  // An account without storage has no slot that would have to be asked for.
  if (!exists || !hasStorage) store<u32>(fresh, load<u32>(fresh, FLAT_ACCOUNT_FLAGS) | FLAT_COMPLETE, FLAT_ACCOUNT_FLAGS);
  while (true) {
    store<u32>(fresh, head, FLAT_NEXT);
    const seen = atomic.cmpxchg<u32>(bucket, head, fresh);
    if (seen == head) return fresh;
    record = scanAccounts(seen, head, hash, address);
    if (record != 0) return record;
    head = seen;
  }
}

/** A number that no storage has had since the state was reset; makeRoom resets it long before they run out. */
function newStorage(): u32 {
  return atomic.add<u32>(WORD_STORAGE_IDS, 1) + 1;
}

/** Quiescent. Overwrites an account in place, as a committed block changed it. What is known about its slots stays. */
export function flatSetAccount(record: u32, exists: u32, hasStorage: u32, nonce: u64, balance: u32, codeHash: u32): void {
  const complete = load<u32>(record, FLAT_ACCOUNT_FLAGS) & FLAT_COMPLETE;
  if (exists) {
    store<u32>(record, complete | FLAT_EXISTS | (hasStorage ? FLAT_HAS_STORAGE : 0), FLAT_ACCOUNT_FLAGS);
    store<u64>(record, nonce, FLAT_ACCOUNT_NONCE);
    copy32(record + FLAT_ACCOUNT_BALANCE, balance);
    copy32(record + FLAT_ACCOUNT_CODE_HASH, codeHash);
    if (load<u64>(balance, 24) >= 256) atomic.store<u32>(WORD_HUGE_BALANCES, 1);
  } else {
    store<u32>(record, complete, FLAT_ACCOUNT_FLAGS);
    store<u64>(record, 0, FLAT_ACCOUNT_NONCE);
    zero32(record + FLAT_ACCOUNT_BALANCE);
    zero32(record + FLAT_ACCOUNT_CODE_HASH);
  }
}

/** Quiescent. Every slot of the account is zero from now on, whether it was ever inserted or not. */
export function flatWipeStorage(record: u32): void {
  store<u32>(record, newStorage(), FLAT_ACCOUNT_STORAGE);
  store<u32>(record, (load<u32>(record, FLAT_ACCOUNT_FLAGS) | FLAT_COMPLETE) & ~FLAT_HAS_STORAGE, FLAT_ACCOUNT_FLAGS);
}

function scanSlots(from: u32, to: u32, storage: u32, key: u32): u32 {
  for (let record = from; record != to; record = load<u32>(record, FLAT_NEXT)) {
    if (
      load<u32>(record, FLAT_SLOT_STORAGE) == storage &&
      kindOf(record) == FLAT_KIND_SLOT &&
      sameKey32(record + FLAT_SLOT_KEY, key)
    ) {
      return record;
    }
  }
  return 0;
}

/** A record whose FLAT_SLOT_VALUE is the slot's value (FLAT_ZERO_SLOT when it is known to be zero), or 0 when it is unknown. */
export function flatFindSlot(account: u32, key: u32): u32 {
  const storage = load<u32>(account, FLAT_ACCOUNT_STORAGE);
  const record = scanSlots(atomic.load<u32>(flatBucket(hashKey32(key, storage))), 0, storage, key);
  if (record != 0) {
    stamp(record, FLAT_KIND_SLOT);
    return record;
  }
  return load<u32>(account, FLAT_ACCOUNT_FLAGS) & FLAT_COMPLETE ? FLAT_ZERO_SLOT : 0;
}

/** Inserts what the source says about a slot; the first insert wins. Answers the record, or 0 when the state arena is full. */
export function flatPutSlot(account: u32, key: u32, value: u32): u32 {
  const storage = load<u32>(account, FLAT_ACCOUNT_STORAGE);
  const bucket = flatBucket(hashKey32(key, storage));
  let head = atomic.load<u32>(bucket);
  let record = scanSlots(head, 0, storage, key);
  if (record != 0) return record;
  const fresh = newRecord(FLAT_KIND_SLOT, FLAT_SLOT_SIZE, 0);
  if (fresh == 0) return fault(FAULT_STATE_ARENA_FULL);
  store<u32>(fresh, load<u32>(account, FLAT_HASH), FLAT_HASH);
  store<u32>(fresh, storage, FLAT_SLOT_STORAGE);
  copy32(fresh + FLAT_SLOT_KEY, key);
  copy32(fresh + FLAT_SLOT_VALUE, value);
  while (true) {
    store<u32>(fresh, head, FLAT_NEXT);
    const seen = atomic.cmpxchg<u32>(bucket, head, fresh);
    if (seen == head) return fresh;
    record = scanSlots(seen, head, storage, key);
    if (record != 0) return record;
    head = seen;
  }
}

/** Quiescent. Overwrites a slot (or inserts it), as a committed block changed it. Answers the record, or 0 when the state arena is full. */
export function flatSetSlot(account: u32, key: u32, value: u32): u32 {
  const record = flatPutSlot(account, key, value);
  if (record != 0) copy32(record + FLAT_SLOT_VALUE, value);
  return record;
}
