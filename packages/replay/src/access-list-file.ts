// Block access lists in files: what `braid access-list` writes and `braid replay --access-list` reads. One JSON object a block.

import { readdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  bytesToHex,
  equalBytes,
  FileError,
  type Hex,
  jsonBytes,
  jsonObject,
  parseJsonBounded,
  readBounded,
} from "@braid/primitives";
import {
  accessListHash,
  type BlockAccessList,
  decodeRpcAccessList,
  encodeAccessList,
  encodeRpcAccessList,
  type RpcAccountAccess,
} from "@braid/protocol";

/** A block's list as a file has it. */
export interface AccessListJson {
  number: number;
  /** The block's hash. */
  hash: Hex;
  /** keccak256 of the list's RLP: what a header commits to from Amsterdam on. */
  accessListHash: Hex;
  /** As eth_getBlockAccessList gives it. */
  accessList: RpcAccountAccess[];
}

/** The list of a block, for a file. */
export function accessListJson(
  block: { number: bigint; hash: Uint8Array },
  list: BlockAccessList,
): AccessListJson {
  return {
    number: Number(block.number),
    hash: bytesToHex(block.hash),
    accessListHash: bytesToHex(accessListHash(list)),
    accessList: encodeRpcAccessList(list),
  };
}

/** Writes `<number>.json` and `<number>.rlp` into a folder, each whole or not at all. */
export async function writeAccessList(
  folder: string,
  block: { number: bigint; hash: Uint8Array },
  list: BlockAccessList,
): Promise<void> {
  const json = new TextEncoder().encode(`${JSON.stringify(accessListJson(block, list))}\n`);
  for (const [ending, content] of [
    ["rlp", encodeAccessList(list)],
    ["json", json],
  ] as const) {
    const path = join(folder, `${block.number}.${ending}`);
    const temporary = join(folder, `.${block.number}.${ending}.partial`);
    await writeFile(temporary, content);
    await rename(temporary, path);
  }
}

/**
 * The lists in a JSON file, or in all of a folder, by the hashes of their blocks.
 *
 * @throws FileError; BRAID_FILE_CORRUPT for a list that does not have the hash that came with it. MalformedDataError
 *   BRAID_ACCESS_LIST_MALFORMED.
 */
export async function readAccessLists(path: string): Promise<Map<Hex, BlockAccessList>> {
  const lists = new Map<Hex, BlockAccessList>();
  for (const file of await filesOf(path)) {
    const { hash, list } = await readAccessList(file);
    lists.set(hash, list);
  }
  if (lists.size === 0)
    throw new FileError(
      "BRAID_FILE_MALFORMED",
      `${path} holds no block access lists. Make some: braid access-list <blocks> -o ${path}`,
    );
  return lists;
}

async function filesOf(path: string): Promise<string[]> {
  try {
    return (await readdir(path)).filter((name) => name.endsWith(".json")).map((name) => join(path, name));
  } catch {
    // No folder: reading it will say what is wrong with it.
    return [path];
  }
}

async function readAccessList(path: string): Promise<{ hash: Hex; list: BlockAccessList }> {
  const bytes = await readBounded(path);
  let json: unknown;
  try {
    json = parseJsonBounded(bytes);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new FileError(
      "BRAID_FILE_MALFORMED",
      `${path} is no JSON: it should be a list that braid access-list wrote.`,
    );
  }
  const { hash, accessListHash: expected, accessList } = jsonObject(json, path);
  const list = decodeRpcAccessList(accessList);
  if (!equalBytes(accessListHash(list), jsonBytes(expected, "accessListHash", 32)))
    throw new FileError(
      "BRAID_FILE_CORRUPT",
      `The block access list in ${path} does not have the hash that came with it. Make it again: braid access-list`,
    );
  return { hash: bytesToHex(jsonBytes(hash, "hash", 32)), list };
}
