// A block as JSON-RPC shows it (execution-apis: eth_getBlockByNumber with whole transactions).

import { equalBytes } from "@braid/primitives";
import type { Chain } from "../chain/chain.ts";
import { InvalidBlockError, InvalidTransactionError } from "../errors.ts";
import { NO_UNCLES_HASH } from "../header/create-header.ts";
import type { Header } from "../header/header.ts";
import { badBlockField, decodeRpcHeader, type RpcHeader, readRpcHeader } from "../header/rpc-header.ts";
import { JsonFields } from "../json/json-fields.ts";
import { type RpcTransaction, readRpcTransaction } from "../transaction/rpc-transaction.ts";
import { encodeTransaction } from "../transaction/transaction.ts";
import type { Block } from "./block.ts";
import { validateBody } from "./validate-body.ts";
import { type RpcWithdrawal, readRpcWithdrawal } from "./withdrawal.ts";

/** A block as `eth_getBlockByNumber(number, true)` gives it. Unknown fields are ignored. */
export interface RpcBlock extends RpcHeader {
  /** Whole, not only their hashes. */
  transactions: readonly (RpcTransaction | string)[];
  /** Their hashes. */
  uncles?: readonly string[] | null;
  /** From Shanghai on. */
  withdrawals?: readonly RpcWithdrawal[] | null;
}

/** A block as it came, and how many uncles its source does not tell more of than their hashes. */
export interface PartialBlock extends Block {
  unknownUncles: number;
}

/**
 * The block in its JSON, checked against its own hash and roots.
 *
 * @param uncles the uncles' headers, as eth_getUncleByBlockNumberAndIndex gives them: only they say who is rewarded.
 * @throws InvalidBlockError: BRAID_BLOCK_MALFORMED, `data.field` names the field; BRAID_BLOCK_WRONG_HASH, BRAID_BLOCK_WRONG_TRANSACTIONS_ROOT,
 *   BRAID_BLOCK_WRONG_WITHDRAWALS_ROOT, BRAID_BLOCK_WRONG_UNCLES_HASH when the parts do not belong together; BRAID_BLOCK_UNKNOWN_UNCLES when it
 *   has uncles and `uncles` does not give them. InvalidTransactionError of the codes of decodeRpcTransaction, with `data.transactionIndex`.
 */
export function decodeRpcBlock(json: RpcBlock, chain: Chain, uncles: readonly RpcHeader[] = []): Block {
  const { unknownUncles, ...block } = decodePartialRpcBlock(json, chain, uncles);
  if (unknownUncles > 0)
    throw new InvalidBlockError(
      "BRAID_BLOCK_UNKNOWN_UNCLES",
      `Block ${block.header.number} has ${unknownUncles} uncles, of which JSON-RPC shows the hashes alone, and their rewards cannot be paid without their headers. ` +
        "Ask for them with eth_getUncleByBlockNumberAndIndex and give them to decodeRpcBlock.",
      { number: block.header.number.toString(), uncles: unknownUncles },
    );
  return block;
}

/** As decodeRpcBlock, but a block's uncles may be unknown: what it is executed to is right but for their rewards. */
export function decodePartialRpcBlock(
  json: RpcBlock,
  chain: Chain,
  uncles: readonly RpcHeader[] = [],
): PartialBlock {
  const fields = new JsonFields(json, "", badBlockField);
  const header = readRpcHeader(fields, chain);
  const names = fields.optional("uncles", (name) => fields.bytesArray(name, 32)) ?? [];
  const rules = chain.rulesAt(header);
  const block: Block = {
    header,
    transactions: transactionsOf(fields),
    uncles: uncles.map((uncle) => decodeRpcHeader(uncle, chain)),
    ...(rules.eip4895 ? { withdrawals: fields.objects("withdrawals", readRpcWithdrawal) } : {}),
  };
  const hasUncles = !equalBytes(header.unclesHash, NO_UNCLES_HASH);
  if (names.length > 0 && !hasUncles)
    throw fields.bad("uncles", "are there, but the header has the hash of none");
  const unknown = hasUncles && uncles.length === 0;
  // As if it had none: the rest of the body is checked all the same.
  const known: Header = unknown ? { ...header, unclesHash: NO_UNCLES_HASH } : header;
  validateBody({ ...block, header: known }, chain);
  return { ...block, unknownUncles: unknown ? Math.max(1, names.length) : 0 };
}

function transactionsOf(block: JsonFields): Uint8Array[] {
  return block.array("transactions").map((item, index) => {
    const name = `transactions[${index}]`;
    if (typeof item === "string")
      throw badBlockField("is only a hash: ask for the block with whole transactions", name);
    try {
      return encodeTransaction(readRpcTransaction(new JsonFields(item, name, badBlockField)));
    } catch (error) {
      if (!(error instanceof InvalidTransactionError)) throw error;
      throw new InvalidTransactionError(error.code, `Transaction ${index}: ${error.message}`, {
        ...error.data,
        transactionIndex: index,
      });
    }
  });
}
