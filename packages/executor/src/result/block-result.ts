// What executeBlock returns.

import type { AbortCauses } from "@braid/kernel";
import type { Hex } from "@braid/primitives";
import type { BlockAccessList, InvalidTransactionError, Log, Receipt } from "@braid/protocol";
import type { StateChanges } from "@braid/state";
import type { ExecutionMode } from "../block/block-input.ts";
import type { Fallback } from "../pool/block-run.ts";

export type AccessField = "balance" | "nonce" | "codeHash" | "storage" | "storageReset";

/** An observation of the final incarnation: the value was within `min` and `max` (inclusive); equal for a value that was looked at. */
export interface ReadAccess {
  address: Hex;
  field: AccessField;
  /** For storage. */
  slot?: Hex;
  min: bigint;
  max: bigint;
}

/** A net write of the final incarnation: a value, or for balances the signed change (`delta`). */
export interface WriteAccess {
  address: Hex;
  field: AccessField;
  slot?: Hex;
  value?: bigint;
  delta?: bigint;
}

export interface TransactionResult {
  /** 20 bytes. */
  sender: Uint8Array;
  status: 0 | 1;
  gasUsed: bigint;
  /** The exceptional halt, or "revert". */
  error?: string;
  /** What the top-level call returned. */
  output: Uint8Array;
  createdAddress?: Uint8Array;
  /** Incarnations that were executed, including those that were suspended. */
  executions: number;
  /** Decoded when first looked at. */
  readonly reads: ReadAccess[];
  readonly writes: WriteAccess[];
}

/** What a unit of the block that is no transaction left behind. */
export interface SystemUnit {
  /** Decoded when first looked at. */
  readonly reads: ReadAccess[];
  readonly writes: WriteAccess[];
}

export interface HintStatistics {
  /** Locations that were expected to be written, and those of them that were. */
  predicted: number;
  hits: number;
  /** Locations written by more than one transaction: what hints should foresee. */
  contended: number;
  /** hits / predicted and hits / contended; 1 when there was nothing to predict. */
  precision: number;
  recall: number;
}

export interface Statistics {
  /** The engine that was asked for, and how many units it left to the one that supports everything. */
  engine: { name: string; unsupported: number };
  /** How the block was run; a block too small to gain from it runs sequentially in parallel mode too. */
  mode: ExecutionMode;
  workers: number;
  executions: number;
  /** Executed incarnations whose reads turned out stale. */
  aborts: number;
  /** Aborts by the kind of the first stale read. */
  abortCauses: AbortCauses;
  /** Incarnations that met an estimate, or had to wait until they were the head. */
  suspensions: number;
  /** Incarnations that were left because the source had to be asked: they began again when its answer was there. */
  misses: number;
  /** Incarnations besides each unit's first, for whatever other reason. */
  reexecutions: number;
  validations: number;
  fallback?: Fallback;
  hints: HintStatistics;
  /** Milliseconds by phase, wall time of the main thread except where named by worker. */
  phases: { prepare: number; load: number; run: number; result: number; total: number };
  /** Per worker: milliseconds recovering senders, executing, and waiting. */
  workerPhases: { recover: number; execute: number; idle: number }[];
  /** Of a block that ran in order: milliseconds of each unit, the one before the transactions (or candidates) first, the one behind them last. */
  unitMs?: number[];
  /** Bytes used in the two arenas at the end of the block. */
  blockArenaBytes: number;
  stateArenaBytes: number;
}

/** A transaction that was executed to be looked at. */
export interface TracedTransaction extends TransactionResult {
  logs: Log[];
}

/** A candidate that is not part of a block that was built. */
export interface LeftOut {
  /** Its place among the candidates. */
  index: number;
  /** What it would be rejected with in a given block. */
  error: InvalidTransactionError;
}

/** A block that was built: the result is that of executing the candidates that it includes. */
export interface BuiltBlock extends BlockResult {
  /** Which candidates the block consists of, in order: `transactions[i]` is candidate `included[i]`. */
  included: number[];
  leftOut: LeftOut[];
}

export interface BlockResult {
  /** Decoded when first looked at. */
  receipts: Receipt[];
  /** Their encodings as RLP strings, one behind the other: what a list of them consists of. */
  readonly receiptStrings: Uint8Array;
  /** Of the transactions: 20 bytes each, one behind the other. */
  readonly senders: Uint8Array;
  /** Undefined before Byzantium without `intermediateRoots`: the receipts lack their state roots then. */
  receiptsRoot: Uint8Array | undefined;
  logsBloom: Uint8Array;
  gasUsed: bigint;
  blobGasUsed: bigint;
  stateChanges: StateChanges;
  /** From Prague on (EIP-7685): type byte and data, empty ones left out. */
  requests?: Uint8Array[];
  requestsHash?: Uint8Array;
  transactions: TransactionResult[];
  /** What comes before the transactions (system calls) and behind them (withdrawals, rewards, requests). */
  prologue: SystemUnit;
  epilogue: SystemUnit;
  /**
   * The block access list (EIP-7928), made when first looked at. Blocks before Amsterdam have one too. What it cannot
   * say there: a SELFDESTRUCT that takes storage along (before EIP-6780) shows as balance, nonce and code going to zero.
   */
  readonly accessList: BlockAccessList;
  statistics: Statistics;
}
