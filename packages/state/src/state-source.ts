// What the executor reads a parent state through, and the shapes those reads answer with.

import type { StateChanges } from "./state-changes.ts";

/**
 * Reads of one state, which never changes: the state after another block is another source. A failed read throws; "absent" is an answer, and never the other way round
 * (a lost database page or RPC answer that looks like an empty account gives a wrong block).
 * Answers may come at once or as a promise; callers must not await an answer that is not a promise on a hot path.
 */
export interface StateSource {
  /** The account at a 20-byte address, or undefined when it does not exist. */
  getAccount(address: Uint8Array): SourceAccount | undefined | Promise<SourceAccount | undefined>;
  /** The value at a 32-byte big-endian slot of a 20-byte address; 0n when the slot or the account is absent. */
  getStorage(address: Uint8Array, slot: Uint8Array): bigint | Promise<bigint>;
  /** The code with this 32-byte keccak256. Throws MissingCodeError when the source does not know it. */
  getCode(codeHash: Uint8Array): Uint8Array | Promise<Uint8Array>;
  /** The 32-byte hash of the ancestor block with this number. Throws MissingBlockHashError when unknown. */
  getBlockHash(number: bigint): Uint8Array | Promise<Uint8Array>;
  /**
   * Many accounts and slots in one call, for a source that is far away. Answer i is of key i, and each may fail on its own; a call
   * that throws has failed for all of them. A source without it is read key by key.
   */
  getMany?(keys: StateKey[]): StateAnswer[] | Promise<StateAnswer[]>;
  /**
   * Everything the source holds, when it is small enough to be loaded at once (bundles); it fills the shared cache
   * before a block. The answer is the source's own data: do not change it.
   */
  preload?(): FlatPreState;
  /**
   * The state's identity (32 bytes), when its root is known: sources with the same root answer the same, whatever objects they are, except
   * for block hashes.
   */
  readonly stateRoot?: Uint8Array;
  /** What another thread opens the same state by (`openState`), where it can read it itself. Survives `postMessage`. */
  readonly handle?: StateHandle | undefined;
  /** The changes that lead from the state with that root to this one, oldest first, when they are at hand: a cache of that state can then follow. */
  changesSince?(stateRoot: Uint8Array): readonly StateChanges[] | undefined;
}

/** A state that every thread of the process can read: the store's folder, and the block after which it is (32 bytes). */
export interface StateHandle {
  kind: "lmdb";
  path: string;
  block: Uint8Array;
}

/** What getMany is asked for: the account at a 20-byte address or, with a `slot` (32 bytes, big-endian), the value of that slot. */
export interface StateKey {
  address: Uint8Array;
  slot?: Uint8Array;
}

/** What getAccount or getStorage would have answered, or thrown (as Promise.allSettled tells it). */
export type StateAnswer = PromiseSettledResult<SourceAccount | bigint | undefined>;

/** An account as a source knows it. */
export interface SourceAccount {
  nonce: bigint;
  /** In wei. */
  balance: bigint;
  /** 32 bytes; keccak256 of nothing when there is no code. */
  codeHash: Uint8Array;
  /** True when the account's storage trie is not empty (EIP-7610 and storage resets need to know). */
  hasStorage: boolean;
}

/** A parent state as lists. An account that is listed as undefined is known to be absent. */
export interface FlatPreState {
  accounts: FlatAccount[];
  codes: [codeHash: Uint8Array, code: Uint8Array][];
}

/** One address of a flat pre-state with the slots that are known of it (32-byte keys; a listed 0n is a known zero). */
export interface FlatAccount {
  address: Uint8Array;
  account: SourceAccount | undefined;
  storage: [slot: Uint8Array, value: bigint][];
}
