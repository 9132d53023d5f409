// The part of Solidity's ABI that the workloads need: call data for functions of words, bytes, arrays and tuples.
import { bigIntToBytes32, concatBytes } from "@braid/primitives";
import { keccak_256 } from "@noble/hashes/sha3.js";

/** A number, bytes (an address is its 20 bytes), or the elements of an array or tuple. */
export type AbiValue = bigint | Uint8Array | readonly AbiValue[];

/**
 * Call data: the selector of `signature`, such as `"transfer(address,uint256)"`, and the encoded values.
 * Types: `address`, `uint<n>`, `bytes`, `(…)`, and `[]` of these (Solidity's "Contract ABI Specification").
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
  if (type.endsWith("[]") && Array.isArray(value)) {
    const elements: readonly AbiValue[] = value;
    return concatBytes(
      word(BigInt(elements.length)),
      encodeSequence(
        elements.map(() => type.slice(0, -2)),
        elements,
      ),
    );
  }
  if (type.startsWith("(") && Array.isArray(value)) return encodeSequence(splitTuple(type), value);
  if (type === "bytes" && value instanceof Uint8Array) {
    const padded = new Uint8Array(Math.ceil(value.length / 32) * 32);
    padded.set(value);
    return concatBytes(word(BigInt(value.length)), padded);
  }
  if (type === "address" && value instanceof Uint8Array && value.length === 20) return word(value);
  if (type.startsWith("uint") && !type.endsWith("]") && typeof value === "bigint") return word(value);
  throw new TypeError(`the value does not fit the type ${type}`);
}

function isDynamic(type: string): boolean {
  if (type.endsWith("[]") || type === "bytes") return true;
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
