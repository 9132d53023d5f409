// The executor: one shared kernel and one worker pool, reused from block to block. The way of a block is in execute-block.ts.

import { availableParallelism } from "node:os";
import { Kernel } from "@braid/kernel";
import { Piscina } from "piscina";
import type { ExecuteBlockInput } from "./block/block-input.ts";
import type { BlockResult } from "./block/block-result.ts";
import { ExecutionError } from "./errors.ts";
import { type ExecutorResources, executeBlockWith } from "./execute-block.ts";
import { HintMemory } from "./hints/hint-memory.ts";
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
/** A worker that replaces a dead one takes a new instance of the kernel; they cost address space only. */
const SPARE_INSTANCES = 64;

export class Executor {
  /** Worker threads. */
  readonly workers: number;
  readonly #resources: ExecutorResources;
  /** Blocks run one after the other: they share the kernel. */
  #queue: Promise<unknown> = Promise.resolve();
  #closed = false;

  /** Starts the workers. Throws KernelOptionsError when the arenas exceed a 32-bit address space. */
  constructor(options: ExecutorOptions = {}) {
    this.workers = Math.min(MAX_WORKERS, Math.max(1, options.workers ?? availableParallelism()));
    const { blockArenaBytes, stateArenaBytes } = options;
    const kernel = Kernel.create({
      maxWorkers: this.workers + SPARE_INSTANCES,
      ...(blockArenaBytes === undefined ? {} : { blockArenaBytes }),
      ...(stateArenaBytes === undefined ? {} : { stateArenaBytes }),
    });
    this.#resources = {
      kernel,
      cache: new FlatCache(kernel),
      hints: new HintMemory(),
      pool: startWorkers(kernel, this.workers),
      workers: this.workers,
      last: undefined,
    };
  }

  /**
   * Executes a block on the state before it.
   *
   * @throws InvalidTransactionError, InvalidBlockError when the block breaks a rule of its fork; the state source's own error
   *   when a read fails; ArenaExhaustedError when the block does not fit in memory; ExecutionError when it is cancelled or
   *   execution itself breaks.
   */
  executeBlock(input: ExecuteBlockInput): Promise<BlockResult> {
    if (this.#closed)
      return Promise.reject(
        new ExecutionError("BRAID_EXECUTOR_CLOSED", "The executor is closed; make a new one."),
      );
    const result = this.#queue.then(() => executeBlockWith(this.#resources, input));
    this.#queue = result.catch(() => {});
    return result;
  }

  /** Ends the workers, after the blocks that were begun. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#queue;
    await this.#resources.pool.destroy();
  }
}

function startWorkers(kernel: Kernel, workers: number): Piscina {
  const setup: WorkerSetup = { shared: kernel.shared, instances: new SharedArrayBuffer(4) };
  return new Piscina({
    filename: new URL("./pool/worker.ts", import.meta.url).href,
    minThreads: workers,
    maxThreads: workers,
    concurrentTasksPerWorker: 1,
    workerData: setup,
  });
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
