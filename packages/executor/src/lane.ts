// A place of its own for work that goes on beside the blocks of an executor: a kernel with its cache of a parent state, and nothing but the
// caller's thread to run on. What is read here throws nothing out of the cache of the blocks.

import { Kernel, type KernelOptions } from "@braid/kernel";
import { ENGINES } from "./engines/registry.ts";
import type { ExecutorResources } from "./execute-block.ts";
import { HintMemory } from "./hints/hint-memory.ts";
import { InlinePool } from "./pool/inline-pool.ts";
import { Turns } from "./pool/turns.ts";
import { FlatCache } from "./state/flat-cache.ts";

/** PERF: calls are many and small: what has to be emptied for each is kept small too. */
export const CALL_ARENAS = { blockArenaBytes: 128 << 20, stateArenaBytes: 64 << 20, bucketBits: 14 };

export class Lane {
  readonly #resources: ExecutorResources;
  /** One after the other: they share the kernel. */
  readonly #turns = new Turns();

  constructor(options: Pick<KernelOptions, "blockArenaBytes" | "stateArenaBytes" | "bucketBits">) {
    const kernel = Kernel.create({ ...options, maxWorkers: 1 });
    const pool = new InlinePool(Kernel.attach(kernel.shared, 1), ENGINES);
    this.#resources = {
      kernel,
      cache: new FlatCache(kernel),
      hints: new HintMemory(),
      pool,
      inline: pool,
      workers: 0,
      engines: ENGINES,
    };
  }

  /** Does something with the lane when it is free, and nobody waits whose `priority` is lower; who cancels does not wait. */
  run<Result>(
    signal: AbortSignal | undefined,
    action: (resources: ExecutorResources) => Promise<Result>,
    priority?: number,
  ): Promise<Result> {
    return this.#turns.run(signal, () => action(this.#resources), priority);
  }

  /** Resolves when all that was begun has ended. */
  idle(): Promise<void> {
    return this.#turns.idle();
  }
}
