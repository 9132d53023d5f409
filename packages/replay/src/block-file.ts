// What every loader makes of a file: blocks that can be executed, and the state before the first of them.
import type { BlockInput } from "@braid/executor";
import { bytesToBigInt, bytesToHex, equalBytes, type Hex } from "@braid/primitives";
import { type FlatPreState, orderedTrieRoot } from "@braid/state";
import {
  type BlockHeader,
  type BlockHeaderBytes,
  createBlockHeader,
  createBlockHeaderFromBytesArray,
} from "@ethereumjs/block";
import type { Common } from "@ethereumjs/common";
import { RLP } from "@ethereumjs/rlp";
import type { ChainSpec } from "./chain-config.ts";
import { BlockFileError, messageOf } from "./errors.ts";
import { keccak256 } from "./keccak.ts";

/** Which of the formats a file has. */
export type BlockFileFormat = "mainnet-block" | "witness" | "bundle";

/** A file that was loaded: consecutive blocks over one parent state. */
export interface BlockFile {
  path: string;
  format: BlockFileFormat;
  chain: ChainSpec;
  blocks: LoadedBlock[];
  parentState: ParentState;
  /** Ancestors' hashes for BLOCKHASH by number; the file's own blocks are not in it. */
  blockHashes: Map<bigint, Uint8Array>;
}

/** One block, decoded and checked against its own header. */
export interface LoadedBlock {
  number: bigint;
  /** 32 bytes. */
  hash: Uint8Array;
  /** The hardfork that rules it; `common` is set to it. */
  fork: string;
  common: Common;
  input: BlockInput;
  /** Uncles that the source names only by hash: their rewards cannot be paid, so the state after the block is not the chain's. */
  unknownUncles: number;
}

/** The state before a file's first block. "flat" knows only what the blocks touch and has no root; "complete" is all of it. */
export type ParentState =
  | { kind: "flat"; pre: FlatPreState }
  | { kind: "complete"; pre: FlatPreState; stateRoot?: Uint8Array }
  | {
      kind: "witness";
      stateRoot: Uint8Array;
      nodes: Uint8Array[];
      codes: Uint8Array[];
      treatAsAbsent: Set<Hex>;
    };

type RlpItem = Uint8Array | RlpItem[];

/**
 * A block from its consensus RLP, checked against its header: transactions root, withdrawals root and uncles hash.
 * Throws BlockFileError: BRAID_FILE_MALFORMED (no such structure), BRAID_FILE_CORRUPT (a root does not fit).
 */
export function decodeBlock(rlp: Uint8Array, common: Common): LoadedBlock {
  const [headerFields, transactions, uncles, withdrawals] = listOf(decodeRlp(rlp, "block"), "block");
  const header = decodeHeaderFields(bytesList(headerFields, "header"), common);
  const raw = listOf(transactions, "transactions").map((item) =>
    Array.isArray(item) ? RLP.encode(item) : item,
  );
  const uncleFields = listOf(uncles, "uncles").map((item) => bytesList(item, "uncle"));
  const input: BlockInput = {
    header,
    transactions: raw,
    uncles: uncleFields.map((fields) => ({
      coinbase: at(fields, 2, "uncle"),
      number: bytesToBigInt(at(fields, 8, "uncle")),
    })),
  };
  if (withdrawals !== undefined) {
    const items = listOf(withdrawals, "withdrawals").map((item) => bytesList(item, "withdrawal"));
    input.withdrawals = items.map((fields) => ({
      index: bytesToBigInt(at(fields, 0, "withdrawal")),
      validatorIndex: bytesToBigInt(at(fields, 1, "withdrawal")),
      address: at(fields, 2, "withdrawal"),
      amount: bytesToBigInt(at(fields, 3, "withdrawal")),
    }));
    checkRoot(
      "withdrawals",
      header,
      header.withdrawalsRoot,
      orderedTrieRoot(items.map((fields) => RLP.encode(fields))),
    );
  }
  checkRoot("uncles", header, header.uncleHash, keccak256(RLP.encode(uncleFields)));
  return finishBlock(input, 0);
}

/** A header from its RLP. Throws BlockFileError BRAID_FILE_MALFORMED. */
export function decodeHeader(rlp: Uint8Array, common: Common): BlockHeader {
  return decodeHeaderFields(bytesList(decodeRlp(rlp, "header"), "header"), common);
}

/** Checks what every format has in common and puts a loaded block together. */
export function finishBlock(input: BlockInput, unknownUncles: number): LoadedBlock {
  const { header } = input;
  checkRoot("transactions", header, header.transactionsTrie, orderedTrieRoot(input.transactions));
  if (header.withdrawalsRoot !== undefined && input.withdrawals === undefined) {
    throw new BlockFileError("BRAID_FILE_MALFORMED", `Block ${header.number} lacks its withdrawals.`, {
      data: { number: header.number },
    });
  }
  const { common } = header;
  return {
    number: header.number,
    hash: header.hash(),
    fork: common.hardfork(),
    common,
    input,
    unknownUncles,
  };
}

/** A header from named fields, under the rules of its number and timestamp. Throws BlockFileError BRAID_FILE_MALFORMED. */
export function headerFrom(fields: Parameters<typeof createBlockHeader>[0], common: Common): BlockHeader {
  return explainHeader(() =>
    createBlockHeader(fields, { common, setHardfork: true, skipConsensusFormatValidation: true }),
  );
}

/** Throws BlockFileError BRAID_BROKEN_CHAIN unless each block is the child of the one before. */
export function checkChain(blocks: LoadedBlock[]): void {
  for (const [index, block] of blocks.entries()) {
    const parent = blocks[index - 1];
    if (parent === undefined) continue;
    if (block.number === parent.number + 1n && equalBytes(block.input.header.parentHash, parent.hash))
      continue;
    throw new BlockFileError(
      "BRAID_BROKEN_CHAIN",
      `Block ${block.number} does not follow block ${parent.number}: its parent hash is another one.`,
      {
        data: { number: block.number, parent: parent.number },
      },
    );
  }
}

/**
 * Throws BlockFileError BRAID_PARENT_STATE_MISMATCH when the header of the parent is not the first block's parent,
 * or when it has another state root than the state that the file holds.
 */
export function checkParent(
  first: LoadedBlock,
  parent: BlockHeader,
  stateRoot: Uint8Array | undefined,
): void {
  if (!equalBytes(parent.hash(), first.input.header.parentHash)) {
    throw parentMismatch(
      first,
      `the parent header in the file is that of another block (${bytesToHex(parent.hash())})`,
    );
  }
  if (stateRoot !== undefined && !equalBytes(parent.stateRoot, stateRoot)) {
    throw parentMismatch(
      first,
      `the state has root ${bytesToHex(stateRoot)}, block ${parent.number} ended with ${bytesToHex(parent.stateRoot)}`,
    );
  }
}

/** The error of a state that is not the one before a block. */
export function parentMismatch(first: { number: bigint }, reason: string): BlockFileError {
  return new BlockFileError(
    "BRAID_PARENT_STATE_MISMATCH",
    `The state in the file is not the one before block ${first.number}: ${reason}. Capture the block and its state again.`,
    { data: { number: first.number, reason } },
  );
}

function decodeHeaderFields(fields: BlockHeaderBytes, common: Common): BlockHeader {
  return explainHeader(() =>
    createBlockHeaderFromBytesArray(fields, {
      common,
      setHardfork: true,
      skipConsensusFormatValidation: true,
    }),
  );
}

function explainHeader(create: () => BlockHeader): BlockHeader {
  try {
    return create();
  } catch (error) {
    throw new BlockFileError("BRAID_FILE_MALFORMED", `The block's header is malformed: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

function checkRoot(
  what: string,
  header: BlockHeader,
  expected: Uint8Array | undefined,
  found: Uint8Array,
): void {
  if (expected !== undefined && equalBytes(expected, found)) return;
  throw new BlockFileError(
    "BRAID_FILE_CORRUPT",
    `The ${what} of block ${header.number} are not those that its header commits to: the file is damaged.`,
    { data: { number: header.number, what, found: bytesToHex(found) } },
  );
}

function decodeRlp(rlp: Uint8Array, what: string): RlpItem {
  try {
    return RLP.decode(rlp);
  } catch (error) {
    throw malformed(what, messageOf(error));
  }
}

function listOf(item: RlpItem | undefined, what: string): RlpItem[] {
  if (!Array.isArray(item)) throw malformed(what, "it is not a list");
  return item;
}

function bytesList(item: RlpItem | undefined, what: string): Uint8Array[] {
  return listOf(item, what).map((field) => {
    if (Array.isArray(field)) throw malformed(what, "a field is a list");
    return field;
  });
}

function at(fields: Uint8Array[], index: number, what: string): Uint8Array {
  const field = fields[index];
  if (field === undefined) throw malformed(what, `it has only ${fields.length} fields`);
  return field;
}

function malformed(what: string, reason: string): BlockFileError {
  return new BlockFileError("BRAID_FILE_MALFORMED", `The RLP of the ${what} is malformed: ${reason}.`, {
    data: { what, reason },
  });
}
