// A store of states: one after each block, in a tree as the blocks are.
import { BaseError, bytesToHex } from "@braid/primitives";
import type { StateChanges } from "../state-changes.ts";
import type { SourceAccount, StateSource } from "../state-source.ts";
import type { RecordChange, RecordRange } from "./records.ts";
import type { StateWitness } from "./state-witness.ts";

/** What a state is known by. A state that belongs to no block may go by its root. */
export interface BlockId {
  /** 32 bytes. */
  hash: Uint8Array;
  number: bigint;
}

/** A block whose state a store keeps. */
export interface KeptBlock extends BlockId {
  /** The root of the state after it, 32 bytes. */
  stateRoot: Uint8Array;
  /** The parent's hash. undefined for a first block; the parent may be pruned. */
  readonly parent?: Uint8Array | undefined;
}

/** A block that is committed. */
export interface NewBlock extends BlockId {
  /** Only a first block has any: hashes of older blocks, for BLOCKHASH. */
  ancestors?: ReadonlyMap<bigint, Uint8Array>;
}

/**
 * The states after blocks. The state after each kept block is readable, and a child of each can be prepared and committed: forks,
 * reorganisations and snapshots are blocks like any other. One of them is the head; its state is also held flat, so that a read of
 * it costs one look-up, while a read of another walks its tries.
 */
export interface StateStore {
  /** undefined until a first block is committed. */
  readonly head: KeptBlock | undefined;
  /** The block, or undefined when its state is not kept. */
  block(hash: Uint8Array): KeptBlock | undefined;
  /** The state after a block, which stays what it is while others are committed. Throws UnknownBlockError. */
  stateAt(block: Uint8Array): KeptState;
  /**
   * Computes the state after a child of `parent`; the store is as before. `parent` is undefined for the state of a first block, which the
   * changes make out of nothing. Throws UnknownBlockError, and MissingCodeError when an account's new code is neither in the changes nor
   * in the store.
   */
  prepare(parent: Uint8Array | undefined, changes: StateChanges): PreparedState;
  /**
   * As `prepare` for the state of a first block, which may have more accounts than memory has room for: a store on disk writes them before it is
   * committed.
   */
  prepareFirst(changes: StateChanges): Promise<PreparedState>;
  /**
   * Makes a kept block the head: the way of a reorganisation, or back to a snapshot. `records` change with it, or neither does. Rejects
   * with UnknownBlockError.
   */
  setHead(block: Uint8Array, records?: Iterable<RecordChange>): void | Promise<void>;
  /** A block and all that descends from it; parents come first. Throws UnknownBlockError. */
  descendants(block: Uint8Array): KeptBlock[];
  /**
   * Gives up a block and all that descends from it. `records` change with it, or neither does. Rejects with UnknownBlockError, and with
   * BlockInUseError when the head is among them.
   */
  forget(block: Uint8Array, records?: Iterable<RecordChange>): void | Promise<void>;
  /** One of the caller's own entries, as of the last finished write. */
  record(key: Uint8Array): Uint8Array | undefined;
  records(range?: RecordRange): Iterable<[key: Uint8Array, value: Uint8Array]>;
  /** Changes the caller's own entries alone. Rejects with RecordKeyError. */
  write(records: Iterable<RecordChange>): Promise<void>;
  /** Resolves when all that was committed survives even a power cut; that a process ends, however it does, takes nothing away before that. */
  flush(): Promise<void>;
  /** Waits for what is being written. The store and its states must not be used any more. */
  close(): Promise<void>;
}

/** A state that a store keeps: a source that knows what it is. */
export interface KeptState extends StateSource {
  readonly stateRoot: Uint8Array;
  /** As StoredState. Throws UnprovableStateError where the nodes of the trie lie elsewhere. */
  prove(address: Uint8Array, slots: readonly Uint8Array[]): AccountProof;
  /** Begins to collect what shows an execution on this state to somebody who has none. Throws UnprovableStateError. */
  witness(): StateWitness;
}

/** A state whose store has all of it: it answers at once. */
export interface StoredState extends KeptState {
  getAccount(address: Uint8Array): SourceAccount | undefined;
  getStorage(address: Uint8Array, slot: Uint8Array): bigint;
  getCode(codeHash: Uint8Array): Uint8Array;
  getBlockHash(number: bigint): Uint8Array;
  /** Proves an account, and slots of it, to whoever knows the state root: what EIP-1186 wants to be told. */
  prove(address: Uint8Array, slots: readonly Uint8Array[]): AccountProof;
}

/** An account as EIP-1186 has it, with the nodes on the way to it. An account that does not exist is proven too: all its fields are empty. */
export interface AccountProof {
  nonce: bigint;
  /** In wei. */
  balance: bigint;
  codeHash: Uint8Array;
  storageRoot: Uint8Array;
  /** RLP of trie nodes, from the state root down. */
  accountProof: Uint8Array[];
  /** In the order in which the slots were asked for. */
  storageProof: { slot: Uint8Array; value: bigint; proof: Uint8Array[] }[];
}

/** A state that is computed and not yet kept. */
export interface PreparedState {
  /** 32 bytes. */
  readonly root: Uint8Array;
  /**
   * Keeps it as the state after a block, and changes the caller's own entries (blocks, receipts, indices) with it: all or nothing. A child
   * of the head becomes the head. Rejects with UnknownBlockError when the parent is no longer kept, and with KnownBlockError when the
   * block is kept already.
   */
  commit(block: NewBlock, records?: Iterable<RecordChange>): void | Promise<void>;
}

/** A state is asked for that the store does not keep. Code BRAID_UNKNOWN_BLOCK. */
export class UnknownBlockError extends BaseError {
  constructor(hash: Uint8Array) {
    const block = bytesToHex(hash);
    super(
      "BRAID_UNKNOWN_BLOCK",
      `The store keeps no state of block ${block}: it was never committed, or it was pruned.`,
      { data: { block } },
    );
  }
}

/** A block is committed that the store keeps already, or a second first block. Code BRAID_KNOWN_BLOCK. */
export class KnownBlockError extends BaseError {
  constructor(hash: Uint8Array) {
    const block = bytesToHex(hash);
    super("BRAID_KNOWN_BLOCK", `The store keeps block ${block} already: do not commit it again.`, {
      data: { block },
    });
  }
}

/** A block is to be given up on which the head stands. Code BRAID_BLOCK_IN_USE. */
export class BlockInUseError extends BaseError {
  constructor(hash: Uint8Array) {
    const block = bytesToHex(hash);
    super(
      "BRAID_BLOCK_IN_USE",
      `Block ${block} cannot be given up: the head is that block, or descends from it. Move the head first.`,
      { data: { block } },
    );
  }
}

/** A proof is asked for of a state of which the store has changes only. Code BRAID_STATE_UNPROVABLE. */
export class UnprovableStateError extends BaseError {
  constructor() {
    super(
      "BRAID_STATE_UNPROVABLE",
      "Nothing can be proven of this state: the trie below its changes lies elsewhere. Ask for a block that the other node has.",
    );
  }
}
