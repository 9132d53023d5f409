// A formed block, measured: in order, on two cores, simulated on more; and what of it makes users wait.

import type { Executor } from "@braid/executor";
import {
  type BlockProfile,
  criticalPath,
  findDependencies,
  measureBlock,
  type Ranking,
  rankContention,
  type Simulator,
} from "@braid/profiler";
import type { CodeMatcher } from "../layout/index.ts";
import { BlockNames, type VariableName } from "./names.ts";
import type { FormedBlock } from "./user-block.ts";

/** Numbers of workers that are simulated. */
const WORKERS = [1, 2, 4, 8, 16, 32, 64];

/** On so many cores blocks are measured as well. */
export const MEASURED_WORKERS = 2;

export interface ProfiledBlock {
  profile: BlockProfile;
  names: BlockNames;
  /** Of locations at which somebody waits, by their index. */
  variables: ReadonlyMap<number, VariableName>;
  ranking: Ranking;
  /** Simulated, by the number of workers. */
  speedups: ReadonlyMap<number, number>;
  /** No number of workers gives more. */
  atBest: number;
  /** All gas over that of the longest chain of calls that wait for each other: the same on every machine. */
  byGas: number;
  /** On MEASURED_WORKERS cores; undefined on a machine that has fewer. */
  measured: number | undefined;
}

export interface ProfileTools {
  executor: Executor;
  simulator: Simulator;
  matcher: CodeMatcher;
  /** The number of workers that what-ifs are told for. */
  at: number;
}

/** Runs of each way. */
const RUNS = 5;

export async function profileBlock(
  { executor, simulator, matcher, at }: ProfileTools,
  block: FormedBlock,
): Promise<ProfiledBlock> {
  const profile = await measureBlock(executor, block.input, { runs: RUNS });
  const names = new BlockNames(matcher, block, executor);
  const variables = await nameVariables(profile, names);
  const groupOf = (location: BlockProfile["locations"][number]) => {
    const name = variables.get(profile.locations.indexOf(location));
    return name && { id: name.variable, label: name.variable };
  };
  const ranking = rankContention(simulator, profile, { at, groupOf });
  const speedups = new Map(
    [...new Set([...WORKERS, at])]
      .sort((a, b) => a - b)
      .map((workers) => [workers, simulator.run(profile, { workers }).speedup] as const),
  );
  const { ms } = criticalPath(profile);
  return {
    profile,
    names,
    variables,
    ranking,
    speedups,
    atBest: profile.sequentialMs / (profile.mainThreadMs + ms),
    byGas: possibleByGas(profile),
    measured: executor.workers < MEASURED_WORKERS ? undefined : await measureParallel(executor, block),
  };
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

/** Both ways in turn: what the machine does meanwhile slows down both. */
async function measureParallel(executor: Executor, { input }: FormedBlock): Promise<number> {
  const inOrder: number[] = [];
  const parallel: number[] = [];
  const both = { ...input, hints: false };
  await executor.executeBlock({ ...both, force: true, workers: MEASURED_WORKERS });
  for (let run = 0; run < RUNS; run++) {
    const one = await executor.executeBlock({ ...both, mode: "sequential", workers: 1 });
    const two = await executor.executeBlock({ ...both, force: true, workers: MEASURED_WORKERS });
    inOrder.push(one.statistics.phases.total);
    parallel.push(two.statistics.phases.total);
  }
  return median(inOrder) / median(parallel);
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return ((sorted[sorted.length >> 1] ?? 0) + (sorted[(sorted.length - 1) >> 1] ?? 0)) / 2;
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
