// What every loader makes of a file: blocks that can be executed, and the state before the first of them.
import { bytesToHex, equalBytes, type Hex } from "@braid/primitives";
import {
  type Block,
  type Chain,
  decodeBlock,
  type ForkName,
  type Header,
  hashHeader,
  validateBody,
  validateHeader,
} from "@braid/protocol";
import type { FlatPreState, StateChanges, StateSource } from "@braid/state";
import { BlockFileError } from "./errors.ts";

/** Which of the formats a file has. */
export type BlockFileFormat = "mainnet-block" | "witness" | "bundle";

/** Consecutive blocks over one parent state, wherever they come from. */
export interface BlockSource {
  /** What reports call it: a file's path, or a node's host. */
  path: string;
  chain: Chain;
  blocks: LoadedBlock[];
  parentState: ParentState | RemoteState;
  /** Ancestors' hashes for BLOCKHASH by number; the source's own blocks are not in it. */
  blockHashes: Map<bigint, Uint8Array>;
}

/** A file that was loaded. */
export interface BlockFile extends BlockSource {
  format: BlockFileFormat;
  parentState: ParentState;
}

/** The state before one block, read when it is needed. */
interface RemoteState {
  kind: "remote";
  source: StateSource;
  /** The block was executed on it, and came out right. */
  advance: (changes: StateChanges) => void;
}

/** One block, decoded and checked against its own header. */
export interface LoadedBlock {
  number: bigint;
  /** 32 bytes. */
  hash: Uint8Array;
  chain: Chain;
  /** The fork that rules it. */
  fork: ForkName;
  input: Block;
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

/**
 * A block from its consensus RLP, whose body is the one that its header commits to.
 *
 * @throws InvalidBlockError: BRAID_BLOCK_MALFORMED, or the code of a root that does not fit.
 */
export function loadBlock(rlp: Uint8Array, chain: Chain): LoadedBlock {
  const input = decodeBlock(rlp, chain);
  validateBody(input, chain);
  return loadedBlock(input, chain, 0);
}

/** A block that has been checked against its own header. */
export function loadedBlock(input: Block, chain: Chain, unknownUncles: number): LoadedBlock {
  const { header } = input;
  return {
    number: header.number,
    hash: hashHeader(header),
    chain,
    fork: chain.forkAt(header),
    input,
    unknownUncles,
  };
}

/**
 * Checks that each block is the child of the one before, by its hash and by the chain's rules.
 *
 * @throws BlockFileError BRAID_BROKEN_CHAIN; InvalidBlockError for the rule that a header breaks.
 */
export function checkChain(blocks: LoadedBlock[]): void {
  for (const [index, block] of blocks.entries()) {
    const parent = blocks[index - 1];
    if (parent === undefined) continue;
    if (!equalBytes(block.input.header.parentHash, parent.hash))
      throw new BlockFileError(
        "BRAID_BROKEN_CHAIN",
        `Block ${block.number} does not follow block ${parent.number}: its parent hash is another one.`,
        { data: { number: block.number, parent: parent.number } },
      );
    validateHeader(block.input.header, parent.input.header, block.chain);
  }
}

/**
 * Checks that a block is the child of the header before it, and that the file's state is the one after that header.
 *
 * @throws BlockFileError BRAID_PARENT_STATE_MISMATCH; InvalidBlockError for the rule that the block's header breaks.
 */
export function checkParent(first: LoadedBlock, parent: Header, stateRoot: Uint8Array | undefined): void {
  const hash = hashHeader(parent);
  if (!equalBytes(hash, first.input.header.parentHash)) {
    throw parentMismatch(
      first,
      `the parent header in the file is that of another block (${bytesToHex(hash)})`,
    );
  }
  if (stateRoot !== undefined && !equalBytes(parent.stateRoot, stateRoot)) {
    throw parentMismatch(
      first,
      `the state has root ${bytesToHex(stateRoot)}, block ${parent.number} ended with ${bytesToHex(parent.stateRoot)}`,
    );
  }
  validateHeader(first.input.header, parent, first.chain);
}

/** The error of a state that is not the one before a block. */
export function parentMismatch(first: { number: bigint }, reason: string): BlockFileError {
  return new BlockFileError(
    "BRAID_PARENT_STATE_MISMATCH",
    `The state in the file is not the one before block ${first.number}: ${reason}. Capture the block and its state again.`,
    { data: { number: first.number, reason } },
  );
}
