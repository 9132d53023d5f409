// One block on the worker pool: starts the workers' tasks, watches over them, and finishes the block when some of them
// cannot. Whatever happened, the kernel holds all units committed afterwards, or an error is thrown.

import { HALT_ADMISSION, HALT_CANCELLED, HALT_WORKER_DIED, type Kernel, REFUSED_GAS } from "@braid/kernel";
import { deserializeError } from "@braid/primitives";
import type { PreparedBlock } from "../block/prepare-block.ts";
import { ExecutionError } from "../errors.ts";
import { refusal } from "../records/left-out.ts";
import type { SourceServer } from "./source-server.ts";
import type { TaskPool, WorkerReport, WorkerTask } from "./task.ts";

export interface RunInput {
  kernel: Kernel;
  pool: TaskPool;
  server: SourceServer;
  block: PreparedBlock;
  engine: string;
  mode: "parallel" | "sequential";
  workers: number;
  /** The shared cache holds all that the source has. */
  complete: boolean;
  /** The transactions are candidates: see EngineBlock. */
  building: boolean;
  signal: AbortSignal | undefined;
}

export interface RunReport {
  reports: WorkerReport[];
  fallback: Fallback | undefined;
}

/** Why a block did not end the way it began. */
export interface Fallback {
  reason: "worker-died" | "arena-full" | "low-yield";
  /** The unit from which on there was no speculation. */
  at: number;
  message: string;
}

type Settled = PromiseSettledResult<WorkerReport>[];

/** Starts `count` tasks and waits until all have ended. As soon as one dies the others are told to stop. */
async function startTasks(input: RunInput, mode: "parallel" | "sequential", count: number): Promise<Settled> {
  const { kernel, pool, server, complete, building, engine } = input;
  const { chain, context } = input.block;
  const tasks: Promise<WorkerReport>[] = [];
  for (let i = 0; i < count; i++) {
    const port = server.open();
    const task: WorkerTask = {
      chain,
      context,
      engine,
      mode,
      workers: count,
      complete,
      building,
      port,
    };
    const running: Promise<WorkerReport> = pool.run(task, { transferList: [port] });
    running.catch(() => kernel.halt(HALT_WORKER_DIED, 0));
    tasks.push(running);
  }
  return Promise.allSettled(tasks);
}

/** Executes all units. Throws InvalidTransactionError, InvalidBlockError, a source's error, ArenaExhaustedError or ExecutionError. */
export async function runBlock(input: RunInput): Promise<RunReport> {
  const { kernel, server, signal } = input;
  const cancel = (): void => {
    kernel.halt(HALT_CANCELLED, 0);
    server.abandon();
  };
  throwIfCancelled(signal);
  signal?.addEventListener("abort", cancel);
  try {
    const settled = await startTasks(input, input.mode, input.mode === "parallel" ? input.workers : 1);
    const reports = finished(settled);
    if (isComplete(kernel)) return { reports, fallback: undefined };
    checkFailures(kernel, reports, signal);
    const fallback = describeDeath(kernel, settled);
    // What is committed stays; the rest runs in order on one (new) worker.
    kernel.recoverAfterDeath();
    const again = await startTasks(input, "sequential", 1);
    const allReports = [...reports, ...finished(again)];
    if (isComplete(kernel)) return { reports: allReports, fallback };
    checkFailures(kernel, allReports, signal);
    throw lost(again);
  } finally {
    signal?.removeEventListener("abort", cancel);
  }
}

function isComplete(kernel: Kernel): boolean {
  return kernel.commitIndex() >= kernel.unitCount;
}

/** Throws ExecutionError BRAID_ABORTED when the signal is aborted. */
export function throwIfCancelled(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw new ExecutionError("BRAID_ABORTED", "The execution was cancelled.");
}

function finished(settled: Settled): WorkerReport[] {
  return settled.flatMap((end) => (end.status === "fulfilled" ? [end.value] : []));
}

/** Throws what ended an incomplete block, unless it was the death of a worker. */
function checkFailures(kernel: Kernel, reports: WorkerReport[], signal: AbortSignal | undefined): void {
  throwIfCancelled(signal);
  // A full arena comes first: it may be why a worker did not find what it had asked for.
  const fault = kernel.faultError();
  if (fault !== undefined) throw fault;
  if (kernel.haltReason === HALT_ADMISSION) {
    throw refusal(kernel.haltUnit, REFUSED_GAS);
  }
  for (const { failure } of reports) if (failure !== undefined) throw deserializeError(failure.error);
}

function describeDeath(kernel: Kernel, settled: Settled): Fallback {
  const death = settled.find((end) => end.status === "rejected");
  if (death === undefined)
    throw new ExecutionError("BRAID_ENGINE_FAILURE", "The workers ended before the block did.");
  return { reason: "worker-died", at: kernel.commitIndex(), message: String(death.reason) };
}

function lost(settled: Settled): Error {
  const death = settled.find((end) => end.status === "rejected");
  return new ExecutionError(
    "BRAID_WORKER_DIED",
    "Two workers in a row died while executing the block; run it with --mode sequential and report this block.",
    {
      cause: death === undefined ? undefined : death.reason,
    },
  );
}

/** Waits for a promise, or no longer than until the signal is aborted: then throws ExecutionError BRAID_ABORTED. */
export async function unlessCancelled(
  promise: Promise<void>,
  signal: AbortSignal | undefined,
): Promise<void> {
  throwIfCancelled(signal);
  if (signal === undefined) return promise;
  const cancelled = Promise.withResolvers<void>();
  const cancel = (): void => cancelled.resolve();
  signal.addEventListener("abort", cancel);
  try {
    await Promise.race([promise, cancelled.promise]);
  } finally {
    signal.removeEventListener("abort", cancel);
  }
  throwIfCancelled(signal);
}
