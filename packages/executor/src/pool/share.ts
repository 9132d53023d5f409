// One worker's share of a block, wherever it runs: it recovers senders, takes units from the scheduler until all are committed, then hashes
// receipts, together with the other workers of the block.

import type { Kernel } from "@braid/kernel";
import { beginBlock, runInOrder, runParallel } from "./run-units.ts";
import type { SourceClient } from "./source-client.ts";
import type { BlockTask, WorkerReport } from "./task.ts";
import type { WorkerEngines } from "./worker-engines.ts";

/** What a worker does besides. */
export interface ShareHooks {
  /** Called when the engine is ready, before the first unit. */
  ready?: () => void;
  /** Called after each signature, and each unit that runs in order: what it answers is waited for. */
  breathe?: () => Promise<void> | undefined;
}

export async function runShare(
  kernel: Kernel,
  source: SourceClient,
  engines: WorkerEngines,
  task: BlockTask,
  { ready, breathe }: ShareHooks,
): Promise<WorkerReport> {
  const report: WorkerReport = { recoverMs: 0, executeMs: 0, idleMs: 0 };
  const units = await beginBlock(kernel, source, engines, task, report);
  if (units === undefined) return report;
  ready?.();
  const begin = performance.now();
  const isBlock = task.calls === undefined;
  if (isBlock)
    for (let unit = kernel.recoverNext(); unit >= 0; unit = kernel.recoverNext()) {
      units.prepare(unit);
      const pause = breathe?.();
      if (pause !== undefined) await pause;
    }
  const recovered = performance.now();
  report.recoverMs = recovered - begin;
  if (task.mode === "sequential") await runInOrder(kernel, units, report, { until: task.until, breathe });
  else await runParallel(kernel, source, units, report);
  // Before Byzantium receipts have state roots, which nobody knows here.
  if (isBlock && kernel.commitIndex() >= kernel.unitCount && task.context.rules.byzantium)
    kernel.settleReceipts();
  report.executeMs = performance.now() - recovered;
  return report;
}
