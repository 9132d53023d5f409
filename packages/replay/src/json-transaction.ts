// Transactions as JSON-RPC shows them, turned back into the bytes that were signed and hashed (EIP-2718).
// Assembled field by field: ten times as fast as building transaction objects, and blob transactions need no KZG library.
import { concatBytes, hexToBytes } from "@braid/primitives";
import { RLP } from "@ethereumjs/rlp";
import { BlockFileError } from "./errors.ts";
import { quantityToMinimalBytes } from "./quantity.ts";

type Field = Uint8Array | Field[];

/** An entry of an access list (EIP-2930). */
interface JsonAccessListEntry {
  address: string;
  storageKeys: string[];
}

/** An authorization (EIP-7702). */
interface JsonAuthorization {
  chainId: string;
  address: string;
  nonce: string;
  yParity: string;
  r: string;
  s: string;
}

/** A transaction as eth_getBlockByNumber gives it. All values are hex; what a type does not have is not there. */
export interface JsonTransaction {
  type?: string;
  hash?: string;
  chainId?: string;
  nonce: string;
  gasPrice?: string;
  maxFeePerGas?: string;
  maxPriorityFeePerGas?: string;
  maxFeePerBlobGas?: string;
  gas: string;
  to?: string | null;
  value: string;
  input: string;
  accessList?: JsonAccessListEntry[];
  blobVersionedHashes?: string[];
  authorizationList?: JsonAuthorization[];
  v?: string;
  yParity?: string;
  r: string;
  s: string;
}

/** The EIP-2718 encoding. Throws BlockFileError BRAID_FILE_MALFORMED for an unknown type or a missing field. */
export function encodeJsonTransaction(tx: JsonTransaction): Uint8Array {
  const type = Number(tx.type ?? "0x0");
  switch (type) {
    case 0:
      return RLP.encode([...call(tx, [quantity(tx, "gasPrice")]), quantity(tx, "v"), ...signature(tx)]);
    case 1:
      return typed(1, [
        quantity(tx, "chainId"),
        ...call(tx, [quantity(tx, "gasPrice")]),
        accessList(tx),
        parity(tx),
        ...signature(tx),
      ]);
    case 2:
      return typed(2, [
        quantity(tx, "chainId"),
        ...call(tx, fees(tx)),
        accessList(tx),
        parity(tx),
        ...signature(tx),
      ]);
    case 3: {
      const blobs = [quantity(tx, "maxFeePerBlobGas"), (tx.blobVersionedHashes ?? []).map(hexToBytes)];
      return typed(3, [
        quantity(tx, "chainId"),
        ...call(tx, fees(tx)),
        accessList(tx),
        ...blobs,
        parity(tx),
        ...signature(tx),
      ]);
    }
    case 4:
      return typed(4, [
        quantity(tx, "chainId"),
        ...call(tx, fees(tx)),
        accessList(tx),
        authorizations(tx),
        parity(tx),
        ...signature(tx),
      ]);
    default:
      throw malformed(tx, `its type ${tx.type} is unknown`);
  }
}

function typed(type: number, fields: Field[]): Uint8Array {
  return concatBytes(Uint8Array.of(type), RLP.encode(fields));
}

/** Nonce, fees, gas, to, value and input: in this order in every type. */
function call(tx: JsonTransaction, fee: Uint8Array[]): Field[] {
  const to = typeof tx.to === "string" ? hexToBytes(tx.to) : new Uint8Array(0);
  return [
    quantity(tx, "nonce"),
    ...fee,
    quantity(tx, "gas"),
    to,
    quantity(tx, "value"),
    hexToBytes(tx.input),
  ];
}

function fees(tx: JsonTransaction): Uint8Array[] {
  return [quantity(tx, "maxPriorityFeePerGas"), quantity(tx, "maxFeePerGas")];
}

function accessList(tx: JsonTransaction): Field {
  return (tx.accessList ?? []).map(({ address, storageKeys }) => [
    hexToBytes(address),
    storageKeys.map(hexToBytes),
  ]);
}

function authorizations(tx: JsonTransaction): Field {
  return (tx.authorizationList ?? []).map(({ chainId, address, nonce, yParity, r, s }) => [
    quantityToMinimalBytes(chainId),
    hexToBytes(address),
    ...[nonce, yParity, r, s].map(quantityToMinimalBytes),
  ]);
}

/** Typed transactions sign with a parity; older servers call it v. */
function parity(tx: JsonTransaction): Uint8Array {
  return quantity(tx, tx.yParity === undefined ? "v" : "yParity");
}

function signature(tx: JsonTransaction): Uint8Array[] {
  return [quantity(tx, "r"), quantity(tx, "s")];
}

type QuantityField = {
  [Key in keyof JsonTransaction]-?: JsonTransaction[Key] extends string | undefined ? Key : never;
}[keyof JsonTransaction];

function quantity(tx: JsonTransaction, field: QuantityField): Uint8Array {
  const value = tx[field];
  if (value === undefined) throw malformed(tx, `it has no ${field}`);
  return quantityToMinimalBytes(value);
}

function malformed(tx: JsonTransaction, reason: string): BlockFileError {
  return new BlockFileError(
    "BRAID_FILE_MALFORMED",
    `Transaction ${tx.hash ?? "without hash"} is malformed: ${reason}.`,
    {
      data: { hash: tx.hash, reason },
    },
  );
}
