// Runs the contracts' Hardhat tests for scripts/test.ts: arguments are test files; the outcome goes to BRAID_TEST_OUTCOME.
//
// `pnpm test:contracts` runs the same tests by Hardhat's own command, which prints how many passed and does not hand it out.

import { writeFileSync } from "node:fs";
import hardhat from "hardhat";
import type { Totals } from "./test-summary.ts";

/** What Hardhat's task for node:test answers, whether it succeeded or not. */
interface TestRunResult {
  value?: { summary: Totals };
  error?: { summary: Totals };
}

const outcomePath = process.env.BRAID_TEST_OUTCOME;
if (outcomePath === undefined) throw new Error("BRAID_TEST_OUTCOME names no file: run `pnpm test:contracts`");
const testFiles = process.argv.slice(2);
const result: TestRunResult = await hardhat.tasks.getTask(["test", "nodejs"]).run({ testFiles });
const summary = result.value?.summary ?? result.error?.summary;
if (summary === undefined) throw new Error("Hardhat's test task answers without a summary");
const { passed, failed, skipped } = summary;
writeFileSync(outcomePath, JSON.stringify({ passed, failed, skipped } satisfies Totals));
