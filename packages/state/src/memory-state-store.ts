// The whole state in memory: flat maps to read from, Merkle tries beside them for the roots.
import { bytesToHex, type Hex, hexToBytes } from "@braid/primitives";
import { EMPTY_CODE_HASH_HEX } from "./constants.ts";
import { MissingBlockHashError, MissingCodeError } from "./errors.ts";
import { diffOfAlloc, diffOfFlat, type GenesisAlloc } from "./initial-state.ts";
import { keccak256 } from "./keccak.ts";
import type { AccountDiff, StateDiff } from "./state-diff.ts";
import type { FlatAccount, FlatPreState, SourceAccount } from "./state-source.ts";
import type { StateStore } from "./state-store.ts";
import { type AppliedDiff, applyStateDiff, type StateTrie, type TrieAccount } from "./state-trie.ts";
import { NO_NODES, type TrieNode } from "./trie/node.ts";
import { rootHash } from "./trie/node-codec.ts";

interface StoredAccount {
  readonly key: Uint8Array;
  trieAccount: TrieAccount;
  account: SourceAccount;
  readonly storage: Map<Hex, bigint>;
}

/** Accounts and slots up to which `preload` is offered: beyond, filling a cache anew costs more than the reads of a block. */
const PRELOAD_LIMIT = 200_000;

/**
 * A StateStore in memory. Nothing of it is on disk, and only the newest state is readable.
 * PERF: a commit costs a few microseconds for each changed account or slot, whatever the size of the state.
 */
export class MemoryStateStore implements StateStore {
  readonly #accounts = new Map<Hex, StoredAccount>();
  readonly #codes = new Map<Hex, Uint8Array>();
  readonly #blockHashes = new Map<bigint, Uint8Array>();
  #slotCount = 0;
  #trie: TrieNode | undefined;
  #stateRoot: Uint8Array = rootHash(undefined);
  #version = 0;
  #lastCommit: StateDiff | undefined;

  /** The state of a genesis file's `alloc`. Throws InvalidGenesisError. */
  static fromAlloc(alloc: GenesisAlloc): MemoryStateStore {
    return MemoryStateStore.#fromDiff(diffOfAlloc(alloc));
  }

  /** The state that a flat pre-state lists, as the whole state. Throws MissingCodeError when it refers to a code it lacks. */
  static fromFlat(pre: FlatPreState & { blockHashes?: ReadonlyMap<bigint, Uint8Array> }): MemoryStateStore {
    const store = MemoryStateStore.#fromDiff(diffOfFlat(pre));
    for (const [number, hash] of pre.blockHashes ?? []) store.setBlockHash(number, hash);
    return store;
  }

  static #fromDiff(diff: StateDiff): MemoryStateStore {
    const store = new MemoryStateStore();
    store.#install(diff, store.#apply(diff));
    return store;
  }

  get version(): number {
    return this.#version;
  }

  get lastCommit(): StateDiff | undefined {
    return this.#lastCommit;
  }

  get stateRoot(): Uint8Array {
    return this.#stateRoot;
  }

  getAccount(address: Uint8Array): SourceAccount | undefined {
    return this.#accounts.get(bytesToHex(address))?.account;
  }

  getStorage(address: Uint8Array, slot: Uint8Array): bigint {
    return this.#accounts.get(bytesToHex(address))?.storage.get(bytesToHex(slot)) ?? 0n;
  }

  /** Throws MissingCodeError. */
  getCode(codeHash: Uint8Array): Uint8Array {
    const key = bytesToHex(codeHash);
    const code = this.#codes.get(key);
    if (code !== undefined) return code;
    if (key === EMPTY_CODE_HASH_HEX) return new Uint8Array(0);
    throw new MissingCodeError({ codeHash: key });
  }

  /** Throws MissingBlockHashError for a number that `setBlockHash` was not told. */
  getBlockHash(number: bigint): Uint8Array {
    const hash = this.#blockHashes.get(number);
    if (hash === undefined) throw new MissingBlockHashError(number);
    return hash;
  }

  /** Makes the 32-byte hash of a block known to BLOCKHASH; hashes more than 256 blocks older are forgotten. */
  setBlockHash(number: bigint, hash: Uint8Array): void {
    this.#blockHashes.set(number, hash);
    this.#blockHashes.delete(number - 257n);
  }

  /** Everything, while that is at most 200,000 accounts and slots; then undefined: read what is needed instead. */
  get preload(): (() => FlatPreState) | undefined {
    return this.#accounts.size + this.#slotCount <= PRELOAD_LIMIT ? () => this.#flatten() : undefined;
  }

  async computeStateRoot(diff: StateDiff): Promise<Uint8Array> {
    return rootHash(this.#apply(diff).accounts);
  }

  /** Rejects with MissingCodeError when an account's new code is neither in the diff nor in the store. */
  async commit(diff: StateDiff): Promise<Uint8Array> {
    // All that can fail comes first; what follows it only assigns.
    this.#install(diff, this.#apply(diff));
    this.#version++;
    this.#lastCommit = diff;
    return this.#stateRoot;
  }

  #apply(diff: StateDiff): AppliedDiff & { root: Uint8Array } {
    for (const { deleted, codeHash } of diff.accounts.values()) {
      if (deleted || codeHash === undefined) continue;
      const key = bytesToHex(codeHash);
      if (!diff.codes.has(key)) this.getCode(codeHash);
    }
    const trie: StateTrie = {
      accounts: this.#trie,
      nodes: NO_NODES,
      readAccount: (address) => this.#accounts.get(address)?.trieAccount,
      keyOf: (address) => this.#accounts.get(address)?.key ?? keccak256(hexToBytes(address)),
    };
    const applied = applyStateDiff(trie, diff);
    return { ...applied, root: rootHash(applied.accounts) };
  }

  #install(diff: StateDiff, applied: AppliedDiff & { root: Uint8Array }): void {
    for (const [address, trieAccount] of applied.changed) {
      // Only addresses of the diff change.
      const change = diff.accounts.get(address) as AccountDiff;
      const before = this.#accounts.get(address);
      if (trieAccount === undefined) {
        this.#slotCount -= before?.storage.size ?? 0;
        this.#accounts.delete(address);
        continue;
      }
      const storage = before?.storage ?? new Map<Hex, bigint>();
      this.#slotCount -= storage.size;
      if (change.storageReset) storage.clear();
      for (const [slot, value] of change.storage) {
        if (value === 0n) storage.delete(slot);
        else storage.set(slot, value);
      }
      this.#slotCount += storage.size;
      const { nonce, balance, codeHash } = trieAccount;
      this.#accounts.set(address, {
        key: before?.key ?? keccak256(hexToBytes(address)),
        trieAccount,
        account: { nonce, balance, codeHash, hasStorage: trieAccount.storage !== undefined },
        storage,
      });
    }
    for (const [hash, code] of diff.codes) this.#codes.set(hash, code);
    this.#trie = applied.accounts;
    this.#stateRoot = applied.root;
  }

  #flatten(): FlatPreState {
    const accounts: FlatAccount[] = [];
    for (const [address, { account, storage }] of this.#accounts) {
      const slots: [Uint8Array, bigint][] = [];
      for (const [slot, value] of storage) slots.push([hexToBytes(slot), value]);
      accounts.push({ address: hexToBytes(address), account, storage: slots });
    }
    const codes: [Uint8Array, Uint8Array][] = [];
    for (const [hash, code] of this.#codes) codes.push([hexToBytes(hash), code]);
    return { accounts, codes };
  }
}
