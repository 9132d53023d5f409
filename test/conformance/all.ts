// The whole of Ethereum's tests, in every mode: `pnpm conformance`. Ends with `N passed, N failed, N skipped`.

import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { FIXTURES, FOLDERS } from "./fixtures.ts";

if (FOLDERS.length === 0) {
  console.error(`No fixtures in ${FIXTURES}; set BRAID_FIXTURES to the folder that holds eest-v5.4.0.`);
  process.exit(1);
}
const cli = join(import.meta.dirname, "../../packages/cli/src/main.ts");
const { status } = spawnSync(
  process.execPath,
  [cli, "conformance", "--quiet", ...FOLDERS, ...process.argv.slice(2)],
  {
    stdio: "inherit",
  },
);
process.exitCode = status ?? 1;
