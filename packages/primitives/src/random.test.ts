// The generator of numbers: repeatable, in range, and spread as asked.
import fc from "fast-check";
import { expect, it } from "vitest";
import { Random } from "./random.ts";

function numbers(seed: number | Uint8Array): number[] {
  const random = new Random(seed);
  return Array.from({ length: 20 }, () => random.next());
}

it("gives the same numbers for the same seed, and others for another", () => {
  for (const [one, other] of [
    [1, 2],
    [0, -1],
    [0, 2 ** 31],
    [new Uint8Array(16), new Uint8Array(16).fill(1)],
  ] as const) {
    expect(numbers(one)).toEqual(numbers(one));
    expect(numbers(one).filter((value, i) => value === numbers(other)[i])).toEqual([]);
  }
});

it("begins with numbers that have nothing in common for seeds in a row", () => {
  const first = Array.from({ length: 1_000 }, (_, seed) => new Random(seed).below(4));
  for (const value of [0, 1, 2, 3]) {
    const count = first.filter((one) => one === value).length;
    expect(count).toBeGreaterThan(200);
    expect(count).toBeLessThan(300);
  }
});

it("takes the seed's bytes from where they lie", () => {
  const seed = Uint8Array.from({ length: 16 }, (_, i) => i);
  expect(numbers(Uint8Array.of(9, 9, 9, ...seed).subarray(3))).toEqual(numbers(seed));
  expect(() => new Random(seed.subarray(1))).toThrow(RangeError);
});

it("stays between its bounds", () => {
  fc.assert(
    fc.property(fc.integer(), fc.integer({ min: 0, max: 1000 }), fc.nat(1000), (seed, low, span) => {
      const value = new Random(seed).between(low, low + span);
      expect(value).toBeGreaterThanOrEqual(low);
      expect(value).toBeLessThanOrEqual(low + span);
    }),
  );
});

it("chooses by weight", () => {
  const random = new Random(1);
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
