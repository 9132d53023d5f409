// A store of states in memory, and first states to begin it with.
import { changesOfAlloc, changesOfFlat, type GenesisAlloc } from "../initial-state.ts";
import type { StateChanges } from "../state-changes.ts";
import type { FlatPreState } from "../state-source.ts";
import { MemoryBackend } from "./memory-backend.ts";
import type { KeptBlock, NewBlock } from "./state-store.ts";
import { commitOf, prepareTrie, type StoreOptions, TreeStateStore } from "./tree-state-store.ts";

/** A store that has its first block. */
export type BegunStore = MemoryStateStore & { readonly head: KeptBlock };

/**
 * A StateStore in memory. Nothing of it is on disk.
 * PERF: a commit costs a few microseconds for each changed account or slot, whatever the size of the state.
 */
export class MemoryStateStore extends TreeStateStore {
  constructor(options: StoreOptions = {}, backend: MemoryBackend = new MemoryBackend()) {
    super(backend, options);
  }

  /** A store whose first state is that of a genesis file's `alloc`; without a block it goes by its root. Throws InvalidGenesisError. */
  static fromAlloc(alloc: GenesisAlloc, block?: NewBlock): BegunStore {
    return begin(changesOfAlloc(alloc), block);
  }

  /**
   * A store whose first state is what a flat pre-state lists, as the whole state; without a block it goes by its root. Throws
   * MissingCodeError when the pre-state refers to a code it lacks.
   */
  static fromFlat(pre: FlatPreState, block?: NewBlock): BegunStore {
    return begin(changesOfFlat(pre), block);
  }
}

function begin(changes: StateChanges, block?: NewBlock): BegunStore {
  const backend = new MemoryBackend();
  const first = prepareTrie(backend, undefined, changes);
  const id = block ?? { hash: first.root, number: 0n };
  backend.commit(commitOf(backend, undefined, id, first, Number.POSITIVE_INFINITY, []));
  return new MemoryStateStore({}, backend) as BegunStore;
}
