// One block on the worker pool: starts the workers' tasks, watches over them, and finishes the block when some of them
// cannot. Whatever happened, the kernel holds all units committed afterwards, or an error is thrown.

import {
  HALT_ADMISSION,
  HALT_CANCELLED,
  HALT_NONE,
  HALT_WORKER_DIED,
  type Kernel,
  REFUSED_GAS,
} from "@braid/kernel";
import { deserializeError } from "@braid/primitives";
import type { StateHandle } from "@braid/state";
import type { PreparedBlock } from "../block/prepare-block.ts";
import { ExecutionError, WorkerStartError } from "../errors.ts";
import { refusal } from "../records/left-out.ts";
import type { StateReader } from "../state/state-reader.ts";
import { throwIfCancelled } from "./cancel.ts";
import { SourceServer } from "./source-server.ts";
import { ABANDONED, type BlockTask, type TaskPool, type WorkerReport } from "./task.ts";
import { WORKER_ERRORS } from "./worker-errors.ts";

export interface RunInput {
  kernel: Kernel;
  pool: TaskPool;
  reader: StateReader;
  block: PreparedBlock;
  engine: string;
  mode: "parallel" | "sequential";
  workers: number;
  /** Workers read the state themselves. */
  handle: StateHandle | undefined;
  /** The shared cache holds all that the source has. */
  cacheHoldsAll: boolean;
  /** The transactions are candidates: see EngineBlock. */
  building: boolean;
  signal: AbortSignal | undefined;
  /** What a task of a traced block, or of calls, has besides. */
  tracing: Pick<BlockTask, "tracer" | "until" | "calls"> | undefined;
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

/** What became of the tasks that were started together. */
interface Attempt {
  reports: WorkerReport[];
  /** Why a worker has halted the block. */
  failure: unknown;
  /** Why a task has not ended by itself. */
  death: { reason: unknown } | undefined;
}

/**
 * Starts `count` tasks and waits until all have ended. As soon as one halts the block, or dies, or the signal is aborted, the others
 * are told to stop, and reads that they wait for are given up.
 */
async function startTasks(input: RunInput, mode: "parallel" | "sequential", count: number): Promise<Attempt> {
  const { kernel, pool, reader, handle, cacheHoldsAll, building, engine, signal } = input;
  const { chain, context } = input.block;
  throwIfCancelled(signal);
  const server = new SourceServer(reader);
  const halt = (reason: number): void => {
    kernel.halt(reason, 0);
    server.abandon();
  };
  const cancel = (): void => halt(HALT_CANCELLED);
  signal?.addEventListener("abort", cancel);
  try {
    const tasks = Array.from({ length: count }, () => {
      const task: BlockTask = {
        chain,
        context,
        mode,
        workers: count,
        cacheHoldsAll,
        building,
        engine,
        handle,
        ...input.tracing,
      };
      const running: Promise<WorkerReport> = pool.run(task, server);
      running.then(
        () => {
          if (kernel.haltReason !== HALT_NONE) server.abandon();
        },
        () => halt(HALT_WORKER_DIED),
      );
      return running;
    });
    return readAttempt(await Promise.allSettled(tasks), server);
  } finally {
    signal?.removeEventListener("abort", cancel);
    server.close();
  }
}

function readAttempt(settled: PromiseSettledResult<WorkerReport>[], server: SourceServer): Attempt {
  const reports = settled.flatMap((end) => (end.status === "fulfilled" ? [end.value] : []));
  const [failure] = reports.flatMap(({ failure: found }) => {
    if (found === undefined) return [];
    if ("error" in found) return [deserializeError(found.error, WORKER_ERRORS)];
    return found.read === ABANDONED ? [] : [server.failure(found.read)];
  });
  return { reports, failure, death: settled.find((end) => end.status === "rejected") };
}

/** Executes all units. Throws InvalidTransactionError, InvalidBlockError, a source's error, ArenaExhaustedError or ExecutionError. */
export async function runBlock(input: RunInput): Promise<RunReport> {
  const { kernel, signal } = input;
  const first = await startTasks(input, input.mode, input.mode === "parallel" ? input.workers : 1);
  if (allRun(input)) return { reports: first.reports, fallback: undefined };
  checkFailures(kernel, first, signal);
  const fallback = describeDeath(kernel, first);
  // What is committed stays; the rest runs in order on one (new) worker.
  kernel.recoverAfterDeath();
  const second = await startTasks(input, "sequential", 1);
  const reports = [...first.reports, ...second.reports];
  if (allRun(input)) return { reports, fallback };
  checkFailures(kernel, second, signal);
  throw lost(second);
}

function allRun({ kernel, tracing }: RunInput): boolean {
  return kernel.commitIndex() >= (tracing?.until ?? kernel.unitCount);
}

/** Throws what ended an incomplete block, unless it was the death of a worker. */
function checkFailures(kernel: Kernel, attempt: Attempt, signal: AbortSignal | undefined): void {
  throwIfCancelled(signal);
  // A full arena comes first: it may be why a worker did not find what it had asked for.
  const fault = kernel.faultError();
  if (fault !== undefined) throw fault;
  if (kernel.haltReason === HALT_ADMISSION) {
    throw refusal(kernel.haltUnit, REFUSED_GAS);
  }
  if (attempt.failure !== undefined) throw attempt.failure;
  if (attempt.death?.reason instanceof WorkerStartError) throw attempt.death.reason;
}

function describeDeath(kernel: Kernel, { death }: Attempt): Fallback {
  if (death === undefined)
    throw new ExecutionError(
      "BRAID_ENGINE_FAILURE",
      "The workers ended before the block did. Report this block.",
    );
  return { reason: "worker-died", at: kernel.commitIndex(), message: String(death.reason) };
}

function lost({ death }: Attempt): ExecutionError {
  const reason = String(death?.reason);
  return new ExecutionError(
    "BRAID_WORKER_DIED",
    `Two workers in a row died while executing the block (${reason}); run it with mode: "sequential" and report this block.`,
    { data: { reason }, cause: death?.reason },
  );
}
