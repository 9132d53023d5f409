// What `braid replay --queue` and `braid worker` show: problems, how far a run is, its totals.
import type { ResultRow, Run, RunTotals } from "@braid/queue";
import { formatCount, formatDuration, formatMs, formatSpeedup, plural, threeDigits } from "./format.ts";

/** The lines about a row that is not ok. */
export function describeRow(row: ResultRow): string[] {
  const block = row.block === null ? "" : `block ${row.block}: `;
  if (row.verdict === "error")
    return [`braid: ${row.item}: ${block}${row.error ?? "failed"} [${row.error_code}]`];
  if (row.verdict !== "mismatch") return [];
  const lines = (row.difference ?? "").split("\n").map((line) => `  ${line}`);
  return [`braid: ${row.item}: ${block}the result does not match`, ...lines];
}

/** "120/200 done  3 workers  45.1 Mgas/s  26 s left". `fresh`: done since `ms` ago. */
export function progressText(
  run: Run,
  totals: RunTotals,
  workers: number,
  fresh: number,
  ms: number,
): string {
  const { items, mismatch, error } = totals;
  const problems = [
    ...(mismatch > 0 ? [plural(mismatch, "mismatch")] : []),
    ...(error > 0 ? [plural(error, "error")] : []),
  ];
  const left = fresh === 0 ? [] : [`${formatDuration((((run.items ?? 0) - items) * ms) / fresh)} left`];
  return [
    `${formatCount(items)}/${formatCount(run.items ?? 0)} done`,
    plural(workers, "worker"),
    ...problems,
    `${threeDigits(megagasPerSecond(totals))} Mgas/s each`,
    ...left,
  ].join("  ");
}

/** The totals under all. */
export function describeRun(run: Run, totals: RunTotals, wallMs: number): string[] {
  const { blocks, ok, mismatch, error, skipped, transactions, gas, ms, executions, aborts } = totals;
  const verdicts = [
    ...(ok > 0 ? [`${formatCount(ok)} ok`] : []),
    ...(mismatch > 0 ? [plural(mismatch, "mismatch")] : []),
    ...(error > 0 ? [plural(error, "error")] : []),
  ];
  const speeds = [
    `${threeDigits(megagasPerSecond(totals))} Mgas/s`,
    ...(totals.speedup === undefined ? [] : [`${formatSpeedup(totals.speedup)} as fast as sequential`]),
    ...(totals.ethereumjsSpeedup === undefined
      ? []
      : [`${formatSpeedup(totals.ethereumjsSpeedup)} as fast as ethereumjs`]),
  ];
  return [
    `run ${run.name}: ${plural(blocks, "block")}${verdicts.length === 0 ? "" : `: ${verdicts.join(", ")}`}`,
    `${plural(transactions, "transaction")}, ${formatCount(gas)} gas in ${formatMs(ms)} of all workers together: ${speeds.join(", ")}`,
    `${plural(aborts, "abort")} in ${plural(executions, "execution")}; watched for ${formatMs(wallMs)}`,
    ...(skipped > 0 ? [`${plural(skipped, "file")} without blocks passed over`] : []),
    `SELECT * FROM braid.results WHERE run = '${run.name}' has a row for each block`,
  ];
}

/** One JSON document. Where the database is, is not in it. */
export function runJson(run: Run, totals: RunTotals, version: string): string {
  const { name, source, options, items } = run;
  return JSON.stringify({ braid: version, run: name, source, options, items, totals }, null, 2);
}

function megagasPerSecond({ gas, ms }: RunTotals): number {
  return ms === 0 ? 0 : gas / ms / 1000;
}
