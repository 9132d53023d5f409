// The piscina worker: one task a block. Inside it the workers of a block collaborate through shared memory alone (share.ts).

import { workerData } from "node:worker_threads";
import { Kernel } from "@braid/kernel";
import { ENGINES, FALLBACK_ENGINE } from "../engines/registry.ts";
import { runShare } from "./share.ts";
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
  source.connect(task);
  try {
    return await runShare(kernel, source, engines, task, { ready: () => kernel.meet(task.workers, MEET_MS) });
  } finally {
    source.disconnect();
  }
}
