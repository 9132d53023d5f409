// The piscina worker: one task a block. Inside it the workers of a block collaborate through shared memory alone: they
// recover senders, then take units from the scheduler until all are committed, then hash the receipts.

import { workerData } from "node:worker_threads";
import { Kernel } from "@braid/kernel";
import { ENGINES, FALLBACK_ENGINE } from "../engines/registry.ts";
import { settleReceipts } from "../receipts/settle-receipts.ts";
import { beginBlock, runInOrder, runParallel } from "./run-units.ts";
import { SourceClient } from "./source-client.ts";
import {
  WORKERS_LOADED,
  WORKERS_STARTED,
  type WorkerReport,
  type WorkerSetup,
  type WorkerTask,
} from "./task.ts";
import { WorkerEngines } from "./worker-engines.ts";

const { shared, counters } = workerData as WorkerSetup;
const counts = new Int32Array(counters);
/** Instance 0 is the main thread's. */
const kernel = Kernel.attach(shared, 1 + Atomics.add(counts, WORKERS_STARTED, 1));
const source = new SourceClient(kernel);
const engines = new WorkerEngines(kernel, source, ENGINES);
// PERF: before the first block asks for it.
await engines.get(FALLBACK_ENGINE);
Atomics.add(counts, WORKERS_LOADED, 1);

/**
 * How long a worker waits for the others before it begins. PERF: the main thread wakes the workers one after the other, and the
 * system may put the first one on the main thread's core, which then gets to wake the next one some milliseconds later. A worker
 * that waits here leaves that core at once.
 */
const MEET_MS = 1;

/** Runs this worker's share of a block. */
export default async function runTask(task: WorkerTask): Promise<WorkerReport> {
  const report: WorkerReport = { recoverMs: 0, executeMs: 0, idleMs: 0 };
  source.connect(task);
  try {
    const units = await beginBlock(kernel, source, engines, task, report);
    if (units === undefined) return report;
    kernel.meet(task.workers, MEET_MS);
    const begin = performance.now();
    for (let unit = kernel.recoverNext(); unit >= 0; unit = kernel.recoverNext()) units.prepare(unit);
    const recovered = performance.now();
    report.recoverMs = recovered - begin;
    if (task.mode === "sequential") await runInOrder(kernel, units, report);
    else await runParallel(kernel, units, report);
    if (kernel.commitIndex() >= kernel.unitCount) settleReceipts(kernel, task);
    report.executeMs = performance.now() - recovered;
    return report;
  } finally {
    source.disconnect();
  }
}
