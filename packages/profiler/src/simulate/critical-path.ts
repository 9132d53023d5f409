// Who has to wait for whom, whoever executes the block: read off what each unit read and wrote in the end.

import type { BlockProfile, ProfileRead, UnitProfile } from "../profile/block-profile.ts";

/** `reader` looks at what `writer` wrote at the location (an index of the profile's). */
export interface Dependency {
  reader: number;
  writer: number;
  location: number;
  /** Of the reader's time, the share from when it looks on: what cannot be done before the writer is done. */
  share: number;
}

export interface CriticalPath {
  /** The chain of units, each looking at what the one before it wrote, that takes longest. */
  units: number[];
  /** The location between each of them and the next. */
  locations: number[];
  /** Milliseconds: of the first unit all, of the others what they do from when they look on. No number of workers can do with less. */
  ms: number;
}

/** A location while the block is gone through. */
interface Known {
  /** Whoever looks depends on these: on the last one that set it, and those that added to it since. */
  writers: number[];
  value: bigint;
}

/** In the order of the readers. Who writes what was there makes nobody wait, and a range that holds whatever others add does not either. */
export function findDependencies({ units, locations }: BlockProfile): Dependency[] {
  const known: Known[] = locations.map(({ before }) => ({ writers: [], value: BigInt(before) }));
  const found: Dependency[] = [];
  for (const [reader, unit] of units.entries()) {
    const seen = new Set<number>();
    for (const [place, read] of unit.reads.entries()) {
      const at = known[read.location] as Known;
      if (seen.has(read.location) || !looks(read, BigInt(locations[read.location]?.before ?? 0))) continue;
      seen.add(read.location);
      const share = 1 - (place + 1) / (unit.reads.length + 1);
      for (const writer of at.writers) found.push({ reader, writer, location: read.location, share });
    }
    write(unit, reader, known);
  }
  return found;
}

/** Would another order show? The protocol's own checks of a sender are foreseen; a range that the value before the block is in, mostly is too. */
function looks({ min, max, assumed }: ProfileRead, before: bigint): boolean {
  if (assumed === true) return false;
  return max === undefined || before < BigInt(min) || before > BigInt(max);
}

function write({ writes }: UnitProfile, unit: number, known: Known[]): void {
  for (const { location, value, delta } of writes) {
    const at = known[location] as Known;
    if (value === undefined) {
      if (BigInt(delta ?? 0) === 0n) continue;
      at.writers.push(unit);
      at.value += BigInt(delta ?? 0);
    } else if (BigInt(value) !== at.value) {
      at.writers = [unit];
      at.value = BigInt(value);
    }
  }
}

export function criticalPath(profile: BlockProfile): CriticalPath {
  const { units } = profile;
  const { ends, before } = longestChains(findDependencies(profile), (unit) => units[unit]?.executeMs ?? 0);
  const endMs = (unit: number): number => ends.get(unit) ?? units[unit]?.executeMs ?? 0;
  const last = units.reduce((best, _, unit) => (endMs(unit) > endMs(best) ? unit : best), 0);
  const path: CriticalPath = { units: [last], locations: [], ms: endMs(last) };
  for (let link = before.get(last); link !== undefined; link = before.get(link.writer)) {
    path.units.unshift(link.writer);
    path.locations.unshift(link.location);
  }
  return path;
}

/** The time at which each reader is done at the earliest, and whom it has waited for longest. Dependencies come in the order of their readers. */
export function longestChains(
  dependencies: readonly Dependency[],
  msOf: (unit: number) => number,
): { ends: Map<number, number>; before: Map<number, Dependency> } {
  const ends = new Map<number, number>();
  const before = new Map<number, Dependency>();
  for (const dependency of dependencies) {
    const { reader, writer, share } = dependency;
    const end = (ends.get(writer) ?? msOf(writer)) + share * msOf(reader);
    if (end <= (ends.get(reader) ?? msOf(reader))) continue;
    ends.set(reader, end);
    before.set(reader, dependency);
  }
  return { ends, before };
}
