// Test suites of Hardhat projects on Braid and on Hardhat's own network, in turn: how long they take, and how many tests pass. And how long a new
// connection takes until it has answered its first request.
//
//   npx -y pnpm@12 bench:hardhat [--rounds 5] [--files contracts/test/amm.ts,…] [--connections 30] [<folder of a project> …]
//
// The first suite is that of contracts/: all of its files in one process for each network and round, as `pnpm test:contracts` runs them. Compiling, and
// starting Hardhat, are not counted. Projects are installed in their folders, with Hardhat's own network in their config; their runs are
// those of `pnpm suite`, processes from beginning to end.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { countOf } from "../scripts/suite/read-outcome.ts";
import { runSuite } from "../scripts/suite/run-suite.ts";
import { describeEnvironment, formatEnvironment } from "./environment.ts";
import type { HardhatMeasurement, HardhatSide, HardhatSuite } from "./measurements.ts";
import { writeResult } from "./results.ts";
import { hardhatTable } from "./tables.ts";

const CONTRACT_TESTS = fileURLToPath(new URL("../scripts/contract-tests.ts", import.meta.url));
/** Rounds that are not counted: the first one may compile. */
const WARM_UP = 1;
const SIDES: readonly HardhatSide[] = ["braid", "edr"];
/** Of the repository's configuration. */
const NETWORKS: Readonly<Record<HardhatSide, string>> = { braid: "default", edr: "edr" };

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: "string", default: "5" },
    files: { type: "string", default: "" },
    connections: { type: "string", default: "30" },
  },
});
const rounds = Number(values.rounds);
const files = values.files === "" ? [] : values.files.split(",");

interface Outcome {
  passed: number;
  failed: number;
  seconds: number;
}

/** As scripts/contract-tests.ts has it done for each network. */
function runContracts(side: HardhatSide): Outcome {
  const folder = mkdtempSync(join(tmpdir(), "braid-bench-hardhat-"));
  const path = join(folder, "outcome.json");
  try {
    spawnSync(process.execPath, [CONTRACT_TESTS, ...files], {
      env: { ...process.env, HARDHAT_NETWORK: NETWORKS[side], BRAID_NETWORK_OUTCOME: path },
      stdio: "ignore",
    });
    return JSON.parse(readFileSync(path, "utf8")) as Outcome;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function runProject(folder: string, side: HardhatSide): Promise<Outcome> {
  const { outcomes, seconds } = await runSuite(folder, side === "edr" ? "own" : "braid");
  return { passed: countOf(outcomes, "passed"), failed: countOf(outcomes, "failed"), seconds };
}

async function measure(
  name: string,
  run: (side: HardhatSide) => Outcome | Promise<Outcome>,
): Promise<HardhatSuite> {
  const suite: HardhatSuite = {
    name,
    seconds: { braid: [], edr: [] },
    passed: { braid: 0, edr: 0 },
    failed: { braid: 0, edr: 0 },
  };
  for (let round = 0; round < WARM_UP + rounds; round++)
    for (const side of round % 2 === 0 ? SIDES : SIDES.toReversed()) {
      const { passed, failed, seconds } = await run(side);
      if (round < WARM_UP) continue;
      suite.seconds[side].push(seconds);
      suite.passed[side] = passed;
      suite.failed[side] = Math.max(failed, suite.failed[side]);
      console.error(`${name}, ${side}: ${passed} passed, ${failed} failed, ${seconds.toFixed(1)} s`);
    }
  return suite;
}

/** Milliseconds from asking for a connection to the answer of its first request; the first ones, which load everything, are not counted. */
async function openConnections(count: number): Promise<Record<HardhatSide, number[]>> {
  const { network } = await import("hardhat");
  const ms: Record<HardhatSide, number[]> = { braid: [], edr: [] };
  const open: { close(): Promise<void> }[] = [];
  for (let i = 0; i < count + WARM_UP; i++)
    for (const side of SIDES) {
      const begin = performance.now();
      const connection = await network.create(NETWORKS[side]);
      await connection.provider.request({ method: "eth_blockNumber" });
      if (i >= WARM_UP) ms[side].push(performance.now() - begin);
      open.push(connection);
    }
  for (const connection of open) await connection.close();
  return ms;
}

const environment = describeEnvironment("bench:hardhat");
const suites = [await measure(files.length === 0 ? "contracts" : files.join(" "), runContracts)];
for (const folder of positionals.map((path) => resolve(path)))
  suites.push(await measure(basename(folder), (side) => runProject(folder, side)));
const connectionMs = await openConnections(Number(values.connections));

const measurement: HardhatMeasurement = { environment, rounds, suites, connectionMs };
console.log(formatEnvironment(environment));
console.log(hardhatTable(measurement));
if (files.length === 0) console.log(`written to ${writeResult("hardhat", measurement)}`);
