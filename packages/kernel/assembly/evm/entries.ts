// The accounts, slots and transient slots that an incarnation has met, and the table in which they are found: by the keys' hashes, which nobody
// can foresee (../keys.ts). An incarnation begins with an empty table because it has an epoch of its own.

import {
  ACCOUNT_ADDRESS,
  EVM_EPOCH,
  EVM_STACK,
  EVM_TABLE,
  EVM_TABLE_MASK,
  EXIT_FAULT,
  EXIT_UNSUPPORTED,
  SLOT_HEAD,
  SLOT_KEY,
} from "../../src/layout";
import { copy32, hashAddress, hashKey32, sameAddress, sameKey32, zero32 } from "../keys";
import { area, evm } from "../memory";
import { account, slot } from "../mv-memory";
import { entriesEnd, setEntriesEnd, stop } from "./machine";

/** What all entries begin with. */
export const ENTRY_HASH: u32 = 0;
export const ENTRY_KIND: u32 = 4; // KIND_*
export const ENTRY_NEXT: u32 = 8; // the next of its kind, in the order in which they were met
export const ENTRY_FLAGS: u32 = 12;
/** Where the journal was when its value was noted there last: once for each frame is enough. */
export const ENTRY_MARK: u32 = 16;

export const KIND_ACCOUNT: u32 = 1;
export const KIND_SLOT: u32 = 2;
export const KIND_TRANSIENT: u32 = 3;

export const A_RECORD: u32 = 20; // the account's record in the multi-version memory
export const A_NONCE_BASE: u32 = 24;
export const A_NONCE: u32 = 32;
export const A_CODE: u32 = 40; // ptr of its code's record once it was looked for; 0 when it was not
export const A_BALANCE_BASE: u32 = 48;
export const A_DELTA: u32 = 80; // on top of A_BALANCE_BASE or A_BALANCE, modulo 2^256: |delta| < 2^255
export const A_BALANCE: u32 = 112; // what it was set to
export const A_HASH_BASE: u32 = 144;
export const A_HASH: u32 = 176; // what it was set to
const ACCOUNT_ENTRY_SIZE: u32 = 208;

/** Flags of accounts. Known: resolved; observed: recorded as read exactly. */
export const A_LOADED: u32 = 1; // the base is in the cache, and was looked at
export const A_WARM: u32 = 2;
export const A_TOUCHED: u32 = 4;
export const A_DESTROYED: u32 = 8;
export const A_HAS_STORAGE: u32 = 16; // the state before the block has storage under this address
export const A_NONCE_KNOWN: u32 = 32;
export const A_NONCE_OBSERVED: u32 = 64;
export const A_NONCE_SET: u32 = 128;
export const A_BALANCE_KNOWN: u32 = 256;
export const A_BALANCE_OBSERVED: u32 = 512;
export const A_BALANCE_SET: u32 = 1024;
export const A_HASH_KNOWN: u32 = 2048;
export const A_HASH_SET: u32 = 4096;
export const A_CREATED: u32 = 8192; // by this unit: everything that its storage holds was written by this unit
export const A_SELF_DESTRUCTED: u32 = 16384;

export const S_LOCATION: u32 = 20;
export const S_ACCOUNT: u32 = 24; // its account's entry
export const S_ORIGINAL: u32 = 32; // before this unit: what EIP-2200 calls original
export const S_VALUE: u32 = 64;
const SLOT_ENTRY_SIZE: u32 = 96;

/** Flags of slots. */
export const S_LOADED: u32 = 1;
export const S_WARM: u32 = 2;

export const T_ACCOUNT: u32 = 24;
export const T_KEY: u32 = 32; // 32 bytes
export const T_VALUE: u32 = 64;
const TRANSIENT_ENTRY_SIZE: u32 = 96;

/** Three quarters of the table's places. */
const MAX_ENTRIES: u32 = ((EVM_TABLE_MASK + 1) / 4) * 3;

export let firstAccount: u32 = 0;
export let firstSlot: u32 = 0;
/** Their order is that in which they were met, backwards. */
let lastTransient: u32 = 0;
let lastAccount: u32 = 0;
let lastSlot: u32 = 0;
let count: u32 = 0;
let epoch: u32 = 0;

export function beginEntries(): void {
  firstAccount = 0;
  firstSlot = 0;
  lastAccount = 0;
  lastSlot = 0;
  lastTransient = 0;
  count = 0;
  epoch = load<u32>(evm + EVM_EPOCH) + 1;
  if (epoch == 0) {
    memory.fill(evm + EVM_TABLE, 0, (EVM_TABLE_MASK + 1) * 8);
    epoch = 1;
  }
  store<u32>(evm + EVM_EPOCH, epoch);
}

// @ts-ignore: decorator
@inline
function place(index: u32): u32 {
  return evm + EVM_TABLE + ((index & EVM_TABLE_MASK) << 3);
}

/** A new entry at a free place of the table; 0 when it does not fit. */
function newEntry(at: u32, hash: u32, kind: u32, size: u32): u32 {
  const entry = entriesEnd;
  if (count >= MAX_ENTRIES || entry + size > evm + EVM_STACK) {
    stop(EXIT_UNSUPPORTED);
    return 0;
  }
  count++;
  setEntriesEnd(entry + size);
  memory.fill(entry, 0, size);
  store<u32>(entry, hash, ENTRY_HASH);
  store<u32>(entry, kind, ENTRY_KIND);
  store<u32>(at, epoch);
  store<u32>(at, entry, 4);
  return entry;
}

/** The entry of the account whose 20 address bytes are at the instance's scratch, whether its base is in the cache or not; 0: the EVM stops. */
export function accountEntry(): u32 {
  const hash = hashAddress(area);
  let index = hash;
  let at = place(index);
  while (load<u32>(at) == epoch) {
    const entry = load<u32>(at, 4);
    if (
      load<u32>(entry, ENTRY_HASH) == hash &&
      load<u32>(entry, ENTRY_KIND) == KIND_ACCOUNT &&
      sameAddress(load<u32>(entry, A_RECORD) + ACCOUNT_ADDRESS, area)
    )
      return entry;
    at = place(++index);
  }
  const record = account();
  if (record == 0) {
    stop(EXIT_FAULT);
    return 0;
  }
  const entry = newEntry(at, hash, KIND_ACCOUNT, ACCOUNT_ENTRY_SIZE);
  if (entry == 0) return 0;
  store<u32>(entry, record, A_RECORD);
  if (lastAccount == 0) firstAccount = entry;
  else store<u32>(lastAccount, entry, ENTRY_NEXT);
  lastAccount = entry;
  return entry;
}

/** As accountEntry, for 20 bytes anywhere. */
export function accountEntryAt(address: u32): u32 {
  memory.copy(area, address, 20);
  return accountEntry();
}

/** The entry of the account's slot whose 32 key bytes are at the instance's scratch; 0: the EVM stops. */
export function slotEntry(owner: u32): u32 {
  const record = load<u32>(owner, A_RECORD);
  const hash = hashKey32(area, record);
  let index = hash;
  let at = place(index);
  while (load<u32>(at) == epoch) {
    const entry = load<u32>(at, 4);
    if (
      load<u32>(entry, ENTRY_HASH) == hash &&
      load<u32>(entry, ENTRY_KIND) == KIND_SLOT &&
      load<u32>(entry, S_ACCOUNT) == owner &&
      sameKey32(load<u32>(entry, S_LOCATION) - SLOT_HEAD + SLOT_KEY, area)
    )
      return entry;
    at = place(++index);
  }
  const location = slot(record);
  if (location == 0) {
    stop(EXIT_FAULT);
    return 0;
  }
  const entry = newEntry(at, hash, KIND_SLOT, SLOT_ENTRY_SIZE);
  if (entry == 0) return 0;
  store<u32>(entry, location, S_LOCATION);
  store<u32>(entry, owner, S_ACCOUNT);
  if (lastSlot == 0) firstSlot = entry;
  else store<u32>(lastSlot, entry, ENTRY_NEXT);
  lastSlot = entry;
  return entry;
}

/** The entry of the account's transient slot whose 32 key bytes are at the instance's scratch; 0: the EVM stops, or when it only looks, there is none. */
export function transientEntry(owner: u32, isRead: bool): u32 {
  const hash = hashKey32(area, ~load<u32>(owner, A_RECORD));
  let index = hash;
  let at = place(index);
  while (load<u32>(at) == epoch) {
    const entry = load<u32>(at, 4);
    if (
      load<u32>(entry, ENTRY_HASH) == hash &&
      load<u32>(entry, ENTRY_KIND) == KIND_TRANSIENT &&
      load<u32>(entry, T_ACCOUNT) == owner &&
      sameKey32(entry + T_KEY, area)
    )
      return entry;
    at = place(++index);
  }
  if (isRead) return 0;
  const entry = newEntry(at, hash, KIND_TRANSIENT, TRANSIENT_ENTRY_SIZE);
  if (entry == 0) return 0;
  store<u32>(entry, lastTransient, ENTRY_NEXT);
  lastTransient = entry;
  store<u32>(entry, owner, T_ACCOUNT);
  copy32(entry + T_KEY, area);
  zero32(entry + T_VALUE);
  return entry;
}

/** All transient slots are zero, as each message call from outside finds them. */
export function clearTransient(): void {
  for (let entry = lastTransient; entry != 0; entry = load<u32>(entry, ENTRY_NEXT)) zero32(entry + T_VALUE);
}

// @ts-ignore: decorator
@inline
export function has(entry: u32, flag: u32): bool {
  return (load<u32>(entry, ENTRY_FLAGS) & flag) != 0;
}

// @ts-ignore: decorator
@inline
export function raise(entry: u32, flag: u32): void {
  store<u32>(entry, load<u32>(entry, ENTRY_FLAGS) | flag, ENTRY_FLAGS);
}

// @ts-ignore: decorator
@inline
export function lower(entry: u32, flag: u32): void {
  store<u32>(entry, load<u32>(entry, ENTRY_FLAGS) & ~flag, ENTRY_FLAGS);
}
