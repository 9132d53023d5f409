// What recovers signatures, as a table.

import { markdownTable } from "./markdown.ts";
import type { RecoveryMeasurement } from "./measurements.ts";
import { spreadOf } from "./statistics.ts";

export function recoveryTable({ rows, signatures }: RecoveryMeasurement): string {
  return markdownTable(
    [`${signatures} signatures`, "microseconds each", "quartiles"],
    rows.map(({ name, microseconds }) => {
      const { median, q1, q3 } = spreadOf(microseconds);
      return [name, median.toFixed(1), `${q1.toFixed(1)} to ${q3.toFixed(1)}`];
    }),
    1,
  );
}
