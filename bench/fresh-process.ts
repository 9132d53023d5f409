// What a user of the command sees: `braid replay` over all mainnet blocks in a process that has just been started, where code has to be loaded,
// compiled and optimized first; and the same without what is done against that.
//
//   npx -y pnpm@12 bench:fresh-process [--rounds 5]
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs, promisify } from "node:util";
import type { ReplaySummary } from "@braid/replay";
import { mainnetFolder } from "./blocks.ts";
import { describeEnvironment, formatEnvironment } from "./environment.ts";
import { FRESH_SIDES, type FreshProcessMeasurement, type FreshRun, type FreshSide } from "./measurements.ts";
import { writeResult } from "./results.ts";
import { freshProcessTable } from "./tables.ts";

const run = promisify(execFile);
const file = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const COMMAND = [file("../packages/cli/src/main.ts"), "replay", mainnetFolder(), "--json", "--workers", "2"];
const ARGUMENTS: Record<FreshSide, string[]> = {
  once: COMMAND,
  repeated: [...COMMAND, "--repeat", "5"],
  unrehearsed: [file("fresh-process-child.ts"), mainnetFolder()],
  uncached: COMMAND,
};
/** Node's cache of compiled code, which the first process fills. */
const cache = mkdtempSync(join(tmpdir(), "braid-fresh-"));

/** One process, from its start to its end. */
async function measure(side: FreshSide): Promise<FreshRun> {
  const env = { ...process.env, NODE_COMPILE_CACHE: cache };
  const start = performance.now();
  const { stdout } = await run(process.execPath, ARGUMENTS[side], {
    env: side === "uncached" ? { ...env, NODE_DISABLE_COMPILE_CACHE: "1" } : env,
    maxBuffer: 2 ** 28,
  });
  const wallMs = performance.now() - start;
  const { totals }: Pick<ReplaySummary, "totals"> = JSON.parse(stdout);
  if (totals.blocks === 0 || totals.ok !== totals.blocks)
    throw new Error(`${totals.blocks - totals.ok} of ${totals.blocks} blocks are not ok`);
  return { blocks: totals.blocks, gas: totals.gasUsed, ms: totals.ms, wallMs };
}

const { values } = parseArgs({ options: { rounds: { type: "string", default: "5" } } });
const environment = describeEnvironment("bench:fresh-process");
const runs: FreshProcessMeasurement["runs"] = { once: [], repeated: [], unrehearsed: [], uncached: [] };
try {
  await measure("once");
  await measure("unrehearsed");
  for (let round = 0; round < Number(values.rounds); round++) {
    // In an order that changes, so that none always finds the machine in the other's state.
    for (let i = 0; i < FRESH_SIDES.length; i++) {
      const side = FRESH_SIDES[(i + round) % FRESH_SIDES.length] as FreshSide;
      runs[side].push(await measure(side));
    }
    console.error(`round ${round + 1} of ${values.rounds}`);
  }
} finally {
  rmSync(cache, { recursive: true });
}
const measurement: FreshProcessMeasurement = { environment, runs };
console.log(formatEnvironment(environment));
console.log(freshProcessTable(measurement));
console.log(`written to ${writeResult("fresh-process", measurement)}`);
