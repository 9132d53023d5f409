// The typed errors of block execution: what a caller can catch by code.

import { BaseError, serializeError } from "@braid/primitives";

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
  declare readonly code: TransactionErrorCode;
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

/** Execution itself broke: an engine bug, a worker that died twice, a state source that failed or does not answer. */
export class ExecutionError extends BaseError {
  constructor(
    code:
      | "BRAID_ENGINE_FAILURE"
      | "BRAID_ENGINE_UNKNOWN"
      | "BRAID_WORKER_DIED"
      | "BRAID_SOURCE_FAILED"
      | "BRAID_SOURCE_TIMEOUT"
      | "BRAID_EXECUTOR_CLOSED"
      | "BRAID_ABORTED",
    message: string,
    options: { data?: Record<string, unknown>; cause?: unknown } = {},
  ) {
    super(code, message, options);
  }
}

/** Something that executeBlock was given is not what it must be; `data.field` says which. Code BRAID_INVALID_INPUT. */
export class InvalidInputError extends BaseError {
  constructor(field: string, message: string, data: Record<string, unknown> = {}) {
    super("BRAID_INVALID_INPUT", message, { data: { field, ...data } });
  }
}

/** Worker threads cannot be started: what they need is not installed, or must not be read. Code BRAID_WORKER_START; the reason is the cause. */
export class WorkerStartError extends BaseError {
  constructor(cause: unknown) {
    const { code, message } = serializeError(cause);
    super("BRAID_WORKER_START", `The workers could not be started: ${message}\n${remedy(code)}`, {
      data: { reason: message, reasonCode: code },
      cause,
    });
  }
}

const NOT_INSTALLED = ["MODULE_NOT_FOUND", "ERR_MODULE_NOT_FOUND", "ERR_DLOPEN_FAILED"];

/** Something that was to be loaded is not there, or not made for this machine. */
export function isNotInstalled(error: unknown): boolean {
  return NOT_INSTALLED.includes(serializeError(error).code);
}

function remedy(code: string): string {
  if (NOT_INSTALLED.includes(code))
    return "Install the dependencies again on this machine, with optional ones, for its platform and its version of Node.";
  if (/^(EACCES|EPERM|EROFS|ENOENT)$/.test(code))
    return "Let this user read what Braid is installed from, and write where the message says.";
  if (code === "ERR_WORKER_OUT_OF_MEMORY" || code === "ENOMEM" || code === "EAGAIN")
    return "Use fewer workers (option workers), or allow the process more memory and threads.";
  return "If nothing on this machine explains it, report it.";
}
