// Public names of @braid/executor: execute a block in parallel with the result of the sequential run.

export {
  InvalidBlockError,
  InvalidTransactionError,
  type TransactionErrorCode,
} from "@braid/protocol";
export type {
  BlockInput,
  ExecuteBlockInput,
  ExecutionMode,
  HintOptions,
  Progress,
} from "./block/block-input.ts";
export type {
  BlockOverrides,
  CallInput,
  CallMessage,
  SimulateInput,
  StateOverride,
} from "./block/call-input.ts";
export type {
  TraceContract,
  TracedAccount,
  TracedAddress,
  TraceMessage,
  TraceResult,
  Tracer,
  TraceState,
  TraceStep,
} from "./block/tracer.ts";
export type { CallResult, SimulatedBlock } from "./call.ts";
export { commonOf } from "./engines/ethereumjs/evm/chain-config.ts";
export { ENGINE_NAMES } from "./engines/registry.ts";
export { ExecutionError, InvalidInputError, WorkerStartError } from "./errors.ts";
export { MIN_PARALLEL_TRANSACTIONS, type TraceInput } from "./execute-block.ts";
export { close, Executor, type ExecutorOptions, executeBlock } from "./executor.ts";
export type { Fallback } from "./pool/block-run.ts";
export type {
  AccessField,
  BlockResult,
  BuiltBlock,
  HintStatistics,
  LeftOut,
  ReadAccess,
  Statistics,
  SystemUnit,
  TracedTransaction,
  TransactionResult,
  WriteAccess,
} from "./result/block-result.ts";
export { SeededExecutor, type SeededExecutorOptions } from "./seeded-executor.ts";
export { recoverAuthority, recoverSender } from "./transaction/recover-sender.ts";
export { publicKeyOf, signatureRecovery, signMessage } from "./transaction/secp256k1.ts";
