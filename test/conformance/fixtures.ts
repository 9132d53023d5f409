// Where the fixtures are that these suites run: made by others, no part of the repository.

import { existsSync } from "node:fs";
import { join } from "node:path";

export const FIXTURES = process.env.BRAID_FIXTURES ?? join(import.meta.dirname, "../../../shared/fixtures");

/** The folders that Braid is held against, as far as they are there. */
export const FOLDERS = ["eest-v5.4.0", "eest-bal-v5.1.0", "eest-zkevm-v0.3.3", "chain-imports"]
  .map((name) => join(FIXTURES, name))
  .filter((path) => existsSync(path));
