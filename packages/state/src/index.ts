// Public names of @braid/state: reads of parent states, state diffs, and the roots of tries.
export { EMPTY_CODE_HASH, EMPTY_CODE_HASH_HEX, EMPTY_TRIE_ROOT, EMPTY_TRIE_ROOT_HEX } from "./constants.ts";
export { BadTrieNodeError, MissingBlockHashError, MissingCodeError, MissingTrieNodeError } from "./errors.ts";
export { type GenesisAccount, type GenesisAlloc, InvalidGenesisError } from "./initial-state.ts";
export { MemoryStateSource } from "./memory-state-source.ts";
export { MemoryStateStore } from "./memory-state-store.ts";
export { orderedTrieLeaf, orderedTrieRoot, orderedTrieRootOfLeaves } from "./ordered-trie-root.ts";
export { type AccountDiff, emptyAccountDiff, emptyStateDiff, type StateDiff } from "./state-diff.ts";
export type {
  FlatAccount,
  FlatPreState,
  SourceAccount,
  StateAnswer,
  StateKey,
  StateSource,
} from "./state-source.ts";
export type { StateStore } from "./state-store.ts";
export { type WitnessInput, WitnessStateSource } from "./witness-state-source.ts";
