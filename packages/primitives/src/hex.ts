// Hex strings: `0x`, then two digits for each byte. State diffs and reports use them as keys, so both directions are fast.

import { BaseError } from "./errors.ts";

/** Bytes as `0x` and lower-case digits, two for each byte. */
export type Hex = `0x${string}`;

// PERF: 32 bytes take about 0.15 us either way. Filling a scratch buffer from a table makes a flat string, which a `Map` can hash
// at once; joining two-digit strings makes a rope, and a lookup by it costs three times as much. Beyond 32 bytes Buffer wins.
const SHORT = 32;
const DIGIT_PAIRS = new Uint16Array(256);
const DIGIT_VALUES = new Uint8Array(128).fill(0xff);
for (let byte = 0; byte < 256; byte++) {
  const digits = byte.toString(16).padStart(2, "0");
  DIGIT_PAIRS[byte] = digits.charCodeAt(0) | (digits.charCodeAt(1) << 8);
}
for (let value = 0; value < 16; value++) {
  const digit = value.toString(16);
  DIGIT_VALUES[digit.charCodeAt(0)] = value;
  DIGIT_VALUES[digit.toUpperCase().charCodeAt(0)] = value;
}
const scratch = Buffer.alloc(2 + 2 * SHORT);
scratch.write("0x");

/** The bytes as lower-case hex with `0x`; `0x` alone for no bytes. */
export function bytesToHex(bytes: Uint8Array): Hex {
  const length = bytes.length;
  if (length > SHORT) {
    return `0x${Buffer.from(bytes.buffer, bytes.byteOffset, length).toString("hex")}`;
  }
  let end = 2;
  for (let i = 0; i < length; i++) {
    const pair = DIGIT_PAIRS[bytes[i] as number] as number; // in bounds: i < length, and a byte is below 256
    scratch[end++] = pair & 0xff;
    scratch[end++] = pair >> 8;
  }
  return scratch.toString("latin1", 0, end) as Hex;
}

/**
 * The bytes of a hex string, with or without `0x`, in either case, as a new array that shares its memory with nothing.
 *
 * Quantities such as `0x1` are numbers and not bytes: use `BigInt` for them.
 * @throws InvalidHexError when the number of digits is odd or a character is not a hex digit.
 */
export function hexToBytes(hex: string): Uint8Array {
  const start = hex.startsWith("0x") ? 2 : 0;
  const length = (hex.length - start) / 2;
  if (!Number.isInteger(length)) throw new InvalidHexError(hex, "an odd number of digits");
  const bytes = new Uint8Array(length);
  if (length > SHORT) {
    // Buffer stops without a word at the first character that is no digit: what it wrote tells. Of a character beyond
    // one byte it sees only the lower byte, which may be a digit's code; in UTF-8 such a string is longer than its length.
    const digits = start === 0 ? hex : hex.slice(start);
    if (
      Buffer.from(bytes.buffer).write(digits, "hex") !== length ||
      Buffer.byteLength(digits) !== digits.length
    ) {
      throw new InvalidHexError(hex, "a character that is no hex digit");
    }
    return bytes;
  }
  for (let i = 0, at = start; i < length; i++) {
    const high = DIGIT_VALUES[hex.charCodeAt(at++)] ?? 0xff;
    const low = DIGIT_VALUES[hex.charCodeAt(at++)] ?? 0xff;
    if ((high | low) > 15) throw new InvalidHexError(hex, "a character that is no hex digit");
    bytes[i] = (high << 4) | low;
  }
  return bytes;
}

/** A string that should have been hex. */
export class InvalidHexError extends BaseError {
  constructor(hex: string, reason: string) {
    const shown = hex.length > 80 ? `${hex.slice(0, 77)}...` : hex;
    super("BRAID_INVALID_HEX", `"${shown}" is not hex bytes: it has ${reason}.`, { data: { hex: shown } });
  }
}
