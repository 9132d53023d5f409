// A header against its parent: everything that can be said of a block without executing it and without its body.

import { bytesToHex, equalBytes } from "@braid/primitives";
import type { Chain } from "../chain/chain.ts";
import type { ForkRules } from "../chain/rules.ts";
import { type BlockErrorCode, InvalidBlockError } from "../errors.ts";
import { ethashDifficulty } from "./difficulty.ts";
import { ELASTICITY, nextBaseFee, nextExcessBlobGas } from "./fees.ts";
import { checkHeaderFields, type Header } from "./header.ts";

const MAX_EXTRA_DATA_BYTES = 32;
const GAS_LIMIT_BOUND_DIVISOR = 1_024n;
const MIN_GAS_LIMIT = 5_000n;
/** EIP-1985, as all clients have it. */
const MAX_GAS_LIMIT = (1n << 63n) - 1n;
/** EIP-779: "dao-hard-fork", in the first ten blocks of the fork. */
const DAO_EXTRA_DATA = new TextEncoder().encode("dao-hard-fork");
const DAO_EXTRA_DATA_BLOCKS = 10n;

function reject(
  code: BlockErrorCode,
  header: Header,
  what: string,
  expected: unknown,
  found: unknown,
): never {
  throw new InvalidBlockError(code, `Block ${header.number}: ${what} must be ${expected}, it is ${found}.`, {
    number: header.number.toString(),
    expected: String(expected),
    found: String(found),
  });
}

/**
 * Checks a header against its parent (Yellow Paper section 4.4.4; EIP-779, EIP-1559, EIP-1985, EIP-3675, EIP-4844, EIP-7691, EIP-7840, EIP-7918).
 * That it names the parent's hash is for who has looked the parent up by it. Its proof of work is not checked.
 *
 * @throws InvalidBlockError for the first rule that it breaks.
 */
export function validateHeader(header: Header, parent: Header, chain: Chain): void {
  const rules = chain.rulesAt(header);
  checkHeaderFields(header, rules);
  if (header.gasUsed > header.gasLimit)
    reject(
      "BRAID_BLOCK_GAS_USED_ABOVE_LIMIT",
      header,
      "its gas used",
      `at most its gas limit ${header.gasLimit}`,
      header.gasUsed,
    );
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
  validateExtraData(header, rules);
  validateGasLimit(header, parent);
  if (rules.eip1559) {
    const expected = nextBaseFee(parent);
    if (header.baseFeePerGas !== expected)
      reject("BRAID_BLOCK_WRONG_BASE_FEE", header, "its base fee", expected, header.baseFeePerGas);
  }
  const difficulty = rules.proofOfWork ? ethashDifficulty(header, parent, rules) : 0n;
  if (header.difficulty !== difficulty)
    reject("BRAID_BLOCK_WRONG_DIFFICULTY", header, "its difficulty", difficulty, header.difficulty);
  // EIP-3675
  if (!rules.proofOfWork && header.nonce.some((byte) => byte !== 0))
    reject("BRAID_BLOCK_WRONG_NONCE", header, "its nonce", 0, bytesToHex(header.nonce));
  if (rules.eip4844) validateBlobGas(header, parent, rules);
}

function validateExtraData(header: Header, rules: ForkRules): void {
  const { extraData, number } = header;
  if (extraData.length > MAX_EXTRA_DATA_BYTES)
    reject(
      "BRAID_BLOCK_EXTRA_DATA_TOO_LONG",
      header,
      "its extra data",
      `at most ${MAX_EXTRA_DATA_BYTES} bytes`,
      `${extraData.length} bytes`,
    );
  const dao = rules.daoForkBlock;
  if (dao === undefined || dao === 0n || number < dao || number >= dao + DAO_EXTRA_DATA_BLOCKS) return;
  if (!equalBytes(extraData, DAO_EXTRA_DATA))
    reject(
      "BRAID_BLOCK_WRONG_DAO_EXTRA_DATA",
      header,
      "its extra data",
      `${bytesToHex(DAO_EXTRA_DATA)}, "dao-hard-fork" (EIP-779)`,
      bytesToHex(extraData),
    );
}

function validateGasLimit(header: Header, parent: Header): void {
  const { gasLimit } = header;
  if (gasLimit > MAX_GAS_LIMIT)
    reject("BRAID_BLOCK_GAS_LIMIT_TOO_BIG", header, "its gas limit", `at most ${MAX_GAS_LIMIT}`, gasLimit);
  // EIP-1559: the first block that has a base fee doubles the limit.
  const startsBaseFee = header.baseFeePerGas !== undefined && parent.baseFeePerGas === undefined;
  const base = startsBaseFee ? parent.gasLimit * ELASTICITY : parent.gasLimit;
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

function validateBlobGas(header: Header, parent: Header, rules: ForkRules): void {
  const { blobGasUsed: used = 0n, excessBlobGas } = header;
  if (used > rules.maxBlobGasPerBlock)
    reject(
      "BRAID_BLOCK_BLOB_GAS_USED_ABOVE_LIMIT",
      header,
      "its blob gas",
      `at most ${rules.maxBlobGasPerBlock}`,
      used,
    );
  if (used % rules.blobGasPerBlob !== 0n)
    reject(
      "BRAID_BLOCK_WRONG_BLOB_GAS_USED",
      header,
      "its blob gas",
      `a multiple of ${rules.blobGasPerBlob}`,
      used,
    );
  const expected = nextExcessBlobGas(parent, rules);
  if (excessBlobGas !== expected)
    reject("BRAID_BLOCK_WRONG_EXCESS_BLOB_GAS", header, "its excess blob gas", expected, excessBlobGas);
}
