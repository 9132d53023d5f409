// The checks of a transaction that need no state: everything but nonce, balance and code of the sender.

import type { ForkRules } from "../chain/rules.ts";
import { InvalidTransactionError, type TransactionErrorCode } from "../errors.ts";
import type { IntrinsicGas } from "./intrinsic-gas.ts";
import type { Transaction } from "./transaction.ts";

const MAX_NONCE = (1n << 64n) - 1n;
const MAX_U256 = (1n << 256n) - 1n;
/** EIP-7594: at most six blobs in one transaction from Osaka on. */
const MAX_BLOBS_PER_TRANSACTION = 6;
const BLOB_HASH_VERSION = 1;

/** What of the block the checks compare with; amounts in wei per gas. */
export interface BlockLimits {
  gasLimit: bigint;
  baseFeePerGas: bigint | undefined;
  blobGasPrice: bigint | undefined;
}

function fail(code: TransactionErrorCode, message: string): never {
  throw new InvalidTransactionError(code, message);
}

/**
 * Throws InvalidTransactionError when the transaction could never be in this block, whatever the state. Of several reasons it
 * gives the one that the execution specification comes to first.
 * Rules: EIP-155, EIP-1559, EIP-2681, EIP-2718, EIP-3860, EIP-4844, EIP-7594, EIP-7623, EIP-7702, EIP-7825.
 */
export function validateTransaction(
  tx: Transaction,
  gas: IntrinsicGas,
  rules: ForkRules,
  block: BlockLimits,
): void {
  if (tx.type > rules.maxTransactionType)
    fail("BRAID_TX_TYPE_NOT_ACTIVE", `Transactions of type ${tx.type} are not valid in ${rules.fork}.`);
  validateGas(tx, gas, rules);
  validateGasCap(tx, rules);
  // Not only the last word on what the block has left: no gas above it may be spent, not even in vain.
  if (tx.gasLimit > block.gasLimit)
    fail(
      "BRAID_TX_GAS_LIMIT_EXCEEDS_BLOCK",
      `The gas limit ${tx.gasLimit} is above the block's ${block.gasLimit}.`,
    );
  if (tx.type === 3) validateBlobGas(tx, rules);
  validateChain(tx, rules);
  validateFees(tx, block);
  if (tx.type === 3) validateBlobs(tx, rules, block);
  if (tx.type === 4) validateAuthorizations(tx);
}

/** Throws InvalidTransactionError when the gas limit cannot even pay for the transaction itself, or the init code is too large. */
export function validateGas(tx: Transaction, gas: IntrinsicGas, rules: ForkRules): void {
  if (tx.gasLimit < gas.intrinsic)
    fail(
      "BRAID_TX_INTRINSIC_GAS_TOO_LOW",
      `The gas limit ${tx.gasLimit} is below the intrinsic gas ${gas.intrinsic}.`,
    );
  if (tx.gasLimit < gas.floor)
    fail(
      "BRAID_TX_GAS_FLOOR_TOO_LOW",
      `The gas limit ${tx.gasLimit} is below the calldata floor ${gas.floor} (EIP-7623).`,
    );
  if (tx.nonce >= MAX_NONCE) fail("BRAID_TX_NONCE_IS_MAX", "The nonce is 2^64 - 1 (EIP-2681).");
  if (rules.eip3860 && tx.to === undefined && tx.data.length > rules.maxInitCodeSize)
    fail(
      "BRAID_TX_INITCODE_TOO_LARGE",
      `The init code has ${tx.data.length} bytes, ${rules.maxInitCodeSize} are allowed (EIP-3860).`,
    );
}

function validateGasCap(tx: Transaction, rules: ForkRules): void {
  if (rules.maxTransactionGas !== undefined && tx.gasLimit > rules.maxTransactionGas)
    fail(
      "BRAID_TX_GAS_LIMIT_EXCEEDS_CAP",
      `The gas limit ${tx.gasLimit} is above the cap of ${rules.maxTransactionGas} (EIP-7825).`,
    );
}

function validateChain(tx: Transaction, rules: ForkRules): void {
  if (tx.chainId !== undefined && tx.type === 0 && !rules.spuriousDragon)
    fail(
      "BRAID_TX_INVALID_SIGNATURE",
      `A signature with replay protection (EIP-155) is not valid in ${rules.fork}.`,
    );
  if (tx.chainId !== undefined && tx.chainId !== rules.chainId)
    fail(
      "BRAID_TX_WRONG_CHAIN_ID",
      `The transaction is for chain ${tx.chainId}, this is chain ${rules.chainId}.`,
    );
}

function validateFees(tx: Transaction, block: BlockLimits): void {
  if (tx.maxPriorityFeePerGas > tx.maxFeePerGas)
    fail("BRAID_TX_PRIORITY_FEE_ABOVE_MAX_FEE", "The priority fee is above the maximum fee (EIP-1559).");
  if (block.baseFeePerGas !== undefined && tx.maxFeePerGas < block.baseFeePerGas)
    fail(
      "BRAID_TX_FEE_BELOW_BASE_FEE",
      `The maximum fee ${tx.maxFeePerGas} is below the block's base fee ${block.baseFeePerGas} (EIP-1559).`,
    );
  if (tx.gasLimit * tx.maxFeePerGas > MAX_U256)
    fail("BRAID_TX_FEE_OVERFLOW", "Gas limit times fee does not fit in 256 bits.");
}

/** EIP-4844: what the block has left, for the first blob transaction; for later ones the block's sum is checked. */
function validateBlobGas(tx: Transaction, rules: ForkRules): void {
  const blobs = tx.blobVersionedHashes.length;
  if (BigInt(blobs) * rules.blobGasPerBlob > rules.maxBlobGasPerBlock)
    fail(
      "BRAID_TX_BLOB_GAS_EXCEEDS_BLOCK",
      `The transaction has ${blobs} blobs, more than a block may have (EIP-4844).`,
    );
}

function validateBlobs(tx: Transaction, rules: ForkRules, block: BlockLimits): void {
  const blobs = tx.blobVersionedHashes.length;
  if (blobs === 0) fail("BRAID_TX_NO_BLOBS", "A blob transaction has at least one blob (EIP-4844).");
  if (rules.eip7594 && blobs > MAX_BLOBS_PER_TRANSACTION)
    fail(
      "BRAID_TX_BLOB_COUNT",
      `The transaction has ${blobs} blobs, ${MAX_BLOBS_PER_TRANSACTION} are allowed (EIP-7594).`,
    );
  for (const hash of tx.blobVersionedHashes)
    if (hash[0] !== BLOB_HASH_VERSION)
      fail(
        "BRAID_TX_BLOB_VERSION",
        `A blob hash has version ${hash[0]} instead of ${BLOB_HASH_VERSION} (EIP-4844).`,
      );
  if (block.blobGasPrice !== undefined && tx.maxFeePerBlobGas < block.blobGasPrice)
    fail(
      "BRAID_TX_BLOB_FEE_TOO_LOW",
      `The maximum blob fee ${tx.maxFeePerBlobGas} is below the block's blob gas price ${block.blobGasPrice} (EIP-4844).`,
    );
  if (tx.to === undefined)
    fail("BRAID_TX_BLOB_CREATE", "A blob transaction cannot create a contract (EIP-4844).");
}

function validateAuthorizations(tx: Transaction): void {
  if (tx.to === undefined)
    fail(
      "BRAID_TX_AUTHORIZATION_CREATE",
      "A transaction with authorizations cannot create a contract (EIP-7702).",
    );
  if (tx.authorizations.length === 0)
    fail("BRAID_TX_AUTHORIZATION_LIST_EMPTY", "The authorization list is empty (EIP-7702).");
}
