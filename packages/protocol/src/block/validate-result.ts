// What execution gave against what the header says.

import { bytesToHex } from "@braid/primitives";
import { accessListHash, type BlockAccessList } from "../access-list/access-list.ts";
import { type BlockErrorCode, InvalidBlockError } from "../errors.ts";
import type { Header } from "../header/header.ts";

/** What executing a block determines and its header commits to. Gas in gas units, hashes of 32 bytes. */
export interface BlockOutcome {
  gasUsed: bigint;
  blobGasUsed: bigint;
  /** 256 bytes. */
  logsBloom: Uint8Array;
  /** Undefined when it is not known: before Byzantium receipts need the state root after each transaction. */
  receiptsRoot: Uint8Array | undefined;
  requestsHash?: Uint8Array;
  /** Looked at from Amsterdam on only. */
  readonly accessList: BlockAccessList;
}

/** The header's fields that execution determines, in the order in which they are compared. */
const CODES = {
  gasUsed: "BRAID_BLOCK_WRONG_GAS_USED",
  blobGasUsed: "BRAID_BLOCK_WRONG_BLOB_GAS_USED",
  requestsHash: "BRAID_BLOCK_WRONG_REQUESTS_HASH",
  logsBloom: "BRAID_BLOCK_WRONG_LOGS_BLOOM",
  receiptsRoot: "BRAID_BLOCK_WRONG_RECEIPTS_ROOT",
  blockAccessListHash: "BRAID_BLOCK_WRONG_ACCESS_LIST_HASH",
  stateRoot: "BRAID_BLOCK_WRONG_STATE_ROOT",
} as const satisfies Partial<Record<keyof Header, BlockErrorCode>>;

export type ResultField = keyof typeof CODES;

/** One field of a header beside what execution gave: as text, numbers in decimal and bytes in hex, "none" for what is not there. */
export interface FieldComparison {
  field: ResultField;
  code: BlockErrorCode;
  expected: string;
  found: string;
}

/**
 * A block's result beside its header, field by field; requests come before roots, since they say more. What is not known is left out: the state root
 * without `stateRoot`, and a receipts root that the result does not have.
 */
export function compareResult(
  header: Header,
  result: BlockOutcome,
  stateRoot: Uint8Array | undefined,
): FieldComparison[] {
  return compare(header, result, stateRoot).filter(
    ({ field }) =>
      (field !== "receiptsRoot" || result.receiptsRoot !== undefined) &&
      (field !== "stateRoot" || stateRoot !== undefined),
  );
}

/**
 * Checks that executing a block gave what its header says.
 *
 * @throws InvalidBlockError for the first field that differs.
 */
export function validateResult(header: Header, result: BlockOutcome, stateRoot: Uint8Array): void {
  for (const { field, code, expected, found } of compare(header, result, stateRoot)) {
    if (expected === found) continue;
    throw new InvalidBlockError(
      code,
      `Block ${header.number}: its header has ${field} ${expected}, executing it gives ${found}.`,
      { number: header.number.toString(), expected, found },
    );
  }
}

function compare(header: Header, result: BlockOutcome, stateRoot: Uint8Array | undefined): FieldComparison[] {
  const found: Record<ResultField, bigint | Uint8Array | undefined> = {
    gasUsed: result.gasUsed,
    // Before Cancun it is 0 and no header says so.
    blobGasUsed: header.blobGasUsed === undefined ? undefined : result.blobGasUsed,
    requestsHash: result.requestsHash,
    logsBloom: result.logsBloom,
    receiptsRoot: result.receiptsRoot,
    // Making the list takes time: blocks before Amsterdam have one that nobody asks for.
    blockAccessListHash:
      header.blockAccessListHash === undefined ? undefined : accessListHash(result.accessList),
    stateRoot,
  };
  return (Object.keys(CODES) as ResultField[]).flatMap((field) =>
    header[field] === undefined && found[field] === undefined
      ? []
      : [{ field, code: CODES[field], expected: shown(header[field]), found: shown(found[field]) }],
  );
}

function shown(value: bigint | Uint8Array | undefined): string {
  if (value === undefined) return "none";
  return value instanceof Uint8Array ? bytesToHex(value) : String(value);
}
