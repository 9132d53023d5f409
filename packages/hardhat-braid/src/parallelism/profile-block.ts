// A formed block, measured: in order, on two cores, simulated on more; and what of it makes users wait.

import type { Executor, Statistics } from "@braid/executor";
import {
  type BlockProfile,
  counted,
  criticalPath,
  findDependencies,
  type GroupRanking,
  measureBlock,
  rankGroups,
  type Simulator,
} from "@braid/profiler";
import type { CodeMatcher } from "../layout/index.ts";
import { BusyMachine } from "./busy-machine.ts";
import { BlockNames, type VariableName } from "./names.ts";
import type { FormedBlock } from "./user-block.ts";

/** Numbers of workers that are simulated. */
const WORKERS = [1, 2, 4, 8, 16, 32, 64];

/** On so many cores blocks are measured as well. */
export const MEASURED_WORKERS = 2;

export interface ProfiledBlock {
  profile: BlockProfile;
  /** The same as it is simulated: with what a parallel run takes besides, on one thread already. */
  simulated: BlockProfile;
  names: BlockNames;
  /** Of locations at which somebody waits, by their index. */
  variables: ReadonlyMap<number, VariableName>;
  ranking: GroupRanking;
  /** Simulated, by the number of workers. */
  speedups: ReadonlyMap<number, number>;
  /** No number of workers gives more. */
  atBest: number;
  /** All gas over that of the longest chain of calls that wait for each other: the same on every machine. */
  byGas: number;
  /** On MEASURED_WORKERS cores; undefined on a machine that has fewer. */
  measured: number | undefined;
  /** Others used the machine while it was measured, whenever that was tried. */
  disturbed: boolean;
}

export interface ProfileTools {
  executor: Executor;
  simulator: Simulator;
  matcher: CodeMatcher;
  /** The number of workers that what-ifs are told for. */
  at: number;
}

/** Runs of each way: so many, and as many as there is time for. */
const LEAST_RUNS = 5;
const MOST_RUNS = 25;
const MEASURE_MS = 600;
/** Before them, so that threads have compiled what they run, and hints are learned. */
const WARM_RUNS = 3;

export async function profileBlock(
  { executor, simulator, matcher, at }: ProfileTools,
  block: FormedBlock,
): Promise<ProfiledBlock> {
  const { profile, parallel, disturbed } = await measureAllWays(executor, block);
  const simulated = asInParallel(simulator, profile, parallel);
  const names = new BlockNames(matcher, block, executor);
  const variables = await nameVariables(profile, names);
  const groupOf = (location: BlockProfile["locations"][number]) => {
    const name = variables.get(profile.locations.indexOf(location));
    return name && { id: name.variable, label: name.variable };
  };
  const ranking = rankGroups(simulator, simulated, { at, groupOf, foreseen: true });
  const speedups = new Map(
    [...new Set([...WORKERS, at])]
      .sort((a, b) => a - b)
      .map((workers) => [workers, speedupOf(simulator, simulated, workers)] as const),
  );
  const { ms } = criticalPath(profile);
  return {
    profile,
    simulated,
    names,
    variables,
    ranking,
    speedups,
    atBest: profile.sequentialMs / (simulated.mainThreadMs + ms),
    byGas: possibleByGas(profile),
    measured: parallel && profile.sequentialMs / parallel.twoMs,
    disturbed,
  };
}

/** Hints foresee what calls have in common that have been met before: so Braid runs them, and so they are measured. */
export function speedupOf(
  simulator: Simulator,
  profile: BlockProfile,
  workers: number,
  without: readonly string[] = [],
): number {
  return simulator.run(profile, { workers, without, foreseen: true }).speedup;
}

/** In parallel, in milliseconds: on one core and on MEASURED_WORKERS, and what the main thread does on one that it does not do in order: it places hints and learns them. */
interface ParallelTimes {
  oneMs: number;
  twoMs: number;
  hintsMs: number;
}

interface Measurement {
  profile: BlockProfile;
  /** Undefined on a machine that has fewer cores. */
  parallel: ParallelTimes | undefined;
  disturbed: boolean;
}

interface Round {
  inOrder: Statistics;
  one: Statistics;
  two: Statistics;
}

/** In order, in parallel on one core and on two, in turn: what the machine does meanwhile slows down all of them. */
async function measureAllWays(executor: Executor, { input }: FormedBlock): Promise<Measurement> {
  const inOrder = async (): Promise<Statistics> =>
    (await executor.executeBlock({ ...input, mode: "sequential", workers: 1, hints: false })).statistics;
  const inParallel = async (workers: number): Promise<Statistics> =>
    (await executor.executeBlock({ ...input, force: true, workers })).statistics;
  const canMeasure = executor.workers >= MEASURED_WORKERS;
  let ms = 0;
  for (let run = 0; run < WARM_RUNS; run++) {
    if (canMeasure) await inParallel(MEASURED_WORKERS);
    ms = (await inOrder()).phases.total;
  }
  const machine = new BusyMachine(MEASURED_WORKERS);
  const all: { round: Round | undefined; counts: boolean }[] = [];
  const profile = await measureBlock(executor, input, {
    runs: Math.min(MOST_RUNS, Math.max(LEAST_RUNS, Math.round(MEASURE_MS / 3 / ms))),
    afterRun: async (statistics) => {
      const round = canMeasure
        ? { inOrder: statistics, one: await inParallel(1), two: await inParallel(MEASURED_WORKERS) }
        : undefined;
      const counts = !machine.isBusy();
      all.push({ round, counts });
      return counts;
    },
  });
  const kept = counted(all);
  const rounds = kept.flatMap(({ round }) => round ?? []);
  return {
    profile,
    parallel: rounds.length === 0 ? undefined : parallelTimes(rounds),
    disturbed: kept.some(({ counts }) => !counts),
  };
}

function parallelTimes(rounds: readonly Round[]): ParallelTimes {
  const around = ({ phases: { load, result } }: Statistics): number => load + result;
  return {
    oneMs: median(rounds.map(({ one }) => one.phases.total)),
    twoMs: median(rounds.map(({ two }) => two.phases.total)),
    hintsMs: Math.max(0, median(rounds.map(({ inOrder, one }) => around(one) - around(inOrder)))),
  };
}

/** Units keep versions of what they write, and validate what they have read: with that, simulating one worker takes as long as was measured. */
function asInParallel(
  simulator: Simulator,
  profile: BlockProfile,
  parallel: ParallelTimes | undefined,
): BlockProfile {
  if (parallel === undefined) return profile;
  const withHints = { ...profile, mainThreadMs: profile.mainThreadMs + parallel.hintsMs };
  const executeMs = profile.units.reduce((sum, unit) => sum + unit.executeMs, 0);
  const missingMs = parallel.oneMs - simulator.run(withHints, { workers: 1, foreseen: true }).totalMs;
  const factor = executeMs === 0 ? 1 : Math.max(1, 1 + missingMs / executeMs);
  return {
    ...withHints,
    units: profile.units.map((unit) => ({ ...unit, executeMs: unit.executeMs * factor })),
  };
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return ((sorted[sorted.length >> 1] ?? 0) + (sorted[(sorted.length - 1) >> 1] ?? 0)) / 2;
}

/** A user who calls twice waits for his own first call: that is nobody's variable to change. */
async function nameVariables(profile: BlockProfile, names: BlockNames): Promise<Map<number, VariableName>> {
  const variables = new Map<number, VariableName>();
  const { units } = profile;
  for (const { location, writer, reader } of findDependencies(profile)) {
    const isOwn = units[writer]?.from !== undefined && units[writer]?.from === units[reader]?.from;
    if (!isOwn && !variables.has(location)) variables.set(location, await names.nameOf(profile, location));
  }
  return variables;
}

function possibleByGas(profile: BlockProfile): number {
  const gas = profile.units.map(({ gasUsed }) => gasUsed);
  /** Gas of the longest chain that ends with each unit. Writers come before their readers. */
  const ends = [...gas];
  for (const { writer, reader } of findDependencies(profile))
    ends[reader] = Math.max(ends[reader] ?? 0, (ends[writer] ?? 0) + (gas[reader] ?? 0));
  const all = gas.reduce((sum, one) => sum + one, 0);
  return all === 0 ? 1 : all / Math.max(...ends);
}
