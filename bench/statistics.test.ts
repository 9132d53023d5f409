// The arithmetic behind the tables.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { median, quantile, ratios, slope, spreadOf, sumLists } from "./statistics.ts";

const samples = fc.array(fc.double({ min: 0, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 30 });

describe("statistics", () => {
  it("takes the middle, or the mean of the two in the middle", () => {
    expect(median([9, 1, 5])).toBe(5);
    expect(median([4, 1, 2, 9])).toBe(3);
  });

  it("keeps min <= q1 <= median <= q3 <= max, and half of the samples on either side", () => {
    fc.assert(
      fc.property(samples, (values) => {
        const { min, q1, median: middle, q3, max } = spreadOf(values);
        expect([min, q1, middle, q3, max]).toEqual([min, q1, middle, q3, max].toSorted((a, b) => a - b));
        expect(values.filter((value) => value <= middle).length * 2).toBeGreaterThanOrEqual(values.length);
        expect(values.filter((value) => value >= middle).length * 2).toBeGreaterThanOrEqual(values.length);
      }),
    );
  });

  it("adds and divides lists element by element, and only lists of one length", () => {
    expect(
      sumLists([
        [1, 2],
        [3, 4],
        [5, 6],
      ]),
    ).toEqual([9, 12]);
    expect(ratios([6, 8], [2, 16])).toEqual([3, 0.5]);
    expect(() => sumLists([[1, 2], [3]])).toThrow(RangeError);
    expect(() => sumLists([[1], [2, 3]])).toThrow(RangeError);
    expect(() => ratios([1], [])).toThrow(RangeError);
  });

  it("finds the growth of a line in whatever order of magnitude", () => {
    expect(slope([10, 12, 14, 16])).toBeCloseTo(2, 10);
    expect(slope([5, 5, 5])).toBe(0);
    expect(() => slope([1])).toThrow(RangeError);
  });

  it("has no quantile of nothing", () => {
    expect(() => quantile([], 0.5)).toThrow(RangeError);
  });
});
