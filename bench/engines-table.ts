// The engines beside each other, as a table.

import { markdownTable } from "./markdown.ts";
import type { EnginesMeasurement } from "./measurements.ts";
import { median, ratios, spreadOf } from "./statistics.ts";

export function enginesTable({ rows }: EnginesMeasurement): string {
  const perSecond = (amount: number, ms: number[]): string =>
    Math.round((1_000 * amount) / median(ms)).toLocaleString("en");
  const lines = rows.map(({ name, transactions, gas, unsupported, ethereumjs, wasm }) => {
    const { median: middle, q1, q3 } = spreadOf(ratios(ethereumjs, wasm));
    return [
      name,
      perSecond(transactions, ethereumjs),
      perSecond(transactions, wasm),
      perSecond(gas / 1e6, ethereumjs),
      perSecond(gas / 1e6, wasm),
      `${middle.toFixed(1)} (${q1.toFixed(1)} to ${q3.toFixed(1)})`,
      `${unsupported} of ${transactions}`,
    ];
  });
  const titles = ["block", "ethereumjs, txs/s", "wasm, txs/s", "ethereumjs, Mgas/s", "wasm, Mgas/s"];
  return markdownTable([...titles, "times as fast", "left to ethereumjs"], lines, 1);
}
