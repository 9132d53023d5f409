// Public names of @braid/workloads: seeded chains of blocks over contracts of many kinds, and what they are made of.
export { createAccounts, type SigningAccount } from "./chain/accounts.ts";
export { DEMO_CHAIN } from "./chain/chain-spec.ts";
export { Groth16, type Proof } from "./chain/groth16.ts";
export { MerkleTree } from "./chain/merkle-tree.ts";
export { signTransaction, type TransactionRequest } from "./chain/sign-transaction.ts";
export { type MinedBlock, StockChain } from "./chain/stock-chain.ts";
export { TextRandom } from "./chain/text-random.ts";
export {
  type AbiEntry,
  type AbiParameter,
  COMPILED,
  type CompiledContract,
  type CompiledFamily,
  type StorageType,
  type StorageVariable,
} from "./contracts/compiled-contract.ts";
export { Contract, type Message } from "./contracts/contract.ts";
export { compiledContract, contractFamilies, slotOf } from "./contracts/contract-code.ts";
export type { Family, Variant } from "./families/family.ts";
export { FAMILIES } from "./families/index.ts";
export {
  callsOf,
  dependentSwaps,
  etherTransfers,
  freshTokenTransfers,
  type PreparedState,
  prepareState,
  sealBlocks,
  swaps,
  tokenTransfers,
} from "./one-kind.ts";
export { SHIPPED_CHAIN } from "./shipped-chain.ts";
export {
  type MixedFamily,
  makeWorkload,
  mixOf,
  WORKLOAD_DEFAULTS,
  type WorkloadOptions,
  workloadNames,
} from "./workload.ts";
