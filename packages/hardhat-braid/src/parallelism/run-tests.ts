// The project's tests, all of them on Braid.

import { HardhatPluginError } from "hardhat/plugins";
import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";
import { giveToBraid } from "../braid-network.ts";

/** Runs inside EDR, where nobody can look on. */
const SOLIDITY_TESTS = "solidity";

/** Gives the number of tests that failed. Throws HardhatPluginError when there is no runner. */
export async function runTests(hre: HardhatRuntimeEnvironment, testFiles: string[]): Promise<number> {
  for (const network of Object.values(hre.config.networks))
    if (network.type === "edr-simulated" && network.braid === undefined) giveToBraid(network);
  const before = process.exitCode;
  try {
    const test = hre.tasks.getTask("test");
    if (testFiles.length > 0) return failuresOf(await test.run({ testFiles }));
    await hre.tasks.getTask("build").run({ quiet: true });
    const runners = [...test.subtasks].filter(([name]) => name !== SOLIDITY_TESTS);
    if (runners.length === 0)
      throw new HardhatPluginError(
        "hardhat-braid",
        "There are no tests that could show what users do: the project has no test runner such as @nomicfoundation/hardhat-mocha or @nomicfoundation/hardhat-node-test-runner. Solidity tests send no transactions.",
      );
    let failures = 0;
    for (const [, runner] of runners)
      failures += failuresOf(await runner.run({ testFiles: [], noCompile: true }));
    return failures;
  } finally {
    // What failed there is part of what is reported here.
    process.exitCode = before;
  }
}

/** Runners give a summary in a Result, or the summary itself; the task of all of them tells no more than whether something failed. */
function failuresOf(result: unknown): number {
  if (typeof result === "number") return result;
  if (typeof result !== "object" || result === null) return 0;
  if ("failed" in result && typeof result.failed === "number") return result.failed;
  if ("summary" in result) return failuresOf(result.summary);
  if ("success" in result && result.success === false)
    return Math.max(1, failuresOf("error" in result ? result.error : 1));
  return "value" in result ? failuresOf(result.value) : 0;
}
