// An executor whose workers take turns in a seeded order: the parallel path without threads, for tests.

import { Kernel } from "@braid/kernel";
import { promised, type Steps, wait } from "@braid/primitives";
import type { ExecuteBlockInput } from "./block/block-input.ts";
import { DEFAULT_ENGINE, ENGINES } from "./engines/registry.ts";
import { buildBlockWith, type ExecutorResources, executeBlockWith } from "./execute-block.ts";
import { HintMemory } from "./hints/hint-memory.ts";
import { SeededPool } from "./pool/seeded-pool.ts";
import type { BlockResult, BuiltBlock } from "./result/block-result.ts";
import { FlatCache } from "./state/flat-cache.ts";

export interface SeededExecutorOptions {
  workers: number;
  /** The same seed and the same blocks give the same schedule. */
  seed: number;
  blockArenaBytes?: number;
  stateArenaBytes?: number;
}

export class SeededExecutor {
  readonly #resources: ExecutorResources;
  #queue: Promise<unknown> = Promise.resolve();

  constructor({ workers, seed, blockArenaBytes, stateArenaBytes }: SeededExecutorOptions) {
    const kernel = Kernel.create({
      maxWorkers: workers,
      ...(blockArenaBytes === undefined ? {} : { blockArenaBytes }),
      ...(stateArenaBytes === undefined ? {} : { stateArenaBytes }),
    });
    const instances = Array.from({ length: workers }, (_, i) => Kernel.attach(kernel.shared, i + 1));
    const pool = new SeededPool(instances, ENGINES, seed);
    this.#resources = {
      kernel,
      cache: new FlatCache(kernel),
      hints: new HintMemory(),
      pool,
      inline: pool,
      workers,
      singleClient: false,
      engine: DEFAULT_ENGINE,
      engines: ENGINES,
    };
  }

  /** As Executor.executeBlock, with as many such workers as there are. */
  executeBlock(input: ExecuteBlockInput): Promise<BlockResult> {
    return this.#enqueue(input, executeBlockWith);
  }

  /** As Executor.buildBlock, with as many such workers as there are. */
  buildBlock(input: ExecuteBlockInput): Promise<BuiltBlock> {
    return this.#enqueue(input, buildBlockWith);
  }

  /** As Executor.buildSteps. */
  buildSteps(input: ExecuteBlockInput): Steps<BuiltBlock> {
    return wait(this.buildBlock(input));
  }

  #enqueue<Result>(
    input: ExecuteBlockInput,
    way: (resources: ExecutorResources, input: ExecuteBlockInput) => Steps<Result>,
  ): Promise<Result> {
    const { workers } = this.#resources;
    const result = this.#queue.then(() => promised(way(this.#resources, { ...input, workers })));
    this.#queue = result.catch(() => {});
    return result;
  }

  async close(): Promise<void> {
    await this.#queue;
  }
}
