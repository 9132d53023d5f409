// What is wrong with a transaction's sender, once the state before it is known: the same words from every engine.

import { bytesToHex } from "@braid/primitives";
import { InvalidTransactionError } from "@braid/protocol";

export function wrongNonce(sender: Uint8Array, nonce: bigint, actual: bigint): InvalidTransactionError {
  return new InvalidTransactionError(
    nonce < actual ? "BRAID_TX_NONCE_TOO_LOW" : "BRAID_TX_NONCE_TOO_HIGH",
    `The transaction has nonce ${nonce}, the sender ${bytesToHex(sender)} is at ${actual}.`,
  );
}

/** Amounts in wei: the most that the transaction can cost, and what there is. */
export function insufficientFunds(
  sender: Uint8Array,
  cost: bigint,
  balance: bigint,
): InvalidTransactionError {
  return new InvalidTransactionError(
    "BRAID_TX_INSUFFICIENT_FUNDS",
    `The transaction can cost ${cost} wei, the sender ${bytesToHex(sender)} has ${balance}.`,
  );
}

export function contractSender(sender: Uint8Array): InvalidTransactionError {
  return new InvalidTransactionError(
    "BRAID_TX_SENDER_NOT_EOA",
    `The sender ${bytesToHex(sender)} is a contract (EIP-3607).`,
  );
}
