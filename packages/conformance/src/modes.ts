// How a case is executed: the same blocks, with and without speculation.

import type { ImportOptions } from "@braid/chain";

export interface RunMode {
  name: string;
  options: Pick<ImportOptions, "mode" | "workers" | "force">;
}

export const SEQUENTIAL: RunMode = { name: "sequential", options: { mode: "sequential" } };

/** Blocks of one transaction go through the parallel path too. */
export function parallel(workers: number): RunMode {
  return { name: `parallel with ${workers} workers`, options: { mode: "parallel", workers, force: true } };
}
