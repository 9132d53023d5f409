// Runs the contracts' Hardhat tests on Braid and on Hardhat's own network, and compares: the same tests must pass on both. Arguments are
// test files. For scripts/test.ts the outcome of both goes to BRAID_TEST_OUTCOME.
//
// Each network has a process of its own: a file takes its connection when it is loaded, from the default network.

import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Totals } from "./test-summary.ts";

/** In this order, so that a failure on Braid is seen first. */
const NETWORKS = ["default", "edr"];

/** What Hardhat's task for node:test answers, whether it succeeded or not. */
interface TestRunResult {
  value?: { summary: Totals };
  error?: { summary: Totals };
}

/** Totals, and how long it took. */
interface NetworkOutcome extends Totals {
  seconds: number;
}

/** In the process of one network. */
async function runHere(outcomePath: string, testFiles: string[]): Promise<void> {
  const { default: hardhat } = await import("hardhat");
  // Compiling belongs to neither network.
  await hardhat.tasks.getTask("build").run({ quiet: true });
  const start = performance.now();
  const result: TestRunResult = await hardhat.tasks
    .getTask(["test", "nodejs"])
    .run({ testFiles, noCompile: true });
  const summary = result.value?.summary ?? result.error?.summary;
  if (summary === undefined) throw new Error("Hardhat's test task answers without a summary");
  const { passed, failed, skipped } = summary;
  const seconds = (performance.now() - start) / 1_000;
  writeFileSync(outcomePath, JSON.stringify({ passed, failed, skipped, seconds } satisfies NetworkOutcome));
}

/** Undefined when it left no outcome. */
function runOn(network: string, testFiles: string[]): NetworkOutcome | undefined {
  const folder = mkdtempSync(join(tmpdir(), "braid-contracts-"));
  const outcome = join(folder, "outcome.json");
  try {
    spawnSync(process.execPath, [import.meta.filename, ...testFiles], {
      env: { ...process.env, HARDHAT_NETWORK: network, BRAID_NETWORK_OUTCOME: outcome },
      stdio: "inherit",
    });
    return JSON.parse(readFileSync(outcome, "utf8")) as NetworkOutcome;
  } catch {
    return undefined;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function runOnAll(testFiles: string[]): Totals {
  const totals: Totals = { passed: 0, failed: 0, skipped: 0 };
  const lines: string[] = [];
  const outcomes = NETWORKS.map((network) => {
    const outcome = runOn(network, testFiles);
    totals.passed += outcome?.passed ?? 0;
    totals.skipped += outcome?.skipped ?? 0;
    // A run without an outcome is a failure.
    totals.failed += outcome?.failed ?? 1;
    const name = network === "default" ? "Braid" : "EDR";
    lines.push(
      outcome === undefined
        ? `${name}: no outcome`
        : `${name}: ${outcome.passed} passed, ${outcome.failed} failed, ${outcome.seconds.toFixed(1)} s`,
    );
    return outcome;
  });
  const [ours, theirs] = outcomes;
  if (ours?.passed !== theirs?.passed) {
    lines.push("The networks do not pass the same tests.");
    totals.failed = Math.max(1, totals.failed);
  }
  console.log(lines.join("\n"));
  return totals;
}

const testFiles = process.argv.slice(2);
const { BRAID_NETWORK_OUTCOME: ownOutcome, BRAID_TEST_OUTCOME: outcomePath } = process.env;
if (ownOutcome !== undefined) await runHere(ownOutcome, testFiles);
else {
  const totals = runOnAll(testFiles);
  if (outcomePath !== undefined) writeFileSync(outcomePath, JSON.stringify(totals));
  if (totals.failed > 0) process.exitCode = 1;
}
