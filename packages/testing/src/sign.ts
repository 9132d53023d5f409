// For tests: signed transactions of all types, encoded field by field so that a wrong one can be made too.

import { keccak256 } from "@braid/kernel";
import { bigIntToBytes32, bytesToBigInt, concatBytes } from "@braid/primitives";
import { RLP } from "@ethereumjs/rlp";
import secp256k1 from "secp256k1";
import type { KeyedAccount } from "./accounts.ts";

type Field = Uint8Array | bigint | Field[];

/** A transaction before it is signed. Amounts in wei, gas in gas units. */
export interface UnsignedTransaction {
  type: 0 | 1 | 2 | 3 | 4;
  /** undefined: a legacy transaction without replay protection. */
  chainId: bigint | undefined;
  nonce: bigint;
  gasLimit: bigint;
  /** The gas price of types 0 and 1. */
  maxFeePerGas: bigint;
  maxPriorityFeePerGas: bigint;
  to: Uint8Array | undefined;
  value: bigint;
  data: Uint8Array;
  accessList: [address: Uint8Array, slots: Uint8Array[]][];
  maxFeePerBlobGas: bigint;
  blobVersionedHashes: Uint8Array[];
  authorizations: SignedAuthorization[];
}

export interface SignedAuthorization {
  chainId: bigint;
  address: Uint8Array;
  nonce: bigint;
  yParity: bigint;
  r: bigint;
  s: bigint;
}

interface Signature {
  yParity: bigint;
  r: bigint;
  s: bigint;
}

function sign(payload: Uint8Array, key: KeyedAccount | undefined): Signature {
  if (key === undefined) return { yParity: 0n, r: 1n, s: 1n };
  const { signature, recid } = secp256k1.ecdsaSign(keccak256(payload), key.privateKey);
  return {
    yParity: BigInt(recid),
    r: bytesToBigInt(signature.subarray(0, 32)),
    s: bytesToBigInt(signature.subarray(32)),
  };
}

/** EIP-7702: lets `authority` delegate to `address` (20 zero bytes: take the delegation back). */
export function authorize(
  authority: KeyedAccount,
  address: Uint8Array,
  nonce: bigint | number,
  chainId: bigint | number = 1n,
): SignedAuthorization {
  const fields = { chainId: BigInt(chainId), address, nonce: BigInt(nonce) };
  const payload = RLP.encode([fields.chainId, address, fields.nonce]);
  return { ...fields, ...sign(concatBytes(Uint8Array.of(5), payload), authority) };
}

/** The EIP-2718 encoding of the transaction, signed by `key`, or by nobody with a signature of ones. */
export function signTransaction(tx: UnsignedTransaction, key: KeyedAccount | undefined): Uint8Array {
  const receiver = tx.to ?? new Uint8Array(0);
  if (tx.type === 0) {
    const fields: Field[] = [tx.nonce, tx.maxFeePerGas, tx.gasLimit, receiver, tx.value, tx.data];
    const signed = tx.chainId === undefined ? fields : [...fields, tx.chainId, 0n, 0n];
    const { yParity, r, s } = sign(RLP.encode(signed as Parameters<typeof RLP.encode>[0]), key);
    const v = yParity + (tx.chainId === undefined ? 27n : 35n + 2n * tx.chainId);
    return RLP.encode([...fields, v, r, s] as Parameters<typeof RLP.encode>[0]);
  }
  const fees = tx.type === 1 ? [tx.maxFeePerGas] : [tx.maxPriorityFeePerGas, tx.maxFeePerGas];
  const fields: Field[] = [
    tx.chainId ?? 0n,
    tx.nonce,
    ...fees,
    tx.gasLimit,
    receiver,
    tx.value,
    tx.data,
    tx.accessList,
  ];
  if (tx.type === 3) fields.push(tx.maxFeePerBlobGas, tx.blobVersionedHashes);
  if (tx.type === 4)
    fields.push(tx.authorizations.map((a) => [a.chainId, a.address, a.nonce, a.yParity, a.r, a.s]));
  const encode = (list: Field[]): Uint8Array =>
    concatBytes(Uint8Array.of(tx.type), RLP.encode(list as Parameters<typeof RLP.encode>[0]));
  const { yParity, r, s } = sign(encode(fields), key);
  return encode([...fields, yParity, r, s]);
}

/** A versioned hash that stands for a blob nobody has (EIP-4844). */
export function blobHash(label: number): Uint8Array {
  const hash = keccak256(bigIntToBytes32(BigInt(label)));
  hash[0] = 1;
  return hash;
}
