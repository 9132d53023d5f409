// What `braid conformance` shows: failures as they are found, why cases were skipped, the totals, the JSON document.
import { relative } from "node:path";
import type { CaseReport, ConformanceReport, ConformanceTotals } from "@braid/conformance";
import { plural } from "./format.ts";

/** The line of one case that did not pass. */
export function describeCase({ file, name, fork, verdict, reason }: CaseReport): string {
  const where = [relativeName(file), ...(fork === "" ? [] : [fork]), ...(name === "" ? [] : [name])].join(
    " | ",
  );
  return `${verdict}: ${where}${reason === undefined ? "" : `\n  ${reason}`}`;
}

/** "N passed, N failed, N skipped". */
export function summaryLine({ passed, failed, skipped }: ConformanceTotals): string {
  return `${passed} passed, ${failed} failed, ${skipped} skipped`;
}

/** What was skipped and why, then what ran, then the summary as the last line. Failures were told when they were found. */
export function formatReport({ cases, totals }: ConformanceReport): string {
  const skipped = cases.filter(({ verdict }) => verdict === "skipped").map(describeCase);
  return `${[...skipped, ...forkLines(cases), summaryLine(totals)].join("\n")}\n`;
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
