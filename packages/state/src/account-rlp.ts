// An account as the leaf of the account trie: rlp([nonce, balance, storageRoot, codeHash]) (Yellow Paper, section 4.1).
import { bytesToBigInt, type RlpItem, readRlpItem, writeRlpListHeader } from "@braid/primitives";
import { BadTrieNodeError } from "./errors.ts";

/** The four fields of an account's leaf. */
export interface AccountLeaf {
  nonce: bigint;
  /** In wei. */
  balance: bigint;
  /** 32 bytes. */
  storageRoot: Uint8Array;
  /** 32 bytes. */
  codeHash: Uint8Array;
}

/** Bytes of an account's leaf, at most. */
export const MOST_ACCOUNT_BYTES = 110;
/** Where an account's fields begin: the header in front of them has two bytes, because the hashes alone take more than 55. */
const FIELDS_AT = 2;

/**
 * Writes an account at `at`, its nonce and balance either as limbs (bytes, lowest first) or as they stand in its leaf before; gives its length.
 * PERF: no number is made of them.
 */
export function writeAccount(out: Uint8Array, at: number, parts: AccountParts): number {
  const { changes, nonceAt, balanceAt, before } = parts;
  let position = at + FIELDS_AT;
  position =
    nonceAt === undefined
      ? copyItem(out, position, before?.bytes, before?.nonce)
      : writeLimbs(out, position, changes, nonceAt, 8);
  position =
    balanceAt === undefined
      ? copyItem(out, position, before?.bytes, before?.balance)
      : writeLimbs(out, position, changes, balanceAt, 32);
  position = writeHash(out, position, parts.storageRoot, 0);
  position = writeHash(out, position, parts.codeHash, parts.codeHashAt);
  return closeAccount(out, at, position);
}

/** What an account's leaf is made of. */
export interface AccountParts {
  /** Where the limbs lie. */
  changes: Uint8Array;
  /** undefined: as before. */
  nonceAt: number | undefined;
  balanceAt: number | undefined;
  storageRoot: Uint8Array;
  codeHash: Uint8Array;
  codeHashAt: number;
  /** undefined: there was none, and its numbers are 0. */
  before: AccountItems | undefined;
}

/** Writes the header of an account whose fields end at `end`; gives its length. */
function closeAccount(out: Uint8Array, at: number, end: number): number {
  writeRlpListHeader(out, at, end - at - FIELDS_AT);
  return end - at;
}

function writeHash(out: Uint8Array, position: number, hash: Uint8Array, at: number): number {
  out[position] = 0xa0;
  for (let i = 0; i < 32; i++) out[position + 1 + i] = hash[at + i] as number; // a hash has 32 bytes
  return position + 33;
}

/** Zero where there is nothing to be copied. */
function copyItem(
  out: Uint8Array,
  position: number,
  from: Uint8Array | undefined,
  item: RlpItem | undefined,
): number {
  if (from === undefined || item === undefined) {
    out[position] = 0x80;
    return position + 1;
  }
  for (let i = item.start; i < item.end; i++) out[position + i - item.start] = from[i] as number; // in range
  return position + item.end - item.start;
}

/** Where the fields of an account's leaf lie in `bytes`. */
export interface AccountItems {
  bytes: Uint8Array;
  nonce: RlpItem;
  balance: RlpItem;
  storageRoot: RlpItem;
  codeHash: RlpItem;
}

/** The fields of the account that begins at `at`. Throws BadTrieNodeError for bytes that are not an account. */
export function accountItems(bytes: Uint8Array, at: number): AccountItems {
  const list = readRlpItem(bytes, at);
  if (list === undefined || !list.isList) throw new BadTrieNodeError("an account that is not a list");
  const nonce = stringAt(bytes, list.content);
  const balance = stringAt(bytes, nonce.end);
  const storageRoot = stringAt(bytes, balance.end);
  const codeHash = stringAt(bytes, storageRoot.end);
  if (storageRoot.end - storageRoot.content !== 32 || codeHash.end - codeHash.content !== 32) {
    throw new BadTrieNodeError("an account whose hashes are not of 32 bytes");
  }
  if (nonce.end - nonce.content > 8 || balance.end - balance.content > 32)
    throw new BadTrieNodeError("an account whose numbers are too large");
  return { bytes, nonce, balance, storageRoot, codeHash };
}

/** Throws BadTrieNodeError for bytes that are not an account. The hashes are views into the bytes. */
export function decodeAccount(bytes: Uint8Array): AccountLeaf {
  const { nonce, balance, storageRoot, codeHash } = accountItems(bytes, 0);
  return {
    nonce: bytesToBigInt(bytes.subarray(nonce.content, nonce.end)),
    balance: bytesToBigInt(bytes.subarray(balance.content, balance.end)),
    storageRoot: bytes.subarray(storageRoot.content, storageRoot.end),
    codeHash: bytes.subarray(codeHash.content, codeHash.end),
  };
}

/** The number in a storage trie's leaf. Throws BadTrieNodeError. */
export function decodeSlotValue(bytes: Uint8Array): bigint {
  const item = stringAt(bytes, 0);
  return bytesToBigInt(bytes.subarray(item.content, item.end));
}

/** Bytes of a slot's leaf, at most. */
export const MOST_SLOT_BYTES = 33;

/** Writes the RLP of the number whose limbs are the `length` bytes at `at`, lowest first; gives the position after it. */
export function writeLimbs(
  out: Uint8Array,
  position: number,
  bytes: Uint8Array,
  at: number,
  length: number,
): number {
  let left = length;
  while (left > 0 && bytes[at + left - 1] === 0) left--;
  if (left === 1 && (bytes[at] as number) < 0x80) {
    out[position] = bytes[at] as number;
    return position + 1;
  }
  out[position] = 0x80 + left;
  for (let i = 1; i <= left; i++) out[position + i] = bytes[at + left - i] as number; // in range
  return position + 1 + left;
}

/** Are the `length` bytes at `at` all 0? */
export function isZero(bytes: Uint8Array, at: number, length: number): boolean {
  for (let i = at; i < at + length; i++) if (bytes[i] !== 0) return false;
  return true;
}

function stringAt(bytes: Uint8Array, position: number): RlpItem {
  const item = readRlpItem(bytes, position);
  if (item === undefined || item.isList) throw new BadTrieNodeError("a leaf that lacks a byte string");
  return item;
}
