// A transaction as the executor needs it, decoded from its EIP-2718 encoding without building a library object
// per transaction (an @ethereumjs/tx object costs 50 to 80 microseconds, this decoding 5).

import { bytesToBigInt } from "@braid/primitives";
import { RLP } from "@ethereumjs/rlp";
import { InvalidTransactionError } from "../errors.ts";

/** One entry of an EIP-2930 access list: 20-byte address, 32-byte slots. */
interface AccessListEntry {
  address: Uint8Array;
  slots: Uint8Array[];
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

/** A decoded transaction of type 0 to 4. Amounts in wei, gas in gas units. */
export interface Transaction {
  type: 0 | 1 | 2 | 3 | 4;
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
  accessList: AccessListEntry[];
  maxFeePerBlobGas: bigint;
  blobVersionedHashes: Uint8Array[];
  authorizations: Authorization[];
  /** Signature: recovery parity, r and s. */
  yParity: number;
  r: bigint;
  s: bigint;
  /** What was signed, before hashing (EIP-155, EIP-2718). */
  signedPayload: () => Uint8Array;
}

type Item = Uint8Array | Item[];

/** Number of RLP fields of each type, signature included. */
const FIELD_COUNT = [9, 11, 12, 14, 13] as const;

function bytesField(item: Item | undefined): Uint8Array {
  if (!(item instanceof Uint8Array)) throw malformed("a list stands where bytes are expected");
  return item;
}

function listField(item: Item | undefined): Item[] {
  if (!Array.isArray(item)) throw malformed("bytes stand where a list is expected");
  return item;
}

/** A canonical big-endian integer of at most `maxBytes` bytes: no leading zero (Yellow Paper appendix B). */
function integerField(item: Item | undefined, maxBytes = 32): bigint {
  const bytes = bytesField(item);
  if (bytes.length > maxBytes || (bytes.length > 0 && bytes[0] === 0))
    throw malformed("an integer is too long or has a leading zero");
  return bytes.length === 0 ? 0n : bytesToBigInt(bytes);
}

function addressField(item: Item | undefined): Uint8Array {
  const bytes = bytesField(item);
  if (bytes.length !== 20) throw malformed(`an address has ${bytes.length} bytes instead of 20`);
  return bytes;
}

function receiverField(item: Item | undefined): Uint8Array | undefined {
  return bytesField(item).length === 0 ? undefined : addressField(item);
}

function hashField(item: Item | undefined): Uint8Array {
  const bytes = bytesField(item);
  if (bytes.length !== 32) throw malformed(`a 32-byte value has ${bytes.length} bytes`);
  return bytes;
}

function accessListField(item: Item | undefined): AccessListEntry[] {
  return listField(item).map((entry) => {
    const fields = listField(entry);
    if (fields.length !== 2) throw malformed("an access list entry is not a pair");
    return { address: addressField(fields[0]), slots: listField(fields[1]).map(hashField) };
  });
}

function authorizationsField(item: Item | undefined): Authorization[] {
  return listField(item).map((entry) => {
    const fields = listField(entry);
    if (fields.length !== 6) throw malformed("an authorization does not have six fields");
    return {
      chainId: integerField(fields[0]),
      address: addressField(fields[1]),
      nonce: integerField(fields[2], 8),
      yParity: integerField(fields[3], 1),
      r: integerField(fields[4]),
      s: integerField(fields[5]),
    };
  });
}

function malformed(what: string): InvalidTransactionError {
  return new InvalidTransactionError("BRAID_TX_MALFORMED", `The transaction cannot be decoded: ${what}.`);
}

/**
 * Decodes one transaction as it stands in a block body.
 *
 * @param raw legacy RLP list, or type byte followed by the RLP payload (EIP-2718); blob transactions without their blobs (EIP-4844).
 * @throws InvalidTransactionError BRAID_TX_MALFORMED when the bytes are no such transaction, BRAID_TX_TYPE_NOT_ACTIVE for an unknown type.
 */
export function decodeTransaction(raw: Uint8Array): Transaction {
  const first = raw[0];
  if (first === undefined) throw malformed("it is empty");
  const type = first >= 0xc0 ? 0 : first;
  if (type > 4)
    throw new InvalidTransactionError(
      "BRAID_TX_TYPE_NOT_ACTIVE",
      `Transaction type ${type} is not known; types 0 to 4 are.`,
    );
  let fields: Item[];
  try {
    fields = listField(RLP.decode(type === 0 ? raw : raw.subarray(1)) as Item);
  } catch (cause) {
    throw cause instanceof InvalidTransactionError
      ? cause
      : malformed(`its RLP is broken (${(cause as Error).message})`);
  }
  if (fields.length !== FIELD_COUNT[type])
    throw malformed(`type ${type} has ${FIELD_COUNT[type]} fields, not ${fields.length}`);
  return type === 0 ? decodeLegacy(fields) : decodeTyped(type as 1 | 2 | 3 | 4, fields);
}

function decodeLegacy(fields: Item[]): Transaction {
  const v = integerField(fields[6], 8 + 1);
  const isProtected = v >= 35n;
  if (!isProtected && v !== 27n && v !== 28n) throw malformed(`v is ${v}`);
  const chainId = isProtected ? (v - 35n) / 2n : undefined;
  return {
    type: 0,
    chainId,
    nonce: integerField(fields[0], 8),
    gasLimit: integerField(fields[2]),
    to: receiverField(fields[3]),
    value: integerField(fields[4]),
    data: bytesField(fields[5]),
    maxFeePerGas: integerField(fields[1]),
    maxPriorityFeePerGas: integerField(fields[1]),
    accessList: [],
    maxFeePerBlobGas: 0n,
    blobVersionedHashes: [],
    authorizations: [],
    yParity: Number(isProtected ? (v - 35n) % 2n : v - 27n),
    r: integerField(fields[7]),
    s: integerField(fields[8]),
    signedPayload: () => {
      const payload = fields.slice(0, 6);
      return RLP.encode(
        (chainId === undefined ? payload : [...payload, chainId, 0n, 0n]) as Parameters<typeof RLP.encode>[0],
      );
    },
  };
}

function decodeTyped(type: 1 | 2 | 3 | 4, fields: Item[]): Transaction {
  // Types 2 to 4 have two fee fields where type 1 has one.
  const shift = type === 1 ? 0 : 1;
  const signature = fields.length - 3;
  const yParity = integerField(fields[signature], 1);
  if (yParity > 1n) throw malformed(`the signature's parity is ${yParity}`);
  return {
    type,
    chainId: integerField(fields[0]),
    nonce: integerField(fields[1], 8),
    maxPriorityFeePerGas: integerField(fields[2]),
    maxFeePerGas: integerField(fields[2 + shift]),
    gasLimit: integerField(fields[3 + shift]),
    to: receiverField(fields[4 + shift]),
    value: integerField(fields[5 + shift]),
    data: bytesField(fields[6 + shift]),
    accessList: accessListField(fields[7 + shift]),
    maxFeePerBlobGas: type === 3 ? integerField(fields[9]) : 0n,
    blobVersionedHashes: type === 3 ? listField(fields[10]).map(hashField) : [],
    authorizations: type === 4 ? authorizationsField(fields[9]) : [],
    yParity: Number(yParity),
    r: integerField(fields[signature + 1]),
    s: integerField(fields[signature + 2]),
    signedPayload: () => {
      const payload = RLP.encode(fields.slice(0, signature) as Parameters<typeof RLP.encode>[0]);
      const signed = new Uint8Array(payload.length + 1);
      signed[0] = type;
      signed.set(payload, 1);
      return signed;
    },
  };
}
