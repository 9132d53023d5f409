// A chain to import: a genesis file, an RLP file of all its blocks, and the hash of the last one.

import { join } from "node:path";
import { Blockchain, type GenesisFile, openGenesis } from "@braid/chain";
import {
  BaseError,
  bytesToHex,
  FileError,
  jsonList,
  jsonObject,
  jsonText,
  readBounded,
  readRlpItem,
} from "@braid/primitives";
import { CHAIN_FILE } from "./fixture-files.ts";
import type { BlockExecutor, RunMode } from "./modes.ts";
import { readJson } from "./read-json.ts";

/** Imports the chain of a folder in one mode. Returns why it fails, or undefined. */
export async function runChainCase(
  folder: string,
  executor: BlockExecutor,
  mode: RunMode,
  maxFileBytes?: number,
): Promise<string | undefined> {
  const genesis = await readGenesis(join(folder, "genesis.json"), maxFileBytes);
  const { chain: rules, store, header } = await openGenesis(genesis);
  const chain = new Blockchain({ chain: rules, store, executor, head: header });
  const blocks = splitBlocks(await readBounded(join(folder, CHAIN_FILE), maxFileBytes));
  for (const [i, raw] of blocks.entries()) {
    try {
      await chain.importBlock(raw, mode.options);
    } catch (error) {
      if (!(error instanceof BaseError)) throw error;
      return `block ${i + 1} of ${blocks.length} was rejected with ${error.code}: ${error.message}`;
    }
  }
  const expected = await headHash(folder);
  const head = bytesToHex(chain.head.hash);
  return expected === undefined || expected === head
    ? undefined
    : `the last block has hash ${head}, not ${expected}`;
}

async function readGenesis(path: string, maxFileBytes: number | undefined): Promise<GenesisFile> {
  const genesis = jsonObject(await readJson(path, maxFileBytes), "the genesis");
  jsonObject(genesis.config, "config");
  jsonObject(genesis.alloc, "alloc");
  return genesis as GenesisFile;
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
  let call: unknown;
  try {
    call = await readJson(join(folder, "headfcu.json"));
  } catch (error) {
    if (error instanceof FileError && error.data?.missing === true) return undefined;
    throw error;
  }
  const [state] = jsonList(jsonObject(call, "headfcu.json").params, "headfcu.json: params");
  return jsonText(jsonObject(state, "headfcu.json: params[0]").headBlockHash, "headfcu.json: headBlockHash");
}
