// Why a block cannot be part of the chain: one code for each rule, so that callers (and other clients' test suites) can tell them apart.

import { BaseError } from "@braid/primitives";

/** The rules of headers and bodies (Yellow Paper sections 4.4 and 11, and the EIPs named where they are checked). */
export type BlockErrorCode =
  | "BRAID_BLOCK_MALFORMED"
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
  | "BRAID_BLOCK_WRONG_ACCESS_LIST_HASH";

/** A block that breaks a rule of its chain. Blocks that fail while they are executed reject with the executor's errors. */
export class BlockRejectedError extends BaseError {
  constructor(code: BlockErrorCode, message: string, data: Record<string, unknown> = {}) {
    super(code, message, { data });
  }
}
