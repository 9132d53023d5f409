// From state changes to the account trie after them: storage tries first, then the accounts that hold their roots.
import { bytesToHex, equalBytes } from "@braid/primitives";
import { decodeAccount, encodeAccount, rlpOfLimbs } from "./account-rlp.ts";
import { EMPTY_CODE_HASH, EMPTY_TRIE_ROOT } from "./constants.ts";
import { MissingTrieNodeError } from "./errors.ts";
import { keccak256 } from "./keccak.ts";
import {
  CHANGED_DELETED,
  CHANGED_HAS_BALANCE,
  CHANGED_HAS_CODE_HASH,
  CHANGED_HAS_NONCE,
  CHANGED_SLOT_VALUE,
  CHANGED_STORAGE_RESET,
  type StateChanges,
} from "./state-changes.ts";
import { trieLeaf } from "./trie/lookup.ts";
import { hashNode, type LeafNode, type NodeLoader, type TrieNode } from "./trie/node.ts";
import { rootHash } from "./trie/node-codec.ts";
import { type TrieChange, trieUpdate } from "./trie/update.ts";

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
  /** The account before the changes; undefined when it does not exist. `key` is the hash of the address. */
  readAccount(address: Uint8Array, key: Uint8Array): TrieAccount | undefined;
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
  return { nonce, balance, codeHash, storage: storageBelow(leaf, storageRoot) };
}

/** The storage trie of an account's leaf; the leaf remembers it, so that what was loaded of it stays loaded. */
function storageBelow(leaf: LeafNode, root: Uint8Array): TrieNode | undefined {
  leaf.below ??= trieOfRoot(root);
  return leaf.below;
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
  indices: Iterable<number> = Array(changes.accountCount).keys(),
): TrieNode | undefined {
  const updates: TrieChange[] = [];
  const addresses: Uint8Array[] = [];
  for (const i of indices) {
    const address = changes.addressAt(i);
    const key = keccak256(address);
    const before = state.readAccount(address, key);
    const update = updateAccount(state, changes, i, key, before);
    if (update === undefined) continue;
    updates.push(update);
    addresses.push(address);
  }
  try {
    return trieUpdate(state.accounts, updates, state.nodes);
  } catch (error) {
    throw named(error, addresses);
  }
}

/** What happens to an account's leaf, or undefined when nothing does. */
function updateAccount(
  state: StateTrie,
  changes: StateChanges,
  index: number,
  key: Uint8Array,
  before: TrieAccount | undefined,
): TrieChange | undefined {
  const flags = changes.flagsAt(index);
  if (flags & CHANGED_DELETED) return before === undefined ? undefined : { key, value: undefined };
  const base = flags & CHANGED_STORAGE_RESET ? undefined : before?.storage;
  const storage = updateStorage(state, changes, index, base);
  const hasFields = (flags & (CHANGED_HAS_NONCE | CHANGED_HAS_BALANCE | CHANGED_HAS_CODE_HASH)) !== 0;
  if (!hasFields && storage === before?.storage) return undefined;
  const value = encodeAccount({
    nonce: flags & CHANGED_HAS_NONCE ? changes.nonceAt(index) : (before?.nonce ?? 0n),
    balance: flags & CHANGED_HAS_BALANCE ? changes.balanceAt(index) : (before?.balance ?? 0n),
    storageRoot: rootHash(storage),
    codeHash:
      flags & CHANGED_HAS_CODE_HASH ? changes.codeHashAt(index) : (before?.codeHash ?? EMPTY_CODE_HASH),
  });
  return { key, value, below: storage };
}

function updateStorage(
  state: StateTrie,
  changes: StateChanges,
  index: number,
  base: TrieNode | undefined,
): TrieNode | undefined {
  const begin = changes.slotsBegin(index);
  const end = changes.slotsEnd(index);
  if (begin === end) return base;
  const updates: TrieChange[] = [];
  for (let slot = begin; slot < end; slot++) {
    const value = rlpOfLimbs(changes.bytes, changes.slotAt(slot) + CHANGED_SLOT_VALUE);
    updates.push({ key: keccak256(changes.slotKeyAt(slot)), value });
  }
  try {
    return trieUpdate(base, updates, state.nodes);
  } catch (error) {
    if (!(error instanceof MissingTrieNodeError)) throw error;
    let slot = begin;
    while (slot < end && !isKey(changes.slotKeyAt(slot), error)) slot++;
    throw error.at(
      bytesToHex(changes.addressAt(index)),
      slot < end ? bytesToHex(changes.slotKeyAt(slot)) : undefined,
    );
  }
}

/** The trie knows only hashed keys; people know addresses. */
function named(error: unknown, addresses: Uint8Array[]): unknown {
  if (!(error instanceof MissingTrieNodeError)) return error;
  const address = addresses.find((candidate) => isKey(candidate, error));
  return address === undefined ? error : error.at(bytesToHex(address));
}

function isKey(preimage: Uint8Array, error: MissingTrieNodeError): boolean {
  return bytesToHex(keccak256(preimage)) === error.key;
}
