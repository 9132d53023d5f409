// For tests: statistics of a run that never was.
import type { Statistics } from "@braid/executor";

/** A run with two workers in which `executions` units were executed once; what replays do not look at is left out. */
export function sampleStatistics(executions: number): Statistics {
  const statistics: Partial<Statistics> = {
    mode: "parallel",
    workers: 2,
    executions,
    aborts: 0,
    suspensions: 0,
    reexecutions: 0,
    validations: executions,
    hints: { predicted: 0, hits: 0, contended: 0, precision: 1, recall: 1 },
    phases: { prepare: 0, load: 0, run: 0, result: 0, total: 0 },
    workerPhases: [],
    blockArenaBytes: 0,
    stateArenaBytes: 0,
  };
  return statistics as Statistics;
}
