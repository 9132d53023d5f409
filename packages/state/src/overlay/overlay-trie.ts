// What was changed over a state that lies elsewhere: an immutable trie of accounts and slots, so that every former one stays readable and
// they share what they have in common.
//
// key                                            value
// keccak(address)                                flags (1 byte), generation (4), nonce (8), balance (32), code hash (32)
// keccak(address, generation, slot)              the slot's value (32); a zero over another storage is a value too
//
// An account's fields count where its flags say so; the others are those of the state below. A storage that is emptied gets the next
// generation: no key of an older one, nor the storage below, is seen any more.
import { bigIntToBytes32, bytesToBigInt, concatBytes } from "@braid/primitives";
import { EMPTY_CODE_HASH } from "../constants.ts";
import { keccak256 } from "../keccak.ts";
import {
  CHANGED_DELETED,
  CHANGED_HAS_BALANCE,
  CHANGED_HAS_CODE_HASH,
  CHANGED_HAS_NONCE,
  CHANGED_STORAGE_RESET,
  type StateChanges,
} from "../state-changes.ts";
import type { SourceAccount } from "../state-source.ts";
import { createsAccount } from "../store/invert-changes.ts";
import { trieGet } from "../trie/lookup.ts";
import { NO_NODES, type TrieNode } from "../trie/node.ts";
import type { TrieChange } from "../trie/trie-changes.ts";
import { trieUpdate } from "../trie/update.ts";

const HAS_NONCE = 1;
const HAS_BALANCE = 2;
const HAS_CODE_HASH = 4;
/** All fields are the account's own, and so is its storage. */
const ALL = HAS_NONCE | HAS_BALANCE | HAS_CODE_HASH;
const ABSENT = 8;
const HAS_STORAGE = 16;

const GENERATION = 1;
const NONCE = 5;
const BALANCE = 13;
const CODE_HASH = 45;
const RECORD_BYTES = 77;

/** An account as far as it was changed. */
export interface OverlayAccount {
  flags: number;
  /** How often the storage was emptied: above 0 the one below is not seen. */
  generation: number;
  nonce: bigint;
  balance: bigint;
  codeHash: Uint8Array;
}

const UNCHANGED: OverlayAccount = {
  flags: 0,
  generation: 0,
  nonce: 0n,
  balance: 0n,
  codeHash: EMPTY_CODE_HASH,
};

/** What was changed of an account; undefined when nothing was. */
export function overlayAccount(trie: TrieNode | undefined, address: Uint8Array): OverlayAccount | undefined {
  const record = trieGet(trie, keccak256(address), NO_NODES);
  if (record === undefined) return undefined;
  const view = new DataView(record.buffer, record.byteOffset, record.length);
  return {
    flags: record[0] as number,
    generation: view.getUint32(GENERATION),
    nonce: view.getBigUint64(NONCE),
    balance: bytesToBigInt(record.subarray(BALANCE, CODE_HASH)),
    codeHash: record.slice(CODE_HASH, RECORD_BYTES),
  };
}

/** The slot's value where it was changed, or where the account's storage is its own. */
export function overlaySlot(
  trie: TrieNode | undefined,
  address: Uint8Array,
  slot: Uint8Array,
): bigint | undefined {
  const account = overlayAccount(trie, address);
  if (account === undefined) return undefined;
  const { flags, generation } = account;
  if (flags & ABSENT) return 0n;
  const value = trieGet(trie, slotKey(address, generation, slot), NO_NODES);
  if (value !== undefined) return bytesToBigInt(value);
  return generation > 0 ? 0n : undefined;
}

/** Does the state below have nothing to say of this account? */
export function isWhole({ flags, generation }: OverlayAccount): boolean {
  return (flags & ABSENT) !== 0 || ((flags & ALL) === ALL && (generation > 0 || (flags & HAS_STORAGE) !== 0));
}

/** The account, given what the state below has of it. */
export function mergedAccount(
  changed: OverlayAccount,
  below: SourceAccount | undefined,
): SourceAccount | undefined {
  const { flags, generation, nonce, balance, codeHash } = changed;
  if (flags & ABSENT) return undefined;
  // A slot was set to zero where there is nothing.
  if (below === undefined && (flags & (ALL | HAS_STORAGE)) === 0) return undefined;
  return {
    nonce: flags & HAS_NONCE ? nonce : (below?.nonce ?? 0n),
    balance: flags & HAS_BALANCE ? balance : (below?.balance ?? 0n),
    codeHash: flags & HAS_CODE_HASH ? codeHash : (below?.codeHash ?? EMPTY_CODE_HASH),
    hasStorage: (flags & HAS_STORAGE) !== 0 || (generation === 0 && below?.hasStorage === true),
  };
}

/** The trie with some changes on top; the given one stays as it was. */
export function changeOverlay(trie: TrieNode | undefined, changes: StateChanges): TrieNode | undefined {
  const updates: TrieChange[] = [];
  for (let i = 0; i < changes.accountCount; i++) {
    const address = changes.addressAt(i);
    const before = overlayAccount(trie, address);
    const after = changedAccount(before, changes, i);
    if (after === undefined) continue;
    updates.push({ key: keccak256(address), value: encode(after) });
    const end = changes.slotsEnd(i);
    for (let slot = changes.slotsBegin(i); slot < end; slot++)
      updates.push({
        key: slotKey(address, after.generation, changes.slotKeyAt(slot)),
        value: bigIntToBytes32(changes.slotValueAt(slot)),
      });
  }
  return updates.length === 0 ? trie : trieUpdate(trie, updates, NO_NODES);
}

/** Undefined when there is nothing to write down. */
function changedAccount(
  before: OverlayAccount | undefined,
  changes: StateChanges,
  index: number,
): OverlayAccount | undefined {
  const flags = changes.flagsAt(index);
  const generation = before?.generation ?? 0;
  if (flags & CHANGED_DELETED) return { ...UNCHANGED, flags: ABSENT, generation: generation + 1 };
  const wasAbsent = before !== undefined && (before.flags & ABSENT) !== 0;
  if (wasAbsent && !createsAccount(changes, index)) return undefined;
  const account = wasAbsent ? { ...UNCHANGED, flags: ALL, generation } : { ...(before ?? UNCHANGED) };
  if (flags & CHANGED_STORAGE_RESET) {
    account.generation = generation + 1;
    account.flags &= ~HAS_STORAGE;
  }
  if (flags & CHANGED_HAS_NONCE) {
    account.nonce = changes.nonceAt(index);
    account.flags |= HAS_NONCE;
  }
  if (flags & CHANGED_HAS_BALANCE) {
    account.balance = changes.balanceAt(index);
    account.flags |= HAS_BALANCE;
  }
  if (flags & CHANGED_HAS_CODE_HASH) {
    account.codeHash = changes.codeHashAt(index);
    account.flags |= HAS_CODE_HASH;
  }
  const end = changes.slotsEnd(index);
  for (let slot = changes.slotsBegin(index); slot < end; slot++)
    if (changes.slotValueAt(slot) !== 0n) account.flags |= HAS_STORAGE;
  return account;
}

function slotKey(address: Uint8Array, generation: number, slot: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, generation);
  return keccak256(concatBytes(address, bytes, slot));
}

function encode({ flags, generation, nonce, balance, codeHash }: OverlayAccount): Uint8Array {
  const record = new Uint8Array(RECORD_BYTES);
  const view = new DataView(record.buffer);
  record[0] = flags;
  view.setUint32(GENERATION, generation);
  view.setBigUint64(NONCE, nonce);
  record.set(bigIntToBytes32(balance), BALANCE);
  record.set(codeHash, CODE_HASH);
  return record;
}
