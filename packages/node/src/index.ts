// Public names of @braid/node: a development node, and a follower of chains, over Braid.

export {
  accountOf,
  DEFAULT_MNEMONIC,
  type DevAccount,
  deriveAccounts,
  type FundedAccount,
  MnemonicError,
} from "./accounts/dev-accounts.ts";
export { UnknownAccountError } from "./accounts/unknown-account-error.ts";
export { openNode } from "./create-node.ts";
export type { ForkOptions } from "./fork/fork.ts";
export { ForkOptionsError } from "./fork/fork-rules.ts";
export { DEFAULT_NODE_LIMITS, type NodeLimits } from "./limits.ts";
export { TimestampError } from "./mining/clock.ts";
export type { DroppedTransaction, EmptyBlocks, MinedBlock } from "./mining/miner.ts";
export { Node } from "./node.ts";
export type { HardhatOptions, MiningInterval, MiningOptions, NodeOptions } from "./options.ts";
export { RejectedTransactionError, type RejectionCode } from "./pool/rejections.ts";
export { BraidProvider, createNode } from "./provider.ts";
export { callPrestate } from "./rpc/hardhat/calls.ts";
export { FailedExecutionError, InternalOutOfGasError } from "./rpc/hardhat/errors.ts";
export { type Prestate, transactionPrestate } from "./rpc/hardhat/prestate.ts";
export type {
  BraidRpcSchema,
  RpcCall,
  RpcMethodName,
  RpcParameters,
  RpcResult,
} from "./schema/rpc-schema.ts";
export type * from "./schema/shapes.ts";
