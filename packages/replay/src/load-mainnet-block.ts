// Loads a block as eth_getBlockByNumber gives it, with the flat pre-state of everything that it touches.

import type { BlockInput } from "@braid/executor";
import { equalBytes, hexToBytes } from "@braid/primitives";
import { EMPTY_CODE_HASH, type FlatAccount, type FlatPreState } from "@braid/state";
import { type BlockFile, finishBlock, headerFrom } from "./block-file.ts";
import { commonOf, MAINNET } from "./chain-config.ts";
import { BlockFileError } from "./errors.ts";
import { encodeJsonTransaction, type JsonTransaction } from "./json-transaction.ts";
import { keccak256 } from "./keccak.ts";
import { quantityToBytes32 } from "./quantity.ts";

/** The file's JSON. All numbers are hex quantities. */
export interface MainnetBlockJson {
  block: JsonBlock;
  /** Address -> account; complete for this block: what is not listed does not exist. */
  preState: Record<
    string,
    { balance: string; nonce: string; codeHash?: string; storage?: Record<string, string> }
  >;
  codes: Record<string, string>;
  blockHashes?: Record<string, string>;
}

/** eth_getBlockByNumber(n, true). */
interface JsonBlock extends Record<string, unknown> {
  hash: string;
  number: string;
  transactions: JsonTransaction[];
  uncles?: string[];
  withdrawals?: { index: string; validatorIndex: string; address: string; amount: string }[];
}

/** JSON-RPC names of header fields, and those of ethereumjs where they differ. */
const HEADER_FIELDS: Record<string, string> = {
  sha3Uncles: "uncleHash",
  miner: "coinbase",
  transactionsRoot: "transactionsTrie",
  receiptsRoot: "receiptTrie",
};
const HEADER_NAMES = [
  "parentHash",
  "sha3Uncles",
  "miner",
  "stateRoot",
  "transactionsRoot",
  "receiptsRoot",
  "logsBloom",
  "difficulty",
  "number",
  "gasLimit",
  "gasUsed",
  "timestamp",
  "extraData",
  "mixHash",
  "nonce",
  "baseFeePerGas",
  "withdrawalsRoot",
  "blobGasUsed",
  "excessBlobGas",
  "parentBeaconBlockRoot",
  "requestsHash",
];

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
 * The block and its flat pre-state. Throws BlockFileError: BRAID_FILE_MALFORMED, or BRAID_FILE_CORRUPT when the block's hash, a
 * transaction's hash or the hash of a code does not fit. Uncles are known only by hash here: see `LoadedBlock.unknownUncles`.
 */
export function loadMainnetBlock(path: string, json: MainnetBlockJson): BlockFile {
  const { block } = json;
  const fields = HEADER_NAMES.filter((name) => block[name] !== undefined && block[name] !== null);
  const common = commonOf(MAINNET);
  const header = headerFrom(
    Object.fromEntries(fields.map((name) => [HEADER_FIELDS[name] ?? name, block[name]])),
    common,
  );
  if (!equalBytes(header.hash(), hexToBytes(block.hash))) {
    throw new BlockFileError(
      "BRAID_FILE_CORRUPT",
      `The header of block ${header.number} does not have the block's hash ${block.hash}: the file is damaged.`,
      {
        data: { number: header.number, hash: block.hash },
      },
    );
  }
  const input: BlockInput = {
    header,
    transactions: block.transactions.map(encodeJsonTransaction),
    uncles: [],
  };
  if (block.withdrawals !== undefined) {
    input.withdrawals = block.withdrawals.map(({ index, validatorIndex, address, amount }) => ({
      index: BigInt(index),
      validatorIndex: BigInt(validatorIndex),
      address: hexToBytes(address),
      amount: BigInt(amount),
    }));
  }
  const blockHashes = new Map(
    Object.entries(json.blockHashes ?? {}).map(([number, hash]) => [BigInt(number), hexToBytes(hash)]),
  );
  return {
    path,
    format: "mainnet-block",
    chain: MAINNET,
    blocks: [finishBlock(input, block.uncles?.length ?? 0)],
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
