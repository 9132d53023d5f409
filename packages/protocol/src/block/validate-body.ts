// A body against its header.

import { equalBytes } from "@braid/primitives";
import type { Chain } from "../chain/chain.ts";
import { type BlockErrorCode, InvalidBlockError } from "../errors.ts";
import { type Block, encodedBlockLength, transactionsRoot, unclesHash } from "./block.ts";
import { withdrawalsRoot } from "./withdrawal.ts";

/** EIP-7934: 10 MiB less a margin of 2 MiB for what a beacon block adds. */
const MAX_BLOCK_BYTES = 8_388_608;

/** Throws the error of a block's rule. */
export function rejectBlock(code: BlockErrorCode, block: Block, what: string): never {
  throw new InvalidBlockError(code, `Block ${block.header.number}: ${what}.`, {
    number: block.header.number.toString(),
  });
}

/**
 * Checks that the body is the one that the header commits to (EIP-7934, Yellow Paper section 4.4.4, EIP-4895).
 *
 * @throws InvalidBlockError for the first rule that it breaks.
 */
export function validateBody(block: Block, chain: Chain): void {
  const { header, withdrawals } = block;
  if (chain.rulesAt(header).eip7934) {
    const length = encodedBlockLength(block);
    if (length > MAX_BLOCK_BYTES)
      rejectBlock(
        "BRAID_BLOCK_TOO_LARGE",
        block,
        `its encoding has ${length} bytes, ${MAX_BLOCK_BYTES} are allowed (EIP-7934)`,
      );
  }
  if (!equalBytes(unclesHash(block.uncles), header.unclesHash))
    rejectBlock("BRAID_BLOCK_WRONG_UNCLES_HASH", block, "its uncles are not those of the header");
  if (!equalBytes(transactionsRoot(block.transactions), header.transactionsRoot))
    rejectBlock("BRAID_BLOCK_WRONG_TRANSACTIONS_ROOT", block, "its transactions are not those of the header");
  const expected = header.withdrawalsRoot;
  if (
    expected !== undefined &&
    (withdrawals === undefined || !equalBytes(withdrawalsRoot(withdrawals), expected))
  )
    rejectBlock("BRAID_BLOCK_WRONG_WITHDRAWALS_ROOT", block, "its withdrawals are not those of the header");
}
