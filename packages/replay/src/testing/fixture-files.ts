// For tests: where the fixtures of mainnet are, and the files among them with what a node would know besides.

import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipBounded, hexToBytes, readBounded } from "@braid/primitives";
import { decodeHeader, type Header } from "@braid/protocol";
import type { BlockFile } from "../block-file.ts";
import { loadBlockFile } from "../detect.ts";

const FIXTURES =
  process.env.BRAID_FIXTURES ?? fileURLToPath(new URL("../../../../../shared/fixtures", import.meta.url));

/** True when the fixtures are there; says so when they are not. */
export function hasFixtures(): boolean {
  const present =
    existsSync(join(FIXTURES, "mainnet-blocks")) && existsSync(join(FIXTURES, "mainnet-witness"));
  if (!present) console.warn(`skipped: the fixtures of mainnet are not in ${FIXTURES}; set BRAID_FIXTURES`);
  return present;
}

/** A block with its flat pre-state. */
export function flatBlock(number: number): Promise<BlockFile> {
  return loadBlockFile(join(FIXTURES, "mainnet-blocks", `${number}.json.gz`));
}

/** A block with its witness, and its parent's header. */
export async function witnessBlock(name: string): Promise<{ file: BlockFile; parent: Header }> {
  const path = join(FIXTURES, "mainnet-witness", `${name}.json.gz`);
  const file = await loadBlockFile(path);
  const json = JSON.parse(new TextDecoder().decode(gunzipBounded(await readBounded(path)))) as {
    parentHeaderRlp: string;
  };
  return { file, parent: decodeHeader(hexToBytes(json.parentHeaderRlp), file.chain) };
}
