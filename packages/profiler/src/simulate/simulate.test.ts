// Blocks in virtual time: what must hold for any block, and what is known of some.

import { Random } from "@braid/primitives";
import { describe, expect, test } from "vitest";
import type { UnitProfile } from "../profile/block-profile.ts";
import { profileOf, transaction } from "../testing/profiles.ts";
import { SCHEDULER_COSTS } from "./costs.ts";
import { criticalPath } from "./critical-path.ts";
import { Simulator } from "./simulate.ts";

const simulator = new Simulator();
const COUNTS = [1, 2, 3, 8, 16, 64];

/** Cores that have nothing in common. */
const costs = { ...SCHEDULER_COSTS, sharing: 1 };

/** Transactions of 1 ms. */
const independent = Array.from({ length: 64 }, (_, i) => transaction({ reads: [[i, 0]], writes: [[i, 1]] }));
const chain = Array.from({ length: 32 }, (_, i) => transaction({ reads: [[0, i]], writes: [[0, i + 1]] }));

test("what nobody shares runs at the same time", () => {
  for (const workers of COUNTS) {
    const { runMs, executions, aborts, suspensions, conflicts } = simulator.run(profileOf(independent), {
      workers,
      costs,
    });
    expect({ executions, aborts, suspensions, conflicts }).toEqual({
      executions: 66,
      aborts: 0,
      suspensions: 0,
      conflicts: [],
    });
    expect(runMs).toBeGreaterThanOrEqual(Math.ceil(64 / workers));
    expect(runMs).toBeLessThan(Math.ceil(64 / workers) + 1);
  }
});

test("a chain takes as long as it takes in order, on however many workers", () => {
  const profile = profileOf(chain);
  const { ms, locations } = criticalPath(profile);
  // Each looks in the middle of its millisecond: what it does before that, another one can do beside it.
  expect(ms).toBe(1 + 31 / 2);
  expect(locations).toEqual(Array.from({ length: 31 }, () => 0));
  for (const workers of COUNTS) {
    const { runMs, conflicts } = simulator.run(profile, { workers, costs });
    expect(runMs).toBeGreaterThanOrEqual(ms);
    expect(runMs).toBeLessThan(33);
    for (const { location, writer, unit } of conflicts) {
      expect(location).toBe(0);
      expect(writer).toBeLessThan(unit);
    }
  }
});

test("chains that have nothing in common do not hold each other up, on however many workers", () => {
  const chains = Array.from({ length: 128 }, (_, i) =>
    transaction({ reads: [[i % 8, i >> 3]], writes: [[i % 8, (i >> 3) + 1]] }),
  );
  for (const workers of [8, 16, 32, 64]) {
    const { runMs, aborts } = simulator.run(profileOf(chains), { workers, costs });
    // Each is 16 ms long; nobody knows of them before something has gone wrong in each.
    expect(runMs).toBeLessThan(24);
    expect(aborts).toBeLessThan(96);
  }
});

test("nothing is in vain when every conflict is foreseen", () => {
  for (const workers of COUNTS) {
    const { runMs, aborts, suspensions } = simulator.run(profileOf(chain), { workers, foreseen: true });
    expect({ aborts, suspensions }).toEqual({ aborts: 0, suspensions: 0 });
    expect(runMs).toBeLessThan(32 * SCHEDULER_COSTS.sharing + 3);
  }
  for (let seed = 0; seed < 20; seed++) {
    const { conflicts, executions } = simulator.run(randomProfile(seed), { workers: 8, foreseen: true });
    expect(conflicts.filter(({ kind }) => kind === "abort")).toEqual([]);
    expect(executions).toBe(42 + conflicts.length);
  }
});

test("without the location a chain is none, and neither is it with additions as deltas", () => {
  const adding = chain.map((unit) => ({
    ...unit,
    writes: unit.writes.map((write) => ({ ...write, adds: { by: "0x1", how: "seems" } as const })),
  }));
  const profile = profileOf(adding);
  const [location] = profile.locations;
  const options = [
    { without: [`${location?.address}:${location?.slot}`] },
    { without: [`${location?.address}`] },
    { lazy: true },
  ];
  for (const option of options) {
    const { aborts, suspensions, runMs } = simulator.run(profile, { workers: 32, ...option });
    expect({ aborts, suspensions }).toEqual({ aborts: 0, suspensions: 0 });
    expect(runMs).toBeLessThan(2);
  }
  expect(simulator.run(profileOf(chain), { workers: 32, lazy: true }).runMs).toBeGreaterThan(16);
});

test("what a sender's own checks assume makes nobody wait, and what is within a range does not either", () => {
  const nonces = Array.from({ length: 16 }, (_, i): UnitProfile => {
    const unit = transaction({ reads: [[0, i]], writes: [[0, i + 1]] });
    return { ...unit, reads: unit.reads.map((read) => ({ ...read, assumed: true })) };
  });
  expect(simulator.run(profileOf(nonces), { workers: 16 })).toMatchObject({ aborts: 0, suspensions: 0 });
  const ranges = Array.from({ length: 16 }, (_, i): UnitProfile => {
    const unit = transaction({ reads: [[0, 0]], writes: [[0, i + 1]] });
    return { ...unit, reads: unit.reads.map((read) => ({ ...read, max: "0xff" })) };
  });
  expect(simulator.run(profileOf(ranges), { workers: 16 })).toMatchObject({ aborts: 0, suspensions: 0 });
});

test("the timeline has each unit's last incarnation before its commit, and no worker does two things at a time", () => {
  const { timeline, perWorker, runMs } = simulator.run(randomProfile(3), { workers: 4, timeline: true });
  expect(timeline?.commits.map(({ unit }) => unit)).toEqual(Array.from({ length: 42 }, (_, unit) => unit));
  for (const { unit, at } of timeline?.commits ?? []) {
    const ends = timeline?.spans
      .filter((span) => span.kind === "execute" && span.unit === unit)
      .map(({ to }) => to);
    expect(Math.max(...(ends ?? []))).toBeLessThanOrEqual(at);
  }
  for (const worker of perWorker.keys()) {
    let end = 0;
    for (const { from, to } of timeline?.spans.filter((span) => span.worker === worker) ?? []) {
      expect(from).toBeGreaterThanOrEqual(end - 1e-9);
      end = to;
    }
    expect(end).toBeLessThanOrEqual(runMs + 1e-9);
  }
});

function randomProfile(seed: number): ReturnType<typeof profileOf> {
  const random = new Random(seed);
  const values = Array.from({ length: 6 }, () => 0);
  return profileOf(
    Array.from({ length: 40 }, () => {
      const used = values.flatMap((_, location) => (random.below(4) === 0 ? [location] : []));
      const reads = used.map((location): [number, number] => [location, values[location] ?? 0]);
      const writes = used.flatMap((location): [number, number][] => {
        if (random.below(2) === 0) return [];
        values[location] = random.below(3);
        return [[location, values[location]]];
      });
      return transaction({ ms: 1 + random.below(5), reads, writes });
    }),
  );
}

describe("of random blocks", () => {
  test.each(Array.from({ length: 40 }, (_, seed) => seed))(
    "seed %i: all is committed, no sooner than the longest chain and the work allow, and the same each time",
    (seed) => {
      const profile = randomProfile(seed);
      const { ms } = criticalPath(profile);
      const work = profile.units.reduce((sum, { executeMs }) => sum + executeMs, 0);
      for (const workers of COUNTS) {
        const simulation = simulator.run(profile, { workers });
        expect(simulation.runMs).toBeGreaterThanOrEqual(Math.max(ms, work / workers) - 1e-9);
        expect(simulation.executions).toBe(42 + simulation.aborts + simulation.suspensions);
        expect(simulation.reexecutions).toBe(simulation.conflicts.length);
        expect(simulator.run(profile, { workers })).toEqual(simulation);
      }
    },
  );
});

test("workers slow each other down as long as several are at work", () => {
  const two = { ...SCHEDULER_COSTS, sharing: 2 };
  const [alone, both] = [costs, two].map(
    (some) => simulator.run(profileOf(independent), { workers: 2, costs: some }).runMs,
  );
  expect((both ?? 0) / (alone ?? 1)).toBeCloseTo(2, 1);
  expect(simulator.run(profileOf(independent), { workers: 1, costs: two }).runMs).toBeCloseTo(64, 0);
});

test("numbers of workers that cannot be are refused", () => {
  for (const workers of [0, 65, 1.5, Number.NaN])
    expect(() => simulator.run(profileOf(chain), { workers })).toThrow(RangeError);
});
