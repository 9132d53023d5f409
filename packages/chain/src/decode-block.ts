// A block's RLP taken apart: header, transactions as they are executed, uncles, withdrawals.

import type { BlockInput, WithdrawalInput } from "@braid/executor";
import type { BlockHeader } from "@ethereumjs/block";
import type { Common } from "@ethereumjs/common";
import { type DecodedHeader, decodeHeader } from "./decode-header.ts";
import { bytesItem, decodeRlp, encodeRlp, type Item, integerItem, listItem, malformed } from "./fields.ts";

/** A block that could be decoded; whether it is valid is another question. */
export interface DecodedBlock {
  header: BlockHeader;
  hash: Uint8Array;
  /** EIP-2718 encodings. */
  transactions: Uint8Array[];
  uncles: DecodedHeader[];
  /** keccak256 of the encoded list of uncles is what the header commits to. */
  unclesRlp: Uint8Array;
  /** From Shanghai on. */
  withdrawals: WithdrawalInput[] | undefined;
  withdrawalsRlp: Uint8Array[];
  /** Bytes of the whole encoding (EIP-7934). */
  size: number;
}

/**
 * Decodes `rlp([header, transactions, uncles, withdrawals])`.
 *
 * @param common the chain; it is set to the block's fork.
 * @throws BlockRejectedError, of code BRAID_BLOCK_MALFORMED unless said otherwise at `decodeHeader`.
 */
export function decodeBlock(raw: Uint8Array, common: Common): DecodedBlock {
  const items = listItem(decodeRlp(raw), "the block");
  const uncleItems = listItem(items[2], "the list of uncles");
  const uncles = uncleItems.map((item) => decodeHeader(listItem(item, "an uncle"), common));
  // Last, so that `common` is left at the block's own fork.
  const { header, hash } = decodeHeader(listItem(items[0], "the header"), common);
  const hasWithdrawals = header.common.isActivatedEIP(4895);
  if (items.length !== (hasWithdrawals ? 4 : 3))
    throw malformed(
      `it has ${items.length} parts, a ${header.common.hardfork()} block has ${hasWithdrawals ? 4 : 3}`,
    );
  const withdrawalItems = hasWithdrawals ? listItem(items[3], "the list of withdrawals") : [];
  return {
    header,
    hash,
    transactions: listItem(items[1], "the list of transactions").map(encodedTransaction),
    uncles,
    unclesRlp: encodeRlp(uncleItems),
    withdrawals: hasWithdrawals ? withdrawalItems.map(decodeWithdrawal) : undefined,
    withdrawalsRlp: withdrawalItems.map(encodeRlp),
    size: raw.length,
  };
}

/** In a body a legacy transaction is a list, a typed one a byte string that holds its encoding (EIP-2718). */
function encodedTransaction(item: Item): Uint8Array {
  return Array.isArray(item) ? encodeRlp(item) : item;
}

/** EIP-4895. */
function decodeWithdrawal(item: Item): WithdrawalInput {
  const fields = listItem(item, "a withdrawal");
  if (fields.length !== 4) throw malformed("a withdrawal does not have four fields");
  return {
    index: integerItem(fields[0], "a withdrawal's index", 8),
    validatorIndex: integerItem(fields[1], "a withdrawal's validator index", 8),
    address: bytesItem(fields[2], "a withdrawal's address", 20),
    amount: integerItem(fields[3], "a withdrawal's amount", 8),
  };
}

/** What the executor takes of a block. */
export function blockInput(block: DecodedBlock): BlockInput {
  return {
    header: block.header,
    transactions: block.transactions,
    uncles: block.uncles.map(({ header }) => ({ number: header.number, coinbase: header.coinbase.bytes })),
    ...(block.withdrawals === undefined ? {} : { withdrawals: block.withdrawals }),
  };
}
