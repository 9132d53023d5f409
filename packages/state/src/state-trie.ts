// From state changes to the account trie after them: storage tries first, then the accounts that hold their roots.
import { bytesToHex, equalBytes } from "@braid/primitives";
import {
  type AccountItems,
  accountItems,
  decodeAccount,
  isZero,
  MOST_ACCOUNT_BYTES,
  MOST_SLOT_BYTES,
  writeAccount,
  writeLimbs,
} from "./account-rlp.ts";
import { EMPTY_CODE_HASH, EMPTY_TRIE_ROOT } from "./constants.ts";
import { MissingTrieNodeError } from "./errors.ts";
import { keccak256, keccak256Each } from "./keccak.ts";
import {
  CHANGED_ACCOUNT_SIZE,
  CHANGED_BALANCE,
  CHANGED_CODE_HASH,
  CHANGED_DELETED,
  CHANGED_HAS_BALANCE,
  CHANGED_HAS_CODE_HASH,
  CHANGED_HAS_NONCE,
  CHANGED_NONCE,
  CHANGED_SLOT_SIZE,
  CHANGED_SLOT_VALUE,
  CHANGED_STORAGE_RESET,
  type StateChanges,
} from "./state-changes.ts";
import { trieLeaf } from "./trie/lookup.ts";
import { hashNode, type LeafNode, type NodeLoader, type TrieNode } from "./trie/node.ts";
import { rootHash } from "./trie/node-codec.ts";
import { TrieChanges } from "./trie/trie-changes.ts";
import { updateTrie } from "./trie/update.ts";

const ADDRESS_BYTES = 20;
const KEY_BYTES = 32;

/** An account with its storage as a trie. The hash may be a view into a node. */
export interface TrieAccount {
  nonce: bigint;
  /** In wei. */
  balance: bigint;
  codeHash: Uint8Array;
  storage: TrieNode | undefined;
}

/** A state to which changes can be applied. */
export interface StateTrie {
  readonly accounts: TrieNode | undefined;
  readonly nodes: NodeLoader;
  /** Is an account taken as absent whose nodes are not known? Default: of none. */
  isAbsentWhenMissing?(address: Uint8Array): boolean;
}

/** The trie with this root (32 bytes), of which nothing is loaded yet. */
export function trieOfRoot(root: Uint8Array): TrieNode | undefined {
  return equalBytes(root, EMPTY_TRIE_ROOT) ? undefined : hashNode(root);
}

/** The account under a hashed address. Throws MissingTrieNodeError. */
export function readTrieAccount(
  accounts: TrieNode | undefined,
  key: Uint8Array,
  nodes: NodeLoader,
): TrieAccount | undefined {
  const leaf = trieLeaf(accounts, key, nodes);
  if (leaf === undefined) return undefined;
  const { nonce, balance, storageRoot, codeHash } = decodeAccount(leaf.value);
  leaf.below ??= trieOfRoot(storageRoot);
  return { nonce, balance, codeHash, storage: leaf.below };
}

/**
 * The account trie after the changes; the given one stays as it was. Each slot is written once, and what is removed from a trie never
 * asks for more nodes than if everything else had been inserted before it. Throws MissingTrieNodeError, with the address.
 *
 * @param indices of the accounts whose changes are applied; default: all.
 */
export function applyStateChanges(
  state: StateTrie,
  changes: StateChanges,
  indices?: Uint32Array,
): TrieNode | undefined {
  const updates = new TrieChanges<TrieNode>(hashedAddresses(changes, indices), KEY_BYTES, MOST_ACCOUNT_BYTES);
  const count = indices?.length ?? changes.accountCount;
  try {
    for (let i = 0; i < count; i++) {
      const place = updates.placeAt(i);
      const index = indices === undefined ? place : (indices[place] as number); // in range
      updateAccount(state, changes, index, updates, i);
    }
    return updateTrie(state.accounts, updates, state.nodes);
  } catch (error) {
    throw named(error, changes);
  }
}

function hashedAddresses(changes: StateChanges, indices: Uint32Array | undefined): Uint8Array {
  const { bytes, accountCount } = changes;
  if (indices === undefined)
    return keccak256Each(bytes, changes.accountAt(0), CHANGED_ACCOUNT_SIZE, ADDRESS_BYTES, accountCount);
  const addresses = new Uint8Array(ADDRESS_BYTES * indices.length);
  indices.forEach((index, i) => {
    addresses.set(changes.addressAt(index), ADDRESS_BYTES * i);
  });
  return keccak256Each(addresses, 0, ADDRESS_BYTES, ADDRESS_BYTES, indices.length);
}

/** Sets what happens to an account's leaf, whose key is number `i` of the updates, unless nothing does. */
function updateAccount(
  state: StateTrie,
  changes: StateChanges,
  index: number,
  updates: TrieChanges<TrieNode>,
  i: number,
): void {
  const leaf = leafBefore(state, changes, index, updates, i);
  const flags = changes.flagsAt(index);
  if (flags & CHANGED_DELETED) {
    if (leaf !== undefined) updates.remove(i);
    return;
  }
  const before = leaf && accountItems(leaf.bytes, leaf.valueAt);
  const storageBefore = leaf && storageBelow(leaf, before);
  const base = flags & CHANGED_STORAGE_RESET ? undefined : storageBefore;
  const storage = updateStorage(state, changes, index, base);
  const hasFields = (flags & (CHANGED_HAS_NONCE | CHANGED_HAS_BALANCE | CHANGED_HAS_CODE_HASH)) !== 0;
  if (!hasFields && storage === storageBefore) return;
  const { bytes } = changes;
  const at = changes.accountAt(index);
  const hasCodeHash = (flags & CHANGED_HAS_CODE_HASH) !== 0;
  const length = writeAccount(updates.values, updates.valueAt, {
    changes: bytes,
    nonceAt: flags & CHANGED_HAS_NONCE ? at + CHANGED_NONCE : undefined,
    balanceAt: flags & CHANGED_HAS_BALANCE ? at + CHANGED_BALANCE : undefined,
    storageRoot: rootHash(storage),
    codeHash: hasCodeHash ? bytes : (before?.bytes ?? EMPTY_CODE_HASH),
    codeHashAt: hasCodeHash ? at + CHANGED_CODE_HASH : (before?.codeHash.content ?? 0),
    before,
  });
  updates.put(i, length, storage);
}

/** The leaf of the account before the changes; undefined when it does not exist. */
function leafBefore(
  { accounts, nodes, isAbsentWhenMissing }: StateTrie,
  changes: StateChanges,
  index: number,
  { keys }: TrieChanges<TrieNode>,
  i: number,
): LeafNode | undefined {
  try {
    return trieLeaf(accounts, keys, nodes, i * KEY_BYTES, KEY_BYTES);
  } catch (error) {
    if (error instanceof MissingTrieNodeError && isAbsentWhenMissing?.(changes.addressAt(index)) === true)
      return undefined;
    throw error;
  }
}

/** The storage trie of an account's leaf; the leaf remembers it, so that what was loaded of it stays loaded. */
function storageBelow(leaf: LeafNode, items: AccountItems | undefined): TrieNode | undefined {
  if (leaf.below === undefined && items !== undefined) {
    const { content, end } = items.storageRoot;
    leaf.below = trieOfRoot(items.bytes.subarray(content, end));
  }
  return leaf.below;
}

function updateStorage(
  state: StateTrie,
  changes: StateChanges,
  index: number,
  base: TrieNode | undefined,
): TrieNode | undefined {
  const begin = changes.slotsBegin(index);
  const count = changes.slotsEnd(index) - begin;
  if (count === 0) return base;
  const { bytes } = changes;
  const keys = keccak256Each(bytes, changes.slotAt(begin), CHANGED_SLOT_SIZE, KEY_BYTES, count);
  const updates = new TrieChanges<TrieNode>(keys, KEY_BYTES, MOST_SLOT_BYTES);
  for (let i = 0; i < count; i++) {
    const value = changes.slotAt(begin + updates.placeAt(i)) + CHANGED_SLOT_VALUE;
    if (isZero(bytes, value, 32)) updates.remove(i);
    else {
      const at = updates.valueAt;
      updates.put(i, writeLimbs(updates.values, at, bytes, value, 32) - at);
    }
  }
  try {
    return updateTrie(base, updates, state.nodes);
  } catch (error) {
    if (!(error instanceof MissingTrieNodeError)) throw error;
    const end = begin + count;
    let slot = begin;
    while (slot < end && !isKey(changes.slotKeyAt(slot), error)) slot++;
    throw error.at(
      bytesToHex(changes.addressAt(index)),
      slot < end ? bytesToHex(changes.slotKeyAt(slot)) : undefined,
    );
  }
}

/** The trie knows only hashed keys; people know addresses. */
function named(error: unknown, changes: StateChanges): unknown {
  if (!(error instanceof MissingTrieNodeError)) return error;
  for (let i = 0; i < changes.accountCount; i++) {
    const address = changes.addressAt(i);
    if (isKey(address, error)) return error.at(bytesToHex(address));
  }
  return error;
}

function isKey(preimage: Uint8Array, error: MissingTrieNodeError): boolean {
  return bytesToHex(keccak256(preimage)) === error.key;
}
