// A transaction, decoded from its EIP-2718 encoding without building a library object (an @ethereumjs/tx object costs 50 to
// 80 microseconds, this decoding 3), and without copying a byte.

import { keccak256 } from "@braid/kernel";
import {
  concatBytes,
  type RlpItem,
  readRlpItem,
  rlpListLength,
  rlpOfBigInt,
  rlpOfBytes,
  rlpOfList,
  writeRlpListHeader,
} from "@braid/primitives";
import { InvalidTransactionError } from "../errors.ts";
import { RlpFields } from "../rlp/rlp-fields.ts";

/** 0 legacy, 1 with an access list (EIP-2930), 2 with a priority fee (EIP-1559), 3 with blobs (EIP-4844), 4 with authorizations (EIP-7702). */
export type TransactionType = 0 | 1 | 2 | 3 | 4;

/** One entry of an EIP-2930 access list: 20-byte address, 32-byte slots. */
export interface AccessListEntry {
  address: Uint8Array;
  slots: readonly Uint8Array[];
}

/** One EIP-7702 authorization tuple; values are as signed, unchecked. */
export interface Authorization {
  chainId: bigint;
  address: Uint8Array;
  nonce: bigint;
  yParity: bigint;
  r: bigint;
  s: bigint;
}

/** A decoded transaction of type 0 to 4. Amounts in wei, gas in gas units. Byte arrays are views of its encoding. */
export interface Transaction {
  type: TransactionType;
  /** undefined for a legacy transaction without EIP-155 replay protection. */
  chainId: bigint | undefined;
  nonce: bigint;
  gasLimit: bigint;
  /** undefined creates a contract. */
  to: Uint8Array | undefined;
  value: bigint;
  data: Uint8Array;
  /** gasPrice for types 0 and 1, max_fee_per_gas from type 2 on. */
  maxFeePerGas: bigint;
  maxPriorityFeePerGas: bigint;
  accessList: readonly AccessListEntry[];
  maxFeePerBlobGas: bigint;
  blobVersionedHashes: Uint8Array[];
  authorizations: Authorization[];
  /** Signature: recovery parity, r and s. */
  yParity: number;
  r: bigint;
  s: bigint;
}

/** Number of RLP fields of each type, signature included. */
const FIELD_COUNT = [9, 11, 12, 14, 13] as const;
const NO_BYTES = new Uint8Array(0);
/** EIP-155: r and s of what is signed, both zero. */
const NO_SIGNATURE = Uint8Array.of(0x80, 0x80);

/** The error of a transaction that cannot be decoded. */
export function malformedTransaction(what: string, field?: string): InvalidTransactionError {
  return new InvalidTransactionError(
    "BRAID_TX_MALFORMED",
    `The transaction cannot be decoded: ${what}.`,
    field === undefined ? {} : { field },
  );
}

/** The error of a type that nobody knows. */
export function unknownType(type: number | bigint): InvalidTransactionError {
  return new InvalidTransactionError(
    "BRAID_TX_TYPE_NOT_ACTIVE",
    `Transaction type ${type} is not known; types 0 to 4 are.`,
  );
}

function receiver(fields: RlpFields, index: number): Uint8Array | undefined {
  return fields.bytes(index, "to").length === 0 ? undefined : fields.bytes(index, "to", 20);
}

function accessList(list: RlpFields): AccessListEntry[] {
  return list.map((entries, i) => {
    const entry = entries.list(i, "an access list entry");
    if (entry.length !== 2) throw malformedTransaction("an access list entry is not a pair");
    return {
      address: entry.bytes(0, "an access list's address", 20),
      slots: hashes(entry.list(1, "slots"), "a slot"),
    };
  });
}

function hashes(list: RlpFields, name: string): Uint8Array[] {
  return list.map((items, i) => items.bytes(i, name, 32));
}

function authorizations(list: RlpFields): Authorization[] {
  return list.map((tuples, i) => {
    const tuple = tuples.list(i, "an authorization");
    if (tuple.length !== 6) throw malformedTransaction("an authorization does not have six fields");
    return {
      chainId: tuple.integer(0, "an authorization's chainId"),
      address: tuple.bytes(1, "an authorization's address", 20),
      nonce: tuple.integer(2, "an authorization's nonce", 8),
      yParity: tuple.integer(3, "an authorization's yParity", 1),
      r: tuple.integer(4, "an authorization's r"),
      s: tuple.integer(5, "an authorization's s"),
    };
  });
}

/** The type by the first byte of an encoding (EIP-2718): a legacy one begins with an RLP list. */
export function transactionType(first: number): number {
  return first >= 0xc0 ? 0 : first;
}

/** Type and fields of an encoding, as many as the type has. */
function openEnvelope(raw: Uint8Array): { type: TransactionType; fields: RlpFields } {
  const first = raw[0];
  if (first === undefined) throw malformedTransaction("it is empty");
  const type = transactionType(first);
  if (type > 4) throw unknownType(type);
  const fields = RlpFields.of(type === 0 ? raw : raw.subarray(1), malformedTransaction, "its list of fields");
  const count = FIELD_COUNT[type as TransactionType];
  if (fields.length !== count)
    throw malformedTransaction(`type ${type} has ${count} fields, not ${fields.length}`);
  return { type: type as TransactionType, fields };
}

/** What v says besides the parity (EIP-155); undefined for a number that is no v. */
export function readV(v: bigint): Pick<Transaction, "chainId" | "yParity"> | undefined {
  if (v >= 35n) return { chainId: (v - 35n) / 2n, yParity: Number((v - 35n) % 2n) };
  return v === 27n || v === 28n ? { chainId: undefined, yParity: Number(v - 27n) } : undefined;
}

/** EIP-155: the v of a legacy signature. */
function vOf({ chainId, yParity }: Pick<Transaction, "chainId" | "yParity">): bigint {
  return chainId === undefined ? 27n + BigInt(yParity) : 35n + 2n * chainId + BigInt(yParity);
}

/** Bytes of a legacy v: room for any 64-bit chain id. */
export const MAX_V_BYTES = 9;

function legacyV(fields: RlpFields): Pick<Transaction, "chainId" | "yParity"> {
  const v = fields.integer(6, "v", MAX_V_BYTES);
  const read = readV(v);
  if (read === undefined) throw malformedTransaction(`v is ${v}`);
  return read;
}

function parityOf(fields: RlpFields): number {
  const yParity = fields.integer(fields.length - 3, "yParity", 1);
  if (yParity > 1n) throw malformedTransaction(`the signature's parity is ${yParity}`);
  return Number(yParity);
}

/**
 * Decodes one transaction as it stands in a block body.
 *
 * @param raw legacy RLP list, or type byte followed by the RLP payload (EIP-2718); blob transactions without their blobs (EIP-4844).
 * @throws InvalidTransactionError BRAID_TX_MALFORMED when the bytes are no such transaction, BRAID_TX_TYPE_NOT_ACTIVE for an unknown type.
 */
export function decodeTransaction(raw: Uint8Array): Transaction {
  const { type, fields } = openEnvelope(raw);
  return type === 0 ? decodeLegacy(fields) : decodeTyped(type, fields);
}

function decodeLegacy(fields: RlpFields): Transaction {
  const gasPrice = fields.integer(1, "gasPrice");
  return {
    type: 0,
    ...legacyV(fields),
    nonce: fields.integer(0, "nonce", 8),
    gasLimit: fields.integer(2, "gasLimit"),
    to: receiver(fields, 3),
    value: fields.integer(4, "value"),
    data: fields.bytes(5, "data"),
    maxFeePerGas: gasPrice,
    maxPriorityFeePerGas: gasPrice,
    accessList: [],
    maxFeePerBlobGas: 0n,
    blobVersionedHashes: [],
    authorizations: [],
    r: fields.integer(7, "r"),
    s: fields.integer(8, "s"),
  };
}

function decodeTyped(type: 1 | 2 | 3 | 4, fields: RlpFields): Transaction {
  // Types 2 to 4 have two fee fields where type 1 has one.
  const shift = type === 1 ? 0 : 1;
  const signature = fields.length - 3;
  return {
    type,
    chainId: fields.integer(0, "chainId"),
    nonce: fields.integer(1, "nonce", 8),
    maxPriorityFeePerGas: fields.integer(2, type === 1 ? "gasPrice" : "maxPriorityFeePerGas"),
    maxFeePerGas: fields.integer(2 + shift, "maxFeePerGas"),
    gasLimit: fields.integer(3 + shift, "gasLimit"),
    to: receiver(fields, 4 + shift),
    value: fields.integer(5 + shift, "value"),
    data: fields.bytes(6 + shift, "data"),
    accessList: accessList(fields.list(7 + shift, "accessList")),
    maxFeePerBlobGas: type === 3 ? fields.integer(9, "maxFeePerBlobGas") : 0n,
    blobVersionedHashes: type === 3 ? hashes(fields.list(10, "blobVersionedHashes"), "a blob hash") : [],
    authorizations: type === 4 ? authorizations(fields.list(9, "authorizationList")) : [],
    yParity: parityOf(fields),
    r: fields.integer(signature + 1, "r"),
    s: fields.integer(signature + 2, "s"),
  };
}

/**
 * What the signature of a transaction signs, before hashing (EIP-155, EIP-2718).
 *
 * @param raw the encoding that `tx` was decoded from.
 */
export function signedPayload(raw: Uint8Array, tx: Pick<Transaction, "type" | "chainId">): Uint8Array {
  const type = tx.type === 0 ? NO_BYTES : raw.subarray(0, 1);
  const more =
    tx.type === 0 && tx.chainId !== undefined ? concatBytes(rlpOfBigInt(tx.chainId), NO_SIGNATURE) : NO_BYTES;
  // The fields but the last three, as they are encoded.
  const start = contentOf(raw, type.length).content;
  let end = start;
  for (let i = FIELD_COUNT[tx.type] - 3; i > 0; i--) end = contentOf(raw, end).end;
  const length = end - start + more.length;
  const payload = new Uint8Array(type.length + rlpListLength(length));
  payload.set(type);
  const at = writeRlpListHeader(payload, type.length, length);
  payload.set(raw.subarray(start, end), at);
  payload.set(more, at + end - start);
  return payload;
}

function contentOf(raw: Uint8Array, position: number): RlpItem {
  const item = readRlpItem(raw, position);
  if (item === undefined) throw new Error("a transaction is not what these bytes were decoded to");
  return item;
}

/** A transaction's EIP-2718 encoding: decodeTransaction(encodeTransaction(tx)) is tx. */
export function encodeTransaction(tx: Transaction): Uint8Array {
  const call = [
    rlpOfBigInt(tx.gasLimit),
    rlpOfBytes(tx.to ?? NO_BYTES),
    rlpOfBigInt(tx.value),
    rlpOfBytes(tx.data),
  ];
  const signature = [rlpOfBigInt(tx.r), rlpOfBigInt(tx.s)];
  if (tx.type === 0)
    return rlpOfList([
      rlpOfBigInt(tx.nonce),
      rlpOfBigInt(tx.maxFeePerGas),
      ...call,
      rlpOfBigInt(vOf(tx)),
      ...signature,
    ]);
  const fees = [rlpOfBigInt(tx.maxPriorityFeePerGas), rlpOfBigInt(tx.maxFeePerGas)];
  const fields = rlpOfList([
    rlpOfBigInt(tx.chainId ?? 0n),
    rlpOfBigInt(tx.nonce),
    ...(tx.type === 1 ? fees.slice(1) : fees),
    ...call,
    rlpOfList(tx.accessList.map(encodeEntry)),
    ...(tx.type === 3
      ? [rlpOfBigInt(tx.maxFeePerBlobGas), rlpOfList(tx.blobVersionedHashes.map(rlpOfBytes))]
      : []),
    ...(tx.type === 4 ? [rlpOfList(tx.authorizations.map(encodeAuthorization))] : []),
    rlpOfBigInt(BigInt(tx.yParity)),
    ...signature,
  ]);
  return concatBytes(Uint8Array.of(tx.type), fields);
}

function encodeEntry({ address, slots }: AccessListEntry): Uint8Array {
  return rlpOfList([rlpOfBytes(address), rlpOfList(slots.map(rlpOfBytes))]);
}

function encodeAuthorization({ chainId, address, nonce, yParity, r, s }: Authorization): Uint8Array {
  return rlpOfList([
    rlpOfBigInt(chainId),
    rlpOfBytes(address),
    rlpOfBigInt(nonce),
    ...[yParity, r, s].map(rlpOfBigInt),
  ]);
}

/** A transaction's hash (32 bytes): keccak256 of its EIP-2718 encoding. */
export function hashTransaction(raw: Uint8Array): Uint8Array {
  return keccak256(raw);
}
