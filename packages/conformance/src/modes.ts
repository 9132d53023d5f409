// How a case is executed: the same blocks, with and without speculation, on threads and on a seeded schedule.

import type { ChainOptions, ImportOptions } from "@braid/chain";
import { Executor, SeededExecutor } from "@braid/executor";

/** Whatever executes blocks. */
export type BlockExecutor = ChainOptions["executor"];

/** One way to execute. */
export interface RunMode {
  name: string;
  options: Pick<ImportOptions, "mode" | "workers" | "force">;
  /** Workers that take turns in the order that this seed gives, instead of threads. */
  seed?: number;
}

export const SEQUENTIAL: RunMode = { name: "sequential", options: { mode: "sequential" } };

/** Every block goes through the parallel path, also one of a single transaction. */
export function parallel(workers: number): RunMode {
  return { name: `parallel with ${workers} workers`, options: { mode: "parallel", workers, force: true } };
}

/** As `parallel`, on a schedule that can be had again. */
export function seeded(workers: number, seed: number): RunMode {
  return {
    name: `seed ${seed} with ${workers} workers`,
    options: { mode: "parallel", workers, force: true },
    seed,
  };
}

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
