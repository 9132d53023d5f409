// Words of the EVM: 256 bits as four u64 limbs, lowest first, at any 8-aligned address. Operands may be the same words, and the result may lie
// over either: every function reads before it writes. Additive, bitwise and shifted; products and quotients are in mul-div.ts.

// @ts-ignore: decorator
@inline
export function isZero(a: u32): bool {
  return (load<u64>(a) | load<u64>(a, 8) | load<u64>(a, 16) | load<u64>(a, 24)) == 0;
}

/** Does the word fit in 64 bits? */
// @ts-ignore: decorator
@inline
export function isShort(a: u32): bool {
  return (load<u64>(a, 8) | load<u64>(a, 16) | load<u64>(a, 24)) == 0;
}

// @ts-ignore: decorator
@inline
export function set(out: u32, a0: u64, a1: u64, a2: u64, a3: u64): void {
  store<u64>(out, a0);
  store<u64>(out, a1, 8);
  store<u64>(out, a2, 16);
  store<u64>(out, a3, 24);
}

// @ts-ignore: decorator
@inline
export function setShort(out: u32, value: u64): void {
  set(out, value, 0, 0, 0);
}

// @ts-ignore: decorator
@inline
export function copy(out: u32, a: u32): void {
  set(out, load<u64>(a), load<u64>(a, 8), load<u64>(a, 16), load<u64>(a, 24));
}

/** out = a + b; answers the carry. */
// @ts-ignore: decorator
@inline
export function add(a: u32, b: u32, out: u32): u64 {
  const a0 = load<u64>(a);
  const a1 = load<u64>(a, 8);
  const a2 = load<u64>(a, 16);
  const a3 = load<u64>(a, 24);
  const s0 = a0 + load<u64>(b);
  let carry = u64(s0 < a0);
  const t1 = a1 + load<u64>(b, 8);
  const s1 = t1 + carry;
  carry = u64(t1 < a1) | u64(s1 < t1);
  const t2 = a2 + load<u64>(b, 16);
  const s2 = t2 + carry;
  carry = u64(t2 < a2) | u64(s2 < t2);
  const t3 = a3 + load<u64>(b, 24);
  const s3 = t3 + carry;
  set(out, s0, s1, s2, s3);
  return u64(t3 < a3) | u64(s3 < t3);
}

/** out = a - b; answers the borrow. */
// @ts-ignore: decorator
@inline
export function sub(a: u32, b: u32, out: u32): u64 {
  const a0 = load<u64>(a);
  const a1 = load<u64>(a, 8);
  const a2 = load<u64>(a, 16);
  const a3 = load<u64>(a, 24);
  const b0 = load<u64>(b);
  const b1 = load<u64>(b, 8);
  const b2 = load<u64>(b, 16);
  const b3 = load<u64>(b, 24);
  let borrow = u64(a0 < b0);
  const t1 = a1 - b1;
  const d1 = t1 - borrow;
  borrow = u64(a1 < b1) | u64(t1 < borrow);
  const t2 = a2 - b2;
  const d2 = t2 - borrow;
  borrow = u64(a2 < b2) | u64(t2 < borrow);
  const t3 = a3 - b3;
  const d3 = t3 - borrow;
  borrow = u64(a3 < b3) | u64(t3 < borrow);
  set(out, a0 - b0, d1, d2, d3);
  return borrow;
}

/** out = -a, modulo 2^256. */
export function negate(a: u32, out: u32): void {
  const a0 = ~load<u64>(a);
  const a1 = ~load<u64>(a, 8);
  const a2 = ~load<u64>(a, 16);
  const a3 = ~load<u64>(a, 24);
  const s0 = a0 + 1;
  const s1 = a1 + u64(s0 == 0);
  const s2 = a2 + u64((s0 | s1) == 0);
  set(out, s0, s1, s2, a3 + u64((s0 | s1 | s2) == 0));
}

// @ts-ignore: decorator
@inline
export function isNegative(a: u32): bool {
  return load<i64>(a, 24) < 0;
}

/** Unsigned a < b. */
// @ts-ignore: decorator
@inline
export function less(a: u32, b: u32): bool {
  const a3 = load<u64>(a, 24);
  const b3 = load<u64>(b, 24);
  if (a3 != b3) return a3 < b3;
  return lessLow(a, b);
}

function lessLow(a: u32, b: u32): bool {
  let x = load<u64>(a, 16);
  let y = load<u64>(b, 16);
  if (x != y) return x < y;
  x = load<u64>(a, 8);
  y = load<u64>(b, 8);
  if (x != y) return x < y;
  return load<u64>(a) < load<u64>(b);
}

/** Signed a < b. */
// @ts-ignore: decorator
@inline
export function lessSigned(a: u32, b: u32): bool {
  const a3 = load<i64>(a, 24);
  const b3 = load<i64>(b, 24);
  if (a3 != b3) return a3 < b3;
  return lessLow(a, b);
}

// @ts-ignore: decorator
@inline
export function equal(a: u32, b: u32): bool {
  return (
    ((load<u64>(a) ^ load<u64>(b)) |
      (load<u64>(a, 8) ^ load<u64>(b, 8)) |
      (load<u64>(a, 16) ^ load<u64>(b, 16)) |
      (load<u64>(a, 24) ^ load<u64>(b, 24))) ==
    0
  );
}

/** out = a << bits, for 0 to 255 bits. */
export function shiftLeft(a: u32, bits: u32, out: u32): void {
  let a0 = load<u64>(a);
  let a1 = load<u64>(a, 8);
  let a2 = load<u64>(a, 16);
  let a3 = load<u64>(a, 24);
  if (bits & 128) {
    a3 = a1;
    a2 = a0;
    a1 = 0;
    a0 = 0;
  }
  if (bits & 64) {
    a3 = a2;
    a2 = a1;
    a1 = a0;
    a0 = 0;
  }
  const n = u64(bits & 63);
  if (n != 0) {
    const m = 64 - n;
    a3 = (a3 << n) | (a2 >> m);
    a2 = (a2 << n) | (a1 >> m);
    a1 = (a1 << n) | (a0 >> m);
    a0 = a0 << n;
  }
  set(out, a0, a1, a2, a3);
}

/** out = a >> bits, for 0 to 255 bits; `fill` comes in from above: all ones or all zeros. */
export function shiftRight(a: u32, bits: u32, fill: u64, out: u32): void {
  let a0 = load<u64>(a);
  let a1 = load<u64>(a, 8);
  let a2 = load<u64>(a, 16);
  let a3 = load<u64>(a, 24);
  if (bits & 128) {
    a0 = a2;
    a1 = a3;
    a2 = fill;
    a3 = fill;
  }
  if (bits & 64) {
    a0 = a1;
    a1 = a2;
    a2 = a3;
    a3 = fill;
  }
  const n = u64(bits & 63);
  if (n != 0) {
    const m = 64 - n;
    a0 = (a0 >> n) | (a1 << m);
    a1 = (a1 >> n) | (a2 << m);
    a2 = (a2 >> n) | (a3 << m);
    a3 = (a3 >> n) | (fill << m);
  }
  set(out, a0, a1, a2, a3);
}

/** SIGNEXTEND: the sign bit of byte `index` (0 is the lowest) is carried upwards. */
export function signExtend(index: u32, a: u32, out: u32): void {
  if (!isShort(index) || load<u64>(index) > 30) {
    copy(out, a);
    return;
  }
  const shift = 248 - (u32(load<u64>(index)) << 3);
  shiftLeft(a, shift, out);
  shiftRight(out, shift, isNegative(out) ? u64.MAX_VALUE : 0, out);
}

/** BYTE: byte `index` of a, 0 is the highest. */
export function byteAt(index: u32, a: u32, out: u32): void {
  if (!isShort(index) || load<u64>(index) > 31) setShort(out, 0);
  else setShort(out, u64(load<u8>(a + 31 - u32(load<u64>(index)))));
}

/** CLZ (EIP-7939): how many of the 256 bits are zero above the highest that is not. */
export function leadingZeros(a: u32): u32 {
  for (let i: u32 = 0; i < 32; i += 8) {
    const limb = load<u64>(a + 24 - i);
    if (limb != 0) return (i << 3) + u32(clz<u64>(limb));
  }
  return 256;
}

/** out = the word whose 32 big-endian bytes are at `bytes`, at any address. */
// @ts-ignore: decorator
@inline
export function readBytes(bytes: u32, out: u32): void {
  set(out, bswap<u64>(load<u64>(bytes, 24)), bswap<u64>(load<u64>(bytes, 16)), bswap<u64>(load<u64>(bytes, 8)), bswap<u64>(load<u64>(bytes)));
}

/** Writes the word as 32 big-endian bytes, at any address but not over itself. */
// @ts-ignore: decorator
@inline
export function writeBytes(a: u32, bytes: u32): void {
  store<u64>(bytes, bswap<u64>(load<u64>(a, 24)));
  store<u64>(bytes, bswap<u64>(load<u64>(a, 16)), 8);
  store<u64>(bytes, bswap<u64>(load<u64>(a, 8)), 16);
  store<u64>(bytes, bswap<u64>(load<u64>(a)), 24);
}

/** out = the 20 bytes of an address as a word. */
// @ts-ignore: decorator
@inline
export function readAddress(bytes: u32, out: u32): void {
  set(out, bswap<u64>(load<u64>(bytes, 12)), bswap<u64>(load<u64>(bytes, 4)), u64(bswap<u32>(load<u32>(bytes))), 0);
}

/** Writes the low 160 bits of a word as an address's 20 bytes. */
// @ts-ignore: decorator
@inline
export function writeAddress(a: u32, bytes: u32): void {
  store<u32>(bytes, bswap<u32>(load<u32>(a, 16)));
  store<u64>(bytes, bswap<u64>(load<u64>(a, 8)), 4);
  store<u64>(bytes, bswap<u64>(load<u64>(a)), 12);
}
