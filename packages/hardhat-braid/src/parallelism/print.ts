// The report for the terminal.

import type { SourcePlace } from "../layout/index.ts";
import type { Comparison } from "./baseline.ts";
import type { FunctionReport, Report, Speedups, VariableEffect, VariableReport } from "./report.ts";

const INDENT = "     ";
/** Functions and lines that are named of one variable. */
const MOST_NAMED = 4;

export function printedReport(report: Report, comparison: Comparison | undefined): string {
  const { functions, users, leftOut } = report;
  const lines = [
    "",
    `Parallelism: ${plural(functions.length, "function")}, each called by up to ${users} users at the same time`,
    "",
    ...speedupTable(report),
    "",
    ...ranking(report),
    ...(comparison === undefined ? [] : comparedLines(comparison)),
    ...(leftOut.length === 0
      ? []
      : [
          "Not in here, because it fails for others than who called it in the tests:",
          ...leftOut.map(({ name, reason }) => `  ${name}: ${reason}`),
          "",
        ]),
  ];
  return lines.join("\n");
}

function speedupTable({ functions, speedup, at, traffic, disturbed }: Report): string[] {
  const counts = [...new Set([2, 4, 8, at, 64])].sort((a, b) => a - b).map(String);
  const cells = (
    name: string,
    calls: string,
    ms: string,
    { simulated, measured, atBest, byGas }: Speedups,
  ): string[] => [
    name,
    calls,
    ms,
    factor(measured["2"]),
    ...counts.map((count) => factor(simulated[count])),
    factor(atBest),
    factor(byGas),
  ];
  const rows = functions.map(({ name, calls, users, sequentialMs, speedup: own }: FunctionReport) =>
    cells(name, users === "as recorded" ? `${calls}*` : String(calls), `${sequentialMs} ms`, own),
  );
  const table = aligned([
    [
      "function",
      "calls",
      "in order",
      "2 cores",
      ...counts.map((count) => `at ${count}`),
      "at best",
      "by gas",
    ],
    ...rows,
    cells("all together", "", "", speedup),
  ]);
  const notes = ["  2 cores: measured here; the others: simulated from what each call took, read and wrote."];
  if (disturbed)
    notes.push(
      "  Other programs used the cores meanwhile: what was measured is less than it would be without them.",
    );
  if (traffic.failedTests > 0)
    notes.push(`  ${plural(traffic.failedTests, "test")} failed; what was sent until then is in here.`);
  if (functions.some(({ users }) => users === "as recorded"))
    notes.push("  * calls of the tests; the others are calls of users who are like the one in the tests.");
  return [...table, ...notes];
}

function ranking({ variables, functions, at, speedup }: Report): string[] {
  if (functions.length === 0) return [];
  if (variables.length === 0) return ["No user waits for another one.", ""];
  const all = speedup.simulated[String(at)];
  return [
    `What users wait for, at ${at} cores`,
    "",
    ...variables.flatMap((variable, i) => [...described(variable, i + 1, all), ""]),
    ...(variables.some(({ place, name }) => place === undefined && name.includes(": slot "))
      ? [
          "Slots without a name are those of contracts that the project has not compiled, or that no source declares.",
          "",
        ]
      : []),
  ];
}

function described(variable: VariableReport, rank: number, all: number | undefined): string[] {
  const { name, entries, place, commutes, what, rewrite, page, functions, writtenAt } = variable;
  const [entry = name] = entries;
  const effects = functions.slice(0, MOST_NAMED).map(effectText);
  return [
    `${String(rank).padStart(3)}. ${entries.length === 1 ? entry : name}${place === undefined ? "" : `  ${lineOf(place)}`}`,
    ...(entries.length > 1 ? [`${INDENT}${entries.join(", ")}`] : []),
    ...(writtenAt.length === 0 ? [] : [`${INDENT}written at ${written(writtenAt)}`]),
    ...effects.map((effect, i) => `${INDENT}${i === 0 ? "without it: " : "            "}${effect}`),
    ...(functions.length > MOST_NAMED
      ? [`${INDENT}            and ${functions.length - MOST_NAMED} more functions`]
      : []),
    `${INDENT}all together ${factor(all)} -> ${factor(variable.without)}${rank === 1 ? "" : `, without those above it as well ${factor(variable.withoutAllBefore)}`}`,
    `${INDENT}${what}${commutes ? "; the writes commute, as far as was seen" : ""}`,
    `${INDENT}${rewrite}: ${page}`,
  ];
}

function effectText({ name, speedup, without, together }: VariableEffect): string {
  const alone = `${name} ${factor(speedup)} -> ${factor(without)}`;
  return together === undefined
    ? alone
    : `${alone}; and without ${together.with.join(", ")} ${factor(together.without)}`;
}

function written(places: readonly SourcePlace[]): string {
  const named = places
    .slice(0, MOST_NAMED)
    .map((place) => `${lineOf(place)}${place.function === undefined ? "" : ` (${place.function})`}`);
  return `${named.join(", ")}${more(places.length)}`;
}

function more(count: number): string {
  return count > MOST_NAMED ? ` and ${count - MOST_NAMED} more` : "";
}

function comparedLines({ byGas, worse, better, appeared, gone }: Comparison): string[] {
  const lines = [
    ...worse.map(({ what, before, now }) => `  worse: ${what} ${factor(before)} -> ${factor(now)}`),
    ...appeared.map((name) => `  new: ${name} makes users wait`),
    ...better.map(({ what, before, now }) => `  better: ${what} ${factor(before)} -> ${factor(now)}`),
    ...gone.map((name) => `  gone: ${name}`),
  ];
  const title = `Beside the baseline${byGas ? ", by gas, since other programs used the cores" : ""}`;
  return [title, ...(lines.length === 0 ? ["  nothing has changed"] : lines), ""];
}

function lineOf({ file, line }: SourcePlace): string {
  return `${file}:${line}`;
}

function factor(value: number | undefined): string {
  return value === undefined ? "-" : value.toFixed(value < 10 ? 2 : 1);
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

/** The first column to the left, the others to the right. */
function aligned(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) => {
    const cells = row.map((cell, column) =>
      column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
    );
    return `  ${cells.join("  ")}`;
  });
}
