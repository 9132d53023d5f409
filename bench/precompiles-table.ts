// The precompiles on both engines, as a table.

import { markdownTable } from "./markdown.ts";
import type { PrecompilesMeasurement } from "./measurements.ts";
import { median, ratios, spreadOf } from "./statistics.ts";

export function precompilesTable({ rows }: PrecompilesMeasurement): string {
  const shown = (value: number): string => value.toPrecision(3).replace(/e.*/, "");
  const lines = rows.map(({ name, gas, ethereumjs, wasm }) => {
    const { median: middle, q1, q3 } = spreadOf(ratios(ethereumjs, wasm));
    const [other, own] = [median(ethereumjs), median(wasm)];
    return [
      name,
      gas.toLocaleString("en"),
      other < 1_000 ? shown(other) : Math.round(other).toLocaleString("en"),
      own < 1_000 ? shown(own) : Math.round(own).toLocaleString("en"),
      (gas / other).toFixed(1),
      (gas / own).toFixed(1),
      `${middle.toFixed(1)} (${q1.toFixed(1)} to ${q3.toFixed(1)})`,
    ];
  });
  const titles = ["call", "gas", "ethereumjs, us", "wasm, us", "ethereumjs, Mgas/s", "wasm, Mgas/s"];
  return markdownTable([...titles, "times as fast"], lines, 1);
}
