// A transaction as JSON-RPC shows it (execution-apis: eth_getBlockByNumber with whole transactions).

import { bytesToHex, equalBytes } from "@braid/primitives";
import { JsonFields } from "../json/json-fields.ts";
import {
  encodeTransaction,
  hashTransaction,
  MAX_V_BYTES,
  malformedTransaction,
  readV,
  type Transaction,
  type TransactionType,
  unknownType,
} from "./transaction.ts";

/** An entry of an access list (EIP-2930). */
export interface RpcAccessListEntry {
  address: string;
  storageKeys: readonly string[];
}

/** An authorization (EIP-7702). */
export interface RpcAuthorization {
  chainId: string;
  address: string;
  nonce: string;
  yParity: string;
  r: string;
  s: string;
}

/** A transaction as eth_getBlockByNumber gives it. All values are 0x-hex; what a type does not have is not there; unknown fields are ignored. */
export interface RpcTransaction {
  /** "0x0" when it is not there. */
  type?: string | null;
  /** Checked when it is there. */
  hash?: string | null;
  chainId?: string | null;
  nonce: string;
  gasPrice?: string | null;
  maxFeePerGas?: string | null;
  maxPriorityFeePerGas?: string | null;
  maxFeePerBlobGas?: string | null;
  gas: string;
  to?: string | null;
  value: string;
  input: string;
  accessList?: readonly RpcAccessListEntry[] | null;
  blobVersionedHashes?: readonly string[] | null;
  authorizationList?: readonly RpcAuthorization[] | null;
  v?: string | null;
  yParity?: string | null;
  r: string;
  s: string;
}

/**
 * The transaction in its JSON; encodeTransaction gives its bytes.
 *
 * @throws InvalidTransactionError: BRAID_TX_MALFORMED, `data.field` names the field; BRAID_TX_TYPE_NOT_ACTIVE for an unknown type.
 */
export function decodeRpcTransaction(json: RpcTransaction): Transaction {
  return readRpcTransaction(
    new JsonFields(json, "", (reason, field) =>
      malformedTransaction(`${field === "" ? "it" : field} ${reason}`, field),
    ),
  );
}

/** As decodeRpcTransaction, of fields that are being read. */
export function readRpcTransaction(json: JsonFields): Transaction {
  const type = typeOf(json);
  const tx: Transaction = {
    type,
    ...signatureOf(json, type),
    nonce: json.number("nonce", 8),
    gasLimit: json.number("gas", 32),
    to: json.optional("to", (name) => json.bytes(name, 20)),
    value: json.number("value", 32),
    data: json.bytes("input"),
    ...feesOf(json, type),
    accessList:
      type === 0 ? [] : (json.optional("accessList", (name) => json.objects(name, accessListEntry)) ?? []),
    maxFeePerBlobGas: type === 3 ? json.number("maxFeePerBlobGas", 32) : 0n,
    blobVersionedHashes: type === 3 ? json.bytesArray("blobVersionedHashes", 32) : [],
    authorizations: type === 4 ? json.objects("authorizationList", authorization) : [],
    r: json.number("r", 32),
    s: json.number("s", 32),
  };
  const hash = json.optional("hash", (name) => json.bytes(name, 32));
  if (hash !== undefined) {
    const found = hashTransaction(encodeTransaction(tx));
    if (!equalBytes(hash, found))
      throw json.bad("hash", `is not the transaction's, which is ${bytesToHex(found)}: a field is wrong`);
  }
  return tx;
}

function typeOf(json: JsonFields): TransactionType {
  const type = json.optional("type", (name) => json.number(name, 8)) ?? 0n;
  if (type > 4n) throw unknownType(type);
  return Number(type) as TransactionType;
}

function signatureOf(json: JsonFields, type: TransactionType): Pick<Transaction, "chainId" | "yParity"> {
  if (type === 0) {
    const read = readV(json.number("v", MAX_V_BYTES));
    if (read === undefined) throw json.bad("v", "is none of a legacy transaction");
    return read;
  }
  // Older servers call the parity v.
  const name = json.has("yParity") ? "yParity" : "v";
  const yParity = json.number(name, 32);
  if (yParity > 1n) throw json.bad(name, "is neither 0 nor 1");
  return { chainId: json.number("chainId", 32), yParity: Number(yParity) };
}

function feesOf(
  json: JsonFields,
  type: TransactionType,
): Pick<Transaction, "maxFeePerGas" | "maxPriorityFeePerGas"> {
  if (type > 1)
    return {
      maxPriorityFeePerGas: json.number("maxPriorityFeePerGas", 32),
      maxFeePerGas: json.number("maxFeePerGas", 32),
    };
  const gasPrice = json.number("gasPrice", 32);
  return { maxFeePerGas: gasPrice, maxPriorityFeePerGas: gasPrice };
}

function accessListEntry(json: JsonFields): Transaction["accessList"][number] {
  return { address: json.bytes("address", 20), slots: json.bytesArray("storageKeys", 32) };
}

function authorization(json: JsonFields): Transaction["authorizations"][number] {
  return {
    chainId: json.number("chainId", 32),
    address: json.bytes("address", 20),
    nonce: json.number("nonce", 8),
    // Like the RLP, one byte: what is not 0 or 1 makes an authorization that does not hold.
    yParity: json.number("yParity", 1),
    r: json.number("r", 32),
    s: json.number("s", 32),
  };
}
