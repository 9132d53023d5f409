// Medians and spreads of samples.

/** The middle of some samples and how far they lie apart; q1 and q3 are the quartiles. */
export interface Spread {
  median: number;
  min: number;
  max: number;
  q1: number;
  q3: number;
}

/** The value below which a share (0 to 1) of the samples lies, interpolated. Throws RangeError without samples. */
export function quantile(samples: readonly number[], share: number): number {
  if (samples.length === 0) throw new RangeError("no samples");
  const sorted = samples.toSorted((left, right) => left - right);
  const position = share * (sorted.length - 1);
  const below = sorted[Math.floor(position)] as number; // within, because share is
  const above = sorted[Math.ceil(position)] as number;
  return below + (above - below) * (position - Math.floor(position));
}

export function median(samples: readonly number[]): number {
  return quantile(samples, 0.5);
}

export function spreadOf(samples: readonly number[]): Spread {
  return {
    median: median(samples),
    min: quantile(samples, 0),
    max: quantile(samples, 1),
    q1: quantile(samples, 0.25),
    q3: quantile(samples, 0.75),
  };
}

/** Element by element: [1, 2] and [3, 4] give [4, 6]. Throws RangeError when the lists differ in length. */
export function sumLists(lists: readonly (readonly number[])[]): number[] {
  const [first = []] = lists;
  return first.map((_, index) =>
    lists.reduce((sum, list) => {
      const value = list[index];
      if (value === undefined || list.length !== first.length)
        throw new RangeError("lists of different lengths");
      return sum + value;
    }, 0),
  );
}

/** Element by element, `above` / `below`. Throws RangeError when the lists differ in length. */
export function ratios(above: readonly number[], below: readonly number[]): number[] {
  if (above.length !== below.length) throw new RangeError("lists of different lengths");
  return above.map((value, index) => value / (below[index] as number));
}

/** Growth for each step, by least squares: how much a leak would add. Throws RangeError below two samples. */
export function slope(samples: readonly number[]): number {
  if (samples.length < 2) throw new RangeError("a slope needs two samples");
  const center = (samples.length - 1) / 2;
  const mean = samples.reduce((sum, value) => sum + value, 0) / samples.length;
  let above = 0;
  let below = 0;
  for (const [index, value] of samples.entries()) {
    above += (index - center) * (value - mean);
    below += (index - center) ** 2;
  }
  return above / below;
}
