// For tests: where others' fixtures lie.

import { fileURLToPath } from "node:url";

export const FIXTURES: string =
  process.env.BRAID_FIXTURES ?? fileURLToPath(new URL("../../../../../shared/fixtures", import.meta.url));
