// Opens the state that a file holds: what is read while its blocks execute, and what moves on from block to block.
import { bytesToHex, equalBytes } from "@braid/primitives";
import {
  MemoryStateSource,
  MemoryStateStore,
  type PreparedState,
  type StateChanges,
  type StateSource,
  WitnessStateSource,
} from "@braid/state";
import { type BlockSource, type LoadedBlock, parentMismatch } from "./block-file.ts";

/** A state to execute a block on. */
export interface BlockState {
  source: StateSource;
  /** The state root that changes on top of the source give; undefined when the file cannot tell (a flat pre-state has no trie). */
  rootAfter?: (changes: StateChanges) => Uint8Array;
  /** Milliseconds that a read may take, where the source has limits of its own: Infinity. */
  readTimeoutMs?: number;
}

/** A file's state, before its first block to begin with. */
export interface OpenedState {
  /**
   * The state before the next block. For a single block it is a new one with each call, so that every execution has to load it anew and
   * times can be compared; for a chain it is one store, whose cached parts stay cached from block to block as in a node.
   */
  open(): BlockState;
  /** Moves the state on past an executed block, so that the next one of the file can follow. */
  advance(block: LoadedBlock, changes: StateChanges): Promise<void>;
}

/** Throws BlockFileError BRAID_PARENT_STATE_MISMATCH when a complete state has another root than the file says. */
export function openParentState(file: BlockSource): OpenedState {
  const { parentState, blockHashes, blocks } = file;
  if (parentState.kind === "remote") {
    const { source } = parentState;
    return {
      open: () => ({ source, readTimeoutMs: Number.POSITIVE_INFINITY }),
      advance: async (_block, changes) => parentState.advance(changes),
    };
  }
  const first = blocks[0];
  // The parent's hash stands in the header: BLOCKHASH may ask for it whether or not the file lists it.
  if (first !== undefined && !blockHashes.has(first.number - 1n)) {
    blockHashes.set(first.number - 1n, first.input.header.parentHash);
  }
  if (parentState.kind === "witness") {
    const { stateRoot: parentStateRoot, nodes, codes, treatAsAbsent: treatMissingAsAbsent } = parentState;
    const open = (): BlockState => {
      const source = new WitnessStateSource({
        parentStateRoot,
        nodes,
        codes,
        blockHashes,
        treatMissingAsAbsent,
      });
      return { source, rootAfter: (changes) => source.rootAfter(changes) };
    };
    return { open, advance: async () => {} };
  }
  if (parentState.kind === "flat" && blocks.length === 1) {
    const { pre } = parentState;
    return {
      open: () => ({ source: MemoryStateSource.fromFlat({ ...pre, blockHashes }) }),
      advance: async () => {},
    };
  }
  const parent = first ?? { number: 0n, input: { header: { parentHash: new Uint8Array(32) } } };
  const store = MemoryStateStore.fromFlat(parentState.pre, {
    hash: parent.input.header.parentHash,
    number: parent.number - 1n,
    ancestors: blockHashes,
  });
  if (
    parentState.kind === "complete" &&
    parentState.stateRoot !== undefined &&
    !equalBytes(parentState.stateRoot, store.head.stateRoot)
  ) {
    const found = bytesToHex(store.head.stateRoot);
    throw parentMismatch(parent, `it has root ${found} instead of ${bytesToHex(parentState.stateRoot)}`);
  }
  // What was prepared for the root is what is committed.
  let prepared: { changes: StateChanges; state: PreparedState } | undefined;
  const prepare = (changes: StateChanges): PreparedState => {
    if (prepared?.changes !== changes) prepared = { changes, state: store.prepare(store.head.hash, changes) };
    return prepared.state;
  };
  const rootAfter = (changes: StateChanges): Uint8Array => prepare(changes).root;
  return {
    open: () => ({
      source: store.stateAt(store.head.hash),
      ...(parentState.kind === "complete" ? { rootAfter } : {}),
    }),
    advance: async ({ hash, number }, changes) => prepare(changes).commit({ hash, number }),
  };
}
