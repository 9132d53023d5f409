// Counts a test run for the last line of the test command, and collects what was skipped and why.

/** What one vitest run, or one check, came to. */
export interface Totals {
  passed: number;
  failed: number;
  skipped: number;
}

/** The part of a vitest test case that counts. */
export interface TestOutcome {
  state: "passed" | "failed" | "skipped" | "pending";
  /** The names of the suites around the test, outermost first, then its own. */
  path: string[];
  /** What the test gave to `context.skip`. */
  note?: string | undefined;
}

/** The part of a vitest test file that counts. */
export interface FileOutcome {
  file: string;
  tests: TestOutcome[];
  /** True when the file failed outside of its tests: it did not load, a hook threw, a worker died. */
  broken: boolean;
}

/**
 * The totals of the files.
 *
 * A test that never ran although it should have is a failure, and so is a file that broke without a failing test.
 */
export function countOutcomes(files: readonly FileOutcome[]): Totals {
  const totals: Totals = { passed: 0, failed: 0, skipped: 0 };
  for (const { tests, broken } of files) {
    let failures = 0;
    for (const { state } of tests) {
      if (state === "passed") totals.passed++;
      else if (state === "skipped") totals.skipped++;
      else failures++;
    }
    totals.failed += failures === 0 && broken ? 1 : failures;
  }
  return totals;
}

/**
 * One line for each reason to skip in each file: how many tests it cost, and why.
 *
 * The reason is what the test gave to `context.skip`, or else what stands in parentheses at the end of a title around it:
 * `describe.skipIf(!present)("witness blocks (needs BRAID_FIXTURES)", …)`. A skip without a reason is shown as such.
 */
export function skippedLines(files: readonly FileOutcome[]): string[] {
  const lines: string[] = [];
  for (const { file, tests } of files) {
    const reasons = new Map<string, number>();
    for (const test of tests) {
      if (test.state !== "skipped") continue;
      const reason = reasonOf(test);
      reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
    }
    for (const [reason, count] of reasons) {
      lines.push(`skipped: ${file}: ${count} ${count === 1 ? "test" : "tests"}: ${reason}`);
    }
  }
  return lines;
}

/** The last line of the test command. */
export function summaryLine({ passed, failed, skipped }: Totals): string {
  return `${passed} passed, ${failed} failed, ${skipped} skipped`;
}

function reasonOf({ note, path }: TestOutcome): string {
  if (note) return note;
  for (const title of path) {
    const reason = /\(([^()]+)\)\s*$/.exec(title)?.[1];
    if (reason !== undefined) return reason;
  }
  return `no reason given (${path.join(" > ")})`;
}
