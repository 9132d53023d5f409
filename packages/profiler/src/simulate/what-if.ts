// A block as it would be without some locations, or with its additions as deltas.

import {
  type BlockProfile,
  locationKey,
  type ProfileRead,
  type ProfileWrite,
  type UnitProfile,
} from "../profile/block-profile.ts";

export interface WhatIf {
  /** Locations that are taken away: keys of `locationKey`, or addresses, which stand for all slots of the account. */
  without?: readonly string[] | undefined;
  /** Additions become deltas, for which nobody has to read the value. */
  lazy?: boolean | undefined;
}

/** The profile itself when nothing is asked. */
export function applyWhatIf(profile: BlockProfile, { without = [], lazy = false }: WhatIf): BlockProfile {
  if (without.length === 0 && !lazy) return profile;
  const gone = locationsOf(profile, without);
  return {
    ...profile,
    units: profile.units.map((unit) => {
      const kept: UnitProfile = {
        ...unit,
        reads: unit.reads.filter(({ location }) => !gone.has(location)),
        writes: unit.writes.filter(({ location }) => !gone.has(location)),
      };
      return lazy ? asDeltas(kept) : kept;
    }),
  };
}

/** The indices of the locations that keys stand for. */
export function locationsOf({ locations }: BlockProfile, keys: readonly string[]): Set<number> {
  const wanted = new Set(keys.map((key) => key.toLowerCase()));
  const gone = new Set<number>();
  for (const [index, location] of locations.entries()) {
    const isSlot = location.field === "storage" && wanted.has(location.address);
    if (isSlot || wanted.has(locationKey(location).toLowerCase())) gone.add(index);
  }
  return gone;
}

function asDeltas(unit: UnitProfile): UnitProfile {
  const added = new Set(unit.writes.flatMap(({ location, adds }) => (adds === undefined ? [] : [location])));
  if (added.size === 0) return unit;
  const looks = ({ location, max }: ProfileRead): boolean => max === undefined && added.has(location);
  return {
    ...unit,
    reads: unit.reads.filter((read) => !looks(read)),
    writes: unit.writes.map(
      (write): ProfileWrite =>
        write.adds === undefined
          ? write
          : {
              location: write.location,
              delta: BigInt.asIntN(256, BigInt(write.adds.by)).toString(),
              adds: write.adds,
            },
    ),
  };
}
