// Runs all cases of all fixture files under some paths.

import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { runBlockchainCase } from "./blockchain-case.ts";
import {
  type BlockchainFixture,
  isBlockchainFixture,
  isStateFixture,
  type StateFixture,
} from "./fixture-types.ts";
import { Executors, parallel, type RunMode, SEQUENTIAL, seeded } from "./modes.ts";
import { UnknownNetworkError } from "./networks.ts";
import { runStateCase } from "./state-case.ts";

export interface CaseReport {
  file: string;
  name: string;
  fork: string;
  verdict: "passed" | "failed" | "skipped";
  reason?: string;
}

export interface ConformanceOptions {
  /** Only cases whose file or name contains this. */
  filter?: string;
  modes: RunMode[];
  onCase?: (report: CaseReport, ms: number) => void;
}

export interface ConformanceTotals {
  passed: number;
  failed: number;
  skipped: number;
}

async function* fixtureFiles(path: string): AsyncGenerator<string> {
  if ((await stat(path)).isFile()) {
    yield path;
    return;
  }
  const entries = await readdir(path, { withFileTypes: true });
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const child = join(path, entry.name);
    if (entry.isDirectory()) yield* fixtureFiles(child);
    else if (/\.json(\.gz)?$/.test(entry.name) && entry.name !== "index.json") yield child;
  }
}

/** Runs everything under the paths. */
export async function runConformance(
  paths: string[],
  options: ConformanceOptions,
): Promise<{ cases: CaseReport[]; totals: ConformanceTotals }> {
  const executors = new Executors(options.modes);
  const cases: CaseReport[] = [];
  const totals: ConformanceTotals = { passed: 0, failed: 0, skipped: 0 };
  try {
    for (const path of paths) {
      for await (const file of fixtureFiles(path)) {
        const bytes = await readFile(file);
        const json = JSON.parse((file.endsWith(".gz") ? gunzipSync(bytes) : bytes).toString()) as Record<
          string,
          Record<string, unknown>
        >;
        for (const [name, fixture] of Object.entries(json)) {
          if (
            options.filter !== undefined &&
            !file.includes(options.filter) &&
            !name.includes(options.filter)
          )
            continue;
          const begin = performance.now();
          const report = await runCase(file, name, fixture, executors, options.modes);
          cases.push(report);
          totals[report.verdict]++;
          options.onCase?.(report, performance.now() - begin);
        }
      }
    }
  } finally {
    await executors.close();
  }
  return { cases, totals };
}

async function runCase(
  file: string,
  name: string,
  fixture: Record<string, unknown>,
  executors: Executors,
  modes: RunMode[],
): Promise<CaseReport> {
  const fork = String(fixture.network ?? Object.keys(fixture.post ?? {}).join());
  const report = (verdict: CaseReport["verdict"], reason?: string): CaseReport => ({
    file,
    name,
    fork,
    verdict,
    ...(reason === undefined ? {} : { reason }),
  });
  for (const mode of modes) {
    let failure: string | undefined;
    try {
      if (isBlockchainFixture(fixture))
        failure = await runBlockchainCase(fixture as unknown as BlockchainFixture, executors.for(mode), mode);
      else if (isStateFixture(fixture)) {
        const state = fixture as unknown as StateFixture;
        for (const [network, posts] of Object.entries(state.post)) {
          for (const [i, post] of posts.entries()) {
            const reason = await runStateCase(state, network, post, executors.for(mode), mode);
            if (reason !== undefined) failure ??= `${network}/${i}: ${reason}`;
          }
        }
      } else return report("skipped", "not a blockchain or state test");
    } catch (error) {
      if (error instanceof UnknownNetworkError) return report("skipped", error.message);
      failure = error instanceof Error ? (error.stack ?? error.message) : String(error);
    }
    if (failure !== undefined) return report("failed", `${mode.name}: ${failure}`);
  }
  return report("passed");
}

export { parallel, SEQUENTIAL, seeded };
