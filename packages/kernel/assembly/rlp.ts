// Recursive Length Prefix (Yellow Paper appendix B), as far as the kernel writes and reads it. What it reads is canonical, or refused.

/** Bytes of the header of a string or list of `length` bytes (of a string that is no single byte below 0x80). */
export function headerLength(length: u32): u32 {
  if (length < 56) return 1;
  return length < 256 ? 2 : length < 65536 ? 3 : length < 16777216 ? 4 : 5;
}

/** Writes such a header; `base` is 0x80 for strings, 0xc0 for lists. Answers the address behind it. */
export function writeHeader(at: u32, length: u32, base: u32): u32 {
  if (length < 56) {
    store<u8>(at, base + length);
    return at + 1;
  }
  const bytes = headerLength(length) - 1;
  store<u8>(at, base + 55 + bytes);
  for (let i: u32 = 0; i < bytes; i++) store<u8>(at + 1 + i, length >> ((bytes - 1 - i) << 3));
  return at + 1 + bytes;
}

/** Bytes of a number without leading zeros. */
export function integerLength(value: u64): u32 {
  return (71 - u32(clz<u64>(value))) >> 3;
}

/** Bytes of a number's encoding. */
export function integerSize(value: u64): u32 {
  return value != 0 && value < 0x80 ? 1 : 1 + integerLength(value);
}

/** Writes a number. Answers the address behind it. */
export function writeInteger(at: u32, value: u64): u32 {
  if (value != 0 && value < 0x80) {
    store<u8>(at, u8(value));
    return at + 1;
  }
  const length = integerLength(value);
  store<u8>(at, 0x80 + length);
  for (let i: u32 = 1; i <= length; i++) store<u8>(at + i, u8(value >> ((length - i) << 3)));
  return at + 1 + length;
}

/** What readItem has read: an item's content, and whether it is a list. */
export let content: u32 = 0;
export let contentEnd: u32 = 0;
export let isList: bool = false;

/** Reads the item at `at`, which ends at `limit` at the latest. False: there is none, or none that is worth reading here (16 MiB and more). */
export function readItem(at: u32, limit: u32): bool {
  if (at >= limit) return false;
  const first: u32 = load<u8>(at);
  content = at;
  contentEnd = at + 1;
  isList = first >= 0xc0;
  if (first < 0x80) return true;
  let length = first - (isList ? 0xc0 : 0x80);
  content = at + 1;
  if (length > 55) {
    const bytes = length - 55;
    if (bytes > 3 || bytes > limit - content || load<u8>(content) == 0) return false;
    length = 0;
    for (let i: u32 = 0; i < bytes; i++) length = (length << 8) | load<u8>(content + i);
    if (length < 56) return false;
    content += bytes;
  } else if (first == 0x81 && content < limit && load<u8>(content) < 0x80) return false;
  if (length > limit - content) return false;
  contentEnd = content + length;
  return true;
}

/** As readItem, for a string of bytes. */
export function readString(at: u32, limit: u32): bool {
  return readItem(at, limit) && !isList;
}

/** As readString, for a number of at most `bytes` bytes (up to 32), which is written to `out` as four limbs. */
export function readNumber(at: u32, limit: u32, bytes: u32, out: u32): bool {
  if (!readString(at, limit)) return false;
  const length = contentEnd - content;
  if (length > bytes || (length != 0 && load<u8>(content) == 0)) return false;
  memory.fill(out, 0, 32);
  for (let i: u32 = 0; i < length; i++) store<u8>(out + i, load<u8>(contentEnd - 1 - i));
  return true;
}
