// Runs one block on the executor, with its clocks, and computes the state root that goes with the result.
import type { BlockResult, ExecuteBlockInput } from "@braid/executor";
import { bytesToHex, type Hex } from "@braid/primitives";
import type { BlockAccessList } from "@braid/protocol";
import type { LoadedBlock } from "./block-file.ts";
import type { BlockState, OpenedState } from "./parent-state.ts";
import { RecordingSource } from "./record-reads.ts";

/** What executes blocks: the executor, or anything that looks like it. */
export interface BlockExecutor {
  executeBlock(input: ExecuteBlockInput): Promise<BlockResult>;
  /** As Executor.warmUp. */
  warmUp?(): Promise<void>;
}

/** Which way a block is executed. */
export type Mode = "parallel" | "sequential";

/** How blocks are replayed. */
export interface RunOptions {
  mode: Mode;
  engine?: string;
  workers?: number;
  hints: boolean;
  /** Block access lists by the hashes of their blocks: hints. */
  accessLists?: ReadonlyMap<Hex, BlockAccessList>;
  /** Also run sequentially, compare everything, and time it. */
  compare: boolean;
  /** Also run on stock ethereumjs, and time it. */
  baseline: boolean;
  /** At least 1. */
  repeat: number;
  signal?: AbortSignal;
  onProgress?: (progress: { committed: number; transactions: number }) => void;
}

/** One execution of a block. Times are milliseconds. */
export interface Run {
  result: BlockResult;
  /** Undefined when the file's state has no root. */
  stateRoot?: Uint8Array;
  executeMs: number;
  rootMs: number;
}

/** Executes the block in one mode, with its clocks. */
export class BlockRunner {
  readonly block: LoadedBlock;
  readonly mode: Mode;
  readonly #executor: BlockExecutor;
  readonly #state: OpenedState;
  readonly #options: RunOptions;

  constructor(executor: BlockExecutor, block: LoadedBlock, state: OpenedState, options: RunOptions) {
    this.block = block;
    this.mode = options.mode;
    this.#executor = executor;
    this.#state = state;
    this.#options = options;
  }

  /** Executes the block once, on `state` or a newly opened one. Throws what the executor throws. */
  async run(mode: Mode, state: BlockState = this.#state.open()): Promise<Run> {
    const { engine, hints, accessLists, workers, signal, onProgress } = this.#options;
    const { source, rootAfter, readTimeoutMs } = state;
    const input: ExecuteBlockInput = {
      block: this.block.input,
      chain: this.block.chain,
      source,
      mode,
      ...(engine === undefined ? {} : { engine }),
      hints,
    };
    const accessList = accessLists?.get(bytesToHex(this.block.hash));
    if (accessList !== undefined) input.accessList = accessList;
    if (workers !== undefined) input.workers = workers;
    if (signal !== undefined) input.signal = signal;
    if (readTimeoutMs !== undefined) input.readTimeoutMs = readTimeoutMs;
    if (onProgress !== undefined) input.onProgress = onProgress;
    // Receipts before Byzantium hold the state root after each transaction; only then is that worth its time.
    if (rootAfter !== undefined && !this.block.chain.rulesOfFork(this.block.fork).byzantium)
      input.intermediateRoots = rootAfter;

    const start = performance.now();
    const result = await this.#executor.executeBlock(input);
    const executed = performance.now();
    if (rootAfter === undefined) return { result, executeMs: executed - start, rootMs: 0 };
    const stateRoot = rootAfter(result.stateChanges);
    return { result, stateRoot, executeMs: executed - start, rootMs: performance.now() - executed };
  }

  /** Everything that the block reads, as a flat state. */
  async record(): Promise<RecordingSource> {
    const state = this.#state.open();
    const source = new RecordingSource(state.source);
    const { readTimeoutMs } = state;
    await this.run("sequential", readTimeoutMs === undefined ? { source } : { source, readTimeoutMs });
    return source;
  }
}
