// The little of RLP that trie nodes, accounts and logs need (Yellow Paper, appendix B), written straight into place.
// PERF: a general encoder builds one array per item; roots and receipts spend their time here, so lengths are computed first.

/** Bytes that the RLP of a byte string takes. */
export function rlpStringLength(bytes: Uint8Array): number {
  const length = bytes.length;
  // The index is in range: length is 1.
  if (length === 1 && (bytes[0] as number) < 0x80) return 1;
  return headerLength(length) + length;
}

/** Bytes that the RLP of a list with a payload of that many bytes takes. */
export function rlpListLength(payload: number): number {
  return headerLength(payload) + payload;
}

/** Writes the RLP of a byte string at `position`; returns the position after it. */
export function writeRlpString(out: Uint8Array, position: number, bytes: Uint8Array): number {
  if (bytes.length === 1 && (bytes[0] as number) < 0x80) {
    out[position] = bytes[0] as number;
    return position + 1;
  }
  const start = writeHeader(out, position, bytes.length, 0x80);
  out.set(bytes, start);
  return start + bytes.length;
}

/** Writes the header of a byte string of that length, other than one byte below 0x80; returns the position of the string. */
export function writeRlpStringHeader(out: Uint8Array, position: number, length: number): number {
  return writeHeader(out, position, length, 0x80);
}

/** Writes the header of a list with a payload of that many bytes; returns the position of the payload. */
export function writeRlpListHeader(out: Uint8Array, position: number, payload: number): number {
  return writeHeader(out, position, payload, 0xc0);
}

/** The RLP of an unsigned integer: a byte string without leading zeros. */
export function rlpOfBigInt(value: bigint): Uint8Array {
  const bytes = minimalBytes(value);
  const out = new Uint8Array(rlpStringLength(bytes));
  writeRlpString(out, 0, bytes);
  return out;
}

/** The RLP of a byte string. */
export function rlpOfBytes(bytes: Uint8Array): Uint8Array {
  const out = new Uint8Array(rlpStringLength(bytes));
  writeRlpString(out, 0, bytes);
  return out;
}

/** The RLP of a list of items that are encoded already. */
export function rlpOfList(items: readonly Uint8Array[]): Uint8Array {
  let payload = 0;
  for (const item of items) payload += item.length;
  const out = new Uint8Array(rlpListLength(payload));
  let at = writeRlpListHeader(out, 0, payload);
  for (const item of items) {
    out.set(item, at);
    at += item.length;
  }
  return out;
}

/** Big-endian bytes of an unsigned integer without leading zeros; none for 0n. */
export function minimalBytes(value: bigint): Uint8Array {
  if (value < 0x1_0000_0000n) return minimalBytesOfNumber(Number(value));
  let hex = value.toString(16);
  if (hex.length % 2 === 1) hex = `0${hex}`;
  const out = new Uint8Array(hex.length / 2);
  for (let i = 0; i < out.length; i++) {
    out[i] = (nibbleOfCharCode(hex.charCodeAt(2 * i)) << 4) | nibbleOfCharCode(hex.charCodeAt(2 * i + 1));
  }
  return out;
}

/** As minimalBytes, for an unsigned 32-bit number. */
export function minimalBytesOfNumber(value: number): Uint8Array {
  if (value === 0) return new Uint8Array(0);
  if (value < 0x100) return Uint8Array.of(value);
  if (value < 0x1_0000) return Uint8Array.of(value >>> 8, value);
  if (value < 0x100_0000) return Uint8Array.of(value >>> 16, value >>> 8, value);
  return Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value);
}

/** One item of an encoding: where it begins, where its content begins, and where it ends. */
export interface RlpItem {
  start: number;
  content: number;
  end: number;
  isList: boolean;
}

/** Reads the item at `position`; undefined when it is malformed, longer than its shortest encoding, or reaches beyond the bytes. */
export function readRlpItem(bytes: Uint8Array, position: number): RlpItem | undefined {
  const first = bytes[position];
  if (first === undefined) return undefined;
  if (first < 0x80) return { start: position, content: position, end: position + 1, isList: false };
  const isList = first >= 0xc0;
  const short = first - (isList ? 0xc0 : 0x80);
  let content = position + 1;
  let length = short;
  if (short > 55) {
    const lengthBytes = short - 55;
    // Six bytes are as far as numbers are exact, and more than any memory has.
    if (lengthBytes > 6 || bytes[content] === 0) return undefined;
    length = 0;
    for (let i = 0; i < lengthBytes; i++) length = length * 256 + (bytes[content + i] ?? 0);
    if (length < 56) return undefined;
    content += lengthBytes;
  } else if (first === 0x81 && (bytes[content] ?? 0) < 0x80) return undefined;
  const end = content + length;
  return end > bytes.length ? undefined : { start: position, content, end, isList };
}

/** No block, transaction or bundle is nested deeper than 7. */
const MAX_RLP_DEPTH = 32;

/**
 * How many items an encoding holds, lists and all that is in them, without taking any memory for them: a decoder spends a hundred
 * bytes on an item of one byte. Undefined when it is malformed or nested deeper than anything that Braid reads.
 */
export function countRlpItems(bytes: Uint8Array): number | undefined {
  const ends: number[] = [];
  let count = 0;
  for (let at = 0; at < bytes.length; count++) {
    while (ends.length > 0 && at >= (ends.at(-1) as number)) ends.pop();
    const item = readRlpItem(bytes, at);
    if (item === undefined) return undefined;
    if (item.isList && ends.push(item.end) > MAX_RLP_DEPTH) return undefined;
    at = item.isList ? item.content : item.end;
  }
  return count;
}

function nibbleOfCharCode(code: number): number {
  return code < 58 ? code - 48 : code - 87;
}

function headerLength(length: number): number {
  if (length < 56) return 1;
  if (length < 0x100) return 2;
  if (length < 0x1_0000) return 3;
  return length < 0x100_0000 ? 4 : 5;
}

function writeHeader(out: Uint8Array, position: number, length: number, base: number): number {
  if (length < 56) {
    out[position] = base + length;
    return position + 1;
  }
  const lengthBytes = headerLength(length) - 1;
  out[position] = base + 55 + lengthBytes;
  for (let i = 0; i < lengthBytes; i++) out[position + lengthBytes - i] = length >>> (8 * i);
  return position + 1 + lengthBytes;
}
