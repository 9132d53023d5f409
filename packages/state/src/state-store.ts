// A state that blocks are committed to.
import type { StateDiff } from "./state-diff.ts";
import type { StateSource } from "./state-source.ts";

/** A StateSource that moves on: from one committed block to the next. */
export interface StateStore extends StateSource {
  /** Grows by one with each commit. */
  readonly version: number;
  /** 32 bytes. */
  readonly stateRoot: Uint8Array;
  /** The state root that a commit of this diff would give; changes nothing. */
  computeStateRoot(diff: StateDiff): Promise<Uint8Array>;
  /** Applies a diff and gives the new state root. Atomic: when it rejects, the store is as before. */
  commit(diff: StateDiff): Promise<Uint8Array>;
}
