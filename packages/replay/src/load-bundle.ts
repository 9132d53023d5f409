// Loads one of Braid's own bundles.
import { equalBytes } from "@braid/primitives";
import { chainOf, decodeHeader } from "@braid/protocol";
import {
  type BlockFile,
  checkChain,
  checkParent,
  type LoadedBlock,
  loadBlock,
  type ParentState,
  parentMismatch,
} from "./block-file.ts";
import { type BundleState, decodeBundle } from "./bundle.ts";
import { BlockFileError } from "./errors.ts";

/**
 * The blocks and the parent state of a bundle's bytes. Throws what `decodeBundle` throws; BlockFileError BRAID_BROKEN_CHAIN,
 * BRAID_PARENT_STATE_MISMATCH; InvalidChainError; InvalidBlockError for a block that breaks a rule which can be checked without executing it. The root of a complete state is computed and checked when it is opened.
 */
export function loadBundle(path: string, bytes: Uint8Array, maxBytes?: number): BlockFile {
  const bundle = decodeBundle(bytes, maxBytes);
  const chain = chainOf(bundle.chain);
  const blocks = bundle.blocks.map((rlp) => loadBlock(rlp, chain));
  checkChain(blocks);
  const [first] = blocks;
  if (first === undefined) throw new BlockFileError("BRAID_FILE_MALFORMED", "The bundle holds no blocks.");
  if (bundle.state.kind === "witness" && blocks.length > 1) {
    throw new BlockFileError(
      "BRAID_FILE_MALFORMED",
      "The bundle holds several blocks over a witness; a witness is for one block.",
      { data: { blocks: blocks.length } },
    );
  }
  const parentState = parentStateOf(bundle.state);
  if (bundle.parentHeader !== undefined) {
    const parent = decodeHeader(bundle.parentHeader, chain);
    if (parentState.kind === "complete") parentState.stateRoot ??= parent.stateRoot;
    checkParent(first, parent, parentState.kind === "flat" ? undefined : parentState.stateRoot);
  }
  checkParentHash(first, bundle.blockHashes);
  return {
    path,
    format: "bundle",
    chain,
    blocks,
    parentState,
    blockHashes: bundle.blockHashes,
  };
}

function parentStateOf(state: BundleState): ParentState {
  return state.kind === "witness"
    ? { ...state, treatAsAbsent: new Set(state.treatAsAbsent ?? []) }
    : { ...state };
}

function checkParentHash(first: LoadedBlock, hashes: Map<bigint, Uint8Array>): void {
  const known = hashes.get(first.number - 1n);
  if (known !== undefined && !equalBytes(known, first.input.header.parentHash)) {
    throw parentMismatch(first, "the ancestors in the file are those of another block");
  }
}
