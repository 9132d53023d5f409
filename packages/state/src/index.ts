// Public names of @braid/state: reads of states, state changes, stores of states, and the roots of tries.
export {
  ABSENT_CODE_HASH,
  EMPTY_CODE_HASH,
  EMPTY_CODE_HASH_HEX,
  EMPTY_TRIE_ROOT,
  EMPTY_TRIE_ROOT_HEX,
} from "./constants.ts";
export { BadTrieNodeError, MissingBlockHashError, MissingCodeError, MissingTrieNodeError } from "./errors.ts";
export {
  changesOfAlloc,
  changesOfFlat,
  type GenesisAccount,
  type GenesisAlloc,
  InvalidGenesisError,
} from "./initial-state.ts";
export { LmdbStateStore } from "./lmdb/lmdb-state-store.ts";
export { type OpenState, openState } from "./lmdb/open-state.ts";
export { StoreError, type StoreErrorCode } from "./lmdb/store-error.ts";
export { MemoryStateSource } from "./memory-state-source.ts";
export { whenThere } from "./overlay/known-source.ts";
export { OverlayStateStore } from "./overlay/overlay-state-store.ts";
export * from "./state-changes.ts";
export { StateChangesWriter, stateChangesOf } from "./state-changes-writer.ts";
export type {
  FlatAccount,
  FlatPreState,
  SourceAccount,
  StateAnswer,
  StateHandle,
  StateKey,
  StateSource,
} from "./state-source.ts";
export { type BegunStore, MemoryStateStore } from "./store/memory-state-store.ts";
export { type RecordChange, RecordKeyError, type RecordRange } from "./store/records.ts";
export { readStandIn, standInHash } from "./store/stand-ins.ts";
export {
  type AccountProof,
  type BlockId,
  BlockInUseError,
  type KeptBlock,
  type KeptState,
  KnownBlockError,
  type NewBlock,
  type PreparedState,
  type StateStore,
  type StoredState,
  UnknownBlockError,
  UnprovableStateError,
} from "./store/state-store.ts";
export type { StateWitness } from "./store/state-witness.ts";
export { type WitnessInput, WitnessStateSource } from "./witness-state-source.ts";
