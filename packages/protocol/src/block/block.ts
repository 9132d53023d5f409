// A block: its header, its body, and the RLP of both.

import { keccak256 } from "@braid/kernel";
import { rlpListLength, rlpOfBytes, rlpOfList, rlpStringLength } from "@braid/primitives";
import type { Chain } from "../chain/chain.ts";
import { decodeHeader, encodeHeader, type Header, malformedBlock } from "../header/header.ts";
import { orderedTrieRoot } from "../rlp/list-root.ts";
import { RlpFields } from "../rlp/rlp-fields.ts";
import { encodeWithdrawal, readWithdrawal, type Withdrawal } from "./withdrawal.ts";

/** A block that could be decoded; whether it is valid is another question. */
export interface Block {
  header: Header;
  /** EIP-2718 encodings as they stand in the block body; blob transactions without their blobs. */
  transactions: readonly Uint8Array[];
  uncles: readonly Header[];
  /** From Shanghai on. */
  withdrawals?: readonly Withdrawal[];
}

/** A legacy transaction's encoding is an RLP list, a typed one begins with its type (EIP-2718). */
function isLegacy(transaction: Uint8Array): boolean {
  return (transaction[0] ?? 0) >= 0xc0;
}

/**
 * Decodes `rlp([header, transactions, uncles, withdrawals])`. Transactions are taken apart when they are executed; they are views of `raw`.
 *
 * @param chain says which parts a block of that number and timestamp has.
 * @throws InvalidBlockError BRAID_BLOCK_MALFORMED; InvalidChainError BRAID_UNKNOWN_EIP.
 */
export function decodeBlock(raw: Uint8Array, chain: Chain): Block {
  // A Buffer's views would be Buffers.
  const bytes = new Uint8Array(raw.buffer, raw.byteOffset, raw.length);
  const items = RlpFields.of(bytes, malformedBlock, "the block");
  const header = decodeHeader(items.encoding(0, "the header"), chain);
  const rules = chain.rulesAt(header);
  const parts = rules.eip4895 ? 4 : 3;
  if (items.length !== parts)
    throw malformedBlock(`it has ${items.length} parts, a block of the fork ${rules.fork} has ${parts}`);
  return {
    header,
    transactions: items.list(1, "the list of transactions").map(transactionAt),
    uncles: items
      .list(2, "the list of uncles")
      .map((list, i) => decodeHeader(list.encoding(i, "an uncle"), chain)),
    ...(rules.eip4895 ? { withdrawals: items.list(3, "the list of withdrawals").map(withdrawalAt) } : {}),
  };
}

/** In a body a legacy transaction is a list, a typed one a byte string that holds its encoding (EIP-2718). */
function transactionAt(list: RlpFields, index: number): Uint8Array {
  if (list.isList(index)) return list.encoding(index, "a transaction");
  const typed = list.bytes(index, "a transaction");
  if (typed.length === 0) throw malformedBlock("a transaction is empty");
  if (isLegacy(typed)) throw malformedBlock("a legacy transaction stands in a byte string");
  return typed;
}

function withdrawalAt(list: RlpFields, index: number): Withdrawal {
  const fields = list.list(index, "a withdrawal");
  if (fields.length !== 4) throw malformedBlock("a withdrawal does not have four fields");
  const withdrawal = readWithdrawal(fields);
  return { ...withdrawal, address: withdrawal.address.slice() };
}

/** A block's RLP, as it is sent and stored. */
export function encodeBlock({ header, transactions, uncles, withdrawals }: Block): Uint8Array {
  const items = [
    encodeHeader(header),
    rlpOfList(transactions.map((raw) => (isLegacy(raw) ? raw : rlpOfBytes(raw)))),
    encodeUncles(uncles),
  ];
  if (withdrawals !== undefined) items.push(rlpOfList(withdrawals.map(encodeWithdrawal)));
  return rlpOfList(items);
}

/** How many bytes encodeBlock gives (EIP-7934). */
export function encodedBlockLength({ header, transactions, uncles, withdrawals }: Block): number {
  let payload = 0;
  for (const raw of transactions) payload += isLegacy(raw) ? raw.length : rlpStringLength(raw);
  let length = encodeHeader(header).length + rlpListLength(payload) + encodeUncles(uncles).length;
  if (withdrawals !== undefined) length += rlpOfList(withdrawals.map(encodeWithdrawal)).length;
  return rlpListLength(length);
}

function encodeUncles(uncles: readonly Header[]): Uint8Array {
  return rlpOfList(uncles.map(encodeHeader));
}

/** A header's hash of its uncles (32 bytes). */
export function unclesHash(uncles: readonly Header[]): Uint8Array {
  return keccak256(encodeUncles(uncles));
}

/** A header's transactions root (32 bytes). */
export function transactionsRoot(transactions: readonly Uint8Array[]): Uint8Array {
  return orderedTrieRoot(transactions);
}
