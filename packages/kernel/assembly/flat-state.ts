// FlatState: the parent state as hash tables in the state arena. Records are published whole by a compare-and-swap at the
// head of their bucket; a lost race rescans, so a key has one record. "Not here" is an answer of its own: it never means "absent".

import {
  CODE_BYTES,
  CODE_HASH,
  CODE_HASH_WORD,
  CODE_LENGTH,
  CODE_NEXT,
  CONFIG_FLAT_MASK,
  FLAT_ACCOUNT_ADDRESS,
  FLAT_ACCOUNT_BALANCE,
  FLAT_ACCOUNT_CODE_HASH,
  FLAT_ACCOUNT_FLAGS,
  FLAT_ACCOUNT_GENERATION,
  FLAT_ACCOUNT_HASH,
  FLAT_ACCOUNT_NEXT,
  FLAT_ACCOUNT_NONCE,
  FLAT_ACCOUNT_SIZE,
  FLAT_COMPLETE,
  FLAT_EXISTS,
  FLAT_HAS_STORAGE,
  FLAT_SLOT_ACCOUNT,
  FLAT_SLOT_GENERATION,
  FLAT_SLOT_HASH,
  FLAT_SLOT_KEY,
  FLAT_SLOT_NEXT,
  FLAT_SLOT_SIZE,
  FLAT_SLOT_VALUE,
  FLAT_ZERO_SLOT,
  WORD_HUGE_BALANCES,
} from "../src/layout";
import { copy32, hashAddress, hashKey32, sameAddress, sameKey32, zero32 } from "./keys";
import { allocState, emptyStateArena, flatBuckets, flatMask } from "./memory";

// @ts-ignore: decorator
@inline
function accountBucket(hash: u32): u32 {
  return flatBuckets + ((hash & flatMask) << 2);
}

// @ts-ignore: decorator
@inline
function slotBucket(hash: u32): u32 {
  return flatBuckets + ((flatMask + 1 + (hash & flatMask)) << 2);
}

// @ts-ignore: decorator
@inline
function codeBucket(hash: u32): u32 {
  return flatBuckets + (((flatMask + 1) * 2 + (hash & flatMask)) << 2);
}

function scanAccounts(from: u32, to: u32, hash: u32, address: u32): u32 {
  for (let record = from; record != to; record = load<u32>(record, FLAT_ACCOUNT_NEXT)) {
    if (load<u32>(record, FLAT_ACCOUNT_HASH) == hash && sameAddress(record + FLAT_ACCOUNT_ADDRESS, address)) return record;
  }
  return 0;
}

/** The record of an account, or 0 when nobody has put it yet. */
export function flatFindAccount(address: u32): u32 {
  const hash = hashAddress(address);
  return scanAccounts(atomic.load<u32>(accountBucket(hash)), 0, hash, address);
}

/** Inserts what the source says about an account; the first insert wins. Answers the record, or 0 when the state arena is full. */
export function flatPutAccount(address: u32, exists: u32, hasStorage: u32, nonce: u64, balance: u32, codeHash: u32): u32 {
  const hash = hashAddress(address);
  const bucket = accountBucket(hash);
  let head = atomic.load<u32>(bucket);
  let record = scanAccounts(head, 0, hash, address);
  if (record != 0) return record;
  const fresh = allocState(FLAT_ACCOUNT_SIZE);
  if (fresh == 0) return 0;
  store<u32>(fresh, hash, FLAT_ACCOUNT_HASH);
  memory.copy(fresh + FLAT_ACCOUNT_ADDRESS, address, 20);
  store<u32>(fresh, 0, FLAT_ACCOUNT_FLAGS);
  store<u32>(fresh, 0, FLAT_ACCOUNT_GENERATION);
  flatSetAccount(fresh, exists, hasStorage, nonce, balance, codeHash);
  // An account without storage has no slot that would have to be asked for.
  if (!exists || !hasStorage) store<u32>(fresh, load<u32>(fresh, FLAT_ACCOUNT_FLAGS) | FLAT_COMPLETE, FLAT_ACCOUNT_FLAGS);
  while (true) {
    store<u32>(fresh, head, FLAT_ACCOUNT_NEXT);
    const seen = atomic.cmpxchg<u32>(bucket, head, fresh);
    if (seen == head) return fresh;
    record = scanAccounts(seen, head, hash, address);
    if (record != 0) return record;
    head = seen;
  }
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
  store<u32>(record, load<u32>(record, FLAT_ACCOUNT_GENERATION) + 1, FLAT_ACCOUNT_GENERATION);
  store<u32>(record, (load<u32>(record, FLAT_ACCOUNT_FLAGS) | FLAT_COMPLETE) & ~FLAT_HAS_STORAGE, FLAT_ACCOUNT_FLAGS);
}

function scanSlots(from: u32, to: u32, hash: u32, account: u32, key: u32): u32 {
  for (let record = from; record != to; record = load<u32>(record, FLAT_SLOT_NEXT)) {
    if (
      load<u32>(record, FLAT_SLOT_HASH) == hash &&
      load<u32>(record, FLAT_SLOT_ACCOUNT) == account &&
      sameKey32(record + FLAT_SLOT_KEY, key)
    ) {
      return record;
    }
  }
  return 0;
}

// @ts-ignore: decorator
@inline
function current(record: u32, account: u32): u32 {
  return load<u32>(record, FLAT_SLOT_GENERATION) == load<u32>(account, FLAT_ACCOUNT_GENERATION) ? record : FLAT_ZERO_SLOT;
}

/** A record whose FLAT_SLOT_VALUE is the slot's value (FLAT_ZERO_SLOT when it is known to be zero), or 0 when it is unknown. */
export function flatFindSlot(account: u32, key: u32): u32 {
  const hash = hashKey32(key, account);
  const record = scanSlots(atomic.load<u32>(slotBucket(hash)), 0, hash, account, key);
  if (record != 0) return current(record, account);
  return load<u32>(account, FLAT_ACCOUNT_FLAGS) & FLAT_COMPLETE ? FLAT_ZERO_SLOT : 0;
}

/** Inserts what the source says about a slot; the first insert wins. Answers the record, or 0 when the state arena is full. */
export function flatPutSlot(account: u32, key: u32, value: u32): u32 {
  const record = findOrInsertSlot(account, key, value);
  return record != 0 ? current(record, account) : 0;
}

/** Quiescent. Overwrites a slot (or inserts it), as a committed block changed it. */
export function flatSetSlot(account: u32, key: u32, value: u32): u32 {
  const record = findOrInsertSlot(account, key, value);
  if (record == 0) return 0;
  store<u32>(record, load<u32>(account, FLAT_ACCOUNT_GENERATION), FLAT_SLOT_GENERATION);
  copy32(record + FLAT_SLOT_VALUE, value);
  return record;
}

function findOrInsertSlot(account: u32, key: u32, value: u32): u32 {
  const hash = hashKey32(key, account);
  const bucket = slotBucket(hash);
  let head = atomic.load<u32>(bucket);
  let record = scanSlots(head, 0, hash, account, key);
  if (record != 0) return record;
  const fresh = allocState(FLAT_SLOT_SIZE);
  if (fresh == 0) return 0;
  store<u32>(fresh, hash, FLAT_SLOT_HASH);
  store<u32>(fresh, account, FLAT_SLOT_ACCOUNT);
  store<u32>(fresh, load<u32>(account, FLAT_ACCOUNT_GENERATION), FLAT_SLOT_GENERATION);
  copy32(fresh + FLAT_SLOT_KEY, key);
  copy32(fresh + FLAT_SLOT_VALUE, value);
  while (true) {
    store<u32>(fresh, head, FLAT_SLOT_NEXT);
    const seen = atomic.cmpxchg<u32>(bucket, head, fresh);
    if (seen == head) return fresh;
    record = scanSlots(seen, head, hash, account, key);
    if (record != 0) return record;
    head = seen;
  }
}

function scanCodes(from: u32, to: u32, hash: u32, codeHash: u32): u32 {
  for (let record = from; record != to; record = load<u32>(record, CODE_NEXT)) {
    if (load<u32>(record, CODE_HASH_WORD) == hash && sameKey32(record + CODE_HASH, codeHash)) return record;
  }
  return 0;
}

/** The record of a code (CODE_LENGTH, CODE_BYTES), or 0 when nobody has put it yet. */
export function findCode(codeHash: u32): u32 {
  const hash = hashKey32(codeHash, 0);
  return scanCodes(atomic.load<u32>(codeBucket(hash)), 0, hash, codeHash);
}

/** Copies a code into the state arena; the first insert wins. Answers the record, or 0 when the state arena is full. */
export function putCode(codeHash: u32, code: u32, length: u32): u32 {
  const hash = hashKey32(codeHash, 0);
  const bucket = codeBucket(hash);
  let head = atomic.load<u32>(bucket);
  let record = scanCodes(head, 0, hash, codeHash);
  if (record != 0) return record;
  const fresh = allocState(CODE_BYTES + length);
  if (fresh == 0) return 0;
  store<u32>(fresh, hash, CODE_HASH_WORD);
  copy32(fresh + CODE_HASH, codeHash);
  store<u32>(fresh, length, CODE_LENGTH);
  memory.copy(fresh + CODE_BYTES, code, length);
  while (true) {
    store<u32>(fresh, head, CODE_NEXT);
    const seen = atomic.cmpxchg<u32>(bucket, head, fresh);
    if (seen == head) return fresh;
    record = scanCodes(seen, head, hash, codeHash);
    if (record != 0) return record;
    head = seen;
  }
}

/** Quiescent. Forgets the whole state cache. Records of the block that point into it must be dropped too (resetBlock). */
export function resetState(): void {
  emptyStateArena();
  memory.fill(flatBuckets, 0, (load<u32>(CONFIG_FLAT_MASK) + 1) * 12);
  store<u32>(WORD_HUGE_BALANCES, 0);
}
