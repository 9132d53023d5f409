// What executeBlock takes: a block as consensus data, and how to run it.

import type { Block, BlockAccessList, ChainInput, RpcBlock } from "@braid/protocol";
import type { StateChanges, StateSource } from "@braid/state";

/**
 * A block: its RLP, as `eth_getBlockByNumber(number, true)` gives it (checked against its own hash and roots), or decoded. The state tells
 * which block comes next: that its header follows the parent's is for who has the parent (validateHeader of @braid/protocol).
 */
export type BlockInput = Uint8Array | RpcBlock | Block;

export type ExecutionMode = "parallel" | "sequential";

/** Which hints are used; each may be switched off to measure what it is worth. */
export interface HintOptions {
  /** EIP-2930 access lists: their slots are prefetched. */
  accessLists: boolean;
  /** The block's own access list, where `accessList` gives it: it stands in for all other hints. */
  blockAccessList: boolean;
  /** Sender, receiver and coinbase are prefetched; a sender's later transactions wait for its earlier ones. */
  facts: boolean;
  /** What earlier blocks taught about (contract, selector): locations are prefetched, writes expected as estimates. */
  learned: boolean;
}

export interface Progress {
  committed: number;
  transactions: number;
  executions: number;
  aborts: number;
}

/** Long enough for a client of a remote node to try again some times. */
export const DEFAULT_READ_TIMEOUT_MS = 60_000;

export interface ExecuteBlockInput {
  block: BlockInput;
  /** By its name, as a Chain, as a geth genesis file, or as an @ethereumjs/common. The block's number and timestamp choose the fork. */
  chain: ChainInput;
  /** The state before the block. */
  source: StateSource;
  /** Default: parallel. Blocks too small to gain from it run sequentially all the same, unless `force`. */
  mode?: ExecutionMode;
  /** Run small blocks in parallel too: for tests of the parallel path. */
  force?: boolean;
  /** The engine's name, one of ENGINE_NAMES; default: the executor's. What another engine does not support runs on ethereumjs all the same. */
  engine?: string;
  /**
   * Workers for this block, at most the executor's; 0 runs it on the caller's thread. Default: all of them, but a block of less than
   * MIN_PARALLEL_TRANSACTIONS transactions, and of at most two million gas if its header is right, runs on the caller's thread: for 8 ms, then
   * a worker goes on with it.
   */
  workers?: number;
  hints?: boolean | Partial<HintOptions>;
  /**
   * The block access list (EIP-7928), from whoever has it: all state that it names is fetched at once, and transactions go on with the values that
   * it says others leave behind. It is a hint: a wrong one costs time and changes no result.
   */
  accessList?: BlockAccessList;
  /** Senders that are known already (20 bytes each); the others are recovered. */
  senders?: (Uint8Array | undefined)[];
  /** A sender that is given may be a contract, which EIP-3607 forbids: for blocks of a development node that sends in the name of anybody. */
  contractSenders?: boolean;
  /** Before Byzantium each receipt has the state root after its transaction: called in order, with all that the block has changed up to there. */
  intermediateRoots?: (changes: StateChanges) => Uint8Array;
  /**
   * Milliseconds that the source may take for one call; then reads of it have failed (ExecutionError BRAID_SOURCE_TIMEOUT names one of
   * them), and so has the block if it needs them. Infinity: no limit. Default: DEFAULT_READ_TIMEOUT_MS, a minute.
   */
  readTimeoutMs?: number;
  /** Called some times a second, and at the end. The call is rejected with what it throws. */
  onProgress?: (progress: Progress) => void;
  signal?: AbortSignal;
}
