// What executeBlock takes: a block as consensus data, and how to run it.

import type { StateChanges, StateSource } from "@braid/state";
import type { BlockHeader } from "@ethereumjs/block";
import type { Common } from "@ethereumjs/common";

/** An uncle, as far as it is rewarded. */
export interface UncleInput {
  number: bigint;
  /** 20 bytes. */
  coinbase: Uint8Array;
}

/** EIP-4895. `amount` is in gwei. */
export interface WithdrawalInput {
  index: bigint;
  validatorIndex: bigint;
  address: Uint8Array;
  amount: bigint;
}

export interface BlockInput {
  header: BlockHeader;
  /** EIP-2718 encodings as they stand in the block body; blob transactions without their blobs. */
  transactions: Uint8Array[];
  uncles: UncleInput[];
  /** Present from Shanghai on. */
  withdrawals?: WithdrawalInput[];
}

export type ExecutionMode = "parallel" | "sequential";

/** Which hints are used; each may be switched off to measure what it is worth. */
export interface HintOptions {
  /** EIP-2930 access lists: their slots are prefetched. */
  accessLists: boolean;
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
  /** Set to the block's hardfork. */
  common: Common;
  /** The state before the block. */
  source: StateSource;
  /** Default: parallel. Blocks too small to gain from it run sequentially all the same, unless `force`. */
  mode?: ExecutionMode;
  /** Run small blocks in parallel too: for tests of the parallel path. */
  force?: boolean;
  /** The engine's name, one of ENGINE_NAMES; default: ethereumjs. What another engine does not support runs on that one all the same. */
  engine?: string;
  /** Workers for this block, at most the executor's. */
  workers?: number;
  hints?: boolean | Partial<HintOptions>;
  /** Senders that are known already (20 bytes each); the others are recovered. */
  senders?: (Uint8Array | undefined)[];
  /** Before Byzantium each receipt has the state root after its transaction: called in order, with all that the block has changed up to there. */
  intermediateRoots?: (changes: StateChanges) => Uint8Array;
  /**
   * Milliseconds that the source may take for one call; then reads of it have failed (ExecutionError BRAID_SOURCE_TIMEOUT names one of
   * them), and so has the block if it needs them. Infinity: no limit. Default: DEFAULT_READ_TIMEOUT_MS, a minute.
   */
  readTimeoutMs?: number;
  onProgress?: (progress: Progress) => void;
  signal?: AbortSignal;
}
