// The test command: type check, biome, knip, then every test: vitest's, and the contracts' on Hardhat. Its last line is
// `N passed, N failed, N skipped`.
//
// The type check, biome and knip (unused files, exports and dependencies) count as one check each. A run that ends without an outcome (a crash, no test found) is a failure.

import { spawnSync } from "node:child_process";
import { globSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
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
  const { ok, outcome: files } = runForOutcome<FileOutcome[]>("vitest", [
    "run",
    "--reporter=default",
    "--reporter=./scripts/test-reporter.ts",
    ...args,
  ]);
  const counted = countOutcomes(files ?? []);
  for (const line of skippedLines(files ?? [])) console.log(line);
  totals.passed += counted.passed;
  totals.skipped += counted.skipped;
  // Vitest knows more ways to fail than there are tests: never print 0 failed when it failed.
  totals.failed += !ok && counted.failed === 0 ? 1 : counted.failed;
}

/** Runs the contracts' tests in the given files and counts them. A run without an outcome is one failure. */
function testContracts(totals: Totals, files: string[]): void {
  const { ok, outcome } = runForOutcome<Totals>("node", ["scripts/contract-tests.ts", ...files]);
  totals.passed += outcome?.passed ?? 0;
  totals.skipped += outcome?.skipped ?? 0;
  totals.failed += ok && outcome !== undefined ? outcome.failed : Math.max(1, outcome?.failed ?? 0);
}

/** Runs a tool that writes its outcome to the file named by BRAID_TEST_OUTCOME. */
function runForOutcome<T>(tool: string, args: string[]): { ok: boolean; outcome: T | undefined } {
  const folder = mkdtempSync(join(tmpdir(), "braid-test-"));
  try {
    const outcomePath = join(folder, "outcome.json");
    const ok = run(tool, args, { ...process.env, BRAID_TEST_OUTCOME: outcomePath });
    return { ok, outcome: JSON.parse(readFileSync(outcomePath, "utf8")) as T };
  } catch (error) {
    console.error(`${tool} left no outcome: ${error instanceof Error ? error.message : String(error)}`);
    return { ok: false, outcome: undefined };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const filters = process.argv.slice(2);
const contractTests = globSync("contracts/test/*.ts", { cwd: root })
  .map((path) => path.replaceAll("\\", "/"))
  .filter((path) => filters.length === 0 || filters.some((filter) => path.includes(filter)));
const totals: Totals = { passed: 0, failed: 0, skipped: 0 };
check(totals, "type check", "tsc", ["--noEmit"]);
check(totals, "biome", "biome", ["check", "--error-on-warnings", "."]);
check(totals, "knip", "knip", []);
// Words that name only tests of contracts are none of vitest's.
test(totals, contractTests.length > 0 ? ["--passWithNoTests", ...filters] : filters);
if (contractTests.length > 0) testContracts(totals, contractTests);
console.log(summaryLine(totals));
// The code is set and not forced: a forced exit can cut off output that waits in a pipe.
process.exitCode = totals.failed === 0 ? 0 : 1;
