// Which locations and functions serialise a block, and what it would gain without each.

import type { Hex } from "@braid/primitives";
import type { Group, GroupOf } from "../names/location-name.ts";
import { type BlockProfile, locationKey, type ProfileLocation } from "../profile/block-profile.ts";
import { criticalPath, type Dependency, findDependencies, longestChains } from "../simulate/critical-path.ts";
import type { Simulator } from "../simulate/simulate.ts";

export interface RankOptions {
  /** The number of workers to compare at; default 16. */
  at?: number;
  /** How locations go together; default: the slots of each account. */
  groupOf?: GroupOf;
  /** How many locations, groups and functions are tried; default 12 of each. */
  most?: number;
}

/** What makes transactions wait for each other. Units are those of the profile: 0 is the prologue, 1 the first transaction. */
export interface Contention {
  id: string;
  label: string;
  /** What `without` of a simulation takes. */
  keys: string[];
  /** Units that wrote what others looked at, and those that looked. */
  writers: number[];
  readers: number[];
  /** Milliseconds of the longest chain of units that this alone puts in a row. */
  chainMs: number;
  /** It lies on the block's critical path. */
  critical: boolean;
  /** Transactions that wrote it, and those among them that added what does not depend on the value: when all do, it commutes. */
  writes: number;
  additions: number;
  /** The speed-up without it. */
  speedupWithout: number;
}

export interface FunctionContention {
  /** Receiver and selector; without a selector a plain transfer, without both a creation. */
  to?: Hex;
  selector?: Hex;
  /** Its transactions, and those among them that looked at what others wrote. */
  units: number[];
  waiting: number[];
  /** Milliseconds that its transactions take together. */
  totalMs: number;
  /** The speed-up if none of its transactions shared anything with others. */
  speedupWithout: number;
}

export interface Ranking {
  /** Workers. */
  at: number;
  /** The speed-up as it is, and with additions as deltas. */
  speedup: number;
  lazySpeedup: number;
  /** What gives most comes first. */
  locations: Contention[];
  groups: Contention[];
  functions: FunctionContention[];
  /** What holds the block up together: taken away one after the other, each time what gives most. Those before the last may give nothing by themselves. */
  steps: { id: string; label: string; speedup: number }[];
}

const DEFAULT_WORKERS = 16;
const DEFAULT_MOST = 12;
/** Groups that are taken away together at most, and what that has to give to be worth telling. */
const MOST_STEPS = 6;
const LEAST_GAIN = 1.02;
/** Speed-ups that differ by less are the same. */
const SAME = 1.005;

/** What makes users wait, in groups alone; and what holds the block up together. */
export type GroupRanking = Pick<Ranking, "at" | "speedup" | "groups" | "steps">;

/**
 * The same for groups alone.
 * PERF: a simulation for each group, and up to MOST_STEPS more for each.
 *
 * @param foreseen as of a simulation.
 */
export function rankGroups(
  simulator: Simulator,
  profile: BlockProfile,
  { at, groupOf, foreseen }: { at: number; groupOf: GroupOf; foreseen: boolean },
): GroupRanking {
  const speedupOf = (without: readonly string[]): number =>
    simulator.run(profile, { workers: at, without, foreseen }).speedup;
  const dependencies = findDependencies(profile);
  const critical = new Set(criticalPath(profile).locations);
  const groups = contentions(profile, dependencies, critical, groupOf)
    .slice(0, DEFAULT_MOST)
    .map((found) => ({ ...found, speedupWithout: speedupOf(found.keys) }))
    .sort((a, b) => b.speedupWithout - a.speedupWithout || b.chainMs - a.chainMs);
  const speedup = speedupOf([]);
  return { at, speedup, groups, steps: takeAway(groups, speedup, speedupOf) };
}

/** PERF: a simulation for each location, group and function that is tried, some milliseconds each for a block of some hundred transactions. */
export function rankContention(
  simulator: Simulator,
  profile: BlockProfile,
  { at = DEFAULT_WORKERS, groupOf = byAccount, most = DEFAULT_MOST }: RankOptions = {},
): Ranking {
  const dependencies = findDependencies(profile);
  const critical = new Set(criticalPath(profile).locations);
  const speedupOf = (without: readonly string[]): number =>
    simulator.run(profile, { workers: at, without }).speedup;
  const rank = (of: GroupOf): Contention[] =>
    contentions(profile, dependencies, critical, of)
      .slice(0, most)
      .map((found) => ({ ...found, speedupWithout: speedupOf(found.keys) }))
      .sort((a, b) => b.speedupWithout - a.speedupWithout || b.chainMs - a.chainMs);
  const groups = rank(groupOf);
  const speedup = speedupOf([]);
  return {
    at,
    speedup,
    lazySpeedup: simulator.run(profile, { workers: at, lazy: true }).speedup,
    locations: rank((location) => ({ id: locationKey(location), label: locationKey(location) })),
    groups,
    functions: rankFunctions(simulator, profile, dependencies, at, most),
    steps: takeAway(groups, speedup, speedupOf),
  };
}

function byAccount({ address, field }: ProfileLocation): Group {
  return field === "storage"
    ? { id: address, label: address }
    : { id: `${address}:${field}`, label: `${address}:${field}` };
}

/** Those that make somebody wait; the longest chain first. */
function contentions(
  { units, locations }: BlockProfile,
  dependencies: readonly Dependency[],
  critical: ReadonlySet<number>,
  groupOf: GroupOf,
): Omit<Contention, "speedupWithout">[] {
  const groups = new Map<string, { label: string; of: Dependency[]; locations: Set<number> }>();
  for (const dependency of dependencies) {
    const group = groupOf(locations[dependency.location] as ProfileLocation);
    if (group === undefined) continue;
    const found = groups.get(group.id) ?? { label: group.label, of: [], locations: new Set() };
    groups.set(group.id, found);
    found.of.push(dependency);
    found.locations.add(dependency.location);
  }
  return [...groups]
    .map(([id, { label, of, locations: at }]) => {
      const writes = units.flatMap(({ kind, writes: all }) =>
        kind === "transaction" ? all.filter(({ location }) => at.has(location)) : [],
      );
      return {
        id,
        label,
        keys: [...at].map((index) => locationKey(locations[index] as ProfileLocation)),
        writers: sorted(of.map(({ writer }) => writer)),
        readers: sorted(of.map(({ reader }) => reader)),
        chainMs: Math.max(0, ...longestChains(of, (unit) => units[unit]?.executeMs ?? 0).ends.values()),
        critical: [...at].some((index) => critical.has(index)),
        writes: writes.length,
        additions: writes.filter(({ adds, delta }) => adds !== undefined || delta !== undefined).length,
      };
    })
    .sort((a, b) => b.chainMs - a.chainMs);
}

function sorted(units: readonly number[]): number[] {
  return [...new Set(units)].sort((a, b) => a - b);
}

function rankFunctions(
  simulator: Simulator,
  profile: BlockProfile,
  dependencies: readonly Dependency[],
  at: number,
  most: number,
): FunctionContention[] {
  const waiting = new Set(dependencies.map(({ reader }) => reader));
  const shared = new Set(dependencies.map(({ location }) => location));
  const functions = new Map<string, Omit<FunctionContention, "speedupWithout">>();
  for (const [unit, { kind, to, selector, executeMs }] of profile.units.entries()) {
    if (kind !== "transaction") continue;
    const key = `${to}:${selector}`;
    const found = functions.get(key) ?? {
      ...(to === undefined ? {} : { to }),
      ...(selector === undefined ? {} : { selector }),
      units: [],
      waiting: [],
      totalMs: 0,
    };
    functions.set(key, found);
    found.units.push(unit);
    if (waiting.has(unit)) found.waiting.push(unit);
    found.totalMs += executeMs;
  }
  return [...functions.values()]
    .filter((found) => found.waiting.length > 0)
    .sort((a, b) => b.waiting.length - a.waiting.length)
    .slice(0, most)
    .map((found) => ({
      ...found,
      speedupWithout: simulator.run(withoutSharing(profile, new Set(found.units), shared), { workers: at })
        .speedup,
    }))
    .sort((a, b) => b.speedupWithout - a.speedupWithout);
}

/** The block if some units left alone what makes others wait. */
function withoutSharing(
  profile: BlockProfile,
  units: ReadonlySet<number>,
  shared: ReadonlySet<number>,
): BlockProfile {
  const isOwn = ({ location }: { location: number }): boolean => !shared.has(location);
  return {
    ...profile,
    units: profile.units.map((unit, index) =>
      units.has(index)
        ? { ...unit, reads: unit.reads.filter(isOwn), writes: unit.writes.filter(isOwn) }
        : unit,
    ),
  };
}

/** What to take away, one after the other, each time what gives most; several may give nothing before all of them are gone. */
function takeAway(
  groups: readonly Contention[],
  speedup: number,
  speedupOf: (without: readonly string[]) => number,
): Ranking["steps"] {
  const without = (gone: readonly Contention[]): number => speedupOf(gone.flatMap(({ keys }) => keys));
  // Of those that give the same, the longest chain.
  let left = groups.toSorted((a, b) => b.chainMs - a.chainMs);
  let gone: Contention[] = [];
  let reached = speedup;
  for (let tried: Contention[] = []; left.length > 0 && tried.length < MOST_STEPS; ) {
    const best = left
      .map((group) => ({ group, speedup: without([...tried, group]) }))
      .reduce((a, b) => (b.speedup > a.speedup * SAME ? b : a));
    tried = [...tried, best.group];
    left = left.filter((group) => group !== best.group);
    if (best.speedup < reached * LEAST_GAIN) continue;
    reached = best.speedup;
    gone = tried;
  }
  for (const group of gone) {
    const others = gone.filter((one) => one !== group);
    if (without(others) * SAME >= reached) gone = others;
  }
  return gone.map(({ id, label }, i) => ({ id, label, speedup: without(gone.slice(0, i + 1)) }));
}
