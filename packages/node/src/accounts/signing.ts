// Signatures of transactions and messages with a key that the node has.

import { signMessage } from "@braid/executor";
import { keccak256 } from "@braid/kernel";
import { bigIntToBytes32, bytesToBigInt, concatBytes } from "@braid/primitives";
import { encodeTransaction, signedPayload, type Transaction } from "@braid/protocol";

/** A transaction that nobody has signed. */
export type UnsignedTransaction = Omit<Transaction, "yParity" | "r" | "s">;

export interface Signature {
  yParity: number;
  r: bigint;
  s: bigint;
}

/** The signature of a hash of 32 bytes, deterministic (RFC 6979), with a low s. */
export function signHash(hash: Uint8Array, privateKey: Uint8Array): Signature {
  const { signature, recovery } = signMessage(hash, privateKey);
  return {
    yParity: recovery,
    r: bytesToBigInt(signature.subarray(0, 32)),
    s: bytesToBigInt(signature.subarray(32)),
  };
}

/** The EIP-2718 encoding of the transaction, signed. */
export function signTransaction(tx: UnsignedTransaction, privateKey: Uint8Array): Uint8Array {
  const payload = signedPayload(encodeTransaction({ ...tx, yParity: 0, r: 1n, s: 1n }), tx);
  return encodeTransaction({ ...tx, ...signHash(keccak256(payload), privateKey) });
}

/**
 * The encoding of a transaction of somebody whose key nobody here has. What stands in the place of the signature is the address, so that
 * equal transactions of different senders have different hashes; it is never recovered.
 */
export function impersonate(tx: UnsignedTransaction, sender: Uint8Array): Uint8Array {
  const r = bytesToBigInt(sender);
  return encodeTransaction({ ...tx, yParity: 0, r: r === 0n ? 1n : r, s: 1n });
}

/** What a message is signed as by personal_sign (EIP-191): 32 bytes. */
export function hashMessage(message: Uint8Array): Uint8Array {
  const prefix = new TextEncoder().encode(`\x19Ethereum Signed Message:\n${message.length}`);
  return keccak256(concatBytes(prefix, message));
}

/** A signature as 65 bytes: r, s, v. */
export function encodeSignature({ yParity, r, s }: Signature): Uint8Array {
  return concatBytes(bigIntToBytes32(r), bigIntToBytes32(s), Uint8Array.of(27 + yParity));
}
