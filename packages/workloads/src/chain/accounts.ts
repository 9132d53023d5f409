// Accounts with private keys that follow from a seed.
import { concatBytes } from "@braid/primitives";
import { keccak_256 } from "@noble/hashes/sha3.js";
import secp256k1 from "secp256k1";

/** Somebody who signs transactions; `nonce` is that of his next one and counts up as transactions are made. */
export interface SigningAccount {
  /** 20 bytes. */
  address: Uint8Array;
  /** 32 bytes; worth nothing, it follows from the seed. */
  privateKey: Uint8Array;
  nonce: bigint;
}

/** The accounts number 0 to `count - 1` of a seed. */
export function createAccounts(seed: string, count: number): SigningAccount[] {
  return Array.from({ length: count }, (_, index) => {
    const privateKey = keccak_256(new TextEncoder().encode(`${seed}/account/${index}`));
    const publicKey = secp256k1.publicKeyCreate(privateKey, false);
    return { address: keccak_256(publicKey.subarray(1)).slice(12), privateKey, nonce: 0n };
  });
}

/** The address of the contract that `creator` creates with a transaction of this nonce (Yellow Paper, section 7). */
export function createdAddress(creator: Uint8Array, nonce: bigint): Uint8Array {
  // An RLP list of 20 bytes and a number below 2^56: short forms only, so written out here.
  const digits = nonce === 0n ? "" : nonce.toString(16);
  const bytes = Uint8Array.from(Buffer.from(digits.length % 2 === 0 ? digits : `0${digits}`, "hex"));
  const number =
    bytes.length === 1 && (bytes[0] as number) < 0x80
      ? bytes
      : concatBytes(Uint8Array.of(0x80 + bytes.length), bytes);
  const list = concatBytes(Uint8Array.of(0xc0 + 21 + number.length, 0x94), creator, number);
  return keccak_256(list).slice(12);
}
