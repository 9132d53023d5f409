// The typed errors of block execution: what a caller can catch by code.

import { BaseError } from "@braid/primitives";

/** Why a transaction cannot be part of a block (Yellow Paper section 6.2 and the EIPs named at each check). */
export type TransactionErrorCode =
  | "BRAID_TX_MALFORMED"
  | "BRAID_TX_TYPE_NOT_ACTIVE"
  | "BRAID_TX_WRONG_CHAIN_ID"
  | "BRAID_TX_INVALID_SIGNATURE"
  | "BRAID_TX_NONCE_TOO_LOW"
  | "BRAID_TX_NONCE_TOO_HIGH"
  | "BRAID_TX_NONCE_IS_MAX"
  | "BRAID_TX_INSUFFICIENT_FUNDS"
  | "BRAID_TX_SENDER_NOT_EOA"
  | "BRAID_TX_INTRINSIC_GAS_TOO_LOW"
  | "BRAID_TX_GAS_FLOOR_TOO_LOW"
  | "BRAID_TX_GAS_LIMIT_EXCEEDS_CAP"
  | "BRAID_TX_GAS_LIMIT_EXCEEDS_BLOCK"
  | "BRAID_TX_INITCODE_TOO_LARGE"
  | "BRAID_TX_FEE_BELOW_BASE_FEE"
  | "BRAID_TX_PRIORITY_FEE_ABOVE_MAX_FEE"
  | "BRAID_TX_FEE_OVERFLOW"
  | "BRAID_TX_BLOB_FEE_TOO_LOW"
  | "BRAID_TX_NO_BLOBS"
  | "BRAID_TX_BLOB_COUNT"
  | "BRAID_TX_BLOB_GAS_EXCEEDS_BLOCK"
  | "BRAID_TX_BLOB_VERSION"
  | "BRAID_TX_BLOB_CREATE"
  | "BRAID_TX_AUTHORIZATION_LIST_EMPTY"
  | "BRAID_TX_AUTHORIZATION_CREATE";

/** A transaction that no block may contain in this place; the block is invalid. */
export class InvalidTransactionError extends BaseError {
  constructor(
    code: TransactionErrorCode,
    message: string,
    data: { transactionIndex?: number } & Record<string, unknown> = {},
  ) {
    super(code, message, { data });
  }
}

/** A block that breaks a rule of its fork, other than by one of its transactions. */
export class InvalidBlockError extends BaseError {
  constructor(
    code:
      | "BRAID_BLOCK_SYSTEM_CALL_FAILED"
      | "BRAID_BLOCK_SYSTEM_CONTRACT_EMPTY"
      | "BRAID_BLOCK_BLOB_GAS_EXCEEDED"
      | "BRAID_BLOCK_DEPOSIT_LOG_MALFORMED",
    message: string,
    data: Record<string, unknown> = {},
  ) {
    super(code, message, { data });
  }
}

/** Execution itself broke: an engine bug, a worker that died twice, a state source that failed. */
export class ExecutionError extends BaseError {
  constructor(
    code:
      | "BRAID_ENGINE_FAILURE"
      | "BRAID_ENGINE_UNKNOWN"
      | "BRAID_WORKER_DIED"
      | "BRAID_SOURCE_FAILED"
      | "BRAID_EXECUTOR_CLOSED"
      | "BRAID_ABORTED",
    message: string,
    options: { data?: Record<string, unknown>; cause?: unknown } = {},
  ) {
    super(code, message, options);
  }
}
