// For tests: accounts with keys, and the addresses that contracts get.

import { keccak256 } from "@braid/kernel";
import { bigIntToBytes32, concatBytes } from "@braid/primitives";
import { RLP } from "@ethereumjs/rlp";
import secp256k1 from "secp256k1";

export interface KeyedAccount {
  privateKey: Uint8Array;
  /** 64 bytes. */
  publicKey: Uint8Array;
  /** 20 bytes. */
  address: Uint8Array;
}

const accounts = new Map<number, KeyedAccount>();

/** The account with the private key `keccak256(index)`: the same in each run. */
export function keyed(index: number): KeyedAccount {
  let account = accounts.get(index);
  if (account === undefined) {
    const privateKey = keccak256(bigIntToBytes32(BigInt(index)));
    const publicKey = secp256k1.publicKeyCreate(privateKey, false).slice(1);
    account = { privateKey, publicKey, address: keccak256(publicKey).slice(12) };
    accounts.set(index, account);
  }
  return account;
}

/** An address with no key to it: `label` bytes repeated. */
export function plainAddress(label: number): Uint8Array {
  const address = new Uint8Array(20).fill(0xaa);
  new DataView(address.buffer).setUint32(16, label);
  return address;
}

/** Where CREATE puts a contract. */
export function createAddress(creator: Uint8Array, nonce: bigint | number): Uint8Array {
  return keccak256(RLP.encode([creator, BigInt(nonce)])).slice(12);
}

/** Where CREATE2 puts a contract (EIP-1014). */
export function create2Address(creator: Uint8Array, salt: bigint | number, init: Uint8Array): Uint8Array {
  return keccak256(
    concatBytes(Uint8Array.of(0xff), creator, bigIntToBytes32(BigInt(salt)), keccak256(init)),
  ).slice(12);
}
