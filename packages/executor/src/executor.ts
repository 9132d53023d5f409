// The executor: one shared kernel and one worker pool, reused from block to block. The way of a block is in execute-block.ts.

import { availableParallelism } from "node:os";
import { extname } from "node:path";
import { Kernel } from "@braid/kernel";
import { Piscina } from "piscina";
import type { ExecuteBlockInput } from "./block/block-input.ts";
import { ENGINES } from "./engines/registry.ts";
import { ExecutionError } from "./errors.ts";
import { buildBlockWith, type ExecutorResources, executeBlockWith } from "./execute-block.ts";
import { HintMemory } from "./hints/hint-memory.ts";
import type { WorkerSetup } from "./pool/task.ts";
import type { BlockResult, BuiltBlock } from "./result/block-result.ts";
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
/** TypeScript in the working tree, JavaScript in the published package: the worker is what this file is. */
const WORKER = new URL(`./pool/worker${extname(import.meta.url)}`, import.meta.url).href;
/** Instances of the kernel for each worker: one that replaces a dead worker takes a new one. They cost half a megabyte of address space each. */
const INSTANCES_PER_WORKER = 6;
/** All workers may die in a block, and what goes on without them: below this many left, all of them start anew before the next block. */
const INSTANCES_PER_BLOCK = 3;

export class Executor {
  /** Worker threads. */
  readonly workers: number;
  readonly #resources: ExecutorResources;
  /** How many instances the workers have taken. */
  #instances = new Int32Array(new SharedArrayBuffer(4));
  /** Blocks run one after the other: they share the kernel. */
  #queue: Promise<unknown> = Promise.resolve();
  #closed = false;

  /** Starts the workers. Throws KernelOptionsError when the arenas exceed a 32-bit address space. */
  constructor(options: ExecutorOptions = {}) {
    this.workers = Math.min(MAX_WORKERS, Math.max(1, options.workers ?? availableParallelism()));
    const { blockArenaBytes, stateArenaBytes } = options;
    const kernel = Kernel.create({
      maxWorkers: this.workers * INSTANCES_PER_WORKER,
      ...(blockArenaBytes === undefined ? {} : { blockArenaBytes }),
      ...(stateArenaBytes === undefined ? {} : { stateArenaBytes }),
    });
    this.#resources = {
      kernel,
      cache: new FlatCache(kernel),
      hints: new HintMemory(),
      pool: startWorkers(kernel, this.workers, this.#instances),
      workers: this.workers,
      engines: ENGINES,
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
    return this.#enqueue(input, executeBlockWith);
  }

  /**
   * Builds a block: `block.transactions` are candidates, executed in order and in parallel like those of a given block. One that cannot be part
   * of the block (its nonce, funds, fees, signature, or what gas and blobs the block has left) is left out, with the error that it would be
   * rejected with; the others go on without it. The header's fields that execution determines (roots, gas used, bloom) are not looked at.
   * The result is that of executing the included ones.
   *
   * @throws as executeBlock, but never InvalidTransactionError.
   */
  buildBlock(input: ExecuteBlockInput): Promise<BuiltBlock> {
    return this.#enqueue(input, buildBlockWith);
  }

  #enqueue<Result>(
    input: ExecuteBlockInput,
    way: (resources: ExecutorResources, input: ExecuteBlockInput) => Promise<Result>,
  ): Promise<Result> {
    if (this.#closed)
      return Promise.reject(
        new ExecutionError("BRAID_EXECUTOR_CLOSED", "The executor is closed; make a new one."),
      );
    const result = this.#queue.then(async () => {
      const left = this.workers * INSTANCES_PER_WORKER - Atomics.load(this.#instances, 0);
      if (left < this.workers * INSTANCES_PER_BLOCK) await this.#startAnew();
      return way(this.#resources, input);
    });
    this.#queue = result.catch(() => {});
    return result;
  }

  /** After many deaths: with new threads all instances are free again. */
  async #startAnew(): Promise<void> {
    await this.#resources.pool.destroy();
    this.#instances = new Int32Array(new SharedArrayBuffer(4));
    this.#resources.pool = startWorkers(this.#resources.kernel, this.workers, this.#instances);
  }

  /** Ends the workers, after the blocks that were begun. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#queue;
    await this.#resources.pool.destroy();
  }
}

function startWorkers(kernel: Kernel, workers: number, instances: Int32Array<SharedArrayBuffer>): Piscina {
  const setup: WorkerSetup = { shared: kernel.shared, instances: instances.buffer };
  return new Piscina({
    filename: WORKER,
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
