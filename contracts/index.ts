// Public names of @braid/contracts: the shipped chain's generator, and workloads for benchmarks and tests.
export { createAccounts, type SigningAccount } from "./accounts.ts";
export { DEMO_CHAIN } from "./chain-spec.ts";
export type {
  AbiEntry,
  AbiParameter,
  CompiledContract,
  CompiledFamily,
  StorageType,
  StorageVariable,
} from "./compile.ts";
export { callData, compiledContract, contractFamilies, creationCode, slotOf } from "./contract-code.ts";
export { type ChainOptions, makeChain, SHIPPED_CHAIN, SHIPPED_CHAIN_FILE } from "./make-chain.ts";
export { signTransaction, type TransactionRequest } from "./sign-transaction.ts";
export { type MinedBlock, StockChain } from "./stock-chain.ts";
export {
  dependentSwaps,
  etherTransfers,
  prepareWorkload,
  sealWorkload,
  swaps,
  tokenTransfers,
  type Workload,
  type WorkloadOptions,
} from "./workloads.ts";
