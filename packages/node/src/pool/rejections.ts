// Why the pool does not take a transaction. Messages are geth's, because clients match them: "nonce too low", "already known",
// "replacement transaction underpriced", "insufficient funds for gas * price + value".

import { BaseError } from "@braid/primitives";
import { InvalidTransactionError, type TransactionErrorCode } from "@braid/protocol";

export type RejectionCode =
  | TransactionErrorCode
  | "BRAID_POOL_ALREADY_KNOWN"
  | "BRAID_POOL_UNDERPRICED"
  | "BRAID_POOL_REPLACEMENT_UNDERPRICED"
  | "BRAID_POOL_ACCOUNT_LIMIT"
  | "BRAID_POOL_TOO_LARGE"
  | "BRAID_POOL_MISSING_BLOBS"
  | "BRAID_POOL_INVALID_BLOBS";

export class RejectedTransactionError extends BaseError {
  declare readonly code: RejectionCode;

  constructor(code: RejectionCode, message: string, data: Record<string, unknown> = {}) {
    super(code, message, { data });
  }
}

const WORDS: Partial<Record<TransactionErrorCode, string>> = {
  BRAID_TX_TYPE_NOT_ACTIVE: "transaction type not supported",
  BRAID_TX_WRONG_CHAIN_ID: "invalid chain id for signer",
  BRAID_TX_INVALID_SIGNATURE: "invalid sender",
  BRAID_TX_NONCE_TOO_LOW: "nonce too low",
  BRAID_TX_NONCE_TOO_HIGH: "nonce too high",
  BRAID_TX_NONCE_IS_MAX: "nonce has max value",
  BRAID_TX_INSUFFICIENT_FUNDS: "insufficient funds for gas * price + value",
  BRAID_TX_SENDER_NOT_EOA: "sender not an eoa",
  BRAID_TX_INTRINSIC_GAS_TOO_LOW: "intrinsic gas too low",
  BRAID_TX_GAS_FLOOR_TOO_LOW: "insufficient gas for floor data gas cost",
  BRAID_TX_GAS_LIMIT_EXCEEDS_CAP: "transaction gas limit too high",
  BRAID_TX_GAS_LIMIT_EXCEEDS_BLOCK: "exceeds block gas limit",
  BRAID_TX_INITCODE_TOO_LARGE: "max initcode size exceeded",
  BRAID_TX_FEE_BELOW_BASE_FEE: "max fee per gas less than block base fee",
  BRAID_TX_PRIORITY_FEE_ABOVE_MAX_FEE: "max priority fee per gas higher than max fee per gas",
  BRAID_TX_FEE_OVERFLOW: "max fee per gas higher than 2^256-1",
  BRAID_TX_BLOB_FEE_TOO_LOW: "max fee per blob gas less than block blob gas fee",
  BRAID_TX_NO_BLOBS: "blobless blob transaction",
  BRAID_TX_BLOB_COUNT: "too many blobs in transaction",
  BRAID_TX_BLOB_GAS_EXCEEDS_BLOCK: "too many blobs in transaction",
  BRAID_TX_BLOB_VERSION: "blob hash version is not supported",
  BRAID_TX_BLOB_CREATE: "blob transaction cannot create a contract",
  BRAID_TX_AUTHORIZATION_LIST_EMPTY: "EIP-7702 transaction with empty auth list",
  BRAID_TX_AUTHORIZATION_CREATE: "EIP-7702 transaction cannot be used to create contract",
};

/** An invalid transaction in geth's words, with what Braid says of it behind them. */
export function wordsOf({ code, message }: InvalidTransactionError): string {
  const words = WORDS[code];
  return words === undefined ? message : `${words}: ${message}`;
}

/** The same rejection in geth's words. */
export function rejectionOf(error: unknown): unknown {
  if (!(error instanceof InvalidTransactionError)) return error;
  return new RejectedTransactionError(error.code, wordsOf(error), error.data);
}
