// A body against its header, and uncles against the chain.

import { keccak256 } from "@braid/kernel";
import { bytesToHex, equalBytes, type Hex } from "@braid/primitives";
import { orderedTrieRoot } from "@braid/state";
import type { BlockHeader } from "@ethereumjs/block";
import { ConsensusType } from "@ethereumjs/common";
import type { DecodedBlock } from "./decode-block.ts";
import { type BlockErrorCode, BlockRejectedError } from "./errors.ts";
import { limitsBlockSize, validateHeader } from "./validate-header.ts";

/** EIP-7934: 10 MiB less a margin of 2 MiB for what a beacon block adds. */
const MAX_BLOCK_BYTES = 8_388_608;
const MAX_UNCLES = 2;

/** A block of the chain, as far as uncles of later ones are judged by it. */
export interface Ancestor {
  header: BlockHeader;
  hash: Hex;
  uncles: Hex[];
}

/** Yellow Paper section 11.1: an uncle's parent is at most so many generations older than the block. */
export const UNCLE_GENERATIONS = 7;

function reject(code: BlockErrorCode, block: DecodedBlock, what: string): never {
  throw new BlockRejectedError(code, `Block ${block.header.number}: ${what}.`, {
    number: block.header.number.toString(),
  });
}

/**
 * Checks that the body is the one that the header commits to (EIP-7934, Yellow Paper section 4.4.4, EIP-4895).
 *
 * @throws BlockRejectedError
 */
export function validateBody(block: DecodedBlock): void {
  const { header } = block;
  if (limitsBlockSize(header) && block.size > MAX_BLOCK_BYTES)
    reject(
      "BRAID_BLOCK_TOO_LARGE",
      block,
      `its encoding has ${block.size} bytes, ${MAX_BLOCK_BYTES} are allowed (EIP-7934)`,
    );
  if (!equalBytes(keccak256(block.unclesRlp), header.uncleHash))
    reject("BRAID_BLOCK_WRONG_UNCLES_HASH", block, "its uncles are not those of the header");
  if (!equalBytes(orderedTrieRoot(block.transactions), header.transactionsTrie))
    reject("BRAID_BLOCK_WRONG_TRANSACTIONS_ROOT", block, "its transactions are not those of the header");
  if (
    header.withdrawalsRoot !== undefined &&
    !equalBytes(orderedTrieRoot(block.withdrawalsRlp), header.withdrawalsRoot)
  )
    reject("BRAID_BLOCK_WRONG_WITHDRAWALS_ROOT", block, "its withdrawals are not those of the header");
}

/**
 * Checks the uncles (Yellow Paper section 11.1; none after the Merge, EIP-3675).
 *
 * @param ancestors the chain's newest blocks, oldest first, the parent last; up to UNCLE_GENERATIONS are looked at.
 * @throws BlockRejectedError
 */
export function validateUncles(block: DecodedBlock, ancestors: readonly Ancestor[]): void {
  const { uncles, header } = block;
  if (uncles.length === 0) return;
  const limit = header.common.consensusType() === ConsensusType.ProofOfWork ? MAX_UNCLES : 0;
  if (uncles.length > limit)
    reject("BRAID_BLOCK_TOO_MANY_UNCLES", block, `it has ${uncles.length} uncles, ${limit} are allowed`);
  const recent = ancestors.slice(-UNCLE_GENERATIONS);
  const included = new Set(recent.flatMap((ancestor) => ancestor.uncles));
  for (const uncle of uncles) {
    const hash = bytesToHex(uncle.hash);
    if (recent.some((ancestor) => ancestor.hash === hash))
      reject("BRAID_BLOCK_UNCLE_IS_ANCESTOR", block, `its uncle ${hash} is its ancestor`);
    if (included.has(hash))
      reject("BRAID_BLOCK_UNCLE_ALREADY_INCLUDED", block, `its uncle ${hash} was included before`);
    included.add(hash);
    const parentHash = bytesToHex(uncle.header.parentHash);
    // The block's own parent is no uncle's parent: that would be a brother.
    const parent = recent.slice(0, -1).find((ancestor) => ancestor.hash === parentHash);
    if (parent === undefined)
      reject(
        "BRAID_BLOCK_UNCLE_UNKNOWN_PARENT",
        block,
        `the parent of its uncle ${hash} is not among its last ${UNCLE_GENERATIONS} ancestors`,
      );
    validateUncleHeader(uncle.header, parent.header, block);
  }
}

function validateUncleHeader(uncle: BlockHeader, parent: BlockHeader, block: DecodedBlock): void {
  try {
    validateHeader(uncle, parent);
  } catch (error) {
    if (!(error instanceof BlockRejectedError)) throw error;
    throw new BlockRejectedError(
      "BRAID_BLOCK_UNCLE_INVALID",
      `Block ${block.header.number}: an uncle is invalid: ${error.message}`,
      { ...error.data, uncleCode: error.code },
    );
  }
}
