// A header out of the fields that are known.

import { createHash } from "node:crypto";
import { keccak256 } from "@braid/kernel";
import type { ForkRules } from "../chain/rules.ts";
import { EMPTY_LIST_ROOT } from "../rlp/list-root.ts";
import { checkHeaderFields, type Header } from "./header.ts";

/** keccak256 of the RLP of an empty list: the hash of no uncles. */
export const NO_UNCLES_HASH: Uint8Array = keccak256(Uint8Array.of(0xc0));
/** EIP-7685: sha256 of nothing, the hash of no requests. */
const NO_REQUESTS_HASH: Uint8Array = new Uint8Array(createHash("sha256").digest());
/** EIP-1559: the base fee of the first block that has one, in wei. */
export const INITIAL_BASE_FEE = 1_000_000_000n;

/**
 * A header with `fields`; those that the rules ask for besides are those of an empty block: no transactions, nothing used, zero hashes.
 *
 * @throws InvalidBlockError BRAID_BLOCK_MALFORMED, with `data.field`, when a field is not of its type, or the fork does not have it.
 */
export function createHeader(fields: Partial<Header>, rules: ForkRules): Header {
  const header: Header = {
    parentHash: new Uint8Array(32),
    unclesHash: NO_UNCLES_HASH,
    coinbase: new Uint8Array(20),
    stateRoot: EMPTY_LIST_ROOT,
    transactionsRoot: EMPTY_LIST_ROOT,
    receiptsRoot: EMPTY_LIST_ROOT,
    logsBloom: new Uint8Array(256),
    difficulty: 0n,
    number: 0n,
    gasLimit: 0n,
    gasUsed: 0n,
    timestamp: 0n,
    extraData: new Uint8Array(0),
    mixHash: new Uint8Array(32),
    nonce: new Uint8Array(8),
    ...(rules.eip1559 ? { baseFeePerGas: INITIAL_BASE_FEE } : {}),
    ...(rules.eip4895 ? { withdrawalsRoot: EMPTY_LIST_ROOT } : {}),
    ...(rules.eip4844 ? { blobGasUsed: 0n, excessBlobGas: 0n } : {}),
    ...(rules.eip4788 ? { parentBeaconBlockRoot: new Uint8Array(32) } : {}),
    ...(rules.eip7685 ? { requestsHash: NO_REQUESTS_HASH } : {}),
    // keccak256 of the RLP of an empty list, as with uncles.
    ...(rules.eip7928 ? { blockAccessListHash: NO_UNCLES_HASH } : {}),
    ...(rules.eip7843 ? { slotNumber: 0n } : {}),
    ...fields,
  };
  checkHeaderFields(header, rules);
  return header;
}
