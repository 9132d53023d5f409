// From Braid's error codes to the names that execution-spec-tests give the same rules.

/**
 * Code -> the exceptions that describe it. More than one where fixtures tell apart what is one rule to Braid
 * (a transaction that cannot be decoded) or name the rule by the fork it came with (transaction types).
 */
const EXCEPTIONS: Record<string, readonly string[]> = {
  BRAID_TX_MALFORMED: [
    "TransactionException.ADDRESS_TOO_SHORT",
    "TransactionException.ADDRESS_TOO_LONG",
    "TransactionException.NONCE_OVERFLOW",
    "TransactionException.GASLIMIT_OVERFLOW",
    "TransactionException.VALUE_OVERFLOW",
    "TransactionException.GASPRICE_OVERFLOW",
    "TransactionException.PRIORITY_OVERFLOW",
    "TransactionException.RLP_",
    "TransactionException.TYPE_3_TX_WITH_FULL_BLOBS",
    "TransactionException.TYPE_4_INVALID_AUTHORIZATION_FORMAT",
    "TransactionException.INVALID_SIGNATURE_VRS",
    "BlockException.RLP_STRUCTURES_ENCODING",
  ],
  BRAID_TX_TYPE_NOT_ACTIVE: [
    "TransactionException.TYPE_NOT_SUPPORTED",
    "TransactionException.TYPE_1_TX_PRE_FORK",
    "TransactionException.TYPE_2_TX_PRE_FORK",
    "TransactionException.TYPE_3_TX_PRE_FORK",
    "TransactionException.TYPE_3_TX_ZERO_BLOBS_PRE_FORK",
    "TransactionException.TYPE_4_TX_PRE_FORK",
  ],
  BRAID_TX_WRONG_CHAIN_ID: ["TransactionException.INVALID_CHAINID"],
  BRAID_TX_INVALID_SIGNATURE: [
    "TransactionException.INVALID_SIGNATURE_VRS",
    "TransactionException.EC_RECOVERY_FAIL",
  ],
  BRAID_TX_NONCE_TOO_LOW: ["TransactionException.NONCE_MISMATCH_TOO_LOW"],
  BRAID_TX_NONCE_TOO_HIGH: ["TransactionException.NONCE_MISMATCH_TOO_HIGH"],
  BRAID_TX_NONCE_IS_MAX: ["TransactionException.NONCE_IS_MAX", "TransactionException.NONCE_TOO_BIG"],
  BRAID_TX_INSUFFICIENT_FUNDS: ["TransactionException.INSUFFICIENT_ACCOUNT_FUNDS"],
  BRAID_TX_SENDER_NOT_EOA: ["TransactionException.SENDER_NOT_EOA"],
  BRAID_TX_INTRINSIC_GAS_TOO_LOW: ["TransactionException.INTRINSIC_GAS_TOO_LOW"],
  BRAID_TX_GAS_FLOOR_TOO_LOW: ["TransactionException.INTRINSIC_GAS_BELOW_FLOOR_GAS_COST"],
  BRAID_TX_GAS_LIMIT_EXCEEDS_CAP: ["TransactionException.GAS_LIMIT_EXCEEDS_MAXIMUM"],
  BRAID_TX_GAS_LIMIT_EXCEEDS_BLOCK: [
    "TransactionException.GAS_ALLOWANCE_EXCEEDED",
    "BlockException.GAS_USED_OVERFLOW",
  ],
  BRAID_TX_INITCODE_TOO_LARGE: ["TransactionException.INITCODE_SIZE_EXCEEDED"],
  BRAID_TX_FEE_BELOW_BASE_FEE: ["TransactionException.INSUFFICIENT_MAX_FEE_PER_GAS"],
  BRAID_TX_PRIORITY_FEE_ABOVE_MAX_FEE: [
    "TransactionException.PRIORITY_GREATER_THAN_MAX_FEE_PER_GAS",
    "TransactionException.PRIORITY_GREATER_THAN_MAX_FEE_PER_GAS_2",
  ],
  BRAID_TX_FEE_OVERFLOW: [
    "TransactionException.GASLIMIT_PRICE_PRODUCT_OVERFLOW",
    "TransactionException.INSUFFICIENT_ACCOUNT_FUNDS",
  ],
  BRAID_TX_BLOB_FEE_TOO_LOW: ["TransactionException.INSUFFICIENT_MAX_FEE_PER_BLOB_GAS"],
  BRAID_TX_NO_BLOBS: ["TransactionException.TYPE_3_TX_ZERO_BLOBS"],
  BRAID_TX_BLOB_GAS_EXCEEDS_BLOCK: ["TransactionException.TYPE_3_TX_MAX_BLOB_GAS_ALLOWANCE_EXCEEDED"],
  BRAID_TX_BLOB_COUNT: ["TransactionException.TYPE_3_TX_BLOB_COUNT_EXCEEDED"],
  BRAID_TX_BLOB_VERSION: ["TransactionException.TYPE_3_TX_INVALID_BLOB_VERSIONED_HASH"],
  BRAID_TX_BLOB_CREATE: ["TransactionException.TYPE_3_TX_CONTRACT_CREATION"],
  BRAID_TX_AUTHORIZATION_LIST_EMPTY: ["TransactionException.TYPE_4_EMPTY_AUTHORIZATION_LIST"],
  BRAID_TX_AUTHORIZATION_CREATE: ["TransactionException.TYPE_4_TX_CONTRACT_CREATION"],
  BRAID_BLOCK_MALFORMED: ["BlockException.INCORRECT_BLOCK_FORMAT", "BlockException.RLP_"],
  BRAID_BLOCK_TOO_LARGE: ["BlockException.RLP_BLOCK_LIMIT_EXCEEDED"],
  BRAID_BLOCK_UNKNOWN_PARENT: ["BlockException.UNKNOWN_PARENT", "BlockException.UNKNOWN_PARENT_ZERO"],
  BRAID_BLOCK_WRONG_NUMBER: ["BlockException.INVALID_BLOCK_NUMBER"],
  BRAID_BLOCK_TIMESTAMP_NOT_LATER: ["BlockException.INVALID_BLOCK_TIMESTAMP_OLDER_THAN_PARENT"],
  BRAID_BLOCK_EXTRA_DATA_TOO_LONG: ["BlockException.EXTRA_DATA_TOO_BIG"],
  BRAID_BLOCK_WRONG_DAO_EXTRA_DATA: ["BlockException.EXTRA_DATA_INVALID_DAO"],
  BRAID_BLOCK_GAS_LIMIT_OUT_OF_BOUNDS: ["BlockException.INVALID_GASLIMIT"],
  BRAID_BLOCK_GAS_LIMIT_TOO_BIG: ["BlockException.GASLIMIT_TOO_BIG"],
  BRAID_BLOCK_GAS_USED_ABOVE_LIMIT: ["BlockException.INVALID_GAS_USED_ABOVE_LIMIT"],
  BRAID_BLOCK_WRONG_BASE_FEE: ["BlockException.INVALID_BASEFEE_PER_GAS"],
  BRAID_BLOCK_WRONG_DIFFICULTY: [
    "BlockException.INVALID_DIFFICULTY",
    "BlockException.IMPORT_IMPOSSIBLE_DIFFICULTY_OVER_PARIS",
  ],
  BRAID_BLOCK_BLOB_GAS_USED_ABOVE_LIMIT: [
    "BlockException.BLOB_GAS_USED_ABOVE_LIMIT",
    "BlockException.INCORRECT_BLOB_GAS_USED",
    // The header is looked at before the transactions that make it true.
    "TransactionException.TYPE_3_TX_MAX_BLOB_GAS_ALLOWANCE_EXCEEDED",
  ],
  BRAID_BLOCK_BLOB_GAS_EXCEEDED: [
    "TransactionException.TYPE_3_TX_MAX_BLOB_GAS_ALLOWANCE_EXCEEDED",
    "BlockException.BLOB_GAS_USED_ABOVE_LIMIT",
  ],
  BRAID_BLOCK_WRONG_BLOB_GAS_USED: ["BlockException.INCORRECT_BLOB_GAS_USED"],
  BRAID_BLOCK_WRONG_EXCESS_BLOB_GAS: ["BlockException.INCORRECT_EXCESS_BLOB_GAS"],
  BRAID_BLOCK_WRONG_UNCLES_HASH: ["BlockException.INVALID_UNCLES_HASH"],
  BRAID_BLOCK_TOO_MANY_UNCLES: [
    "BlockException.TOO_MANY_UNCLES",
    "BlockException.IMPORT_IMPOSSIBLE_UNCLES_OVER_PARIS",
  ],
  BRAID_BLOCK_UNCLE_IS_ANCESTOR: ["BlockException.UNCLE_IS_ANCESTOR"],
  BRAID_BLOCK_UNCLE_ALREADY_INCLUDED: ["BlockException.UNCLE_IN_CHAIN", "BlockException.UNCLE_IS_BROTHER"],
  BRAID_BLOCK_UNCLE_UNKNOWN_PARENT: [
    "BlockException.UNCLE_UNKNOWN_PARENT",
    "BlockException.UNCLE_PARENT_INCORRECT",
  ],
  BRAID_BLOCK_WRONG_TRANSACTIONS_ROOT: ["BlockException.INVALID_TRANSACTIONS_ROOT"],
  BRAID_BLOCK_WRONG_WITHDRAWALS_ROOT: ["BlockException.INVALID_WITHDRAWALS_ROOT"],
  BRAID_BLOCK_WRONG_GAS_USED: ["BlockException.INVALID_GAS_USED"],
  BRAID_BLOCK_WRONG_RECEIPTS_ROOT: ["BlockException.INVALID_RECEIPTS_ROOT"],
  BRAID_BLOCK_WRONG_LOGS_BLOOM: ["BlockException.INVALID_LOG_BLOOM"],
  BRAID_BLOCK_WRONG_STATE_ROOT: ["BlockException.INVALID_STATE_ROOT"],
  BRAID_BLOCK_WRONG_REQUESTS_HASH: ["BlockException.INVALID_REQUESTS"],
  BRAID_BLOCK_WRONG_ACCESS_LIST_HASH: [
    "BlockException.INVALID_BLOCK_ACCESS_LIST",
    "BlockException.INVALID_BAL_HASH",
    // A list whose order is wrong shows in a block only by its hash.
    "BlockException.INCORRECT_BLOCK_FORMAT",
  ],
  BRAID_BLOCK_SYSTEM_CALL_FAILED: ["BlockException.SYSTEM_CONTRACT_CALL_FAILED"],
  BRAID_BLOCK_SYSTEM_CONTRACT_EMPTY: ["BlockException.SYSTEM_CONTRACT_EMPTY"],
  BRAID_PAYLOAD_WRONG_BLOCK_HASH: ["BlockException.INVALID_BLOCK_HASH"],
  BRAID_PAYLOAD_WRONG_VERSIONED_HASHES: ["BlockException.INVALID_VERSIONED_HASHES"],
  BRAID_BLOCK_DEPOSIT_LOG_MALFORMED: ["BlockException.INVALID_DEPOSIT_EVENT_LAYOUT"],
};

/** Does a rejection with `code` fit what the fixture expects ("A|B": either)? A name that ends in "_" stands for all that begin with it. */
export function fitsExpectation(code: string, expected: string): boolean {
  const names = EXCEPTIONS[code] ?? [];
  return expected
    .split("|")
    .some((exception) =>
      names.some((name) => (name.endsWith("_") ? exception.startsWith(name) : exception === name)),
    );
}
