// Loads a block in RLP with a Merkle Patricia witness: the trie nodes and codes that it touches.
import { basename, dirname, join } from "node:path";
import {
  bytesToHex,
  equalBytes,
  FileError,
  type Hex,
  jsonBytes,
  jsonList,
  jsonObject,
  jsonQuantity,
  readBounded,
} from "@braid/primitives";
import { CHAIN_NAMES, type Chain, chainOf, decodeHeader, SYSTEM_ADDRESS } from "@braid/protocol";
import { type BlockFile, checkParent, loadBlock, parentMismatch } from "./block-file.ts";
import { BlockFileError, messageOf } from "./errors.ts";
import { jsonBlockHashes } from "./json-block-hashes.ts";

/** The fields of the file's JSON. What is in them, is read field by field; byte strings are hex. */
interface WitnessJson {
  /** A number. */
  chainId?: unknown;
  blockHash?: unknown;
  parentStateRoot: unknown;
  blockRlp: unknown;
  parentHeaderRlp?: unknown;
  /** Number -> hash. */
  ancestors?: unknown;
  /** { state, codes }: lists. */
  witness: unknown;
}

/**
 * The caller of system calls has no account on any chain, clients that do not touch it leave it out of their witnesses, and ethereumjs
 * reads it: it counts as absent when the witness does not say.
 */
const SYSTEM = bytesToHex(SYSTEM_ADDRESS);

/** A folder of witnesses may have this list, one JSON object a line: `missingReads` of a file are addresses that its producer left out. */
const INDEX_FILE = "INDEX.jsonl";

/** True when the JSON has the fields of this format. */
export function isWitnessJson(json: object): json is WitnessJson {
  return "blockRlp" in json && "parentStateRoot" in json && "witness" in json;
}

/**
 * The block and its witness. Throws FileError BRAID_FILE_MALFORMED for a field that is missing or wrong; BlockFileError: BRAID_FILE_CORRUPT
 * (another block hash), BRAID_UNKNOWN_CHAIN, BRAID_PARENT_STATE_MISMATCH (the parent header has another state root or another hash);
 * InvalidBlockError for a block that breaks a rule which can be checked without executing it.
 */
export async function loadWitness(path: string, json: WitnessJson): Promise<BlockFile> {
  const chain = chainWithId(jsonQuantity(json.chainId, "chainId"));
  const block = loadBlock(jsonBytes(json.blockRlp, "blockRlp"), chain);
  if (json.blockHash !== undefined && !equalBytes(block.hash, jsonBytes(json.blockHash, "blockHash", 32))) {
    throw new BlockFileError(
      "BRAID_FILE_CORRUPT",
      `Block ${block.number} does not have the hash ${json.blockHash} that the file names: the file is damaged.`,
      {
        data: { number: block.number, hash: json.blockHash },
      },
    );
  }
  const stateRoot = jsonBytes(json.parentStateRoot, "parentStateRoot", 32);
  if (json.parentHeaderRlp !== undefined)
    checkParent(block, decodeHeader(jsonBytes(json.parentHeaderRlp, "parentHeaderRlp"), chain), stateRoot);

  const blockHashes = jsonBlockHashes(json.ancestors ?? {}, "ancestors");
  const known = blockHashes.get(block.number - 1n);
  if (known !== undefined && !equalBytes(known, block.input.header.parentHash)) {
    throw parentMismatch(block, "the ancestors in the file are those of another block");
  }
  const witness = jsonObject(json.witness, "witness");
  const byteStrings = (name: string): Uint8Array[] =>
    jsonList(witness[name], `witness.${name}`).map((item, i) =>
      jsonBytes(item, () => `witness.${name}[${i}]`),
    );
  return {
    path,
    format: "witness",
    chain,
    blocks: [block],
    parentState: {
      kind: "witness",
      stateRoot,
      nodes: byteStrings("state"),
      codes: byteStrings("codes"),
      treatAsAbsent: new Set([SYSTEM, ...(await listedGaps(path))]),
    },
    blockHashes,
  };
}

function chainWithId(chainId: bigint): Chain {
  const chain = CHAIN_NAMES.map((name) => chainOf(name)).find((one) => one.chainId === chainId);
  if (chain !== undefined) return chain;
  throw new BlockFileError(
    "BRAID_UNKNOWN_CHAIN",
    `A witness file does not describe its chain, and chain ${chainId} is not known; ${CHAIN_NAMES.join(", ")} are. Convert it to a bundle.`,
    { data: { chainId } },
  );
}

/** The addresses that the folder's index lists for this file; none when there is no index. */
async function listedGaps(path: string): Promise<Hex[]> {
  let index: Uint8Array;
  try {
    index = await readBounded(join(dirname(path), INDEX_FILE));
  } catch (error) {
    if (error instanceof FileError && error.data?.missing === true) return [];
    throw new BlockFileError(
      "BRAID_FILE_UNREADABLE",
      `The index ${INDEX_FILE} beside it cannot be read: ${messageOf(error)}`,
      { cause: error },
    );
  }
  const name = basename(path);
  const line = new TextDecoder()
    .decode(index)
    .split("\n")
    .find((text) => text.includes(`"${name}"`));
  if (line === undefined) return [];
  try {
    const { missingReads = [] } = jsonObject(JSON.parse(line), name);
    return jsonList(missingReads, "missingReads").map((address, i) =>
      bytesToHex(jsonBytes(address, `missingReads[${i}]`, 20)),
    );
  } catch (error) {
    throw new BlockFileError(
      "BRAID_FILE_MALFORMED",
      `The index ${INDEX_FILE} beside it is malformed where it lists ${name}: ${messageOf(error)}`,
      { cause: error },
    );
  }
}
