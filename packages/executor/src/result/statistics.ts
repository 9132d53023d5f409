// What a run cost and how well it was foreseen, from the kernel's counters and the workers' clocks.

import { type Kernel, UNIT_HINT_COUNT, UNIT_HINT_HITS } from "@braid/kernel";
import type { ContendedLocation } from "../hints/hint-memory.ts";
import type { Fallback, RunReport } from "../pool/block-run.ts";
import type { WorkerReport } from "../pool/task.ts";
import { countUnsupported } from "../records/outcome.ts";
import type { HintStatistics, Statistics } from "./block-result.ts";

/** How well the hints foresaw the locations that more than one transaction wrote. */
function hintStatistics(kernel: Kernel, contended: ContendedLocation[]): HintStatistics {
  let predicted = 0;
  let hits = 0;
  for (let unit = 0; unit < kernel.unitCount; unit++) {
    predicted += kernel.unitField(unit, UNIT_HINT_COUNT);
    hits += kernel.unitField(unit, UNIT_HINT_HITS);
  }
  const writes = contended.reduce((sum, { units }) => sum + units.length, 0);
  return {
    predicted,
    hits,
    contended: writes,
    precision: predicted === 0 ? 1 : hits / predicted,
    recall: writes === 0 ? 1 : Math.min(1, hits / writes),
  };
}

/** When the block began, and when each phase of the main thread ended: milliseconds of performance.now(). */
export interface PhaseTimes {
  begin: number;
  prepared: number;
  loaded: number;
  ran: number;
  end: number;
}

/** The whole block was run in order, whatever had been planned. */
function inOrder(fallback: Fallback | undefined): boolean {
  return fallback?.reason === "arena-full" || fallback?.reason === "threads-taken";
}

/** Units that two workers ran in order one after the other add up: each has run its own. */
function unitTimes(reports: WorkerReport[]): number[] | undefined {
  const times = reports.flatMap(({ unitMs }) => (unitMs === undefined ? [] : [unitMs]));
  const [first] = times;
  if (first === undefined || times.length < reports.length) return undefined;
  return Array.from(first, (_, unit) => times.reduce((sum, one) => sum + (one[unit] ?? 0), 0));
}

/** What the kernel and the workers counted, and the clock of the main thread. */
export function blockStatistics(
  kernel: Kernel,
  { reports, fallback }: RunReport,
  plan: Pick<Statistics, "mode" | "workers"> & { engine: string },
  contended: ContendedLocation[],
  { begin, prepared, loaded, ran, end }: PhaseTimes,
): Statistics {
  const { executions, aborts, suspensions, validations, misses } = kernel.progress();
  const lowYield: Fallback | undefined = kernel.isSolo
    ? {
        reason: "low-yield",
        at: kernel.commitIndex(),
        message: "Most speculation was in vain; one worker went on alone.",
      }
    : undefined;
  const reason = fallback ?? lowYield;
  const unitMs = unitTimes(reports);
  return {
    engine: { name: plan.engine, unsupported: countUnsupported(kernel) },
    mode: inOrder(fallback) ? "sequential" : plan.mode,
    workers: plan.workers,
    executions,
    aborts,
    abortCauses: kernel.abortCauses(),
    suspensions,
    misses,
    reexecutions: executions - misses - kernel.unitCount,
    validations,
    ...(reason === undefined ? {} : { fallback: reason }),
    hints: hintStatistics(kernel, contended),
    phases: {
      prepare: prepared - begin,
      load: loaded - prepared,
      run: ran - loaded,
      result: end - ran,
      total: end - begin,
    },
    workerPhases: reports.map(({ recoverMs, executeMs, idleMs }) => ({
      recover: recoverMs,
      execute: executeMs,
      idle: idleMs,
    })),
    ...(unitMs === undefined ? {} : { unitMs }),
    blockArenaBytes: kernel.blockArenaUsed(),
    stateArenaBytes: kernel.stateArenaUsed(),
  };
}
