// The heavy repetitions: all mainnet blocks twenty times with 1, 2, 3, 4 and 8 workers, and their traces, hundreds of random blocks of each fork, ten
// thousand schedules, hundreds of random lives of the stores and 200 kills of a process that commits, the whole long chain on every kind of store, and
// hundreds of thousands of hostile files and encodings. Arguments: file filters for vitest, and the repetitions of the mainnet blocks as `--repeat=N`.

import { spawnSync } from "node:child_process";
import { join } from "node:path";

const args = process.argv.slice(2);
const repeat = args.find((arg) => arg.startsWith("--repeat="))?.slice("--repeat=".length) ?? "20";
const filters = args.filter((arg) => !arg.startsWith("--repeat="));
const files = [
  "test/mainnet",
  "packages/executor/src/schedules",
  "packages/executor/src/random-blocks",
  "packages/executor/src/warm-cache",
  "packages/executor/src/disk-states",
  "packages/state",
  "test/states",
  "hostile",
  "packages/protocol/src/codecs",
];

const root = join(import.meta.dirname, "..");
const { status, error } = spawnSync(
  join(root, "node_modules", ".bin", "vitest"),
  ["run", "--testTimeout=3600000", ...(filters.length > 0 ? filters : files)],
  {
    cwd: root,
    stdio: "inherit",
    env: {
      BRAID_ROUNDS: "300",
      BRAID_SCHEDULES: "10000",
      BRAID_KILLS: "200",
      BRAID_BLOCKS: "3000",
      ...process.env,
      BRAID_STRESS: repeat,
    },
  },
);
if (error !== undefined) console.error(`vitest did not start: ${error.message}`);
process.exitCode = status ?? 1;
