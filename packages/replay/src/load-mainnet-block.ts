// Loads a block as eth_getBlockByNumber gives it, with the flat pre-state of everything that it touches.

import {
  bigIntToBytes32,
  bytesToHex,
  equalBytes,
  type JsonObject,
  jsonBytes,
  jsonObject,
  jsonQuantity,
} from "@braid/primitives";
import { chainOf, decodePartialRpcBlock, type RpcBlock } from "@braid/protocol";
import { EMPTY_CODE_HASH, type FlatAccount, type FlatPreState, type SourceAccount } from "@braid/state";
import { type BlockFile, loadedBlock } from "./block-file.ts";
import { BlockFileError } from "./errors.ts";
import { jsonBlockHashes } from "./json-block-hashes.ts";
import { keccak256 } from "./keccak.ts";

/** The fields of the file's JSON. What is in them, is read field by field. */
interface MainnetBlockJson {
  /** As eth_getBlockByNumber(n, true) gives it. */
  block: unknown;
  /** Address -> { balance, nonce, codeHash?, storage?: { slot: value } }; complete for this block: what is not listed does not exist. */
  preState: unknown;
  /** Hash -> code. */
  codes?: unknown;
  /** Number -> hash. */
  blockHashes?: unknown;
}

/** True when the JSON has the fields of this format. */
export function isMainnetBlockJson(json: object): json is MainnetBlockJson {
  return "block" in json && "preState" in json;
}

/**
 * The block and its flat pre-state. Throws FileError BRAID_FILE_MALFORMED for a field of the state that is missing or wrong, InvalidBlockError
 * for one of the block, or a hash or root of it that does not fit; BlockFileError BRAID_FILE_CORRUPT when the hash of a code does not. Uncles
 * are known only by hash here: see `LoadedBlock.unknownUncles`.
 */
export function loadMainnetBlock(path: string, json: MainnetBlockJson): BlockFile {
  const chain = chainOf("mainnet");
  // Its fields are for the decoder to judge.
  const rpcBlock = jsonObject(json.block, "block") as object as RpcBlock;
  const { unknownUncles, ...block } = decodePartialRpcBlock(rpcBlock, chain);
  return {
    path,
    format: "mainnet-block",
    chain,
    blocks: [loadedBlock(block, chain, unknownUncles)],
    parentState: { kind: "flat", pre: readPreState(json) },
    blockHashes: jsonBlockHashes(json.blockHashes ?? {}, "blockHashes"),
  };
}

function readPreState({ preState, codes: codesByHash = {} }: MainnetBlockJson): FlatPreState {
  // One array per distinct hash: a thousand token holders share a few hundred codes.
  const hashes = new Map<string, Uint8Array>();
  const codes = Object.entries(jsonObject(codesByHash, "codes")).map(
    ([hash, hex]): [Uint8Array, Uint8Array] => {
      const code = jsonBytes(hex, () => `codes.${hash}`);
      const codeHash = keccak256(code);
      if (
        !equalBytes(
          codeHash,
          jsonBytes(hash, () => `codes: the key ${hash}`, 32),
        )
      ) {
        throw new BlockFileError(
          "BRAID_FILE_CORRUPT",
          `The code listed under ${hash} has another hash: the file is damaged.`,
          { data: { hash } },
        );
      }
      hashes.set(hash, codeHash);
      return [codeHash, code];
    },
  );
  const accounts = Object.entries(jsonObject(preState, "preState")).map(([address, account]) =>
    readAccount(
      address,
      jsonObject(account, () => `preState.${address}`),
      hashes,
    ),
  );
  if (new Set(accounts.map(({ address }) => bytesToHex(address))).size < accounts.length)
    throw new BlockFileError("BRAID_FILE_MALFORMED", "The preState lists an address twice.");
  return { accounts, codes };
}

function readAccount(
  address: string,
  json: JsonObject,
  hashes: ReadonlyMap<string, Uint8Array>,
): FlatAccount {
  const at = (name: string) => (): string => `preState.${address}.${name}`;
  const slots = Object.entries(json.storage === undefined ? {} : jsonObject(json.storage, at("storage")));
  const storage = slots.map(([slot, value]): [Uint8Array, bigint] => {
    const place = at(`storage.${slot}`);
    return [bigIntToBytes32(jsonQuantity(slot, place)), jsonQuantity(value, place)];
  });
  // Slots that are all written in full, or all as short as can be, are as different as their keys.
  const isUniform =
    slots.every(([slot]) => FULL_SLOT.test(slot)) || slots.every(([slot]) => SHORT_SLOT.test(slot));
  if (!isUniform && new Set(storage.map(([slot]) => bytesToHex(slot))).size < storage.length)
    throw new BlockFileError("BRAID_FILE_MALFORMED", `${at("storage")()} lists a slot twice.`);
  const { codeHash } = json;
  const known = typeof codeHash === "string" ? hashes.get(codeHash) : undefined;
  const account: SourceAccount = {
    nonce: jsonQuantity(json.nonce, at("nonce"), 64n),
    balance: jsonQuantity(json.balance, at("balance")),
    codeHash: codeHash === undefined ? EMPTY_CODE_HASH : (known ?? jsonBytes(codeHash, at("codeHash"), 32)),
    hasStorage: storage.some(([, value]) => value !== 0n),
  };
  return { address: jsonBytes(address, () => `preState: the key ${address}`, 20), account, storage };
}

const FULL_SLOT = /^0x[0-9a-f]{64}$/;
const SHORT_SLOT = /^0x(0|[1-9a-f][0-9a-f]*)$/;
