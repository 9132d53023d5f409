// Signatures of typed data (EIP-712), as JSON-RPC brings it: integers as numbers or text, bytes as hex.

import { bytesToHex, hexToBytes } from "@braid/primitives";

interface Field {
  name: string;
  type: string;
}

type Types = Record<string, readonly Field[]>;

export interface TypedData {
  types: Types;
  primaryType: string;
  domain: Record<string, unknown>;
  message: Record<string, unknown>;
}

const MOST_DEPTH = 32;

/** The signature, 65 bytes. Rejects with whatever is wrong with the data. PERF: loads its library when it is first asked for. */
export async function signTypedData(data: TypedData, privateKey: Uint8Array): Promise<Uint8Array> {
  const { signTyped } = await import("micro-eth-signer");
  const { primaryType, domain, message } = data;
  // What the data leaves out is what its domain has.
  const types: Types = { EIP712Domain: domainFields(domain), ...data.types };
  const signature = signTyped(
    {
      types,
      primaryType,
      domain: struct(types, "EIP712Domain", domain, 0) as never,
      message: struct(types, primaryType, message, 0) as never,
    },
    bytesToHex(privateKey),
    false,
  );
  return hexToBytes(signature);
}

const DOMAIN: readonly Field[] = [
  { name: "name", type: "string" },
  { name: "version", type: "string" },
  { name: "chainId", type: "uint256" },
  { name: "verifyingContract", type: "address" },
  { name: "salt", type: "bytes32" },
];

function domainFields(domain: Record<string, unknown>): Field[] {
  return DOMAIN.filter(({ name }) => domain[name] !== undefined);
}

function struct(types: Types, type: string, value: unknown, depth: number): Record<string, unknown> {
  if (typeof value !== "object" || value === null || depth > MOST_DEPTH)
    throw new TypeError(`typed data: a ${type} is wanted`);
  const fields = types[type] ?? [];
  const given = new Map<string, unknown>(Object.entries(value));
  return Object.fromEntries(
    fields.map((field) => [field.name, typed(types, field.type, given.get(field.name), depth + 1)]),
  );
}

/** The value as the library wants it: integers as bigint, bytes as bytes. */
function typed(types: Types, type: string, value: unknown, depth: number): unknown {
  const element = /^(.*)\[\d*\]$/.exec(type)?.[1];
  if (element !== undefined) {
    if (!Array.isArray(value)) throw new TypeError(`typed data: a list of ${element} is wanted`);
    return value.map((item) => typed(types, element, item, depth + 1));
  }
  if (Object.hasOwn(types, type)) return struct(types, type, value, depth);
  if (/^u?int\d*$/.test(type)) return integer(value);
  if (/^bytes\d*$/.test(type)) return hexToBytes(String(value));
  return value;
}

function integer(value: unknown): bigint {
  if (typeof value === "number" || typeof value === "string" || typeof value === "bigint")
    return BigInt(value);
  throw new TypeError("typed data: an integer is wanted");
}
