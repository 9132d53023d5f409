// What is said of a block that two pools and a counter serialise.

import { expect, test } from "vitest";
import type { UnitProfile } from "../profile/block-profile.ts";
import { Simulator } from "../simulate/simulate.ts";
import { profileOf, transaction } from "../testing/profiles.ts";
import { rankContention } from "./rank.ts";

const simulator = new Simulator();

/** Slot 0 is read and written by 24 transactions of 2 ms, slot 1 by 8 of 1 ms, slot 2 is a counter of all of them; slot 3 is only read. */
function contended(): ReturnType<typeof profileOf> {
  const counts = [0, 0];
  return profileOf(
    Array.from({ length: 32 }, (_, i): UnitProfile => {
      const pool = i % 4 === 3 ? 1 : 0;
      const value = counts[pool] ?? 0;
      counts[pool] = value + 1;
      const unit = transaction({
        ms: pool === 0 ? 2 : 1,
        reads: [
          [3, 0],
          [pool, value],
          [2, i],
        ],
        writes: [
          [pool, value + 1],
          [2, i + 1],
        ],
      });
      const writes = unit.writes.map((write) =>
        write.location === 2 ? { ...write, adds: { by: "0x1", how: "seems" } as const } : write,
      );
      return { ...unit, selector: pool === 0 ? "0x00000000" : "0x11111111", writes };
    }),
  );
}

const slot = (n: number): string => `0x${"c0".repeat(20)}:0x${String(n).padStart(64, "0")}`;

test("locations and functions are told with what they serialise and what the block gains without them", () => {
  const ranking = rankContention(simulator, contended(), { at: 16 });
  expect(ranking.locations.map(({ id }) => id).sort()).toEqual([slot(0), slot(1), slot(2)]);
  const of = (n: number) => ranking.locations.find(({ id }) => id === slot(n));
  expect(of(2)).toMatchObject({ writes: 32, additions: 32, keys: [slot(2)] });
  expect(of(2)?.readers).toHaveLength(31);
  expect(of(0)).toMatchObject({ writes: 24, additions: 0 });
  expect(of(0)?.readers).toHaveLength(23);
  expect(of(1)?.readers).toHaveLength(7);
  // With less in the way units meet at other times, which may cost a unit or two that are executed again.
  for (const { speedupWithout } of ranking.locations)
    expect(speedupWithout).toBeGreaterThanOrEqual(ranking.speedup * 0.95);
  // The counter alone makes a chain of all; without it there are two.
  expect(of(2)?.speedupWithout).toBeGreaterThan(ranking.speedup);
  expect(ranking.lazySpeedup).toBeCloseTo(of(2)?.speedupWithout ?? 0, 6);
  expect(
    ranking.functions.map(({ selector, units, waiting }) => [selector, units.length, waiting.length]).sort(),
  ).toEqual([
    ["0x00000000", 24, 23],
    ["0x11111111", 8, 8],
  ]);
});

test("groups are taken away together, one after the other", () => {
  const pools = rankContention(simulator, contended(), {
    at: 16,
    groupOf: ({ slot: key }) =>
      key?.endsWith("2") ? { id: "counter", label: "counter" } : { id: "pools", label: "pools" },
  });
  expect(pools.groups.map(({ id, keys }) => [id, keys.length]).sort()).toEqual([
    ["counter", 1],
    ["pools", 2],
  ]);
  expect(pools.steps.map(({ id }) => id)).toEqual(["counter", "pools"]);
  expect(pools.steps.at(-1)?.speedup).toBeGreaterThan(10);
});

test("a block in which nobody waits has nothing to rank", () => {
  const ranking = rankContention(
    simulator,
    profileOf([transaction({ reads: [[0, 0]] }), transaction({ reads: [[0, 0]] })]),
  );
  expect(ranking).toMatchObject({ at: 16, locations: [], groups: [], functions: [], steps: [] });
});
