// What execution gave against what the header says.

import { accessListHash, type BlockResult } from "@braid/executor";
import { bytesToHex } from "@braid/primitives";
import type { BlockHeader } from "@ethereumjs/block";
import { type BlockErrorCode, BlockRejectedError } from "./errors.ts";

/**
 * Compares a block's result and the state root after it with its header.
 *
 * @throws BlockRejectedError for the first field that differs; requests before roots, since they say more.
 */
export function validateResult(header: BlockHeader, result: BlockResult, stateRoot: Uint8Array): void {
  check(header, "BRAID_BLOCK_WRONG_GAS_USED", "gas used", header.gasUsed, result.gasUsed);
  if (header.blobGasUsed !== undefined)
    check(header, "BRAID_BLOCK_WRONG_BLOB_GAS_USED", "blob gas used", header.blobGasUsed, result.blobGasUsed);
  check(header, "BRAID_BLOCK_WRONG_REQUESTS_HASH", "requests hash", header.requestsHash, result.requestsHash);
  check(header, "BRAID_BLOCK_WRONG_LOGS_BLOOM", "logs bloom", header.logsBloom, result.logsBloom);
  check(header, "BRAID_BLOCK_WRONG_RECEIPTS_ROOT", "receipts root", header.receiptTrie, result.receiptsRoot);
  if (header.blockAccessListHash !== undefined)
    check(
      header,
      "BRAID_BLOCK_WRONG_ACCESS_LIST_HASH",
      "block access list hash",
      header.blockAccessListHash,
      accessListHash(result.accessList),
    );
  check(header, "BRAID_BLOCK_WRONG_STATE_ROOT", "state root", header.stateRoot, stateRoot);
}

type Value = bigint | Uint8Array | undefined;

function check(header: BlockHeader, code: BlockErrorCode, what: string, expected: Value, found: Value): void {
  const [left, right] = [shown(expected), shown(found)];
  if (left === right) return;
  throw new BlockRejectedError(
    code,
    `Block ${header.number}: its header has ${what} ${left}, executing it gives ${right}.`,
    {
      number: header.number.toString(),
      expected: left,
      found: right,
    },
  );
}

function shown(value: Value): string {
  return value instanceof Uint8Array ? bytesToHex(value) : String(value);
}
