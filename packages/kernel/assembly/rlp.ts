// Recursive Length Prefix (Yellow Paper appendix B), as far as the kernel writes it.

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
