// The executor: one shared kernel and one worker pool, reused from block to block. The way of a block is in execute-block.ts.

import { availableParallelism } from "node:os";
import { Kernel } from "@braid/kernel";
import type { ExecuteBlockInput } from "./block/block-input.ts";
import { checkWorkers } from "./block/check-input.ts";
import { ENGINES } from "./engines/registry.ts";
import { ExecutionError } from "./errors.ts";
import { buildBlockWith, type ExecutorResources, executeBlockWith } from "./execute-block.ts";
import { HintMemory } from "./hints/hint-memory.ts";
import { unlessCancelled } from "./pool/cancel.ts";
import { INSTANCES_PER_WORKER, WorkerThreads } from "./pool/worker-threads.ts";
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

export class Executor {
  /** Worker threads. */
  readonly workers: number;
  readonly #resources: ExecutorResources;
  /** Blocks run one after the other: they share the kernel. */
  #queue: Promise<unknown> = Promise.resolve();
  #closed = false;

  /** Starts the workers. Throws KernelOptionsError when the arenas exceed a 32-bit address space, WorkerStartError when no thread can be had, InvalidInputError. */
  constructor(options: ExecutorOptions = {}) {
    checkWorkers(options.workers);
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
      pool: new WorkerThreads(kernel, this.workers),
      workers: this.workers,
      engines: ENGINES,
    };
  }

  /**
   * Executes a block on the state before it.
   *
   * @throws InvalidTransactionError, InvalidBlockError when the block breaks a rule of its fork; InvalidInputError; what the state source
   *   throws, when a read fails; ArenaExhaustedError when the block does not fit in memory; WorkerStartError when no thread can be
   *   started; ExecutionError when it is cancelled, the source is wrong or silent, or execution itself breaks.
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
    // A block that is cancelled does not wait for its turn, but the blocks after it wait for those before it.
    const before = this.#queue;
    const result = unlessCancelled(before, input.signal).then(async () => {
      await this.#resources.pool.prepare();
      return way(this.#resources, input);
    });
    this.#queue = Promise.allSettled([before, result]);
    return result;
  }

  /** Ends the workers, after all blocks that were given; a block's signal ends it sooner. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#queue;
    await this.#resources.pool.destroy();
  }
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
