// Powers modulo an odd number, by Montgomery multiplication in floating point: WebAssembly multiplies 32 bits by 32 at most, but a fused
// multiply-add gives either half of a product of two 51-bit limbs, for two limbs at once.
//
// A limb is a f64 below 2^51. With h = a*b + 2^103, whose last place is worth 2^51, the bits of h say the product's upper half, and
// a*b + (2^103 + 3*2^51 - h) is exactly what is left, between -2^50 and 2^50, above 3*2^51: the bits of both, taken as integers, are the halves and a
// constant, and are summed as such. What the constants come to is known beforehand: the sums begin that much below zero.

const LIMB_BITS: u32 = 51;
const LIMB: f64 = 2251799813685248; // 2^51
const MASK: u64 = (1 << 51) - 1;
const TWO_52: f64 = 4503599627370496;
const TWO_52_BITS: u64 = 0x4330000000000000;
/** The bits of 2^103, which is added for the upper halves; of 3 * 2^51, for the lower ones; of the sum of both. */
const UPPER_BITS: u64 = 0x4660000000000000;
const LOWER_BITS: u64 = 0x4338000000000000;
const BOTH_BITS: u64 = 0x4660000000000003;

/** Limbs of the modulus: room for two bits more than it has, so that nothing has to be subtracted after a product. */
let limbs: u32 = 0;
/** A number takes so many bytes: its limbs, and a zero where they are odd in number. */
export let numberBytes: u32 = 0;
/** Minus the inverse of the modulus, modulo 2^51. */
let inverse: u64 = 0;
/** Numbers: the modulus, twice it, 1 and R^2 in Montgomery's form (times R, 2^(51 limbs)), the sums' beginnings, the sums. */
let modulus: u32 = 0;
let twice: u32 = 0;
let one: u32 = 0;
let square: u32 = 0;
let start: u32 = 0;
let sums: u32 = 0;
let table: u32 = 0;

/** Numbers that a power needs besides its table: those above, the base, its square. */
const NUMBERS: u32 = 8;
const MAX_WINDOW: u32 = 6;

export function limbsOf(bits: u32): u32 {
  return (bits + 2 + LIMB_BITS - 1) / LIMB_BITS;
}

/** Bytes that `power` needs for a modulus of so many bits. */
export function roomFor(bits: u32): u32 {
  return (NUMBERS + (1 << (MAX_WINDOW - 1))) * ((limbsOf(bits) + 1) & ~1) * 8;
}

/** Does this machine have fused multiply-adds? Where it has not, a product is rounded before the addition. `room`: 32 bytes. */
export function isFused(room: u32): bool {
  const factor = room;
  // 1 + 2^-30, read from memory so that the compiler does not do what the machine is asked about.
  store<u64>(factor, 0x3ff0000000400000);
  store<u64>(factor, 0x3ff0000000400000, 8);
  const a = v128.load(factor);
  const rounded = v128.splat<f64>(-(1.0 + 1.0 / 536870912.0));
  return f64x2.extract_lane(v128.relaxed_madd<f64>(a, a, rounded), 0) != 0;
}

// @ts-ignore: decorator
@inline
function toFloat(value: u64): f64 {
  return reinterpret<f64>(value | TWO_52_BITS) - TWO_52;
}

// @ts-ignore: decorator
@inline
function toInteger(limb: f64): u64 {
  return reinterpret<u64>(limb + TWO_52) & MASK;
}

/** The limb at a bit of a number in bytes, lowest first, behind which 8 more can be read. */
function limbAt(bytes: u32, bit: u32): f64 {
  return toFloat((load<u64>(bytes + (bit >> 3)) >> (bit & 7)) & MASK);
}

/** Reads `count` limbs from a bit on, of a number that ends at the bit `end`. */
function readLimbs(out: u32, bytes: u32, bit: u32, end: u32): void {
  memory.fill(out, 0, numberBytes);
  for (let i: u32 = 0; i < limbs && bit + i * LIMB_BITS < end; i++) store<f64>(out + i * 8, limbAt(bytes, bit + i * LIMB_BITS));
}

/** a -= b if that is not below zero. */
function reduce(a: u32, b: u32): void {
  for (let i = numberBytes; i != 0; i -= 8) {
    const x = load<f64>(a + i - 8);
    const y = load<f64>(b + i - 8);
    if (x > y) break;
    if (x < y) return;
  }
  let borrow: f64 = 0;
  for (let i: u32 = 0; i < numberBytes; i += 8) {
    let x = load<f64>(a + i) - load<f64>(b + i) - borrow;
    borrow = 0;
    if (x < 0) {
      x += LIMB;
      borrow = 1;
    }
    store<f64>(a + i, x);
  }
}

/** out = a + b, which has room. */
function sum(out: u32, a: u32, b: u32): void {
  let carry: f64 = 0;
  for (let i: u32 = 0; i < numberBytes; i += 8) {
    let x = load<f64>(a + i) + load<f64>(b + i) + carry;
    carry = 0;
    if (x >= LIMB) {
      x -= LIMB;
      carry = 1;
    }
    store<f64>(out + i, x);
  }
}

/**
 * out = a * b / R modulo the modulus, less than twice it when a and b are less than twice it, or one of them is less than it. A row for each limb of
 * a: it adds the limb's products with b, and those of the modulus with the factor that makes the lowest sum a multiple of 2^51, and moves all
 * sums down by one.
 */
function multiply(out: u32, a: u32, b: u32): void {
  const upper = v128.splat<u64>(UPPER_BITS);
  const both = v128.splat<u64>(BOTH_BITS);
  const lowest = toInteger(load<f64>(b));
  const last = numberBytes - 16;
  let from = start;
  let low = load<u64>(start);
  let entering: u64 = 0 - 2 * (u64(limbs - 1) * LOWER_BITS + u64(limbs) * UPPER_BITS);
  const end = a + limbs * 8;
  for (let at = a; at < end; at += 8) {
    const x = v128.load_splat<u64>(at);
    const factor = ((low + toInteger(load<f64>(at)) * lowest) * inverse) & MASK;
    const q = v128.splat<f64>(toFloat(factor));
    let bs = v128.load(b);
    let ms = v128.load(modulus);
    let h = v128.relaxed_madd<f64>(x, bs, upper);
    let g = v128.relaxed_madd<f64>(q, ms, upper);
    let l = v128.relaxed_madd<f64>(x, bs, f64x2.sub(both, h));
    let k = v128.relaxed_madd<f64>(q, ms, f64x2.sub(both, g));
    let lower = i64x2.add(i64x2.add(v128.load(from), l), k);
    const carry = i64x2.extract_lane(lower, 0) >> LIMB_BITS;
    const halves = i64x2.add(h, g);
    // What the next row waits for, without a detour.
    low = u64(i64x2.extract_lane(lower, 1)) + u64(i64x2.extract_lane(halves, 0)) + u64(carry);
    let above = i64x2.add(halves, i64x2.replace_lane(i64x2.splat(0), 0, carry));
    for (let i: u32 = 0; i < last; i += 16) {
      bs = v128.load(b + i, 16);
      ms = v128.load(modulus + i, 16);
      h = v128.relaxed_madd<f64>(x, bs, upper);
      g = v128.relaxed_madd<f64>(q, ms, upper);
      l = v128.relaxed_madd<f64>(x, bs, f64x2.sub(both, h));
      k = v128.relaxed_madd<f64>(q, ms, f64x2.sub(both, g));
      const next = i64x2.add(i64x2.add(v128.load(from + i, 16), l), k);
      v128.store(sums + i, i64x2.add(v128.shuffle<u64>(lower, next, 1, 2), above));
      lower = next;
      above = i64x2.add(h, g);
    }
    v128.store(sums + last, i64x2.add(v128.shuffle<u64>(lower, i64x2.splat(entering), 1, 2), above));
    entering += 2 * (LOWER_BITS + UPPER_BITS);
    from = sums;
  }
  let carry: i64 = 0;
  for (let i: u32 = 0; i < numberBytes; i += 8) {
    const limb = load<i64>(sums + i) + carry;
    carry = limb >> LIMB_BITS;
    store<f64>(out + i, toFloat(u64(limb) & MASK));
  }
}

/** Takes an odd modulus above 1: the bits from `bit` to `end` of a number in bytes. `room` is aligned to 16 bytes, and as large as roomFor says. */
export function beginModulus(bytes: u32, bit: u32, end: u32, room: u32): void {
  const bits = end - bit;
  limbs = limbsOf(bits);
  numberBytes = ((limbs + 1) & ~1) * 8;
  modulus = room;
  twice = modulus + numberBytes;
  one = twice + numberBytes;
  square = one + numberBytes;
  start = square + numberBytes;
  sums = start + numberBytes;
  table = sums + numberBytes;
  readLimbs(modulus, bytes, bit, end);
  sum(twice, modulus, modulus);
  const lowest = toInteger(load<f64>(modulus));
  // Newton's iteration doubles the bits that are right, of which an odd number has three.
  let x = lowest;
  for (let i = 0; i < 5; i++) x *= 2 - lowest * x;
  inverse = (0 - x) & MASK;
  for (let i: u32 = 0; i < numberBytes >> 3; i++)
    store<u64>(start + i * 8, 0 - 2 * (u64(min(i + 1, limbs)) * LOWER_BITS + u64(min(i, limbs)) * UPPER_BITS));
  // R: doubled from the highest power of two below the modulus.
  memory.fill(one, 0, numberBytes);
  const top = bits - 1;
  store<f64>(one + (top / LIMB_BITS) * 8, f64(u64(1) << (top % LIMB_BITS)));
  for (let i = top; i < limbs * LIMB_BITS; i++) {
    sum(one, one, one);
    reduce(one, modulus);
  }
  // R times 2^(51 limbs): the exponent's bits from the second one on.
  sum(square, one, one);
  reduce(square, modulus);
  const exponent = limbs * LIMB_BITS;
  for (let i = 30 - clz(exponent); i >= 0; i--) {
    multiply(square, square, square);
    if ((exponent >> i) & 1) {
      sum(square, square, square);
      reduce(square, twice);
    }
  }
  // The form of R^2 that makes a product with any number that has room less than twice the modulus.
  reduce(square, modulus);
}

/** The base, a number of so many bits, in Montgomery's form; `part` is room for a number. */
function readBase(out: u32, bytes: u32, bits: u32, part: u32): void {
  const step = limbs * LIMB_BITS;
  memory.fill(out, 0, numberBytes);
  for (let i = (bits + step - 1) / step; i != 0; i--) {
    readLimbs(part, bytes, (i - 1) * step, bits);
    multiply(out, out, square);
    multiply(part, part, square);
    sum(out, out, part);
    reduce(out, twice);
  }
}

// @ts-ignore: decorator
@inline
function bitOf(bytes: u32, bit: u32): u32 {
  return (u32(load<u8>(bytes + (bit >> 3))) >> (bit & 7)) & 1;
}

function windowOf(bits: u32): u32 {
  if (bits <= 6) return 1;
  if (bits <= 24) return 2;
  if (bits <= 80) return 3;
  if (bits <= 240) return 4;
  return bits <= 672 ? 5 : MAX_WINDOW;
}

/**
 * The base to the power of the exponent, modulo what beginModulus took, below it: a number's ptr. Both are numbers in bytes, lowest first, behind
 * which 8 more can be read, with their lengths in bits; the exponent is not 0.
 */
export function power(base: u32, baseBits: u32, exponent: u32, exponentBits: u32): u32 {
  const window = windowOf(exponentBits);
  const size = numberBytes;
  // The base's odd powers; behind them its square, which the result is made in when they are there.
  const result = table + (size << (window - 1));
  readBase(table, base, baseBits, result);
  if (window > 1) multiply(result, table, table);
  for (let i: u32 = 1; i < <u32>1 << (window - 1); i++) multiply(table + i * size, table + (i - 1) * size, result);
  let isFirst = true;
  for (let i = i32(exponentBits) - 1; i >= 0; ) {
    if (bitOf(exponent, i) == 0) {
      multiply(result, result, result);
      i--;
      continue;
    }
    let lowest = max(i - i32(window) + 1, 0);
    while (bitOf(exponent, lowest) == 0) lowest++;
    let value: u32 = 0;
    for (let j = i; j >= lowest; j--) {
      value = (value << 1) | bitOf(exponent, j);
      if (!isFirst) multiply(result, result, result);
    }
    const factor = table + (value >> 1) * size;
    if (isFirst) memory.copy(result, factor, size);
    else multiply(result, result, factor);
    isFirst = false;
    i = lowest - 1;
  }
  // Out of Montgomery's form.
  memory.fill(one, 0, size);
  store<f64>(one, 1);
  multiply(result, result, one);
  reduce(result, modulus);
  return result;
}

/** Adds a number to one in bytes, which is zero where the limbs come, and behind which 8 more can be written. */
export function writeLimbs(out: u32, number: u32): void {
  for (let i: u32 = 0; i < limbs; i++) {
    const bit = i * LIMB_BITS;
    const at = out + (bit >> 3);
    store<u64>(at, load<u64>(at) | (toInteger(load<f64>(number + i * 8)) << (bit & 7)));
  }
}
