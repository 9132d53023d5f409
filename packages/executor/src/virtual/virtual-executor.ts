// An executor whose workers take turns in a seeded order: the parallel path without threads, for tests.

import { Kernel } from "@braid/kernel";
import type { ExecuteBlockInput } from "../block/block-input.ts";
import type { BlockResult } from "../block/block-result.ts";
import { type ExecutorResources, executeBlockWith } from "../execute-block.ts";
import { HintMemory } from "../hints/hint-memory.ts";
import { FlatCache } from "../state/flat-cache.ts";
import { VirtualPool } from "./virtual-pool.ts";

export interface VirtualExecutorOptions {
  workers: number;
  /** The same seed and the same blocks give the same schedule. */
  seed: number;
  blockArenaBytes?: number;
  stateArenaBytes?: number;
}

export class VirtualExecutor {
  readonly #resources: ExecutorResources;
  #queue: Promise<unknown> = Promise.resolve();

  constructor({ workers, seed, blockArenaBytes, stateArenaBytes }: VirtualExecutorOptions) {
    const kernel = Kernel.create({
      maxWorkers: workers,
      ...(blockArenaBytes === undefined ? {} : { blockArenaBytes }),
      ...(stateArenaBytes === undefined ? {} : { stateArenaBytes }),
    });
    const instances = Array.from({ length: workers }, (_, i) => Kernel.attach(kernel.shared, i + 1));
    this.#resources = {
      kernel,
      cache: new FlatCache(kernel),
      hints: new HintMemory(),
      pool: new VirtualPool(instances, seed),
      workers,
      last: undefined,
    };
  }

  /** As Executor.executeBlock, with as many virtual workers as there are. */
  executeBlock(input: ExecuteBlockInput): Promise<BlockResult> {
    const { workers } = this.#resources;
    const result = this.#queue.then(() => executeBlockWith(this.#resources, { ...input, workers }));
    this.#queue = result.catch(() => {});
    return result;
  }

  async close(): Promise<void> {
    await this.#queue;
  }
}
