// A chain to import: a genesis file, an RLP file of all its blocks, and the hash of the last one.

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Chain, type GethGenesis, openGenesis } from "@braid/chain";
import { BaseError, readRlpItem } from "@braid/primitives";
import type { BlockExecutor, RunMode } from "./modes.ts";

/** The file whose folder is such a case. */
export const CHAIN_FILE = "chain.rlp";

/** Imports the chain of a folder in one mode. Returns why it fails, or undefined. */
export async function runChainCase(
  folder: string,
  executor: BlockExecutor,
  mode: RunMode,
): Promise<string | undefined> {
  const genesis = JSON.parse(await readFile(join(folder, "genesis.json"), "utf8")) as GethGenesis;
  const { common, store, header } = await openGenesis(genesis, folder);
  const chain = new Chain({ common, store, executor, head: { header, hash: header.hash() } });
  const blocks = splitBlocks(await readFile(join(folder, CHAIN_FILE)));
  for (const [i, raw] of blocks.entries()) {
    try {
      await chain.importBlock(raw, mode.options);
    } catch (error) {
      if (!(error instanceof BaseError)) throw error;
      return `block ${i + 1} of ${blocks.length} was rejected with ${error.code}: ${error.message}`;
    }
  }
  const expected = await headHash(folder);
  return expected === undefined || expected === chain.head.hash
    ? undefined
    : `the last block has hash ${chain.head.hash}, not ${expected}`;
}

/** The file holds one block's RLP after the other. */
function splitBlocks(bytes: Uint8Array): Uint8Array[] {
  const blocks: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; ) {
    const item = readRlpItem(bytes, at);
    if (item === undefined)
      throw new BaseError("BRAID_BLOCK_MALFORMED", `${CHAIN_FILE} has no block at byte ${at}.`);
    blocks.push(bytes.subarray(at, item.end));
    at = item.end;
  }
  return blocks;
}

/** hive tells a client the head by an engine_forkchoiceUpdated call. */
async function headHash(folder: string): Promise<string | undefined> {
  let text: string;
  try {
    text = await readFile(join(folder, "headfcu.json"), "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  const call = JSON.parse(text) as { params: [{ headBlockHash: string }] };
  return call.params[0].headBlockHash;
}
