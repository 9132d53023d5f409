// Where the fixtures of mainnet are: BRAID_FIXTURES, or ../shared/fixtures beside the checkout.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";

export const FIXTURES =
  process.env.BRAID_FIXTURES ?? fileURLToPath(new URL("../../../shared/fixtures", import.meta.url));

/** True when the folder is there; says so when it is not. */
export function isPresent(folder: string): boolean {
  const present = existsSync(join(FIXTURES, folder));
  if (!present) console.warn(`skipped: ${folder} is not in ${FIXTURES}; set BRAID_FIXTURES`);
  return present;
}

/** A gzipped JSON file. The caller knows its shape. */
export function readJson<Shape>(path: string): Shape {
  return JSON.parse(gunzipSync(readFileSync(join(FIXTURES, path))).toString()) as Shape;
}
