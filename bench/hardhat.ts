// Test suites of Hardhat projects on Braid and on Hardhat's own network, in turn: how long they take, and how many tests pass.
//
//   npx -y pnpm@12 bench:hardhat [--rounds 5] [--files contracts/test/amm.ts,…]
//
// The suite is that of contracts/: all of its files in one process for each network and round, as `pnpm test:contracts` runs them. Compiling, and
// starting Hardhat, are not counted.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { describeEnvironment, formatEnvironment } from "./environment.ts";
import type { HardhatMeasurement, HardhatSuite } from "./measurements.ts";
import { writeResult } from "./results.ts";
import { hardhatTable } from "./tables.ts";

const CONTRACT_TESTS = fileURLToPath(new URL("../scripts/contract-tests.ts", import.meta.url));
/** Rounds that are not counted: the first one may compile. */
const WARM_UP = 1;
/** By the names of the networks in the repository's configuration. */
const SIDES = [
  ["braid", "default"],
  ["edr", "edr"],
] as const;

const { values } = parseArgs({
  options: { rounds: { type: "string", default: "5" }, files: { type: "string", default: "" } },
});
const rounds = Number(values.rounds);
const files = values.files === "" ? [] : values.files.split(",");

/** What scripts/contract-tests.ts writes for a network. */
interface Outcome {
  passed: number;
  failed: number;
  seconds: number;
}

function runContracts(network: string): Outcome {
  const folder = mkdtempSync(join(tmpdir(), "braid-bench-hardhat-"));
  const path = join(folder, "outcome.json");
  try {
    const { status } = spawnSync(process.execPath, [CONTRACT_TESTS, ...files], {
      env: { ...process.env, HARDHAT_NETWORK: network, BRAID_NETWORK_OUTCOME: path },
      stdio: "ignore",
    });
    if (status !== 0) throw new Error(`the contracts' tests on ${network} ended with ${status}`);
    return JSON.parse(readFileSync(path, "utf8")) as Outcome;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const environment = describeEnvironment("bench:hardhat");
const contracts: HardhatSuite = {
  name: files.length === 0 ? "contracts" : files.join(" "),
  seconds: { braid: [], edr: [] },
  passed: { braid: 0, edr: 0 },
  failed: { braid: 0, edr: 0 },
};
for (let round = 0; round < WARM_UP + rounds; round++)
  for (const [side, network] of round % 2 === 0 ? SIDES : SIDES.toReversed()) {
    const { passed, failed, seconds } = runContracts(network);
    if (round < WARM_UP) continue;
    contracts.seconds[side].push(seconds);
    contracts.passed[side] = passed;
    contracts.failed[side] = Math.max(failed, contracts.failed[side]);
    console.error(`${side}: ${passed} passed, ${failed} failed, ${seconds.toFixed(1)} s`);
  }

const measurement: HardhatMeasurement = { environment, rounds, suites: [contracts] };
console.log(formatEnvironment(environment));
console.log(hardhatTable(measurement));
if (files.length === 0) console.log(`written to ${writeResult("hardhat", measurement)}`);
