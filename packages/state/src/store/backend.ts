// Where a store of states keeps what it has: in memory or on disk. What happens to it is decided in tree-state-store.ts, once for both.
import type { StateChanges } from "../state-changes.ts";
import type { FlatAccount, SourceAccount, StateHandle } from "../state-source.ts";
import type { NodeLoader, TrieNode } from "../trie/node.ts";
import type { RecordChange, RecordRange } from "./records.ts";
import type { KeptBlock } from "./state-store.ts";

/** A kept block, and its place in the tree of blocks. */
export interface TreeBlock extends KeptBlock {
  readonly parent: Uint8Array | undefined;
  /** Blocks between it and the first one that the store ever had. */
  readonly height: number;
}

/** The head's state by plain keys. */
export interface FlatReader {
  account(address: Uint8Array): SourceAccount | undefined;
  slot(address: Uint8Array, key: Uint8Array): bigint;
  /** All slots of an account, ascending by key. */
  slots(address: Uint8Array): Iterable<[key: Uint8Array, value: bigint]>;
  /** Accounts and slots. */
  readonly size: number;
  /** Every account with its storage. */
  flatten(): FlatAccount[];
}

/** What can be read. It changes only when a write has succeeded. */
export interface StateReader {
  readonly head: TreeBlock | undefined;
  block(hash: Uint8Array): TreeBlock | undefined;
  /** A hash from before the first block that is kept. */
  ancestorHash(number: bigint): Uint8Array | undefined;
  /** The account trie after a kept block. */
  trie(block: TreeBlock): TrieNode | undefined;
  readonly nodes: NodeLoader;
  code(hash: Uint8Array): Uint8Array | undefined;
  readonly flat: FlatReader;
}

/** A new block with all that goes with it. */
export interface CommitWrite {
  block: TreeBlock;
  /** undefined for a first block. */
  parent: TreeBlock | undefined;
  trie: TrieNode | undefined;
  /** From the parent's state to the block's. */
  changes: StateChanges;
  /** The block becomes the head; this leads back. undefined for a block beside the head. */
  undo: StateChanges | undefined;
  ancestors: ReadonlyMap<bigint, Uint8Array>;
  pruning: Pruning;
  records: readonly RecordChange[];
}

/** The oldest block goes, and all but one of its children, with all that descends from them. */
export interface Pruning {
  /** Each with the child that is kept: its nodes that this one does not share are of no use any more. Oldest first. */
  onPath: { block: TreeBlock; child: TreeBlock }[];
  /** Each with its parent. */
  beside: { block: TreeBlock; parent: TreeBlock }[];
  /** Numbers of hashes that BLOCKHASH cannot reach any more. */
  forgotten: bigint[];
}

/** A move of the head over one edge of the tree of blocks, between `block` and its parent. */
export interface HeadStep {
  block: TreeBlock;
  /** The head after the step: the block itself, or its parent. */
  to: TreeBlock;
}

/** How one edge was walked: what it changed. */
export interface WalkedStep extends HeadStep {
  changes: StateChanges;
}

export interface Backend extends StateReader {
  /** Accounts and slots up to which a state is offered as a whole: beyond, filling a cache anew costs more than the reads of a block. */
  readonly preloadLimit: number;
  /** What other threads open a block's state by, where they can. */
  handle(block: TreeBlock): StateHandle | undefined;
  codes(): [hash: Uint8Array, code: Uint8Array][];
  /** The oldest kept block of the head's. */
  readonly base: TreeBlock | undefined;
  /** The kept blocks of a height. */
  blocksAt(height: number): TreeBlock[];
  /**
   * What leads over the edge above a block: of the head and its ancestors to the parent's state, of other blocks from it.
   */
  delta(block: TreeBlock): StateChanges;
  /**
   * Writes a first state before it belongs to a block, and gives its trie; undefined where that is no better than writing it with the block. Only
   * where memory does not hold it anyway.
   */
  buildFirst?(changes: StateChanges): Promise<TrieNode | undefined>;
  record(key: Uint8Array): Uint8Array | undefined;
  records(range: RecordRange): Iterable<[key: Uint8Array, value: Uint8Array]>;
  /** All or nothing, as are the other writes. One write at a time. */
  commit(write: CommitWrite): void | Promise<void>;
  /** Walks over edges, turning each one's delta round. */
  move(steps: readonly HeadStep[], records: readonly RecordChange[]): WalkedStep[] | Promise<WalkedStep[]>;
  /** Gives up blocks beside the head's line, each with its parent; what descends from them is among them. */
  forget(gone: Pruning["beside"], records: readonly RecordChange[]): void | Promise<void>;
  write(records: readonly RecordChange[]): Promise<void>;
  /** Resolves when all that was written is safe from a power cut. */
  flush(): Promise<void>;
  close(): Promise<void>;
}
