// A worker's share of a block: it takes units from the scheduler until all are committed.

import { HALT_NONE, type Kernel, StepCode } from "@braid/kernel";
import { BaseError, serializeError } from "@braid/primitives";
import type { UnitEnd } from "../engines/engine.ts";
import { ExecutionError, isNotInstalled, WorkerStartError } from "../errors.ts";
import type { UnitRunner } from "./candidates.ts";
import { ReadFailure, type SourceClient } from "./source-client.ts";
import type { BlockTask, WorkerReport } from "./task.ts";
import type { WorkerEngines } from "./worker-engines.ts";

/** Sleep without work, in milliseconds: what is missed by a lost wake-up. It grows while nobody has work, as when a source takes long. */
const IDLE_MS = 1;
const MAX_IDLE_MS = 8;

/** Reports a failure that ends the block, and stops the other workers. */
export function fail(kernel: Kernel, unit: number, error: unknown, report: WorkerReport): void {
  if (error instanceof ReadFailure) report.failure = { unit, read: error.failure };
  else {
    const known = error instanceof BaseError ? error : engineFailure(kernel, unit, error);
    report.failure = { unit, error: serializeError(known) };
  }
  kernel.haltFailed(unit);
}

/** The units of a block; undefined when its state cannot be opened or the engine cannot begin it, which is reported then. */
export function beginBlock(
  kernel: Kernel,
  source: SourceClient,
  engines: WorkerEngines,
  task: BlockTask,
  report: WorkerReport,
): UnitRunner | undefined | Promise<UnitRunner | undefined> {
  const cannot = (error: unknown): undefined => {
    fail(kernel, 0, isNotInstalled(error) ? new WorkerStartError(error) : error, report);
  };
  try {
    source.open(task);
    const units = engines.begin(task);
    return units instanceof Promise ? units.catch(cannot) : units;
  } catch (error) {
    return cannot(error);
  }
}

/** What no rule of the protocol accounts for: a defect. */
function engineFailure(kernel: Kernel, unit: number, error: unknown): ExecutionError {
  const { code, message, data } = serializeError(error);
  const isTransaction = unit > 0 && unit < kernel.unitCount - 1;
  return new ExecutionError(
    "BRAID_ENGINE_FAILURE",
    `Executing ${isTransaction ? `transaction ${unit - 1}` : "the block"} broke: ${message}. Report this block.`,
    { data: { ...data, reasonCode: code, ...(isTransaction ? { transactionIndex: unit - 1 } : {}) } },
  );
}

/** Executes, validates and executes again, together with the other workers. A unit that lacks state is left until it is there. */
export async function runParallel(
  kernel: Kernel,
  source: SourceClient,
  units: UnitRunner,
  report: WorkerReport,
): Promise<void> {
  let idleMs = IDLE_MS;
  for (;;) {
    const step = kernel.next();
    if (step === StepCode.Execute) {
      idleMs = IDLE_MS;
      const unit = kernel.taskUnit();
      const incarnation = kernel.taskIncarnation();
      const ending = units.execute(unit, kernel.taskIsHead());
      const end = ending instanceof Promise ? await ending : ending;
      if (end.kind === "done") {
        const flags = kernel.publishAll(unit, incarnation);
        if (flags < 0) return;
        kernel.finishExecution(unit, incarnation, flags);
      } else if (end.kind === "suspended") {
        if (end.blockingUnit >= 0) kernel.suspend(unit, incarnation, end.blockingUnit);
        else kernel.retryAtHead(unit, incarnation);
      } else if (end.kind === "missing") {
        kernel.park(unit, incarnation);
        source.fetchFor(unit, end.reads);
      } else if (end.kind === "failed") {
        fail(kernel, unit, end.error, report);
        return;
      } else return;
    } else if (step === StepCode.Idle) {
      const since = performance.now();
      kernel.idleWait(idleMs);
      idleMs = Math.min(2 * idleMs, MAX_IDLE_MS);
      report.idleMs += performance.now() - since;
    } else return;
  }
}

/** How a run in order goes on between its units. */
interface InOrderOptions {
  /** Units to run, when that is not all of them. */
  until?: number | undefined;
  /** Called after each unit: what it answers is waited for. */
  breathe?: (() => Promise<void> | undefined) | undefined;
}

/** All units that are not committed yet, in order, with nothing else running. PERF: a promise only when one of them has to wait for something. */
export function runInOrder(
  kernel: Kernel,
  units: UnitRunner,
  report: WorkerReport,
  { until, breathe }: InOrderOptions = {},
): Promise<void> | undefined {
  const count = until ?? kernel.unitCount;
  const unitMs = new Float64Array(kernel.unitCount);
  report.unitMs = unitMs;
  let begin = 0;
  /** Is the unit committed? Else the run is over. */
  const commit = (unit: number, end: UnitEnd): boolean => {
    if (end.kind === "failed") fail(kernel, unit, end.error, report);
    if (end.kind !== "done") return false;
    if (kernel.publishAll(unit, kernel.unitIncarnation(unit)) < 0) return false;
    if (kernel.commitInOrder(unit) !== 0) return false;
    unitMs[unit] = performance.now() - begin;
    return true;
  };
  /** From the unit on that has something to wait for. */
  const goOn = async (first: number, pending: Promise<UnitEnd> | Promise<void>): Promise<void> => {
    let end = await pending;
    for (let unit = first; ; ) {
      if (end !== undefined && !commit(unit++, end)) return;
      const pause = end === undefined ? undefined : breathe?.();
      if (pause !== undefined) await pause;
      // Nobody wants the rest.
      if (unit >= count || kernel.haltReason !== HALT_NONE) return;
      begin = performance.now();
      const next = units.execute(unit, true);
      end = next instanceof Promise ? await next : next;
    }
  };
  for (let unit = kernel.commitIndex(); unit < count; unit++) {
    if (kernel.haltReason !== HALT_NONE) return undefined;
    begin = performance.now();
    const end = units.execute(unit, true);
    if (end instanceof Promise) return goOn(unit, end);
    if (!commit(unit, end)) return undefined;
    const pause = breathe?.();
    if (pause !== undefined) return goOn(unit + 1, pause);
  }
  return undefined;
}
