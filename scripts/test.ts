// The test command: type check, biome, then every test. Its last line is `N passed, N failed, N skipped`.
//
// The type check and biome count as one check each. A run that ends without an outcome (a crash, no test found) is a failure.

import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { countOutcomes, type FileOutcome, skippedLines, summaryLine, type Totals } from "./test-summary.ts";

const root = join(import.meta.dirname, "..");

/** Runs a tool of node_modules/.bin in the foreground; true when it ended well. */
function run(tool: string, args: string[], env: NodeJS.ProcessEnv = process.env): boolean {
  const { status, error } = spawnSync(join(root, "node_modules", ".bin", tool), args, {
    cwd: root,
    env,
    stdio: "inherit",
  });
  if (error !== undefined) console.error(`${tool} did not start: ${error.message}`);
  return status === 0;
}

/** Runs a check and counts it in the totals. */
function check(totals: Totals, name: string, tool: string, args: string[]): void {
  const ok = run(tool, args);
  console.log(`${name}: ${ok ? "ok" : "FAILED"}`);
  totals[ok ? "passed" : "failed"]++;
}

/** Runs vitest with the caller's arguments (file filters) and counts its tests. */
function test(totals: Totals, args: string[]): void {
  const folder = mkdtempSync(join(tmpdir(), "braid-test-"));
  try {
    const outcomePath = join(folder, "outcome.json");
    const ok = run(
      "vitest",
      ["run", "--reporter=default", "--reporter=./scripts/test-reporter.ts", ...args],
      {
        ...process.env,
        BRAID_TEST_OUTCOME: outcomePath,
      },
    );
    const files = readOutcome(outcomePath);
    const counted = countOutcomes(files);
    for (const line of skippedLines(files)) console.log(line);
    totals.passed += counted.passed;
    totals.skipped += counted.skipped;
    // Vitest knows more ways to fail than there are tests: never print 0 failed when it failed.
    totals.failed += !ok && counted.failed === 0 ? 1 : counted.failed;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function readOutcome(path: string): FileOutcome[] {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as FileOutcome[];
  } catch (error) {
    console.error(`vitest left no outcome: ${error instanceof Error ? error.message : String(error)}`);
    return [{ file: "(no outcome)", broken: true, tests: [] }];
  }
}

const totals: Totals = { passed: 0, failed: 0, skipped: 0 };
check(totals, "type check", "tsc", ["--noEmit"]);
check(totals, "biome", "biome", ["check", "--error-on-warnings", "."]);
test(totals, process.argv.slice(2));
console.log(summaryLine(totals));
// The code is set and not forced: a forced exit can cut off output that waits in a pipe.
process.exitCode = totals.failed === 0 ? 0 : 1;
