// Checks the result of a block against the block's own header.
import type { BlockResult } from "@braid/executor";
import { compareResult, type ResultField } from "@braid/protocol";
import type { LoadedBlock } from "./block-file.ts";
import type { Difference } from "./difference.ts";

/** The outcome of a verification: what was checked, and everything that does not fit, in the order of `checked`. */
export interface Verification {
  checked: ResultField[];
  differences: Difference[];
}

/**
 * Compares a result with the block's header. What cannot be known is left out of `checked`: the state root without `stateRoot`
 * (a flat pre-state has none) or with uncles whose rewards are not known, and the receipts root before Byzantium when the receipts lack their
 * state roots (EIP-658).
 */
export function verifyBlock(block: LoadedBlock, result: BlockResult, stateRoot?: Uint8Array): Verification {
  const root = block.unknownUncles === 0 ? stateRoot : undefined;
  const fields = compareResult(block.input.header, result, root);
  return {
    checked: fields.map(({ field }) => field),
    differences: fields
      .filter(({ expected, found }) => expected !== found)
      .map(({ field, expected, found }) => ({ against: "header", field, expected, actual: found })),
  };
}
