// The real scheduler in virtual time: as many workers as one likes take turns on one thread, each at the time at which it would have come to it.

import type { BlockProfile } from "../profile/block-profile.ts";
import { SCHEDULER_COSTS, type SchedulerCosts } from "./costs.ts";
import { type CriticalPath, criticalPath } from "./critical-path.ts";
import { VirtualBlock, VirtualMachine } from "./virtual-block.ts";
import { type Conflict, type Span, VirtualWorker } from "./virtual-worker.ts";
import { applyWhatIf, type WhatIf } from "./what-if.ts";

export interface SimulateOptions extends WhatIf {
  /** From 1 to 64. */
  workers: number;
  /** As if hints had foreseen every conflict; default: there are no hints. What learned hints give lies between the two. */
  foreseen?: boolean | undefined;
  /** Also tell what each worker did when: `timeline`. */
  timeline?: boolean | undefined;
  costs?: SchedulerCosts | undefined;
}

export interface Commit {
  unit: number;
  worker: number;
  at: number;
}

export interface Timeline {
  spans: Span[];
  commits: Commit[];
}

/** A block as so many workers would run it. Times are milliseconds of virtual time. */
export interface Simulation {
  workers: number;
  /** From the first worker's beginning to the last one's end. */
  runMs: number;
  /** With what the main thread does before and after it. */
  totalMs: number;
  /** The measured time in order, by this one. */
  speedup: number;
  executions: number;
  aborts: number;
  suspensions: number;
  validations: number;
  /** Executions besides each unit's first. */
  reexecutions: number;
  /** One worker went on alone, because too much was in vain. */
  solo: boolean;
  /** Of each worker: milliseconds at work, and waiting. */
  perWorker: { busyMs: number; idleMs: number }[];
  /** What made incarnations be in vain, in the order of time. */
  conflicts: Conflict[];
  timeline?: Timeline;
}

/** How a block scales. */
export interface Scaling {
  /** No number of workers can do with less: the longest chain of units each of which looks at what the one before it wrote. */
  critical: CriticalPath;
  /** The main thread's part, and the longest chain. */
  boundMs: number;
  simulations: Simulation[];
}

/** Runs simulations; what they run in is made once, and takes memory: keep one, and use it for all. */
export class Simulator {
  readonly #machine = new VirtualMachine();

  /** @throws ArenaExhaustedError for a block that does not fit into the default arenas; RangeError for workers that are no number from 1 to 64. */
  run(
    profile: BlockProfile,
    { workers, timeline = false, foreseen = false, costs = SCHEDULER_COSTS, ...whatIf }: SimulateOptions,
  ): Simulation {
    if (!Number.isInteger(workers) || workers < 1 || workers > 64)
      throw new RangeError(`${workers} workers: a simulation has 1 to 64`);
    const { main } = this.#machine;
    const block = new VirtualBlock(main, applyWhatIf(profile, whatIf), foreseen);
    const conflicts: Conflict[] = [];
    const recorded: Timeline = { spans: [], commits: [] };
    const observer = {
      conflict: (conflict: Conflict) => void conflicts.push(conflict),
      ...(timeline
        ? {
            span: (span: Span) => void recorded.spans.push(span),
            commit: (unit: number, worker: number, at: number) =>
              void recorded.commits.push({ unit, worker, at }),
          }
        : {}),
    };
    const crew = this.#machine
      .workers(workers)
      .map((kernel, i) => new VirtualWorker(i, kernel, block, costs, observer, 0));
    for (const worker of crew) worker.crew = crew;
    for (const worker of crew) worker.meet();
    runAll(crew);
    if (main.commitIndex() < main.unitCount)
      throw (
        main.faultError() ??
        new Error(`a simulation ended at unit ${main.commitIndex()} of ${main.unitCount}`)
      );
    const runMs = Math.max(...crew.map(({ time }) => time));
    const totalMs = profile.mainThreadMs + (workers > 1 ? costs.handOver : 0) + runMs;
    const { executions, aborts, suspensions, validations } = main.progress();
    return {
      workers,
      runMs,
      totalMs,
      speedup: totalMs === 0 ? 1 : profile.sequentialMs / totalMs,
      executions,
      aborts,
      suspensions,
      validations,
      reexecutions: executions - main.unitCount,
      solo: main.isSolo,
      perWorker: crew.map(({ busyMs, idleMs }) => ({ busyMs, idleMs })),
      conflicts,
      ...(timeline ? { timeline: recorded } : {}),
    };
  }

  /** A block by numbers of workers. */
  scale(
    profile: BlockProfile,
    counts: readonly number[],
    options: Omit<SimulateOptions, "workers"> = {},
  ): Scaling {
    const critical = criticalPath(applyWhatIf(profile, options));
    return {
      critical,
      boundMs: profile.mainThreadMs + critical.ms,
      simulations: counts.map((workers) => this.run(profile, { ...options, workers })),
    };
  }
}

/** Lets whoever is first act, until all are done. */
function runAll(crew: readonly VirtualWorker[]): void {
  for (;;) {
    let first: VirtualWorker | undefined;
    for (const worker of crew)
      if (!worker.isDone && (first === undefined || worker.time < first.time)) first = worker;
    if (first === undefined) return;
    first.act();
    for (const worker of crew) if (worker !== first) worker.wake(first.time);
  }
}
