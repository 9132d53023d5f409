// Loads a block as eth_getBlockByNumber gives it, with the flat pre-state of everything that it touches.

import { equalBytes, hexToBytes } from "@braid/primitives";
import { chainOf, decodePartialRpcBlock, type RpcBlock } from "@braid/protocol";
import { EMPTY_CODE_HASH, type FlatAccount, type FlatPreState } from "@braid/state";
import { type BlockFile, loadedBlock } from "./block-file.ts";
import { BlockFileError } from "./errors.ts";
import { keccak256 } from "./keccak.ts";
import { quantityToBytes32 } from "./quantity.ts";

/** The file's JSON. All numbers are hex quantities. */
export interface MainnetBlockJson {
  /** As eth_getBlockByNumber(n, true) gives it. */
  block: RpcBlock;
  /** Address -> account; complete for this block: what is not listed does not exist. */
  preState: Record<
    string,
    { balance: string; nonce: string; codeHash?: string; storage?: Record<string, string> }
  >;
  codes: Record<string, string>;
  blockHashes?: Record<string, string>;
}

/** True when the JSON has the fields of this format. */
export function isMainnetBlockJson(json: object): json is MainnetBlockJson {
  return (
    "block" in json &&
    typeof json.block === "object" &&
    "preState" in json &&
    typeof json.preState === "object"
  );
}

/**
 * The block and its flat pre-state. Throws InvalidBlockError for a field that is missing or a hash or root that does not fit; BlockFileError
 * BRAID_FILE_CORRUPT when the hash of a code does not. Uncles are known only by hash here: see `LoadedBlock.unknownUncles`.
 */
export function loadMainnetBlock(path: string, json: MainnetBlockJson): BlockFile {
  const chain = chainOf("mainnet");
  const { unknownUncles, ...block } = decodePartialRpcBlock(json.block, chain);
  const blockHashes = new Map(
    Object.entries(json.blockHashes ?? {}).map(([number, hash]) => [BigInt(number), hexToBytes(hash)]),
  );
  return {
    path,
    format: "mainnet-block",
    chain,
    blocks: [loadedBlock(block, chain, unknownUncles)],
    parentState: { kind: "flat", pre: readPreState(json) },
    blockHashes,
  };
}

function readPreState(json: MainnetBlockJson): FlatPreState {
  // One array per distinct hash: a thousand token holders share a few hundred codes.
  const hashes = new Map<string, Uint8Array>();
  const codes = Object.entries(json.codes).map(([hash, hex]): [Uint8Array, Uint8Array] => {
    const code = hexToBytes(hex);
    const codeHash = keccak256(code);
    if (!equalBytes(codeHash, hexToBytes(hash))) {
      throw new BlockFileError(
        "BRAID_FILE_CORRUPT",
        `The code listed under ${hash} has another hash: the file is damaged.`,
        { data: { hash } },
      );
    }
    hashes.set(hash, codeHash);
    return [codeHash, code];
  });
  const accounts = Object.entries(json.preState).map(
    ([address, { balance, nonce, codeHash, storage = {} }]): FlatAccount => {
      const slots = Object.entries(storage).map(([slot, value]): [Uint8Array, bigint] => [
        quantityToBytes32(slot),
        BigInt(value),
      ]);
      return {
        address: hexToBytes(address),
        account: {
          nonce: BigInt(nonce),
          balance: BigInt(balance),
          codeHash: codeHash === undefined ? EMPTY_CODE_HASH : (hashes.get(codeHash) ?? hexToBytes(codeHash)),
          hasStorage: slots.some(([, value]) => value !== 0n),
        },
        storage: slots,
      };
    },
  );
  return { accounts, codes };
}
