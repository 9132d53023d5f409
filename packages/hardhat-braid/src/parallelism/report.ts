// What is reported of all blocks together: plain data, which is also the file that later runs are compared with.

import type { Simulator } from "@braid/profiler";
import type { SourcePlace } from "../layout/index.ts";
import { type Advice, adviceFor } from "./advice.ts";
import { allAdd, type Pattern, type VariableName } from "./names.ts";
import { MEASURED_WORKERS, type ProfiledBlock, speedupOf } from "./profile-block.ts";
import type { FormedBlock } from "./user-block.ts";

/** How many times as fast as in order. */
export interface Speedups {
  /** By the number of cores, simulated. */
  simulated: Record<string, number>;
  /** The same, measured: on two cores at most. */
  measured: Record<string, number>;
  /** With as many cores as one likes. */
  atBest: number;
  /** The same by gas alone: all of it, over that of the longest chain of calls that wait for each other. It is the same on every machine. */
  byGas: number;
}

export interface FunctionReport {
  /** `Pool.swap`. */
  name: string;
  place: SourcePlace | undefined;
  /** Calls in its block, each by a user of its own. */
  calls: number;
  users: FormedBlock["users"];
  /** Milliseconds for the block in order. */
  sequentialMs: number;
  speedup: Speedups;
}

export interface VariableReport extends Advice {
  /** The same in every run, without keys: `Token._balances[]`. */
  name: string;
  /** The entries at which users meet, a few of them: `Token._balances[Pool]`. */
  entries: string[];
  place: SourcePlace | undefined;
  pattern: Pattern;
  /** All writes add something that does not depend on the value. That is what was seen, not proven. */
  commutes: boolean;
  /** The functions whose users wait for it. */
  functions: VariableEffect[];
  writtenAt: SourcePlace[];
  readAt: SourcePlace[];
  /** The speed-up of all blocks together if this variable alone did not make anybody wait, and if those before it in the list did not either. */
  without: number;
  withoutAllBefore: number;
}

/** What one function's block would gain, at the report's number of cores. */
export interface VariableEffect {
  name: string;
  speedup: number;
  without: number;
  /** Where the variable holds up the calls together with others, so that it alone makes little difference: those, and the speed-up without all of them. */
  together?: { with: string[]; without: number };
}

export interface Report {
  version: 1;
  /** Cores that what-ifs are told for. */
  at: number;
  /** Users of each function, at most. */
  users: number;
  traffic: { transactions: number; deployments: number; failed: number; failedTests: number };
  /** Others used the machine while some of the blocks were measured: those may be faster than they look. */
  disturbed: boolean;
  /** All blocks together, each function as often as the others. */
  speedup: Speedups;
  functions: FunctionReport[];
  /** What gives most comes first. */
  variables: VariableReport[];
  /** Functions that no block could be made of, and why. */
  leftOut: { name: string; reason: string }[];
}

export interface ReportedBlock {
  name: string;
  place: SourcePlace | undefined;
  formed: FormedBlock;
  profiled: ProfiledBlock;
}

/** So many variables are ranked. */
const MOST = 10;
/** What gives less, alone and together with others, is not worth telling. */
const LEAST_GAIN = 1.02;
/** Entries that are told of one variable. */
const MOST_ENTRIES = 4;

/** PERF: simulations, some milliseconds each: for the ranking of n variables n² / 2 of each block that has to do with them. */
export function makeReport(
  simulator: Simulator,
  blocks: readonly ReportedBlock[],
  rest: Pick<Report, "at" | "users" | "traffic" | "leftOut">,
): Report {
  return {
    version: 1,
    ...rest,
    disturbed: blocks.some(({ profiled }) => profiled.disturbed),
    speedup: {
      simulated: byWorkers(blocks),
      measured: measuredOf(blocks),
      atBest: rounded(together(blocks, ({ profiled }) => profiled.atBest)),
      byGas: rounded(togetherByGas(blocks)),
    },
    functions: blocks.map((block) => {
      const { name, place, formed, profiled } = block;
      return {
        name,
        place,
        calls: formed.input.senders.length,
        users: formed.users,
        sequentialMs: rounded(profiled.profile.sequentialMs),
        speedup: {
          simulated: byWorkers([block]),
          measured: measuredOf([block]),
          atBest: rounded(profiled.atBest),
          byGas: rounded(profiled.byGas),
        },
      };
    }),
    variables: rankVariables(simulator, blocks, rest.at),
  };
}

/** One variable after the other is taken away, each time the one that gives most then. */
function rankVariables(simulator: Simulator, blocks: readonly ReportedBlock[], at: number): VariableReport[] {
  const without = (gone: readonly string[]): number =>
    together(blocks, ({ profiled }) => {
      const keys = profiled.ranking.groups.flatMap((group) => (gone.includes(group.id) ? group.keys : []));
      if (keys.length === 0) return profiled.ranking.speedup;
      return speedupOf(simulator, profiled.simulated, at, keys);
    });
  const costs = new Map<string, number>();
  for (const { profiled } of blocks)
    for (const group of profiled.ranking.groups)
      if (matters(profiled, group))
        costs.set(group.id, (costs.get(group.id) ?? 0) + group.chainMs / profiled.profile.sequentialMs);
  let left = [...costs]
    .sort(([, a], [, b]) => b - a)
    .map(([id]) => id)
    .slice(0, MOST);
  const gone: string[] = [];
  const ranked: VariableReport[] = [];
  while (left.length > 0) {
    const tried = left.map((id) => ({ id, speedup: without([...gone, id]) }));
    const best = tried.reduce((a, b) => (b.speedup > a.speedup ? b : a));
    left = left.filter((id) => id !== best.id);
    gone.push(best.id);
    ranked.push({
      ...describe(best.id, blocks),
      without: rounded(without([best.id])),
      withoutAllBefore: rounded(best.speedup),
    });
  }
  return ranked;
}

function describe(
  id: string,
  blocks: readonly ReportedBlock[],
): Omit<VariableReport, "without" | "withoutAllBefore"> {
  const names: VariableName[] = [];
  const functions: VariableReport["functions"] = [];
  let commutes = true;
  for (const { name, profiled } of blocks) {
    const group = profiled.ranking.groups.find((one) => one.id === id);
    if (group === undefined || !matters(profiled, group)) continue;
    const own = [...profiled.variables].filter(([, { variable }]) => variable === id);
    names.push(...own.map(([, variable]) => variable));
    commutes &&= allAdd(profiled.profile, new Set(own.map(([location]) => location)));
    functions.push({ name, ...effectOf(profiled, group) });
  }
  const patterns = names.map(({ pattern }) => pattern);
  const pattern = patterns[0] ?? "figure";
  return {
    name: id,
    entries: distinct(names.map(({ path }) => path)).slice(0, MOST_ENTRIES),
    place: names[0]?.place,
    pattern,
    commutes,
    functions,
    writtenAt: merged(names.flatMap(({ writtenAt }) => writtenAt)),
    readAt: merged(names.flatMap(({ readAt }) => readAt)),
    ...adviceFor(pattern),
  };
}

/** Does the block gain without it, alone or with others? Where nobody knows, what lies on the longest chain counts. */
function matters(
  { ranking: { speedup, steps } }: ProfiledBlock,
  { id, speedupWithout, critical }: ProfiledBlock["ranking"]["groups"][number],
): boolean {
  if (speedupWithout >= speedup * LEAST_GAIN || steps.some((step) => step.id === id)) return true;
  return steps.length === 0 && critical;
}

function effectOf(
  { ranking: { speedup, steps } }: ProfiledBlock,
  { id, speedupWithout }: { id: string; speedupWithout: number },
): Omit<VariableEffect, "name"> {
  const effect = { speedup: rounded(speedup), without: rounded(speedupWithout) };
  const others = steps.flatMap((step) => (step.id === id ? [] : [step.label]));
  const all = steps.at(-1)?.speedup ?? 0;
  if (others.length === 0 || others.length === steps.length) return effect;
  return { ...effect, together: { with: others, without: rounded(all) } };
}

/** The speed-up of all functions together, each of them called as often as the others. */
function together(blocks: readonly ReportedBlock[], speedup: (block: ReportedBlock) => number): number {
  let [inOrder, parallel] = [0, 0];
  for (const block of blocks) {
    const { sequentialMs, transactions } = block.profiled.profile;
    inOrder += sequentialMs / transactions;
    parallel += sequentialMs / transactions / speedup(block);
  }
  return parallel === 0 ? 1 : inOrder / parallel;
}

/** The same by gas: no clock has to do with it. */
function togetherByGas(blocks: readonly ReportedBlock[]): number {
  let [all, chains] = [0, 0];
  for (const { profiled } of blocks) {
    const { gasUsed, transactions } = profiled.profile;
    all += gasUsed / transactions;
    chains += gasUsed / transactions / profiled.byGas;
  }
  return chains === 0 ? 1 : all / chains;
}

function measuredOf(blocks: readonly ReportedBlock[]): Record<string, number> {
  if (blocks.some(({ profiled }) => profiled.measured === undefined)) return {};
  return { [MEASURED_WORKERS]: rounded(together(blocks, ({ profiled }) => profiled.measured ?? 1)) };
}

/** By the numbers of workers that the blocks were simulated on: the same for all. */
function byWorkers(blocks: readonly ReportedBlock[]): Record<string, number> {
  const counts = [...(blocks[0]?.profiled.speedups.keys() ?? [])];
  return Object.fromEntries(
    counts.map((workers) => [
      workers,
      rounded(together(blocks, ({ profiled }) => profiled.speedups.get(workers) ?? 1)),
    ]),
  );
}

/** Of what shares a slot, one block may write more than another. */
function distinct(paths: readonly string[]): string[] {
  const kept: string[] = [];
  for (const path of [...new Set(paths)].sort((a, b) => b.length - a.length)) {
    const own = path.slice(path.indexOf(".") + 1);
    if (!kept.some((other) => other.endsWith(own) || other.includes(`${own}, `))) kept.push(path);
  }
  return kept;
}

function merged(places: readonly SourcePlace[]): SourcePlace[] {
  return [...new Map(places.map((place) => [`${place.file}:${place.line}`, place] as const)).values()];
}

function rounded(value: number): number {
  return Math.round(100 * value) / 100;
}
