// All that is told of one block: how it scales, what serialises it, and what happens on so many workers.

import type { NameOf } from "../names/names.ts";
import type { BlockProfile } from "../profile/block-profile.ts";
import { type Dependency, findDependencies } from "../simulate/critical-path.ts";
import type { Scaling, Simulation, Simulator } from "../simulate/simulate.ts";
import { type Contention, type Ranking, rankContention } from "./rank.ts";

export interface AnalyseOptions {
  names: NameOf;
  /** Workers that the details are told for; default 16. */
  at?: number;
  /** Default: 1, 2, 4 and so on to 64. */
  workers?: readonly number[];
}

export interface Analysis {
  profile: BlockProfile;
  at: number;
  scaling: Scaling;
  ranking: Ranking;
  dependencies: Dependency[];
  /** On `at` workers, with its timeline. */
  simulation: Simulation;
  /** Of each location that is told of: its name. */
  labels: ReadonlyMap<string, string>;
}

/** A gain that is. */
const WORTH_TELLING = 1.02;
const COUNTS = [1, 2, 4, 8, 16, 32, 64];

export function analyseBlock(
  simulator: Simulator,
  profile: BlockProfile,
  { names, at = 16, workers = COUNTS }: AnalyseOptions,
): Analysis {
  const ranking = rankContention(simulator, profile, { at, groupOf: (location) => names(location).group });
  const labels = new Map(ranking.groups.map(({ id, label }) => [id, label]));
  for (const location of profile.locations) {
    const { label } = names(location);
    labels.set(`${location.address}:${location.slot ?? location.field}`, label);
  }
  return {
    profile,
    at,
    scaling: simulator.scale(profile, workers),
    ranking,
    dependencies: findDependencies(profile),
    simulation: simulator.run(profile, { workers: at, timeline: true }),
    labels,
  };
}

/** What serialises the block, in a sentence each; the block gains most without the first. */
export function findings({ ranking, scaling, profile }: Analysis): string[] {
  const { at, speedup, steps, groups } = ranking;
  const bound = profile.sequentialMs / scaling.boundMs;
  const times = (factor: number): string => factor.toFixed(2);
  const lines = [
    `On ${at} cores the block would run ${times(speedup)} times as fast as in order; its longest chain allows ${times(bound)}.`,
  ];
  if (groups.length === 0)
    return [...lines, "No transaction looks at what another one of the block has written."];
  const gone: string[] = [];
  let told = speedup;
  for (const step of steps) {
    gone.push(step.label);
    if (step.speedup < told * WORTH_TELLING) continue;
    told = step.speedup;
    lines.push(`Without ${list(gone)} it would be ${times(step.speedup)}.`);
  }
  const [longest] = scaling.critical.units;
  if (
    scaling.critical.units.length === 1 &&
    longest !== undefined &&
    profile.units[longest]?.kind === "transaction"
  )
    lines.push(
      `What bounds it is transaction ${longest - 1} alone: it takes ${share(scaling.critical.ms, profile.sequentialMs)} of the time in order.`,
    );
  if (steps.length === 0)
    lines.push(
      `No variable alone holds it up: without ${groups[0]?.label} it would be ${times(groups[0]?.speedupWithout ?? speedup)}.`,
    );
  const adding = groups.filter(commutes);
  if (adding.length > 0)
    lines.push(
      `${list(adding.map(({ label }) => label))} ${adding.length === 1 ? "seems" : "seem"} to be only added to: as deltas the block would run ${times(ranking.lazySpeedup)} times as fast.`,
    );
  return lines;
}

/** All writes are additions that do not depend on the value. */
export function commutes({ writes, additions }: Contention): boolean {
  return writes > 1 && additions === writes;
}

function list(names: readonly string[]): string {
  return names.length < 2 ? (names[0] ?? "") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}

function share(part: number, whole: number): string {
  return `${((100 * part) / whole).toFixed(0)}%`;
}
