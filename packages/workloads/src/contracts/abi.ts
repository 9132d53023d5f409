// The part of Solidity's ABI that the workloads need: call data for functions of words, bytes, strings, arrays and tuples.
import { bigIntToBytes32, concatBytes, type Hex, hexToBytes } from "@braid/primitives";
import { keccak_256 } from "@noble/hashes/sha3.js";

/** A number or truth, bytes (an address is its 20 bytes) or their hexadecimal digits, text, or the elements of an array or tuple. */
export type AbiValue = bigint | number | boolean | string | Uint8Array | readonly AbiValue[];

/**
 * Call data: the selector of `signature`, such as `"transfer(address,uint256)"`, and the encoded values.
 * Types: `address`, `uint<n>`, `int<n>`, `bool`, `bytes<n>`, `bytes`, `string`, `(…)`, and `[]` and `[n]` of these (Solidity's
 * "Contract ABI Specification").
 */
export function encodeCall(signature: string, ...values: AbiValue[]): Uint8Array {
  return concatBytes(selectorOf(signature), encodeArguments(signature.slice(signature.indexOf("(")), values));
}

/** The encoded values alone, as a constructor takes them behind its code; `types` such as `"(address,address)"`. */
export function encodeArguments(types: string, values: readonly AbiValue[]): Uint8Array {
  return encodeSequence(splitTuple(types), values);
}

/** The first 4 bytes of the signature's hash. */
export function selectorOf(signature: string): Uint8Array {
  return keccak_256(new TextEncoder().encode(signature)).slice(0, 4);
}

/** An address or number as one word, as it stands in call data and in the keys of mappings. */
export function word(value: bigint | Uint8Array): Uint8Array {
  if (typeof value === "bigint") return bigIntToBytes32(value);
  const bytes = new Uint8Array(32);
  bytes.set(value, 32 - value.length);
  return bytes;
}

function encodeSequence(types: readonly string[], values: readonly AbiValue[]): Uint8Array {
  if (types.length !== values.length)
    throw new RangeError(`${types.length} values expected, ${values.length} given`);
  const parts = types.map((type, index) => ({
    dynamic: isDynamic(type),
    bytes: encodeValue(type, values[index]),
  }));
  let offset = parts.reduce((sum, part) => sum + (part.dynamic ? 32 : part.bytes.length), 0);
  const heads: Uint8Array[] = [];
  const tails: Uint8Array[] = [];
  for (const { dynamic, bytes } of parts) {
    heads.push(dynamic ? word(BigInt(offset)) : bytes);
    if (!dynamic) continue;
    tails.push(bytes);
    offset += bytes.length;
  }
  return concatBytes(...heads, ...tails);
}

function encodeValue(type: string, value: AbiValue | undefined): Uint8Array {
  const array = /^(.*)\[(\d*)\]$/.exec(type);
  if (array !== null && Array.isArray(value)) {
    const [, element = "", length = ""] = array;
    const elements: readonly AbiValue[] = value;
    const encoded = encodeSequence(
      elements.map(() => element),
      elements,
    );
    if (length === "") return concatBytes(word(BigInt(elements.length)), encoded);
    if (elements.length === Number(length)) return encoded;
  }
  if (type.startsWith("(") && Array.isArray(value)) return encodeSequence(splitTuple(type), value);
  if (type === "string" && typeof value === "string") return tail(new TextEncoder().encode(value));
  if (type === "bool" && typeof value === "boolean") return word(value ? 1n : 0n);
  if (/^u?int\d*$/.test(type) && (typeof value === "bigint" || typeof value === "number"))
    return word(BigInt.asUintN(256, BigInt(value)));
  const bytes = typeof value === "string" && value.startsWith("0x") ? hexToBytes(value as Hex) : value;
  if (bytes instanceof Uint8Array) {
    if (type === "bytes") return tail(bytes);
    if (type === "address" && bytes.length === 20) return word(bytes);
    if (type === `bytes${bytes.length}` && bytes.length <= 32)
      return concatBytes(bytes, new Uint8Array(32 - bytes.length));
  }
  throw new TypeError(`the value does not fit the type ${type}`);
}

/** Bytes of any length: how many, and then they, filled up to whole words. */
function tail(bytes: Uint8Array): Uint8Array {
  const padded = new Uint8Array(Math.ceil(bytes.length / 32) * 32);
  padded.set(bytes);
  return concatBytes(word(BigInt(bytes.length)), padded);
}

function isDynamic(type: string): boolean {
  if (type.endsWith("[]") || type === "bytes" || type === "string") return true;
  if (type.endsWith("]")) return isDynamic(type.slice(0, type.lastIndexOf("[")));
  return type.startsWith("(") && splitTuple(type).some(isDynamic);
}

/** "(a,(b,c)[],d)" -> ["a", "(b,c)[]", "d"] */
function splitTuple(tuple: string): string[] {
  const types: string[] = [];
  let depth = 0;
  let start = 1;
  for (let i = 1; i < tuple.length; i++) {
    const character = tuple[i];
    const ends = depth === 0 && (character === "," || character === ")");
    if (ends && i > start) types.push(tuple.slice(start, i));
    if (ends) start = i + 1;
    if (character === "(") depth++;
    if (character === ")") depth--;
  }
  return types;
}
