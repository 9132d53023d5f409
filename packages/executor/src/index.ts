// Public names of @braid/executor: execute a block in parallel with the result of the sequential run.

export {
  type AccountAccess,
  accessListHash,
  type BlockAccessList,
  encodeAccessList,
  type SlotChanges,
  type ValueChange,
} from "./block/access-list.ts";
export type {
  BlockInput,
  ExecuteBlockInput,
  ExecutionMode,
  HintOptions,
  Progress,
  UncleInput,
  WithdrawalInput,
} from "./block/block-input.ts";
export type {
  AccessField,
  BlockResult,
  Fallback,
  HintStatistics,
  Log,
  ReadAccess,
  Receipt,
  Statistics,
  TransactionResult,
  WriteAccess,
} from "./block/block-result.ts";
export { encodeReceipt, receiptsRoot } from "./block/receipts.ts";
export {
  ExecutionError,
  InvalidBlockError,
  InvalidTransactionError,
  type TransactionErrorCode,
} from "./errors.ts";
export { MIN_PARALLEL_TRANSACTIONS } from "./execute-block.ts";
export { close, Executor, type ExecutorOptions, executeBlock } from "./executor.ts";
export { decodeTransaction, type Transaction } from "./transaction/transaction.ts";
export { VirtualExecutor, type VirtualExecutorOptions } from "./virtual/virtual-executor.ts";
