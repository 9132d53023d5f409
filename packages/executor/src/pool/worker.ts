// The piscina worker of blocks: one task a block. Inside it the workers of a block collaborate through shared memory alone (share.ts).

import { Kernel } from "@braid/kernel";
import { DEFAULT_ENGINE, ENGINES } from "../engines/registry.ts";
import { runShare } from "./share.ts";
import { SourceClient } from "./source-client.ts";
import type { WorkerReport, WorkerTask } from "./task.ts";
import { serveTasks } from "./thread-side.ts";
import { WorkerEngines } from "./worker-engines.ts";

/** Executors whose engines are kept: what they know of contracts' code takes at most 100 MB each. */
const MAX_KERNELS = 8;

/**
 * How long a worker waits for the others before it begins. PERF: the main thread wakes the workers one after the other, and the
 * system may put the first one on the main thread's core, which then gets to wake the next one some milliseconds later. A worker
 * that waits here leaves that core at once.
 */
const MEET_MS = 1;

/** What a thread has for an executor. */
interface WorkerKernel {
  kernel: Kernel;
  source: SourceClient;
  engines: WorkerEngines;
}

// PERF: before the first block asks for it.
await ENGINES[DEFAULT_ENGINE]?.();

export default serveTasks({ limit: MAX_KERNELS, make: attach, run: runTask });

function attach({ shared }: WorkerTask, slot: number): WorkerKernel {
  // Instance 0 is the main thread's.
  const kernel = Kernel.attach(shared, slot + 1);
  const source = new SourceClient(kernel);
  return { kernel, source, engines: new WorkerEngines(kernel, source, ENGINES) };
}

/** Runs this worker's share of a block. */
async function runTask({ kernel, source, engines }: WorkerKernel, task: WorkerTask): Promise<WorkerReport> {
  source.connect(task);
  try {
    return await runShare(kernel, source, engines, task, { ready: () => kernel.meet(task.workers, MEET_MS) });
  } finally {
    source.disconnect();
  }
}
