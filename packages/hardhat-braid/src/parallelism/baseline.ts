// An earlier report beside the one of today: what a change has made worse, by function and by variable.

import { readFile } from "node:fs/promises";
import { HardhatPluginError } from "hardhat/plugins";
import type { Report, Speedups } from "./report.ts";

interface Change {
  what: string;
  before: number;
  now: number;
}

export interface Comparison {
  /** The speed-ups are those by gas. */
  byGas: boolean;
  /** Speed-ups of functions, and of all together, that are lower or higher than before. */
  worse: Change[];
  better: Change[];
  /** Variables that made nobody wait before, and those that do not any more. */
  appeared: string[];
  gone: string[];
}

/** Measurements differ by so much from run to run; what a busy machine has disturbed is compared by gas, which is the same everywhere. */
const TOLERANCE = 0.1;

/** Rejects with HardhatPluginError for a file that is no report; undefined when there is none. */
export async function readBaseline(path: string): Promise<Report | undefined> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
  try {
    const report = JSON.parse(text) as Report;
    if (report.version === 1 && Array.isArray(report.functions) && Array.isArray(report.variables))
      return report;
  } catch {
    // The same as a file that holds something else.
  }
  throw new HardhatPluginError(
    "hardhat-braid",
    `${path} is no report of hardhat parallelism: delete it, or write a new one with --save.`,
  );
}

export function compareReports(before: Report, now: Report): Comparison {
  const byGas = before.disturbed || now.disturbed;
  const told = ({ byGas: gas, simulated }: Speedups): number | undefined =>
    byGas ? gas : simulated[String(now.at)];
  const all = [{ name: "all together", speedup: now.speedup, old: before.speedup }].concat(
    now.functions.flatMap(({ name, speedup }) => {
      const old = before.functions.find((one) => one.name === name)?.speedup;
      return old === undefined ? [] : [{ name, speedup, old }];
    }),
  );
  const changes = all.flatMap(({ name, speedup, old }) => change(name, told(old), told(speedup)));
  const names = (report: Report): string[] => report.variables.map(({ name }) => name);
  return {
    byGas,
    worse: changes.filter(({ before: was, now: is }) => is < was * (1 - TOLERANCE)),
    better: changes.filter(({ before: was, now: is }) => is > was * (1 + TOLERANCE)),
    appeared: names(now).filter((name) => !names(before).includes(name)),
    gone: names(before).filter((name) => !names(now).includes(name)),
  };
}

/** Nothing for what was not there, or was told for other numbers of cores. */
function change(what: string, before: number | undefined, now: number | undefined): Change[] {
  return before === undefined || now === undefined ? [] : [{ what, before, now }];
}
