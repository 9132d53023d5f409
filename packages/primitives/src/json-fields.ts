// Reading parsed JSON that others wrote: each value is of the kind that it should be, or the error says which one is not.

import { FileError } from "./bounded-input.ts";
import { hexToBytes } from "./hex.ts";

/** An object of JSON. */
export type JsonObject = Record<string, unknown>;

/** More digits than 32 bytes have are no number that Ethereum knows, and BigInt takes long for millions of them. */
const MAX_QUANTITY_LENGTH = 80;

/**
 * The value as an object that is no list; `path` says where it stands ("block.transactions[3]").
 *
 * @throws FileError BRAID_FILE_MALFORMED, as all of these do
 */
export function jsonObject(value: unknown, path: string): JsonObject {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as JsonObject;
  throw malformed(path, "an object", value);
}

/** The value as a list. */
export function jsonList(value: unknown, path: string): unknown[] {
  if (Array.isArray(value)) return value;
  throw malformed(path, "a list", value);
}

/** The value as text. */
export function jsonText(value: unknown, path: string): string {
  if (typeof value === "string") return value;
  throw malformed(path, "text", value);
}

/** The value as bytes in hex, of any length or of exactly `length`. */
export function jsonBytes(value: unknown, path: string, length?: number): Uint8Array {
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

/** The value as an unsigned number of at most 256 bits: 0x-hex, a decimal string, or a JSON number. */
export function jsonQuantity(value: unknown, path: string): bigint {
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return BigInt(value);
  if (
    typeof value === "string" &&
    value.length <= MAX_QUANTITY_LENGTH &&
    /^(0x[0-9a-f]+|\d+)$/i.test(value)
  ) {
    const number = BigInt(value);
    if (number >> 256n === 0n) return number;
  }
  throw malformed(path, "a number of at most 256 bits", value);
}

function malformed(path: string, expected: string, value: unknown): FileError {
  const found =
    value === undefined
      ? "it is missing"
      : `it is ${Array.isArray(value) ? "a list" : typeof value === "object" ? (value === null ? "null" : "an object") : shorten(JSON.stringify(value))}`;
  return new FileError("BRAID_FILE_MALFORMED", `The field ${path} should be ${expected}, and ${found}.`, {
    data: { path, expected },
  });
}

function shorten(text: string): string {
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}
