// The generator of numbers: repeatable, in range, and spread as asked.
import fc from "fast-check";
import { expect, it } from "vitest";
import { Random } from "./random.ts";

it("gives the same numbers for the same seed, and others for another", () => {
  const numbers = (seed: string) => {
    const random = new Random(seed);
    return Array.from({ length: 20 }, () => random.next());
  };
  expect(numbers("a")).toEqual(numbers("a"));
  expect(new Set([...numbers("a"), ...numbers("b")]).size).toBe(40);
});

it("stays between its bounds", () => {
  fc.assert(
    fc.property(fc.string(), fc.integer({ min: 0, max: 1000 }), fc.nat(1000), (seed, low, span) => {
      const value = new Random(seed).between(low, low + span);
      expect(value).toBeGreaterThanOrEqual(low);
      expect(value).toBeLessThanOrEqual(low + span);
    }),
  );
});

it("chooses by weight", () => {
  const random = new Random("weights");
  const chosen = Array.from({ length: 10_000 }, () =>
    random.weighted([
      [3, "often"],
      [1, "seldom"],
      [0, "never"],
    ]),
  );
  const often = chosen.filter((value) => value === "often").length;
  expect(often).toBeGreaterThan(7_200);
  expect(often).toBeLessThan(7_800);
  expect(chosen).not.toContain("never");
});
