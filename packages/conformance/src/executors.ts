// The executors of a worker: one for each way to execute.

import { Executor, SeededExecutor } from "@braid/executor";
import type { BlockExecutor, RunMode } from "./modes.ts";

/** Cases are small, but a case's own blocks may be full of calldata. */
const ARENA_BYTES = 256 << 20;
/** Seeded executors only see such blocks too, and there may be many of them. */
const SEEDED_ARENA_BYTES = 128 << 20;

/** An executor for each mode: one pool of threads for all, and one for each seed. */
export class Executors {
  readonly #threads: Executor;
  readonly #seeded = new Map<RunMode, SeededExecutor>();

  constructor(modes: RunMode[]) {
    const workers = modes.map(({ seed, options }) => (seed === undefined ? (options.workers ?? 1) : 1));
    this.#threads = new Executor({
      workers: Math.max(1, ...workers),
      blockArenaBytes: ARENA_BYTES,
      stateArenaBytes: ARENA_BYTES,
    });
    for (const mode of modes) {
      const { seed } = mode;
      if (seed === undefined) continue;
      const options = { seed, workers: mode.options.workers ?? 1 };
      this.#seeded.set(
        mode,
        new SeededExecutor({
          ...options,
          blockArenaBytes: SEEDED_ARENA_BYTES,
          stateArenaBytes: SEEDED_ARENA_BYTES,
        }),
      );
    }
  }

  for(mode: RunMode): BlockExecutor {
    return this.#seeded.get(mode) ?? this.#threads;
  }

  async close(): Promise<void> {
    await this.#threads.close();
    for (const executor of this.#seeded.values()) await executor.close();
  }
}
