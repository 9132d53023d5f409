// Uncles against the chain (Yellow Paper section 11.1; none after the Merge, EIP-3675).

import { bytesToHex, type Hex } from "@braid/primitives";
import type { Chain } from "../chain/chain.ts";
import { InvalidBlockError } from "../errors.ts";
import { type Header, hashHeader } from "../header/header.ts";
import { validateHeader } from "../header/validate-header.ts";
import type { Block } from "./block.ts";
import { rejectBlock } from "./validate-body.ts";

const MAX_UNCLES = 2;

/** A block of the chain, as far as uncles of later ones are judged by it. */
export interface Ancestor {
  header: Header;
  hash: Hex;
  /** The hashes of its uncles. */
  uncles: Hex[];
}

/** An uncle's parent is at most so many generations older than the block. */
export const UNCLE_GENERATIONS = 7;

/** What later blocks need to know of a block. */
export function ancestorOf({ header, uncles }: Pick<Block, "header" | "uncles">): Ancestor {
  return {
    header,
    hash: bytesToHex(hashHeader(header)),
    uncles: uncles.map((uncle) => bytesToHex(hashHeader(uncle))),
  };
}

/**
 * Checks the uncles.
 *
 * @param ancestors the chain's newest blocks, oldest first, the parent last; up to UNCLE_GENERATIONS are looked at.
 * @throws InvalidBlockError for the first rule that is broken.
 */
export function validateUncles(block: Block, ancestors: readonly Ancestor[], chain: Chain): void {
  const { uncles, header } = block;
  if (uncles.length === 0) return;
  const limit = chain.rulesAt(header).proofOfWork ? MAX_UNCLES : 0;
  if (uncles.length > limit)
    rejectBlock("BRAID_BLOCK_TOO_MANY_UNCLES", block, `it has ${uncles.length} uncles, ${limit} are allowed`);
  const recent = ancestors.slice(-UNCLE_GENERATIONS);
  const included = new Set(recent.flatMap((ancestor) => ancestor.uncles));
  for (const uncle of uncles) {
    const hash = bytesToHex(hashHeader(uncle));
    if (recent.some((ancestor) => ancestor.hash === hash))
      rejectBlock("BRAID_BLOCK_UNCLE_IS_ANCESTOR", block, `its uncle ${hash} is its ancestor`);
    if (included.has(hash))
      rejectBlock("BRAID_BLOCK_UNCLE_ALREADY_INCLUDED", block, `its uncle ${hash} was included before`);
    included.add(hash);
    const parentHash = bytesToHex(uncle.parentHash);
    // The block's own parent is no uncle's parent: that would be a brother.
    const parent = recent.slice(0, -1).find((ancestor) => ancestor.hash === parentHash);
    if (parent === undefined)
      rejectBlock(
        "BRAID_BLOCK_UNCLE_UNKNOWN_PARENT",
        block,
        `the parent of its uncle ${hash} is not among its last ${UNCLE_GENERATIONS} ancestors`,
      );
    validateUncleHeader(uncle, parent.header, block, chain);
  }
}

function validateUncleHeader(uncle: Header, parent: Header, block: Block, chain: Chain): void {
  try {
    validateHeader(uncle, parent, chain);
  } catch (error) {
    if (!(error instanceof InvalidBlockError)) throw error;
    throw new InvalidBlockError(
      "BRAID_BLOCK_UNCLE_INVALID",
      `Block ${block.header.number}: an uncle is invalid: ${error.message}`,
      { ...error.data, uncleCode: error.code },
    );
  }
}
