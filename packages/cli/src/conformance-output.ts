// What `braid conformance` shows: a line for each case, the totals, the JSON document.
import { relative } from "node:path";
import type { CaseReport, ConformanceReport, ConformanceTotals } from "@braid/conformance";
import { plural } from "./format.ts";

/** A case: verdict, fork, file and name, and below it the reason, if it did not pass. */
export function describeCase({ file, name, fork, verdict, reason }: CaseReport): string {
  const line = [verdict.padEnd(7), fork || "-", relativeName(file), ...(name === "" ? [] : [name])].join(
    "  ",
  );
  return reason === undefined ? line : `${line}\n         ${reason}`;
}

/** "N passed, N failed, N skipped". */
export function summaryLine({ passed, failed, skipped }: ConformanceTotals): string {
  return `${passed} passed, ${failed} failed, ${skipped} skipped`;
}

/** What ran, by fork, and the summary as the last line. */
export function formatTotals({ cases, totals }: ConformanceReport): string {
  return `${[...forkLines(cases), summaryLine(totals)].join("\n")}\n`;
}

/** One JSON document: every case, the totals. */
export function formatJson({ cases, totals }: ConformanceReport): string {
  return `${JSON.stringify({ cases, totals }, undefined, 2)}\n`;
}

/** How many cases each fork has. */
function forkLines(cases: CaseReport[]): string[] {
  const counts = new Map<string, number>();
  for (const { fork } of cases) if (fork !== "") counts.set(fork, (counts.get(fork) ?? 0) + 1);
  return [...counts]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([fork, count]) => `${fork}: ${plural(count, "case")}`);
}

/** A path as short as it can be typed from here. */
function relativeName(path: string): string {
  const short = relative(process.cwd(), path);
  return short === "" || short.startsWith("..") ? path : short;
}
