// States beside each other: calls on a warm state and beside blocks, blocks of one transaction, commits to small and large states, reads of the
// newest and of old states, bytes on disk.
//
//   npx -y pnpm@12 bench:states [--accounts 100000,1000000] [--rounds 30] [--blocks 500]
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { LmdbStateStore, MemoryStateStore, type StateStore } from "@braid/state";
import { describeEnvironment, formatEnvironment } from "./environment.ts";
import type { StatesMeasurement } from "./measurements.ts";
import { writeResult } from "./results.ts";
import { fill } from "./states/accounts.ts";
import { callTimes } from "./states/calls.ts";
import { besideBlocks, TRANSACTIONS } from "./states/calls-beside-blocks.ts";
import { bytesOfLongChain, commitTimes, readRates, UPDATES } from "./states/commits.ts";
import { oneTransferBlocks } from "./states/small-blocks.ts";
import { statesTables } from "./tables.ts";

const UPDATES_OF_A_LONG_CHAIN = 100;
const KEPT = 64;
/** A block of one transfer is measured so many times in a round. */
const SMALL_BLOCKS = 20;

const { values } = parseArgs({
  options: {
    accounts: { type: "string", default: "100000,1000000" },
    rounds: { type: "string", default: "30" },
    blocks: { type: "string", default: "500" },
  },
});
const sizes = values.accounts.split(",").map(Number);
const rounds = Number(values.rounds);
if (!(rounds >= 5)) throw new RangeError("--rounds: at least 5, so that there is a block ten blocks back");
const environment = describeEnvironment("bench:states");
const folder = mkdtempSync(join(tmpdir(), "braid-bench-"));
const begin = performance.now();
const say = (what: string): void =>
  console.error(`${((performance.now() - begin) / 1_000).toFixed(0)} s: ${what}`);

const kinds: [name: string, open: (path: string) => Promise<StateStore>][] = [
  ["in memory", async () => new MemoryStateStore()],
  ["on disk", (path) => LmdbStateStore.open(path)],
  [`on disk, the last ${KEPT}`, (path) => LmdbStateStore.open(path, { keep: KEPT })],
];
const longChain = {
  blocks: Number(values.blocks),
  updates: UPDATES_OF_A_LONG_CHAIN,
  accounts: sizes[0] as number, // a list that was split has at least one
};
const measurement: StatesMeasurement = {
  environment,
  updates: UPDATES,
  calls: [],
  beside: { transactions: TRANSACTIONS, runs: [] },
  smallBlocks: [],
  commits: [],
  reads: [],
  longChain: { ...longChain, bytes: [] },
};
try {
  measurement.calls = await callTimes(rounds);
  say("calls on a warm state");
  measurement.beside.runs = await besideBlocks([1, 2], rounds);
  say("calls beside blocks");
  for (const [store, open] of kinds.slice(0, 2)) {
    for (const workers of [0, 2]) {
      const path = join(folder, `small-${workers}`);
      const ms = await oneTransferBlocks(await open(path), workers, SMALL_BLOCKS * rounds);
      measurement.smallBlocks.push({ store, workers, ms });
      rmSync(path, { recursive: true, force: true });
    }
    say(`blocks of one transfer, ${store}`);
  }
  for (const accounts of sizes) {
    for (const [name, open] of kinds) {
      const path = join(folder, "store");
      const store = await open(path);
      await fill(store, accounts);
      measurement.commits.push({ store: name, accounts, ...(await commitTimes(store, accounts, rounds)) });
      measurement.reads.push({ store: name, accounts, ...(await readRates(store, accounts)) });
      await store.close();
      rmSync(path, { recursive: true, force: true });
      say(`${accounts} accounts, ${name}`);
    }
  }
  for (const keep of [undefined, KEPT]) {
    const bytes = await bytesOfLongChain(join(folder, `chain-${keep}`), keep, longChain);
    measurement.longChain.bytes.push({ keep: keep ?? 0, bytes });
  }
  say("a long chain on disk");
} finally {
  rmSync(folder, { recursive: true, force: true });
}
console.log(formatEnvironment(environment));
console.log(statesTables(measurement));
console.log(`written to ${writeResult("states", measurement)}`);
