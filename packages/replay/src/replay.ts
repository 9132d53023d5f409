// The loop over files and blocks: loads, executes, checks, reports. It never throws for what is wrong with a file or a block.
import type { BlockResult } from "@braid/executor";
import { BaseError, type Hex } from "@braid/primitives";
import type { BlockAccessList } from "@braid/protocol";
import { isFinalCode } from "@braid/remote";
import { MemoryStateSource } from "@braid/state";
import type { BlockFile, BlockSource, LoadedBlock } from "./block-file.ts";
import type { BlockExecutor, Mode, RunOptions } from "./block-runner.ts";
import { loadBlockFile } from "./detect.ts";
import { BlockFileError, describeError } from "./errors.ts";
import { type Candidate, listFiles } from "./list-files.ts";
import { openParentState } from "./parent-state.ts";
import { type RemoteBlocks, RemoteReader } from "./remote-blocks.ts";
import { replayBlock } from "./replay-block.ts";
import { type BlockReport, fileReport, type ReplaySummary, totalsOf } from "./report.ts";
import { StockBaseline } from "./stock-baseline.ts";

/** What to replay and how; every field has a default. */
export interface ReplayOptions {
  /** Default "parallel". */
  mode?: Mode;
  /** The name of the engine that executes; default: the executor's. */
  engine?: string;
  /** How many threads execute; default: the executor's choice (one for each core). */
  workers?: number;
  /** Whether the executor predicts what transactions touch; default true. */
  hints?: boolean;
  /** Block access lists (EIP-7928) by the hashes of their blocks, as hints: `readAccessLists` reads them. */
  accessLists?: ReadonlyMap<Hex, BlockAccessList>;
  /** Also run each block sequentially and compare everything. */
  compare?: boolean;
  /** Also run each block on stock @ethereumjs/vm. */
  baseline?: boolean;
  /** Executions of each block; default 1. */
  repeat?: number;
  /** Ends the replay: the block at work is dropped, the summary holds those before it. */
  signal?: AbortSignal;
  /** Bytes that a file may have, and unfold into with what its values take in memory; default 256 MiB. */
  maxFileBytes?: number;
  /** Blocks that are read from a node, after those of the paths. */
  remote?: RemoteBlocks;
  onEvent?: (event: ReplayEvent) => void;
  /** Executes the blocks instead of an executor of this replay's own (which it closes at the end). */
  executor?: BlockExecutor;
}

/** What happens during a replay. */
export type ReplayEvent =
  /** All paths were looked at. */
  | { type: "files"; files: number }
  /** A file was loaded; `index` counts from 0. */
  | { type: "file"; file: string; index: number; files: number; blocks: number }
  /** A block is about to be executed. */
  | { type: "block"; file: string; number: number; fork: string; transactions: number }
  /** Transactions of the block at work that are final. */
  | { type: "progress"; committed: number; transactions: number }
  /** A block was executed, and all that can be checked fits. */
  | { type: "executed"; block: LoadedBlock; result: BlockResult }
  /** A block is done, or a file cannot be replayed. */
  | { type: "report"; report: BlockReport };

/** Replays all blocks of files and directories, in the order of the paths. Resolves also when blocks are wrong: see the reports' verdicts. */
export async function replay(paths: readonly string[], options: ReplayOptions = {}): Promise<ReplaySummary> {
  if (options.executor !== undefined) return await replayOn(options.executor, paths, options);
  // Loaded when it is needed: it brings the whole EVM, which `braid --help` can do without.
  const { Executor } = await import("@braid/executor");
  const executor = new Executor(options.workers === undefined ? {} : { workers: options.workers });
  try {
    return await replayOn(executor, paths, options);
  } finally {
    await executor.close();
  }
}

async function replayOn(
  executor: BlockExecutor,
  paths: readonly string[],
  options: ReplayOptions,
): Promise<ReplaySummary> {
  const start = performance.now();
  const session = new ReplaySession(executor, options);
  let interrupted = false;
  try {
    await session.replayPaths(paths);
    if (options.remote !== undefined) await session.replayRemote(options.remote);
  } catch (error) {
    if (options.signal?.aborted !== true) throw error;
    interrupted = true;
  }
  const { reports: blocks, skippedFiles } = session;
  return { blocks, totals: totalsOf(blocks, performance.now() - start), skippedFiles, interrupted };
}

/** A rehearsal takes as long as it spares a few blocks together. */
const REHEARSED_FILES = 4;

class ReplaySession {
  readonly reports: BlockReport[] = [];
  readonly skippedFiles: string[] = [];
  readonly #executor: BlockExecutor;
  readonly #options: ReplayOptions;
  readonly #run: RunOptions;
  #warm: boolean;
  #rehearsal: Promise<void> | undefined;

  constructor(executor: BlockExecutor, options: ReplayOptions) {
    this.#executor = executor;
    this.#options = options;
    // An executor that was handed over is in use already.
    this.#warm = options.executor !== undefined;
    const { mode = "parallel", hints = true, compare = false, baseline = false, repeat = 1 } = options;
    this.#run = { mode, hints, compare, baseline, repeat };
    if (options.engine !== undefined) this.#run.engine = options.engine;
    if (options.accessLists !== undefined) this.#run.accessLists = options.accessLists;
    if (options.workers !== undefined) this.#run.workers = options.workers;
    if (options.signal !== undefined) this.#run.signal = options.signal;
    this.#run.onProgress = ({ committed, transactions }) =>
      this.#emit({ type: "progress", committed, transactions });
  }

  async replayPaths(paths: readonly string[]): Promise<void> {
    const candidates: Candidate[] = [];
    const listed: { path: string; files: Candidate[] }[] = [];
    for (const path of paths) {
      try {
        const files = await listFiles(path, this.#options.signal);
        listed.push({ path, files });
        candidates.push(...files);
      } catch (error) {
        this.#options.signal?.throwIfAborted();
        this.#report(fileReport(path, error));
      }
    }
    this.#emit({ type: "files", files: candidates.length });
    this.#rehearse(candidates.length);
    for (const [index, candidate] of candidates.entries()) {
      await this.#breathe();
      const file = await this.#load(candidate);
      if (file === undefined) continue;
      this.#emit({
        type: "file",
        file: file.path,
        index,
        files: candidates.length,
        blocks: file.blocks.length,
      });
      await this.#replayFile(file);
    }
    this.#reportEmptyDirectories(listed);
  }

  /** Throws when the node or its chain cannot be used at all. */
  async replayRemote(remote: RemoteBlocks): Promise<void> {
    const reader = await RemoteReader.open(remote);
    this.#rehearse(reader.count);
    try {
      for (const { index, file: pending } of reader.turns()) {
        await this.#breathe();
        let file: BlockSource;
        try {
          file = await pending;
        } catch (error) {
          this.#options.signal?.throwIfAborted();
          this.#report(fileReport(reader.name, error));
          if (isFinalCode(describeError(error).code)) return;
          continue;
        }
        this.#emit({ type: "file", file: file.path, index, files: reader.count, blocks: 1 });
        await this.#replayFile(file);
        const { verdict, error } = this.reports.at(-1) ?? { verdict: "error" };
        if (verdict !== "ok") await reader.forget(file);
        if (isFinalCode(error?.code)) return;
      }
    } finally {
      await reader.close();
    }
  }

  async #load(candidate: Candidate): Promise<BlockFile | undefined> {
    try {
      if (candidate.error !== undefined) throw candidate.error;
      const { maxFileBytes } = this.#options;
      return await loadBlockFile(candidate.path, maxFileBytes === undefined ? {} : { maxFileBytes });
    } catch (error) {
      if (!candidate.named && error instanceof BlockFileError && error.code === "BRAID_FILE_UNKNOWN_FORMAT") {
        this.skippedFiles.push(candidate.path);
      } else {
        this.#report(fileReport(candidate.path, error));
      }
      return undefined;
    }
  }

  async #replayFile(file: BlockSource): Promise<void> {
    const stock = new StockBaseline(file, this.#run.baseline);
    try {
      const state = openParentState(file);
      await this.#warmUp(file);
      for (const block of file.blocks) {
        await this.#breathe();
        this.#emit({
          type: "block",
          file: file.path,
          number: Number(block.number),
          fork: block.fork,
          transactions: block.input.transactions.length,
        });
        const { report, result } = await replayBlock(this.#executor, file, block, state, stock, this.#run);
        this.#report(report);
        if (result !== undefined) this.#emit({ type: "executed", block, result });
        // What follows a wrong block starts from a state that nobody knows.
        if (result === undefined) return;
        await state.advance(block, result.stateChanges);
      }
    } catch (error) {
      this.#options.signal?.throwIfAborted();
      this.#report(fileReport(file.path, error));
    }
  }

  /** Beside the reading of the first file. What goes wrong here, like threads that cannot start, the first block will say. */
  #rehearse(files: number): void {
    if (!this.#warm && files >= REHEARSED_FILES) this.#rehearsal = this.#executor.warmUp?.().catch(() => {});
  }

  /**
   * Once: starting the threads is part of no block's time. They get a block without transactions over a state without accounts. A first block that
   * runs without threads, because it is small, does not wait for them.
   */
  async #warmUp({ blocks: [first] }: BlockSource): Promise<void> {
    if (this.#warm || first === undefined) return;
    this.#warm = true;
    await this.#rehearsal;
    const source = MemoryStateSource.fromFlat({ accounts: [], codes: [] });
    const block = { ...first.input, transactions: [], uncles: [] };
    const { MIN_PARALLEL_TRANSACTIONS } = await import("@braid/executor");
    const isSmall = first.input.transactions.length < MIN_PARALLEL_TRANSACTIONS;
    const force = !isSmall || this.#run.workers !== undefined;
    try {
      await this.#executor.executeBlock({ block, chain: first.chain, source, mode: this.#run.mode, force });
    } catch (error) {
      // Without system contracts the block may well be invalid; threads that cannot start will say so at the first real block.
      if (!(error instanceof BaseError)) throw error;
    }
  }

  /** A path in which every file was passed over is a mistake of who named it. */
  #reportEmptyDirectories(listed: { path: string; files: Candidate[] }[]): void {
    const skipped = new Set(this.skippedFiles);
    for (const { path, files } of listed) {
      if (files.some((file) => !skipped.has(file.path))) continue;
      const message =
        "The directory holds no block files. Braid replays bundles (.braid), blocks with a pre-state and blocks with a witness.";
      this.#report(fileReport(path, new BlockFileError("BRAID_NOTHING_TO_REPLAY", message)));
    }
  }

  #report(report: BlockReport): void {
    this.reports.push(report);
    this.#emit({ type: "report", report });
  }

  #emit(event: ReplayEvent): void {
    this.#options.onEvent?.(event);
  }

  /** Lets signals and timers in between blocks: an executor on this thread may otherwise never leave the microtask queue. */
  async #breathe(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    this.#options.signal?.throwIfAborted();
  }
}
