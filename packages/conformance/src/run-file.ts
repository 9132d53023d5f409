// Runs the cases of one file, each in every mode. Whatever goes wrong is the report of a case, or of the file.

import { BaseError, FileError } from "@braid/primitives";
import { type Case, readCases } from "./cases.ts";
import type { Executors } from "./executors.ts";
import type { RunMode } from "./modes.ts";
import { UnknownNetworkError } from "./networks.ts";
import type { CaseReport } from "./reports.ts";
import { upstreamFailure } from "./upstream.ts";

export interface RunFileOptions {
  modes: RunMode[];
  /** Only cases whose file or name contains it. */
  filter?: string;
  maxFileBytes?: number;
}

/** Which cases of a file are to be run. */
export interface FilePart {
  /** Those whose number leaves this remainder … */
  part: number;
  /** … when divided by this. */
  parts: number;
  /** Those before are done. */
  from: number;
}

const WHOLE_FILE: FilePart = { part: 0, parts: 1, from: 0 };

/** A case, before and after it is run. Numbers count from 0 over the cases that the filter takes. */
export type CaseEvent =
  | { type: "begin"; number: number; name: string; fork: string }
  | { type: "report"; number: number; report: CaseReport };

/** Runs the chosen cases of a file in order. */
export async function* runFile(
  file: string,
  { modes, filter = "", maxFileBytes }: RunFileOptions,
  executors: Executors,
  { part, parts, from }: FilePart = WHOLE_FILE,
): AsyncGenerator<CaseEvent> {
  let cases: Case[];
  try {
    cases = await readCases(file, maxFileBytes);
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    const report: CaseReport = { file, name: "", fork: "", verdict: "error", reason: describe(error) };
    if (part === 0 && file.includes(filter)) yield { type: "report", number: 0, report };
    return;
  }
  if (cases.length === 0) {
    const reason = "it has no blockchain or state tests";
    const report: CaseReport = { file, name: "", fork: "", verdict: "skipped", reason };
    if (part === 0 && file.includes(filter)) yield { type: "report", number: 0, report };
    return;
  }
  const chosen = cases.filter(({ name }) => file.includes(filter) || name.includes(filter));
  for (const [number, one] of chosen.entries()) {
    if (number < from || number % parts !== part) continue;
    yield { type: "begin", number, name: one.name, fork: one.fork };
    yield { type: "report", number, report: await runCase(one, executors, modes) };
  }
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
      if (error instanceof FileError) return { file, name, fork, verdict: "error", reason: describe(error) };
      failure = describe(error);
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

/** An error of Braid's is told by its code; of any other one the stack is needed, because it is a defect. */
function describe(error: unknown): string {
  if (error instanceof BaseError) return `${error.code}: ${error.message}`;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
