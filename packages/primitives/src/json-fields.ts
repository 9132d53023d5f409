// Reading parsed JSON that others wrote: each value is of the kind that it should be, or the error says which one is not.

import { FileError } from "./bounded-input.ts";
import { hexToBytes } from "./hex.ts";

/** An object of JSON. */
export type JsonObject = Record<string, unknown>;

/** Where a value stands ("block.transactions[3]"); a function, where there are so many values that making the text would take long. */
export type JsonPath = string | (() => string);

/** More digits than 32 bytes have are no number that Ethereum knows, and BigInt takes long for millions of them. */
const MAX_QUANTITY_LENGTH = 80;

/**
 * The value as an object that is no list.
 *
 * @throws FileError BRAID_FILE_MALFORMED, as all of these do
 */
export function jsonObject(value: unknown, path: JsonPath): JsonObject {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as JsonObject;
  throw malformed(path, "an object", value);
}

/** The value as a list. */
export function jsonList(value: unknown, path: JsonPath): unknown[] {
  if (Array.isArray(value)) return value;
  throw malformed(path, "a list", value);
}

/** The value as text. */
export function jsonText(value: unknown, path: JsonPath): string {
  if (typeof value === "string") return value;
  throw malformed(path, "text", value);
}

/** The value as bytes in hex, of any length or of exactly `length`. */
export function jsonBytes(value: unknown, path: JsonPath, length?: number): Uint8Array {
  const text = jsonText(value, path);
  let bytes: Uint8Array;
  try {
    bytes = hexToBytes(text);
  } catch {
    throw malformed(path, "hex", value);
  }
  if (length !== undefined && bytes.length !== length) throw malformed(path, `${length} bytes of hex`, value);
  return bytes;
}

/** The value as an unsigned number of at most so many bits: 0x-hex, a decimal string, or a JSON number. */
export function jsonQuantity(value: unknown, path: JsonPath, bits = 256n): bigint {
  const isNumber = typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
  const isText =
    typeof value === "string" && value.length <= MAX_QUANTITY_LENGTH && /^(0x[0-9a-f]+|\d+)$/i.test(value);
  if (isNumber || isText) {
    const number = BigInt(value);
    if (number >> bits === 0n) return number;
  }
  throw malformed(path, `a number of at most ${bits} bits`, value);
}

function malformed(path: JsonPath, expected: string, value: unknown): FileError {
  const found =
    value === undefined
      ? "it is missing"
      : `it is ${Array.isArray(value) ? "a list" : typeof value === "object" ? (value === null ? "null" : "an object") : shorten(JSON.stringify(value))}`;
  const field = typeof path === "string" ? path : path();
  return new FileError("BRAID_FILE_MALFORMED", `The field ${field} should be ${expected}, and ${found}.`, {
    data: { path: field, expected },
  });
}

function shorten(text: string): string {
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}
