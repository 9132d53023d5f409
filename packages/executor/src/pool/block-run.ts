// One block on the worker pool: starts the workers' tasks, watches over them, and finishes the block when some of them
// cannot, or when none gets a thread. Whatever happened, the kernel holds all units committed afterwards, or an error is thrown.

import {
  HALT_ADMISSION,
  HALT_CANCELLED,
  HALT_NONE,
  HALT_WORKER_DIED,
  type Kernel,
  REFUSED_GAS,
} from "@braid/kernel";
import { deserializeError, type Steps, wait } from "@braid/primitives";
import type { StateHandle } from "@braid/state";
import type { PreparedBlock } from "../block/prepare-block.ts";
import { ExecutionError, isTimeLimit, WorkerStartError } from "../errors.ts";
import { refusal } from "../records/left-out.ts";
import type { StateReader } from "../state/state-reader.ts";
import { throwIfCancelled } from "./cancel.ts";
import { SourceServer } from "./source-server.ts";
import {
  ABANDONED,
  type BlockTask,
  type CallersPool,
  type GivenTask,
  type TaskPool,
  type WorkerReport,
} from "./task.ts";
import { WORKER_ERRORS } from "./worker-errors.ts";

/**
 * Milliseconds that a block waits while all threads are busy with blocks of others; then the caller's thread runs it. Longer than most
 * blocks take, so that those who take turns on the threads do not leave them.
 */
const PATIENCE_MS = 50;

export interface RunInput {
  kernel: Kernel;
  pool: TaskPool;
  /** The caller's thread. It runs the block when the pool's threads are taken. */
  inline: CallersPool;
  /** Milliseconds for which the caller's thread runs the block before the pool does; 0: not at all. */
  inlineMs: number;
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
  tracing: Pick<BlockTask, "tracer" | "until" | "calls" | "timeLimitMs" | "payer"> | undefined;
}

export interface RunReport {
  reports: WorkerReport[];
  fallback: Fallback | undefined;
}

/** Why a block did not end the way it began. */
export interface Fallback {
  reason: "worker-died" | "threads-taken" | "moved-to-threads" | "arena-full" | "low-yield";
  /** The unit from which on there was no speculation. */
  at: number;
  message: string;
}

const THREADS_TAKEN: Fallback = {
  reason: "threads-taken",
  at: 0,
  message: "All threads were busy with other blocks; the caller's thread ran this one, in order.",
};

/** What became of the tasks that were started together. */
interface Attempt {
  reports: WorkerReport[];
  /** Why a worker has halted the block. */
  failure: unknown;
  /** Why a task has not ended by itself. */
  death: { reason: unknown } | undefined;
  /** All tasks were withdrawn from the threads before they began. */
  withdrawn: boolean;
}

/** What a task needs to know. */
function taskOf(
  { block: { chain, context }, cacheHoldsAll, building, engine, handle, tracing }: RunInput,
  mode: "parallel" | "sequential",
  workers: number,
): BlockTask {
  return { chain, context, mode, workers, cacheHoldsAll, building, engine, handle, ...tracing };
}

/** Runs the one task that begins at once and ends by itself. As soon as the signal is aborted it is told to stop, and reads that it waits for are given up. */
function* runInline(input: RunInput): Steps<Attempt> {
  const { kernel, reader, inline, signal } = input;
  throwIfCancelled(signal);
  const server = new SourceServer(reader, (unit, failed) => kernel.unpark(unit, failed));
  const cancel = (): void => {
    kernel.halt(HALT_CANCELLED, 0);
    server.abandon();
  };
  signal?.addEventListener("abort", cancel);
  try {
    const reports = [yield* inline.runHere(taskOf(input, "sequential", 1), server)];
    return { reports, failure: failureOf(reports, server), death: undefined, withdrawn: false };
  } catch (reason) {
    kernel.halt(HALT_WORKER_DIED, 0);
    return { reports: [], failure: undefined, death: { reason }, withdrawn: false };
  } finally {
    signal?.removeEventListener("abort", cancel);
    server.close();
  }
}

/**
 * Starts `count` tasks and waits until all have ended. As soon as one halts the block, or dies, or the signal is aborted, the others
 * are told to stop, and reads that they wait for are given up. Those that have not begun when one has ended, or when nobody leaves them a
 * thread, are withdrawn.
 */
async function startTasks(
  input: RunInput,
  pool: TaskPool,
  mode: "parallel" | "sequential",
  count: number,
): Promise<Attempt> {
  const { kernel, reader, signal } = input;
  throwIfCancelled(signal);
  const server = new SourceServer(reader, (unit, failed) => kernel.unpark(unit, failed));
  const halt = (reason: number): void => {
    kernel.halt(reason, 0);
    server.abandon();
  };
  const tasks: GivenTask<WorkerReport>[] = [];
  const withdraw = (): void => {
    for (const task of tasks) task.withdraw();
  };
  const cancel = (): void => {
    halt(HALT_CANCELLED);
    withdraw();
  };
  signal?.addEventListener("abort", cancel);
  let stopWaiting: (() => void) | undefined;
  try {
    const task = taskOf(input, mode, count);
    for (let i = 0; i < count; i++) {
      const given = pool.run(task, server);
      tasks.push(given);
      given.end.then(
        () => {
          if (kernel.haltReason !== HALT_NONE) server.abandon();
          // A task ends when there is nothing left for others.
          withdraw();
        },
        () => {
          halt(HALT_WORKER_DIED);
          withdraw();
        },
      );
    }
    stopWaiting = whenShutOut(pool, tasks, withdraw);
    return readAttempt(await Promise.allSettled(tasks.map(({ end }) => end)), server);
  } finally {
    stopWaiting?.();
    signal?.removeEventListener("abort", cancel);
    server.close();
  }
}

/** Calls `leave` when for a while no task could begin. Until the answered function is called, if there is one: tasks that have begun need none. */
function whenShutOut(
  pool: TaskPool,
  tasks: GivenTask<unknown>[],
  leave: () => void,
): (() => void) | undefined {
  if (tasks.some(({ hasBegun }) => hasBegun)) return undefined;
  const timer = setInterval(() => {
    if (tasks.some(({ hasBegun }) => hasBegun)) clearInterval(timer);
    else if (pool.isShutOut) leave();
  }, PATIENCE_MS);
  return () => clearInterval(timer);
}

function readAttempt(
  settled: PromiseSettledResult<WorkerReport | undefined>[],
  server: SourceServer,
): Attempt {
  const reports = settled.flatMap((end) => (end.status === "fulfilled" ? (end.value ?? []) : []));
  const death = settled.find((end) => end.status === "rejected");
  const withdrawn = death === undefined && reports.length === 0;
  return { reports, failure: failureOf(reports, server), death, withdrawn };
}

/** The first of the failures that the tasks tell of. */
function failureOf(reports: readonly WorkerReport[], server: SourceServer): unknown {
  for (const { failure } of reports) {
    if (failure === undefined) continue;
    if ("error" in failure) return deserializeError(failure.error, WORKER_ERRORS);
    if (failure.read !== ABANDONED) return server.failure(failure.read);
  }
  return undefined;
}

/** As startTasks; when none of them gets a thread, the caller's runs the block. */
function* attempt(input: RunInput, mode: "parallel" | "sequential", count: number): Steps<Attempt> {
  if (input.pool === input.inline && mode === "sequential") return yield* runInline(input);
  yield* wait(input.pool.prepare());
  const onThreads = yield* wait(startTasks(input, input.pool, mode, count));
  if (!onThreads.withdrawn || input.signal?.aborted === true) return onThreads;
  return { ...(yield* runInline(input)), withdrawn: true };
}

/**
 * Runs a small block on the caller's thread, and what it has not done in its time on a worker. What was committed by then stays; the transaction
 * in the middle begins again.
 */
function* runSmallBlock(input: RunInput): Steps<RunReport> {
  const { kernel, inlineMs, signal } = input;
  const limited: RunInput = { ...input, tracing: { ...input.tracing, timeLimitMs: inlineMs } };
  const first = yield* runInline(limited);
  if (allRun(input)) return { reports: first.reports, fallback: undefined };
  if (!isTimeLimit(first.failure)) checkFailures(kernel, first, signal);
  const at = kernel.commitIndex();
  kernel.recoverAfterDeath();
  const rest = yield* runBlock({ ...input, inlineMs: 0 });
  const message = `The block took more than ${inlineMs} ms, and a worker went on with it.`;
  const moved: Fallback = { reason: "moved-to-threads", at, message };
  return { reports: [...first.reports, ...rest.reports], fallback: rest.fallback ?? moved };
}

/** Executes all units. Throws InvalidTransactionError, InvalidBlockError, a source's error, ArenaExhaustedError or ExecutionError. */
export function* runBlock(input: RunInput): Steps<RunReport> {
  const { kernel, signal } = input;
  if (input.inlineMs > 0) return yield* runSmallBlock(input);
  const first = yield* attempt(input, input.mode, input.mode === "parallel" ? input.workers : 1);
  if (allRun(input)) return { reports: first.reports, fallback: first.withdrawn ? THREADS_TAKEN : undefined };
  checkFailures(kernel, first, signal);
  const fallback = describeDeath(kernel, first);
  // What is committed stays; the rest runs in order on one (new) worker.
  kernel.recoverAfterDeath();
  const second = yield* attempt(input, "sequential", 1);
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
