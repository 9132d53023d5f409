// What a run tells: one report for each case, and how many there are of which kind.

/** "error": the file, or its test, could not be read; nothing was run. */
export type CaseVerdict = "passed" | "failed" | "skipped" | "error";

export interface CaseReport {
  file: string;
  /** Empty when the report is about the file. */
  name: string;
  /** Empty when it is not known. */
  fork: string;
  verdict: CaseVerdict;
  /** Why it did not pass. */
  reason?: string;
}

export interface ConformanceTotals {
  passed: number;
  failed: number;
  skipped: number;
  errors: number;
}

export function noTotals(): ConformanceTotals {
  return { passed: 0, failed: 0, skipped: 0, errors: 0 };
}

export function count(totals: ConformanceTotals, verdict: CaseVerdict): void {
  totals[verdict === "error" ? "errors" : verdict]++;
}
