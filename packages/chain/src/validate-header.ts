// A header against its parent: everything that can be said of a block without executing it and without its body.

import type { BlockHeader } from "@ethereumjs/block";
import { ConsensusType, Hardfork } from "@ethereumjs/common";
import { type BlockErrorCode, BlockRejectedError } from "./errors.ts";

const MAX_EXTRA_DATA_BYTES = 32;
const GAS_LIMIT_BOUND_DIVISOR = 1_024n;
const MIN_GAS_LIMIT = 5_000n;
/** EIP-1985, as all clients have it. */
const MAX_GAS_LIMIT = (1n << 63n) - 1n;
const INITIAL_BASE_FEE = 1_000_000_000n;
const ELASTICITY = 2n;

function reject(
  code: BlockErrorCode,
  header: BlockHeader,
  what: string,
  expected: unknown,
  found: unknown,
): never {
  throw new BlockRejectedError(code, `Block ${header.number}: ${what} must be ${expected}, it is ${found}.`, {
    number: header.number.toString(),
    expected: String(expected),
    found: String(found),
  });
}

/**
 * Checks a header against its parent (Yellow Paper section 4.4.4; EIP-1559, EIP-3675, EIP-4844, EIP-7691, EIP-7840, EIP-7918).
 * Its proof of work is not checked.
 *
 * @throws BlockRejectedError for the first rule that it breaks.
 */
export function validateHeader(header: BlockHeader, parent: BlockHeader): void {
  if (header.number !== parent.number + 1n)
    reject("BRAID_BLOCK_WRONG_NUMBER", header, "its number", parent.number + 1n, header.number);
  if (header.timestamp <= parent.timestamp)
    reject(
      "BRAID_BLOCK_TIMESTAMP_NOT_LATER",
      header,
      "its timestamp",
      `above ${parent.timestamp}`,
      header.timestamp,
    );
  if (header.extraData.length > MAX_EXTRA_DATA_BYTES)
    reject(
      "BRAID_BLOCK_EXTRA_DATA_TOO_LONG",
      header,
      "its extra data",
      `at most ${MAX_EXTRA_DATA_BYTES} bytes`,
      `${header.extraData.length} bytes`,
    );
  validateGasLimit(header, parent);
  if (header.common.isActivatedEIP(1559)) validateBaseFee(header, parent);
  if (header.common.consensusType() === ConsensusType.ProofOfWork) {
    const difficulty = header.ethashCanonicalDifficulty(parent);
    if (header.difficulty !== difficulty)
      reject("BRAID_BLOCK_WRONG_DIFFICULTY", header, "its difficulty", difficulty, header.difficulty);
  } else {
    // EIP-3675
    if (header.difficulty !== 0n)
      reject("BRAID_BLOCK_WRONG_DIFFICULTY", header, "its difficulty", 0, header.difficulty);
    if (header.nonce.some((byte) => byte !== 0))
      reject("BRAID_BLOCK_WRONG_NONCE", header, "its nonce", 0, "another");
  }
  if (header.common.isActivatedEIP(4844)) validateBlobGas(header, parent);
}

function validateGasLimit(header: BlockHeader, parent: BlockHeader): void {
  const { gasLimit } = header;
  if (gasLimit > MAX_GAS_LIMIT)
    reject("BRAID_BLOCK_GAS_LIMIT_TOO_BIG", header, "its gas limit", `at most ${MAX_GAS_LIMIT}`, gasLimit);
  // EIP-1559: the first block that has a base fee doubles the limit.
  const base = startsBaseFee(header, parent) ? parent.gasLimit * ELASTICITY : parent.gasLimit;
  const bound = base / GAS_LIMIT_BOUND_DIVISOR;
  if (gasLimit >= base + bound || gasLimit <= base - bound)
    reject(
      "BRAID_BLOCK_GAS_LIMIT_OUT_OF_BOUNDS",
      header,
      "its gas limit",
      `within ${bound} of ${base}, exclusive`,
      gasLimit,
    );
  if (gasLimit < MIN_GAS_LIMIT)
    reject(
      "BRAID_BLOCK_GAS_LIMIT_OUT_OF_BOUNDS",
      header,
      "its gas limit",
      `at least ${MIN_GAS_LIMIT}`,
      gasLimit,
    );
}

function startsBaseFee(header: BlockHeader, parent: BlockHeader): boolean {
  return header.common.isActivatedEIP(1559) && !parent.common.isActivatedEIP(1559);
}

function validateBaseFee(header: BlockHeader, parent: BlockHeader): void {
  const expected = startsBaseFee(header, parent) ? INITIAL_BASE_FEE : parent.calcNextBaseFee();
  if (header.baseFeePerGas !== expected)
    reject("BRAID_BLOCK_WRONG_BASE_FEE", header, "its base fee", expected, header.baseFeePerGas);
}

function validateBlobGas(header: BlockHeader, parent: BlockHeader): void {
  const { maxBlobGasPerBlock } = header.common.getBlobGasSchedule();
  const blobGasPerBlob = header.common.param("blobGasPerBlob");
  const used = header.blobGasUsed as bigint;
  if (used > maxBlobGasPerBlock)
    reject(
      "BRAID_BLOCK_BLOB_GAS_USED_ABOVE_LIMIT",
      header,
      "its blob gas",
      `at most ${maxBlobGasPerBlock}`,
      used,
    );
  if (used % blobGasPerBlob !== 0n)
    reject(
      "BRAID_BLOCK_WRONG_BLOB_GAS_USED",
      header,
      "its blob gas",
      `a multiple of ${blobGasPerBlob}`,
      used,
    );
  const expected = parent.calcNextExcessBlobGas(header.common);
  if (header.excessBlobGas !== expected)
    reject(
      "BRAID_BLOCK_WRONG_EXCESS_BLOB_GAS",
      header,
      "its excess blob gas",
      expected,
      header.excessBlobGas,
    );
}

/** Osaka is where the size of a block is first limited (EIP-7934), which ethereumjs does not know. */
export function limitsBlockSize(header: BlockHeader): boolean {
  return header.common.gteHardfork(Hardfork.Osaka);
}
