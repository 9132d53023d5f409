// The executor: one shared kernel and one worker pool, reused from block to block. Reading `#execute` from top to bottom
// is reading the way of a block.

import { availableParallelism } from "node:os";
import { ArenaExhaustedError, HEAD_ONLY, Kernel } from "@braid/kernel";
import type { StateSource } from "@braid/state";
import { Piscina } from "piscina";
import { assembleResult, hintStatistics, runStatistics } from "./block/assemble-result.ts";
import type { ExecuteBlockInput, ExecutionMode, Progress } from "./block/block-input.ts";
import type { BlockResult, Fallback } from "./block/block-result.ts";
import { type PreparedBlock, prepareBlock } from "./block/prepare-block.ts";
import { DEFAULT_DEPOSIT_CONTRACT } from "./block/requests.ts";
import { ExecutionError } from "./errors.ts";
import { functionKeys } from "./hints/call-target.ts";
import { HintMemory } from "./hints/hint-memory.ts";
import { hintOptions, placeEstimates, prefetch } from "./hints/place-hints.ts";
import { type RunReport, runBlock, throwIfCancelled } from "./pool/block-run.ts";
import { SourceServer } from "./pool/source-server.ts";
import type { WorkerSetup } from "./pool/task.ts";
import { FlatCache } from "./state/flat-cache.ts";

export interface ExecutorOptions {
  /** Worker threads; default: one for each core. */
  workers?: number;
  /** Bytes for what one block needs: versions, read and write sets, outcomes. */
  blockArenaBytes?: number;
  /** Bytes for the cached parent state. */
  stateArenaBytes?: number;
}

const MAX_WORKERS = 64;
/** Below this many transactions a block runs in order on one worker: see bench/README.md, "Small blocks". */
const MIN_PARALLEL_TRANSACTIONS = 4;
/** Speculation stops when more incarnations were in vain than the block has units, after this many to begin with. */
const SOLO_ALLOWANCE = 32;
/** A worker that replaces a dead one takes a new instance of the kernel; they cost address space only. */
const SPARE_INSTANCES = 64;
const PROGRESS_INTERVAL_MS = 50;

export class Executor {
  readonly workers: number;
  readonly #kernel: Kernel;
  readonly #cache: FlatCache;
  readonly #hints = new HintMemory();
  #pool: Piscina | undefined;
  /** Blocks run one after the other: they share the kernel. */
  #queue: Promise<unknown> = Promise.resolve();
  #last: { source: StateSource; version: number | undefined; result: BlockResult } | undefined;
  #closed = false;

  constructor(options: ExecutorOptions = {}) {
    this.workers = Math.min(MAX_WORKERS, Math.max(1, options.workers ?? availableParallelism()));
    this.#kernel = Kernel.create({
      maxWorkers: this.workers + SPARE_INSTANCES,
      ...(options.blockArenaBytes === undefined ? {} : { blockArenaBytes: options.blockArenaBytes }),
      ...(options.stateArenaBytes === undefined ? {} : { stateArenaBytes: options.stateArenaBytes }),
    });
    this.#cache = new FlatCache(this.#kernel);
  }

  /**
   * Executes a block on the state before it.
   *
   * @throws InvalidTransactionError, InvalidBlockError when the block breaks a rule of its fork; the state source's own error
   *   when a read fails; ArenaExhaustedError when the block does not fit in memory; ExecutionError when execution itself breaks.
   */
  executeBlock(input: ExecuteBlockInput): Promise<BlockResult> {
    if (this.#closed)
      return Promise.reject(
        new ExecutionError("BRAID_EXECUTOR_CLOSED", "The executor is closed; make a new one."),
      );
    const result = this.#queue.then(() => this.#execute(input));
    this.#queue = result.catch(() => {});
    return result;
  }

  /** Ends the workers, after the blocks that were begun. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#queue;
    await this.#pool?.destroy();
    this.#pool = undefined;
  }

  async #execute(input: ExecuteBlockInput): Promise<BlockResult> {
    const begin = performance.now();
    const block = prepareBlock(input.block, input.common);
    const prepared = performance.now();
    const requested = input.mode ?? "parallel";
    const transactions = input.block.transactions.length;
    const mode: ExecutionMode =
      requested === "parallel" && (input.force || transactions >= MIN_PARALLEL_TRANSACTIONS)
        ? "parallel"
        : "sequential";
    const workers =
      mode === "sequential" ? 1 : Math.min(this.workers, Math.max(1, input.workers ?? this.workers));
    let loaded = 0;
    let report: RunReport;
    try {
      report = await this.#attempt(input, block, mode, workers, true, () => {
        loaded = performance.now();
      });
    } catch (error) {
      if (!(error instanceof ArenaExhaustedError)) throw error;
      // Once more with both arenas empty, no speculation and only the state that is asked for, which needs the least memory.
      const fallback: Fallback = { reason: "arena-full", at: 0, message: error.message };
      this.#cache.clear();
      report = await this.#attempt(input, block, "sequential", 1, false, () => {
        loaded = performance.now();
      });
      report.fallback = fallback;
    }
    const ran = performance.now();
    const deposit =
      (input.common["_chainParams"].depositContractAddress as typeof DEFAULT_DEPOSIT_CONTRACT | undefined) ??
      DEFAULT_DEPOSIT_CONTRACT;
    const { result, contended } = await assembleResult(this.#kernel, block, deposit, input.intermediateRoots);
    if (hintOptions(input.hints).learned && contended.length > 0) {
      this.#hints.learn(contended, functionKeys(input.block.transactions));
    }
    const end = performance.now();
    const complete: BlockResult = {
      ...result,
      statistics: {
        mode:
          report.fallback === undefined
            ? mode
            : report.fallback.reason === "arena-full"
              ? "sequential"
              : mode,
        workers,
        ...runStatistics(this.#kernel, report.fallback),
        hints: hintStatistics(this.#kernel, contended),
        phases: {
          prepare: prepared - begin,
          load: loaded - prepared,
          run: ran - loaded,
          result: end - ran,
          total: end - begin,
        },
        workerPhases: report.reports.map(({ recoverMs, executeMs, idleMs }) => ({
          recover: recoverMs,
          execute: executeMs,
          idle: idleMs,
        })),
      },
    };
    this.#last = { source: input.source, version: input.source.version, result: complete };
    return complete;
  }

  /** Loads the state, places the hints, and runs all units. */
  async #attempt(
    input: ExecuteBlockInput,
    block: PreparedBlock,
    mode: ExecutionMode,
    workers: number,
    preload: boolean,
    onLoaded: () => void,
  ): Promise<RunReport> {
    const kernel = this.#kernel;
    const { source } = input;
    if (this.#last?.source === source)
      this.#cache.advance(source, this.#last.version, this.#last.result.stateDiff);
    this.#cache.attach(source, preload);
    const units = input.block.transactions.length + 2;
    kernel.resetBlock(units);
    const fault = kernel.faultError();
    if (fault !== undefined) throw fault;
    kernel.setBlockGasLimit(block.context.gasLimit);
    kernel.setSoloAfter(units + SOLO_ALLOWANCE);
    kernel.setUnitFlags(units - 1, HEAD_ONLY);
    input.senders?.forEach((sender, i) => {
      if (sender !== undefined) kernel.setSender(i + 1, sender);
    });
    await unlessCancelled(this.#placeHints(input, block, mode), input.signal);
    onLoaded();
    const server = new SourceServer(this.#cache, source);
    const stopProgress = this.#watch(input.onProgress, input.block.transactions.length);
    const knewHuge = kernel.hugeBalances;
    const runAgain = (): boolean => kernel.hugeBalances && !knewHuge && input.signal?.aborted !== true;
    try {
      const report = await runBlock({
        kernel,
        pool: this.#workerPool(),
        server,
        block,
        mode,
        workers,
        complete: this.#cache.complete,
        signal: input.signal,
      });
      if (!runAgain()) return report;
    } catch (error) {
      if (!runAgain()) {
        this.#cache.clear();
        throw error;
      }
    } finally {
      stopProgress();
      server.close();
    }
    // A balance near 2^256 was loaded in mid-block. What was executed before that did not look out for credits that overflow.
    return this.#attempt(input, block, mode, workers, preload, onLoaded);
  }

  async #placeHints(input: ExecuteBlockInput, block: PreparedBlock, mode: ExecutionMode): Promise<void> {
    const options = hintOptions(input.hints);
    const { transactions } = input.block;
    if (!this.#cache.complete)
      await prefetch(this.#cache, input.source, transactions, block.context, this.#hints, options);
    if (options.learned && mode === "parallel" && !this.#hints.isEmpty)
      placeEstimates(this.#kernel, functionKeys(transactions), this.#hints);
  }

  #watch(onProgress: ((progress: Progress) => void) | undefined, transactions: number): () => void {
    if (onProgress === undefined) return () => {};
    const report = (): void => {
      const { committed, executions, aborts } = this.#kernel.progress();
      onProgress({
        committed: Math.min(transactions, Math.max(0, committed - 1)),
        transactions,
        executions,
        aborts,
      });
    };
    const timer = setInterval(report, PROGRESS_INTERVAL_MS);
    return () => {
      clearInterval(timer);
      report();
    };
  }

  #workerPool(): Piscina {
    const setup: WorkerSetup = { shared: this.#kernel.shared, instances: new SharedArrayBuffer(4) };
    this.#pool ??= new Piscina({
      filename: new URL("./pool/worker.ts", import.meta.url).href,
      minThreads: this.workers,
      maxThreads: this.workers,
      concurrentTasksPerWorker: 1,
      workerData: setup,
    });
    return this.#pool;
  }
}

/** Waits for a promise, or no longer than until the signal is aborted: then throws ExecutionError BRAID_ABORTED. */
async function unlessCancelled(promise: Promise<void>, signal: AbortSignal | undefined): Promise<void> {
  throwIfCancelled(signal);
  if (signal === undefined) return promise;
  const cancelled = Promise.withResolvers<void>();
  const cancel = (): void => cancelled.resolve();
  signal.addEventListener("abort", cancel);
  try {
    await Promise.race([promise, cancelled.promise]);
  } finally {
    signal.removeEventListener("abort", cancel);
  }
  throwIfCancelled(signal);
}

let shared: Executor | undefined;

/** Executes a block on a shared executor with one worker for each core. `close` ends it. */
export function executeBlock(input: ExecuteBlockInput): Promise<BlockResult> {
  shared ??= new Executor();
  return shared.executeBlock(input);
}

/** Ends the shared executor's workers; the next executeBlock starts new ones. */
export async function close(): Promise<void> {
  const executor = shared;
  shared = undefined;
  await executor?.close();
}
