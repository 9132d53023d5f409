// A validator's withdrawal (EIP-4895).

import { rlpOfBigInt, rlpOfBytes, rlpOfList } from "@braid/primitives";
import type { JsonFields } from "../json/json-fields.ts";
import { orderedTrieRoot } from "../rlp/list-root.ts";
import type { RlpFields } from "../rlp/rlp-fields.ts";

/** EIP-4895. */
export interface Withdrawal {
  index: bigint;
  validatorIndex: bigint;
  /** 20 bytes. */
  address: Uint8Array;
  /** In gwei. */
  amount: bigint;
}

/** A withdrawal as eth_getBlockByNumber shows it. */
export interface RpcWithdrawal {
  index: string;
  validatorIndex: string;
  address: string;
  amount: string;
}

/** The RLP of a withdrawal. */
export function encodeWithdrawal({ index, validatorIndex, address, amount }: Withdrawal): Uint8Array {
  return rlpOfList([
    rlpOfBigInt(index),
    rlpOfBigInt(validatorIndex),
    rlpOfBytes(address),
    rlpOfBigInt(amount),
  ]);
}

/** A header's withdrawals root (32 bytes). */
export function withdrawalsRoot(withdrawals: readonly Withdrawal[]): Uint8Array {
  return orderedTrieRoot(withdrawals.map(encodeWithdrawal));
}

/** A withdrawal out of its four items; throws what the list throws. */
export function readWithdrawal(fields: RlpFields): Withdrawal {
  return {
    index: fields.integer(0, "a withdrawal's index", 8),
    validatorIndex: fields.integer(1, "a withdrawal's validator index", 8),
    address: fields.bytes(2, "a withdrawal's address", 20),
    amount: fields.integer(3, "a withdrawal's amount", 8),
  };
}

/** A withdrawal out of its JSON; throws what the reader throws. */
export function readRpcWithdrawal(json: JsonFields): Withdrawal {
  return {
    index: json.number("index", 8),
    validatorIndex: json.number("validatorIndex", 8),
    address: json.bytes("address", 20),
    amount: json.number("amount", 8),
  };
}
