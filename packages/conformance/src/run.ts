// Runs all cases under some paths, each in every mode.

import { type Case, fixtureFiles, readCases } from "./cases.ts";
import { Executors, type RunMode } from "./modes.ts";
import { UnknownNetworkError } from "./networks.ts";
import { upstreamFailure } from "./upstream.ts";

export interface CaseReport {
  file: string;
  name: string;
  fork: string;
  verdict: "passed" | "failed" | "skipped";
  /** Why it failed or was skipped. */
  reason?: string;
}

export interface ConformanceTotals {
  passed: number;
  failed: number;
  skipped: number;
}

export interface ConformanceReport {
  cases: CaseReport[];
  totals: ConformanceTotals;
}

export interface ConformanceOptions {
  modes: RunMode[];
  /** Only cases whose file or name contains it. */
  filter?: string;
  /** Only files for which it answers true; their number counts from 0. */
  chooseFile?: (file: string, number: number) => boolean;
  onCase?: (report: CaseReport, progress: ConformanceProgress) => void;
  /** Ends the run after the case that it is at. */
  signal?: AbortSignal;
}

export interface ConformanceProgress {
  totals: ConformanceTotals;
  /** Which file the case is of, from 0, and of how many. */
  file: number;
  files: number;
}

/** Runs everything under the paths, in order. Rejects when a path cannot be read. */
export async function runConformance(
  paths: string[],
  options: ConformanceOptions,
): Promise<ConformanceReport> {
  const { filter = "", modes, chooseFile = () => true, onCase, signal } = options;
  const found: string[] = [];
  for (const path of paths) for await (const file of fixtureFiles(path)) found.push(file);
  const files = found.filter(chooseFile);
  const cases: CaseReport[] = [];
  const totals: ConformanceTotals = { passed: 0, failed: 0, skipped: 0 };
  const executors = new Executors(modes);
  try {
    for (const [number, file] of files.entries()) {
      for await (const report of runFile(file, filter, executors, modes)) {
        cases.push(report);
        totals[report.verdict]++;
        onCase?.(report, { totals, file: number, files: files.length });
        if (signal?.aborted) return { cases, totals };
      }
    }
  } finally {
    await executors.close();
  }
  return { cases, totals };
}

async function* runFile(
  file: string,
  filter: string,
  executors: Executors,
  modes: RunMode[],
): AsyncGenerator<CaseReport> {
  const cases = await readCases(file);
  if (!Array.isArray(cases)) {
    if (file.includes(filter)) yield { name: "", fork: "", ...cases };
    return;
  }
  for (const one of cases)
    if (file.includes(filter) || one.name.includes(filter)) yield await runCase(one, executors, modes);
}

/** Runs a case in all modes, up to the first in which it fails. */
async function runCase(one: Case, executors: Executors, modes: RunMode[]): Promise<CaseReport> {
  const { file, name, fork } = one;
  for (const mode of modes) {
    let failure: string | undefined;
    try {
      failure = await one.run((wanted) => executors.for(wanted), mode);
    } catch (error) {
      if (error instanceof UnknownNetworkError)
        return { file, name, fork, verdict: "skipped", reason: error.message };
      failure = error instanceof Error ? (error.stack ?? error.message) : String(error);
    }
    if (failure === undefined) continue;
    const upstream = await upstreamFailure(file, name);
    const reason = `${mode.name}: ${failure}`;
    return upstream === undefined
      ? { file, name, fork, verdict: "failed", reason }
      : {
          file,
          name,
          fork,
          verdict: "skipped",
          reason: `ethereumjs fails it as well (${upstream.slice(0, 40)}); ${reason}`,
        };
  }
  return { file, name, fork, verdict: "passed" };
}
