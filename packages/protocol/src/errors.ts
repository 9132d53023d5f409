// Why something cannot be part of a chain: one code for each rule, so that callers (and other clients' test suites) can tell them apart.

import { BaseError } from "@braid/primitives";

/** The rules of blocks (Yellow Paper sections 4.4 and 11, and the EIPs named where they are checked). */
export type BlockErrorCode =
  /** It cannot be decoded: `data.field` names what is missing or wrong, where it has a name. */
  | "BRAID_BLOCK_MALFORMED"
  /** It does not have the hash that came with it. */
  | "BRAID_BLOCK_WRONG_HASH"
  /** Its uncles are named by their hashes alone. */
  | "BRAID_BLOCK_UNKNOWN_UNCLES"
  | "BRAID_BLOCK_TOO_LARGE"
  | "BRAID_BLOCK_UNKNOWN_PARENT"
  | "BRAID_BLOCK_WRONG_NUMBER"
  | "BRAID_BLOCK_TIMESTAMP_NOT_LATER"
  | "BRAID_BLOCK_EXTRA_DATA_TOO_LONG"
  | "BRAID_BLOCK_WRONG_DAO_EXTRA_DATA"
  | "BRAID_BLOCK_GAS_LIMIT_OUT_OF_BOUNDS"
  | "BRAID_BLOCK_GAS_LIMIT_TOO_BIG"
  | "BRAID_BLOCK_GAS_USED_ABOVE_LIMIT"
  | "BRAID_BLOCK_WRONG_BASE_FEE"
  | "BRAID_BLOCK_WRONG_DIFFICULTY"
  | "BRAID_BLOCK_WRONG_NONCE"
  | "BRAID_BLOCK_BLOB_GAS_USED_ABOVE_LIMIT"
  | "BRAID_BLOCK_WRONG_EXCESS_BLOB_GAS"
  | "BRAID_BLOCK_WRONG_UNCLES_HASH"
  | "BRAID_BLOCK_TOO_MANY_UNCLES"
  | "BRAID_BLOCK_UNCLE_IS_ANCESTOR"
  | "BRAID_BLOCK_UNCLE_ALREADY_INCLUDED"
  | "BRAID_BLOCK_UNCLE_UNKNOWN_PARENT"
  | "BRAID_BLOCK_UNCLE_INVALID"
  | "BRAID_BLOCK_WRONG_TRANSACTIONS_ROOT"
  | "BRAID_BLOCK_WRONG_WITHDRAWALS_ROOT"
  | "BRAID_BLOCK_WRONG_GAS_USED"
  | "BRAID_BLOCK_WRONG_BLOB_GAS_USED"
  | "BRAID_BLOCK_WRONG_RECEIPTS_ROOT"
  | "BRAID_BLOCK_WRONG_LOGS_BLOOM"
  | "BRAID_BLOCK_WRONG_STATE_ROOT"
  | "BRAID_BLOCK_WRONG_REQUESTS_HASH"
  | "BRAID_BLOCK_WRONG_ACCESS_LIST_HASH"
  // What shows when it is executed.
  | "BRAID_BLOCK_SYSTEM_CALL_FAILED"
  | "BRAID_BLOCK_SYSTEM_CONTRACT_EMPTY"
  | "BRAID_BLOCK_BLOB_GAS_EXCEEDED"
  | "BRAID_BLOCK_DEPOSIT_LOG_MALFORMED";

/** A block that breaks a rule of its chain, other than by one of its transactions. */
export class InvalidBlockError extends BaseError {
  declare readonly code: BlockErrorCode;

  constructor(code: BlockErrorCode, message: string, data: Record<string, unknown> = {}) {
    super(code, message, { data });
  }
}

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

/** A transaction that no block may contain in this place; a block that does is invalid. */
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

/** A receipt, or a block access list, that cannot be decoded. */
export class MalformedDataError extends BaseError {
  constructor(code: "BRAID_RECEIPT_MALFORMED" | "BRAID_ACCESS_LIST_MALFORMED", message: string) {
    super(code, message);
  }
}

/** A chain's description that cannot be used: the message says what to change. */
export class InvalidChainError extends BaseError {
  constructor(
    code: /** No chain, or no fork, has that name. */
      | "BRAID_UNKNOWN_CHAIN"
      /** The description contradicts itself or lacks something. */
      | "BRAID_INVALID_CHAIN"
      /** A fork of the chain activates EIPs that Braid does not know. */
      | "BRAID_UNKNOWN_EIP",
    message: string,
    data: Record<string, unknown> = {},
  ) {
    super(code, message, { data });
  }
}

/** A genesis file that cannot be read. Code BRAID_INVALID_GENESIS_FILE. */
export class InvalidGenesisFileError extends BaseError {
  constructor(reason: string, field?: string) {
    super(
      "BRAID_INVALID_GENESIS_FILE",
      `The genesis file cannot be read: ${reason}.`,
      field === undefined ? {} : { data: { field } },
    );
  }
}
