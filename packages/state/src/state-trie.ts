// From a state diff to the account trie after it: storage tries first, then the accounts that hold their roots.
import { bytesToHex, type Hex, hexToBytes, rlpOfBigInt } from "@braid/primitives";
import { encodeAccount } from "./account-rlp.ts";
import { EMPTY_CODE_HASH } from "./constants.ts";
import { MissingTrieNodeError } from "./errors.ts";
import { keccak256 } from "./keccak.ts";
import type { AccountDiff, StateDiff } from "./state-diff.ts";
import type { NodeLoader, TrieNode } from "./trie/node.ts";
import { rootHash } from "./trie/node-codec.ts";
import { type TrieChange, trieUpdate } from "./trie/update.ts";

/** An account with its storage as a trie. */
export interface TrieAccount {
  nonce: bigint;
  /** In wei. */
  balance: bigint;
  codeHash: Uint8Array;
  storage: TrieNode | undefined;
}

/** A state to which a diff can be applied. */
export interface StateTrie {
  readonly accounts: TrieNode | undefined;
  readonly nodes: NodeLoader;
  /** The account before the diff; undefined when it does not exist. */
  readAccount(address: Hex): TrieAccount | undefined;
  /** keccak256 of the 20 bytes: the key in the account trie. */
  keyOf(address: Hex): Uint8Array;
}

/** What a diff makes of a state: the account trie, and each account that exists otherwise than before (undefined: removed). */
export interface AppliedDiff {
  accounts: TrieNode | undefined;
  changed: Map<Hex, TrieAccount | undefined>;
}

/**
 * Applies a diff; the given state stays as it was. Each slot is written once, and what is removed from a trie never asks for
 * more nodes than if everything else had been inserted before it. Throws MissingTrieNodeError, with the address.
 */
export function applyStateDiff(state: StateTrie, diff: StateDiff): AppliedDiff {
  const changed = new Map<Hex, TrieAccount | undefined>();
  const changes: TrieChange[] = [];
  for (const [address, change] of diff.accounts) {
    const before = state.readAccount(address);
    const after = change.deleted ? undefined : applyAccountDiff(state, address, before, change);
    if (after === before) continue;
    changed.set(address, after);
    changes.push({
      key: state.keyOf(address),
      value: after === undefined ? undefined : encodeTrieAccount(after),
    });
  }
  try {
    return { accounts: trieUpdate(state.accounts, changes, state.nodes), changed };
  } catch (error) {
    throw named(error, [...changed.keys()], state);
  }
}

/** The account after its diff; `before` itself when nothing changes. */
function applyAccountDiff(
  state: StateTrie,
  address: Hex,
  before: TrieAccount | undefined,
  change: AccountDiff,
): TrieAccount | undefined {
  const changes: TrieChange[] = [];
  for (const [slot, value] of change.storage) {
    changes.push({ key: keccak256(hexToBytes(slot)), value: value === 0n ? undefined : rlpOfBigInt(value) });
  }
  const base = change.storageReset ? undefined : before?.storage;
  const storage = applySlots(state, address, base, changes, change);
  const isSame =
    change.nonce === undefined &&
    change.balance === undefined &&
    change.codeHash === undefined &&
    storage === before?.storage;
  if (isSame) return before;
  return {
    nonce: change.nonce ?? before?.nonce ?? 0n,
    balance: change.balance ?? before?.balance ?? 0n,
    codeHash: change.codeHash ?? before?.codeHash ?? EMPTY_CODE_HASH,
    storage,
  };
}

function applySlots(
  state: StateTrie,
  address: Hex,
  base: TrieNode | undefined,
  changes: TrieChange[],
  change: AccountDiff,
): TrieNode | undefined {
  try {
    return trieUpdate(base, changes, state.nodes);
  } catch (error) {
    if (!(error instanceof MissingTrieNodeError)) throw error;
    const slot = [...change.storage.keys()].find((key) => isKey(keccak256(hexToBytes(key)), error));
    throw error.at(address, slot);
  }
}

function encodeTrieAccount({ nonce, balance, codeHash, storage }: TrieAccount): Uint8Array {
  return encodeAccount({ nonce, balance, storageRoot: rootHash(storage), codeHash });
}

/** The trie knows only hashed keys; people know addresses. */
function named(error: unknown, addresses: Hex[], state: StateTrie): unknown {
  if (!(error instanceof MissingTrieNodeError)) return error;
  const address = addresses.find((candidate) => isKey(state.keyOf(candidate), error));
  return address === undefined ? error : error.at(address);
}

function isKey(key: Uint8Array, error: MissingTrieNodeError): boolean {
  return bytesToHex(key) === error.key;
}
