// An account as the leaf of the account trie: rlp([nonce, balance, storageRoot, codeHash]) (Yellow Paper, section 4.1).
import {
  bytesToBigInt,
  minimalBytes,
  type RlpItem,
  readRlpItem,
  rlpListLength,
  rlpStringLength,
  writeRlpListHeader,
  writeRlpString,
} from "@braid/primitives";
import { BadTrieNodeError } from "./errors.ts";
import { keptBytes } from "./trie/kept-bytes.ts";

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

export function encodeAccount(account: AccountLeaf): Uint8Array {
  const nonce = minimalBytes(account.nonce);
  const balance = minimalBytes(account.balance);
  const payload = rlpStringLength(nonce) + rlpStringLength(balance) + 33 + 33;
  const out = keptBytes(rlpListLength(payload));
  let position = writeRlpListHeader(out, 0, payload);
  position = writeRlpString(out, position, nonce);
  position = writeRlpString(out, position, balance);
  position = writeRlpString(out, position, account.storageRoot);
  writeRlpString(out, position, account.codeHash);
  return out;
}

/** Throws BadTrieNodeError for bytes that are not an account. The hashes are views into the bytes. */
export function decodeAccount(bytes: Uint8Array): AccountLeaf {
  const list = readRlpItem(bytes, 0);
  if (list === undefined || !list.isList) throw new BadTrieNodeError("an account that is not a list");
  const nonce = stringAt(bytes, list.content);
  const balance = stringAt(bytes, nonce.end);
  const storageRoot = stringAt(bytes, balance.end);
  const codeHash = stringAt(bytes, storageRoot.end);
  if (storageRoot.end - storageRoot.content !== 32 || codeHash.end - codeHash.content !== 32) {
    throw new BadTrieNodeError("an account whose hashes are not of 32 bytes");
  }
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

/** The RLP of the number whose 32 bytes lie at `at`, lowest first; undefined for zero, which is no value of a trie. */
export function rlpOfLimbs(bytes: Uint8Array, at: number): Uint8Array | undefined {
  let length = 32;
  while (length > 0 && bytes[at + length - 1] === 0) length--;
  if (length === 0) return undefined;
  if (length === 1 && (bytes[at] as number) < 0x80) return Uint8Array.of(bytes[at] as number);
  const out = keptBytes(1 + length);
  out[0] = 0x80 + length;
  for (let i = 1; i <= length; i++) out[i] = bytes[at + length - i] as number; // in range
  return out;
}

function stringAt(bytes: Uint8Array, position: number): RlpItem {
  const item = readRlpItem(bytes, position);
  if (item === undefined || item.isList) throw new BadTrieNodeError("a leaf that lacks a byte string");
  return item;
}
