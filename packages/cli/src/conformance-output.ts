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

/** "N passed, N failed, N skipped", and how many files or tests could not be read, if any. */
export function summaryLine({ passed, failed, skipped, errors }: ConformanceTotals): string {
  const line = `${passed} passed, ${failed} failed, ${skipped} skipped`;
  return errors === 0 ? line : `${line}, ${plural(errors, "error")}`;
}

/** What ran, by fork, and the summary as the last line. */
export function formatTotals({ forks, totals, interrupted }: ConformanceReport): string {
  const lines = [...forks]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([fork, count]) => `${fork}: ${plural(count, "case")}`);
  if (interrupted) lines.push("interrupted: the cases after these were not run");
  return `${[...lines, summaryLine(totals)].join("\n")}\n`;
}

/** One JSON document, written while the run goes on: every case, then the totals. */
export class JsonDocument {
  readonly #stream: NodeJS.WritableStream;
  #cases = 0;

  constructor(stream: NodeJS.WritableStream) {
    this.#stream = stream;
    stream.write('{\n  "cases": [');
  }

  add(one: CaseReport): void {
    this.#stream.write(`${this.#cases++ === 0 ? "" : ","}\n    ${JSON.stringify(one)}`);
  }

  end({ totals, interrupted }: ConformanceReport): void {
    this.#stream.write(
      `\n  ],\n  "totals": ${JSON.stringify(totals)},\n  "interrupted": ${interrupted}\n}\n`,
    );
  }
}

/** A path as short as it can be typed from here. */
function relativeName(path: string): string {
  const short = relative(process.cwd(), path);
  return short === "" || short.startsWith("..") ? path : short;
}
