// Checks the result of a block against the block's own header.
import type { BlockResult } from "@braid/executor";
import { bytesToHex, equalBytes } from "@braid/primitives";
import type { LoadedBlock } from "./block-file.ts";
import type { Difference } from "./difference.ts";

/** What a header commits to and a result can be checked for. */
export type CheckedField =
  | "gasUsed"
  | "logsBloom"
  | "receiptsRoot"
  | "blobGasUsed"
  | "requestsHash"
  | "stateRoot";

/** The outcome of a verification: what was checked, and everything that does not fit, in the order of `checked`. */
export interface Verification {
  checked: CheckedField[];
  differences: Difference[];
}

/**
 * Compares a result with the block's header. What cannot be known is left out of `checked`: the state root without `stateRoot`
 * (a flat pre-state has none), and the receipts root before Byzantium when the receipts lack their state roots (EIP-658).
 */
export function verifyBlock(block: LoadedBlock, result: BlockResult, stateRoot?: Uint8Array): Verification {
  const { header } = block.input;
  const checked: CheckedField[] = [];
  const differences: Difference[] = [];
  const check = (field: CheckedField, expected: string, actual: string): void => {
    checked.push(field);
    if (expected !== actual) differences.push({ against: "header", field, expected, actual });
  };
  const checkBytes = (field: CheckedField, expected: Uint8Array, actual: Uint8Array | undefined): void => {
    if (actual !== undefined && equalBytes(expected, actual)) checked.push(field);
    else check(field, bytesToHex(expected), actual === undefined ? "none" : bytesToHex(actual));
  };

  check("gasUsed", String(header.gasUsed), String(result.gasUsed));
  checkBytes("logsBloom", header.logsBloom, result.logsBloom);
  if (result.receiptsRoot !== undefined) checkBytes("receiptsRoot", header.receiptTrie, result.receiptsRoot);
  if (header.blobGasUsed !== undefined)
    check("blobGasUsed", String(header.blobGasUsed), String(result.blobGasUsed));
  if (header.requestsHash !== undefined) checkBytes("requestsHash", header.requestsHash, result.requestsHash);
  if (stateRoot !== undefined && block.unknownUncles === 0)
    checkBytes("stateRoot", header.stateRoot, stateRoot);
  return { checked, differences };
}
