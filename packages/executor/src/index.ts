// Public names of @braid/executor: execute a block in parallel with the result of the sequential run.

export type {
  BlockInput,
  ExecuteBlockInput,
  ExecutionMode,
  HintOptions,
  Progress,
  UncleInput,
  WithdrawalInput,
} from "./block/block-input.ts";
export { ENGINE_NAMES } from "./engines/registry.ts";
export {
  ExecutionError,
  InvalidBlockError,
  InvalidInputError,
  InvalidTransactionError,
  type TransactionErrorCode,
  WorkerStartError,
} from "./errors.ts";
export { MIN_PARALLEL_TRANSACTIONS } from "./execute-block.ts";
export { close, Executor, type ExecutorOptions, executeBlock } from "./executor.ts";
export type { Fallback } from "./pool/block-run.ts";
export { encodeReceipt, type Log, type Receipt, receiptsRoot } from "./receipts/receipts.ts";
export {
  type AccountAccess,
  accessListHash,
  type BlockAccessList,
  encodeAccessList,
  type SlotChanges,
  type ValueChange,
} from "./result/access-list.ts";
export type {
  AccessField,
  BlockResult,
  BuiltBlock,
  HintStatistics,
  LeftOut,
  ReadAccess,
  Statistics,
  TransactionResult,
  WriteAccess,
} from "./result/block-result.ts";
export { SeededExecutor, type SeededExecutorOptions } from "./seeded-executor.ts";
export { signatureRecovery } from "./transaction/signature-recovery.ts";
export { decodeTransaction, type Transaction } from "./transaction/transaction.ts";
