// A parent state as a witness: some nodes of the state's tries, enough for one block, proven by their hashes.
import { bytesToHex, type Hex } from "@braid/primitives";
import { decodeSlotValue } from "./account-rlp.ts";
import { EMPTY_CODE_HASH_HEX } from "./constants.ts";
import { MissingBlockHashError, MissingCodeError, MissingTrieNodeError } from "./errors.ts";
import { keccak256 } from "./keccak.ts";
import type { StateChanges } from "./state-changes.ts";
import type { SourceAccount, StateSource } from "./state-source.ts";
import { applyStateChanges, readTrieAccount, type TrieAccount, trieOfRoot } from "./state-trie.ts";
import { trieGet } from "./trie/lookup.ts";
import type { TrieNode } from "./trie/node.ts";
import { rootHash } from "./trie/node-codec.ts";
import { NodeStore } from "./trie/node-store.ts";

export interface WitnessInput {
  /** 32 bytes: the state root of the parent block. */
  parentStateRoot: Uint8Array;
  /** RLP of trie nodes, of the account trie and of storage tries, in any order. */
  nodes: Iterable<Uint8Array>;
  codes: Iterable<Uint8Array>;
  /** Ancestor block number -> 32-byte hash. */
  blockHashes?: ReadonlyMap<bigint, Uint8Array>;
  /**
   * Addresses (lower-case 0x-hex) that are taken as absent when the witness lacks the nodes that would tell. Only for known
   * gaps: reth's witnesses leave out SYSTEM_ADDRESS.
   */
  treatMissingAsAbsent?: ReadonlySet<Hex>;
}

interface KnownAccount {
  trieAccount: TrieAccount | undefined;
  account: SourceAccount | undefined;
}

/**
 * A StateSource over a witness. Every read walks the tries from the parent's state root, so an answer is proven; where a node is
 * missing the read throws MissingTrieNodeError and never answers "absent".
 * PERF: making it hashes every node and code once; then a read takes microseconds, and accounts are remembered.
 */
export class WitnessStateSource implements StateSource {
  readonly #root: TrieNode | undefined;
  readonly #nodes: NodeStore;
  readonly #codes = new Map<Hex, Uint8Array>();
  readonly #blockHashes: ReadonlyMap<bigint, Uint8Array>;
  readonly #tolerated: ReadonlySet<Hex>;
  readonly #known = new Map<Hex, KnownAccount>();

  constructor(witness: WitnessInput) {
    this.#root = trieOfRoot(witness.parentStateRoot);
    this.#nodes = new NodeStore(witness.nodes);
    for (const code of witness.codes) this.#codes.set(bytesToHex(keccak256(code)), code);
    this.#blockHashes = witness.blockHashes ?? new Map();
    this.#tolerated = witness.treatMissingAsAbsent ?? new Set();
  }

  /** Throws MissingTrieNodeError. */
  getAccount(address: Uint8Array): SourceAccount | undefined {
    return this.#account(address).account;
  }

  /** Throws MissingTrieNodeError. */
  getStorage(address: Uint8Array, slot: Uint8Array): bigint {
    const storage = this.#account(address).trieAccount?.storage;
    if (storage === undefined) return 0n;
    try {
      const value = trieGet(storage, keccak256(slot), this.#nodes);
      return value === undefined ? 0n : decodeSlotValue(value);
    } catch (error) {
      if (!(error instanceof MissingTrieNodeError)) throw error;
      const addressHex = bytesToHex(address);
      if (this.#tolerated.has(addressHex)) return 0n;
      throw error.at(addressHex, bytesToHex(slot));
    }
  }

  /** Throws MissingCodeError. */
  getCode(codeHash: Uint8Array): Uint8Array {
    const key = bytesToHex(codeHash);
    const code = this.#codes.get(key);
    if (code !== undefined) return code;
    if (key === EMPTY_CODE_HASH_HEX) return new Uint8Array(0);
    throw new MissingCodeError({ codeHash: key });
  }

  /** Throws MissingBlockHashError. */
  getBlockHash(number: bigint): Uint8Array {
    const hash = this.#blockHashes.get(number);
    if (hash === undefined) throw new MissingBlockHashError(number);
    return hash;
  }

  /**
   * The 32-byte state root after changes on top of the parent state; the source itself does not change, so it can be asked again, for
   * example with what the first transactions of a block have changed together (receipts before Byzantium).
   * Throws MissingTrieNodeError when the witness is not enough for it.
   */
  rootAfter(changes: StateChanges): Uint8Array {
    const state = {
      accounts: this.#root,
      nodes: this.#nodes,
      isAbsentWhenMissing: (address: Uint8Array) => this.#tolerated.has(bytesToHex(address)),
    };
    return rootHash(applyStateChanges(state, changes));
  }

  #account(address: Uint8Array): KnownAccount {
    const addressHex = bytesToHex(address);
    const known = this.#known.get(addressHex);
    if (known !== undefined) return known;
    const trieAccount = this.#readAccount(address, addressHex);
    const read: KnownAccount = { trieAccount, account: undefined };
    if (trieAccount !== undefined) {
      const { nonce, balance, codeHash, storage } = trieAccount;
      read.account = { nonce, balance, codeHash, hasStorage: storage !== undefined };
    }
    this.#known.set(addressHex, read);
    return read;
  }

  #readAccount(address: Uint8Array, addressHex: Hex): TrieAccount | undefined {
    try {
      return readTrieAccount(this.#root, keccak256(address), this.#nodes);
    } catch (error) {
      if (!(error instanceof MissingTrieNodeError)) throw error;
      if (this.#tolerated.has(addressHex)) return undefined;
      throw error.at(addressHex);
    }
  }
}
