// `pnpm suite <folder> [arguments of hardhat test]`: the tests of a Hardhat 3 project that is installed there, on Hardhat's own network and on Braid, and
// every test that comes to something else.

import { resolve } from "node:path";
import { countOf, differences } from "./suite/read-outcome.ts";
import { runSuite } from "./suite/run-suite.ts";

const [folder, ...args] = process.argv.slice(2);
if (folder === undefined) {
  console.error("Name the folder of a Hardhat 3 project: pnpm suite <folder> [arguments of hardhat test]");
  process.exitCode = 2;
} else {
  const path = resolve(folder);
  const [own, braid] = [await runSuite(path, "own", args), await runSuite(path, "braid", args)];
  for (const { side, outcomes, seconds, code } of [own, braid])
    console.log(
      `${side === "own" ? "as it is" : "on Braid"}: ${countOf(outcomes, "passed")} passed, ${countOf(outcomes, "failed")} failed, ${countOf(outcomes, "skipped")} skipped, ${seconds.toFixed(1)} s, exit code ${code}`,
    );
  const different = differences(own.outcomes, braid.outcomes);
  for (const { name, outcomes } of different)
    console.log(`  ${outcomes[0]} as it is, ${outcomes[1]} on Braid: ${name}`);
  if (own.outcomes.size === 0) console.log(own.printed);
  if (different.length > 0) console.log(braid.printed);
  if (different.length > 0 || own.outcomes.size === 0) process.exitCode = 1;
}
