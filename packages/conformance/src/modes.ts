// How a case is executed: the same blocks, with and without speculation, on threads and on a seeded schedule.

import type { BlockchainOptions, ImportOptions } from "@braid/chain";

/** Whatever executes blocks. */
export type BlockExecutor = BlockchainOptions["executor"];

/** One way to execute. */
export interface RunMode {
  name: string;
  options: Pick<ImportOptions, "mode" | "workers" | "force" | "engine">;
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

/** The same way to execute, by another engine. */
export function onEngine(engine: string, mode: RunMode): RunMode {
  return { ...mode, name: `${mode.name}, engine ${engine}`, options: { ...mode.options, engine } };
}
