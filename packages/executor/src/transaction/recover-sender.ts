// Senders of transactions and authorities of authorizations, from their signatures.

import { keccak256Into } from "@braid/kernel";
import { bigIntToBytes32, concatBytes } from "@braid/primitives";
import { type Authorization, type ForkRules, signedPayload, type Transaction } from "@braid/protocol";
import { RLP } from "@ethereumjs/rlp";
import { recoverPublicKey } from "./secp256k1.ts";

const SECP256K1_N = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
const HALF_N = SECP256K1_N / 2n;
/** EIP-7702: first byte of what an authorization signs. */
const AUTHORIZATION_MAGIC = Uint8Array.of(0x05);

// PERF: native code can only reach bytes outside the heap. Small arrays are moved there at each call, so these are there for good.
const signature = new Uint8Array(new ArrayBuffer(64));
const message = new Uint8Array(new ArrayBuffer(32));
const publicKey = new Uint8Array(new ArrayBuffer(65));
const hash = new Uint8Array(32);

/** The address behind the signature of `message`, or undefined when there is none (r or s out of range, or no such point). */
function recover(r: bigint, s: bigint, yParity: number): Uint8Array | undefined {
  if (r === 0n || s === 0n || r >= SECP256K1_N || s >= SECP256K1_N) return undefined;
  signature.set(bigIntToBytes32(r), 0);
  signature.set(bigIntToBytes32(s), 32);
  if (!recoverPublicKey(signature, yParity, message, publicKey)) return undefined;
  keccak256Into(publicKey.subarray(1), hash);
  return hash.slice(12);
}

/**
 * The sender (20 bytes) of a transaction, or undefined when its signature is invalid: EIP-2 forbids a high s from Homestead on.
 *
 * @param raw the encoding that `tx` was decoded from.
 */
export function recoverSender(raw: Uint8Array, tx: Transaction, rules: ForkRules): Uint8Array | undefined {
  if ((rules.homestead || tx.type !== 0) && tx.s > HALF_N) return undefined;
  keccak256Into(signedPayload(raw, tx), message);
  return recover(tx.r, tx.s, tx.yParity);
}

/** The authority of an EIP-7702 authorization (20 bytes), or undefined when its signature is invalid. */
export function recoverAuthority(authorization: Authorization): Uint8Array | undefined {
  if (authorization.s > HALF_N || authorization.yParity > 1n) return undefined;
  const payload = RLP.encode([authorization.chainId, authorization.address, authorization.nonce]);
  keccak256Into(concatBytes(AUTHORIZATION_MAGIC, payload), message);
  return recover(authorization.r, authorization.s, Number(authorization.yParity));
}
