// Products, quotients, remainders and powers of words (u256.ts). Products are of 64-bit limbs; division is Knuth's algorithm D over 32-bit
// digits, which lie in memory as the limbs do.

import { EVM_TEMP } from "../../src/layout";
import { evm } from "../memory";
import { add, copy, isNegative, isShort, isZero, less, negate, set, setShort } from "./u256";

/** The high half of a product of two limbs. */
// @ts-ignore: decorator
@inline
function mulHigh(a: u64, b: u64): u64 {
  const al = a & 0xffffffff;
  const ah = a >> 32;
  const bl = b & 0xffffffff;
  const bh = b >> 32;
  const low = al * bl;
  const mid = ah * bl + (low >> 32);
  const other = al * bh + (mid & 0xffffffff);
  return ah * bh + (mid >> 32) + (other >> 32);
}

/** out = a * b, modulo 2^256. */
export function mul(a: u32, b: u32, out: u32): void {
  const a0 = load<u64>(a);
  const b0 = load<u64>(b);
  const a1 = load<u64>(a, 8);
  const b1 = load<u64>(b, 8);
  const a2 = load<u64>(a, 16);
  const b2 = load<u64>(b, 16);
  const a3 = load<u64>(a, 24);
  const b3 = load<u64>(b, 24);
  const r0 = a0 * b0;
  let r1 = mulHigh(a0, b0);
  if ((a1 | a2 | a3 | b1 | b2 | b3) == 0) {
    set(out, r0, r1, 0, 0);
    return;
  }
  let r2: u64 = 0;
  let r3: u64 = 0;
  // Column 1.
  let p = a0 * b1;
  r1 += p;
  let carry = u64(r1 < p);
  p = a1 * b0;
  r1 += p;
  carry += u64(r1 < p);
  // Column 2.
  r2 = carry;
  carry = 0;
  p = mulHigh(a0, b1);
  r2 += p;
  carry += u64(r2 < p);
  p = mulHigh(a1, b0);
  r2 += p;
  carry += u64(r2 < p);
  p = a0 * b2;
  r2 += p;
  carry += u64(r2 < p);
  p = a1 * b1;
  r2 += p;
  carry += u64(r2 < p);
  p = a2 * b0;
  r2 += p;
  carry += u64(r2 < p);
  // Column 3: what is carried out of it is lost.
  r3 = carry + mulHigh(a0, b2) + mulHigh(a1, b1) + mulHigh(a2, b0) + a0 * b3 + a1 * b2 + a2 * b1 + a3 * b0;
  set(out, r0, r1, r2, r3);
}

/** The 512-bit product of a and b: eight limbs at `out`, which overlaps neither. */
function mulWide(a: u32, b: u32, out: u32): void {
  memory.fill(out, 0, 64);
  for (let i: u32 = 0; i < 32; i += 8) {
    const x = load<u64>(a + i);
    if (x == 0) continue;
    let carry: u64 = 0;
    for (let j: u32 = 0; j < 32; j += 8) {
      const y = load<u64>(b + j);
      const low = x * y;
      let high = mulHigh(x, y);
      let sum = load<u64>(out + i + j) + low;
      high += u64(sum < low);
      sum += carry;
      high += u64(sum < carry);
      store<u64>(out + i + j, sum);
      carry = high;
    }
    store<u64>(out + i + 32, carry);
  }
}

/** How many 32-bit digits of `count` at `a` there are up to the highest that is not zero. */
function digits(a: u32, count: u32): u32 {
  while (count != 0 && load<u32>(a + ((count - 1) << 2)) == 0) count--;
  return count;
}

// Scratch of the division, within EVM_TEMP: 17 digits of the dividend, 8 of the divisor.
const DIVIDEND: u32 = EVM_TEMP;
const DIVISOR: u32 = EVM_TEMP + 96;
const PRODUCT: u32 = EVM_TEMP + 160;
const LEFT: u32 = EVM_TEMP + 256;
const RIGHT: u32 = EVM_TEMP + 288;
const POWER: u32 = EVM_TEMP + 320;

/**
 * Divides `count` digits at `a` (8 to 16) by the word at `b`, which is not zero. The quotient's low 256 bits go to `quotient` unless that is 0; the
 * remainder goes to `remainder` unless that is 0.
 */
function divide(a: u32, count: u32, b: u32, quotient: u32, remainder: u32): void {
  const n = digits(b, 8);
  const m = digits(a, count);
  const u = evm + DIVIDEND;
  const v = evm + DIVISOR;
  if (m < n) {
    if (remainder != 0) copy(remainder, a);
    if (quotient != 0) setShort(quotient, 0);
    return;
  }
  if (n == 1) {
    const divisor = u64(load<u32>(b));
    let rest: u64 = 0;
    memory.copy(u, a, m << 2);
    if (quotient != 0) setShort(quotient, 0);
    for (let i = i32(m) - 1; i >= 0; i--) {
      const part = (rest << 32) | u64(load<u32>(u + (u32(i) << 2)));
      const q = part / divisor;
      rest = part - q * divisor;
      if (quotient != 0 && i < 8) store<u32>(quotient + (u32(i) << 2), u32(q));
    }
    if (remainder != 0) setShort(remainder, rest);
    return;
  }
  // D1: the highest digit of the divisor gets its highest bit.
  const shift = u64(clz<u32>(load<u32>(b + ((n - 1) << 2))));
  let high: u64 = 0;
  for (let i: u32 = 0; i < n; i++) {
    const part = (u64(load<u32>(b + (i << 2))) << shift) | high;
    store<u32>(v + (i << 2), u32(part));
    high = part >> 32;
  }
  high = 0;
  for (let i: u32 = 0; i < m; i++) {
    const part = (u64(load<u32>(a + (i << 2))) << shift) | high;
    store<u32>(u + (i << 2), u32(part));
    high = part >> 32;
  }
  store<u32>(u + (m << 2), u32(high));
  if (quotient != 0) setShort(quotient, 0);
  const top = u64(load<u32>(v + ((n - 1) << 2)));
  const next = u64(load<u32>(v + ((n - 2) << 2)));
  for (let j = i32(m - n); j >= 0; j--) {
    const at = u + (u32(j) << 2);
    // D3: a guess that is at most two too large.
    const part = (u64(load<u32>(at + (n << 2))) << 32) | u64(load<u32>(at + ((n - 1) << 2)));
    let q = part / top;
    let r = part - q * top;
    while (q > 0xffffffff || q * next > ((r << 32) | u64(load<u32>(at + ((n - 2) << 2))))) {
      q--;
      r += top;
      if (r > 0xffffffff) break;
    }
    // D4: subtract.
    let borrow: i64 = 0;
    let carry: u64 = 0;
    for (let i: u32 = 0; i < n; i++) {
      const product = q * u64(load<u32>(v + (i << 2))) + carry;
      carry = product >> 32;
      const difference = i64(load<u32>(at + (i << 2))) - borrow - i64(product & 0xffffffff);
      store<u32>(at + (i << 2), u32(difference));
      borrow = difference < 0 ? 1 : 0;
    }
    const last = i64(load<u32>(at + (n << 2))) - borrow - i64(carry);
    store<u32>(at + (n << 2), u32(last));
    if (last < 0) {
      // D6: it was one too large.
      q--;
      carry = 0;
      for (let i: u32 = 0; i < n; i++) {
        const sum = u64(load<u32>(at + (i << 2))) + u64(load<u32>(v + (i << 2))) + carry;
        store<u32>(at + (i << 2), u32(sum));
        carry = sum >> 32;
      }
      store<u32>(at + (n << 2), load<u32>(at + (n << 2)) + u32(carry));
    }
    if (quotient != 0 && j < 8) store<u32>(quotient + (u32(j) << 2), u32(q));
  }
  if (remainder == 0) return;
  setShort(remainder, 0);
  for (let i: u32 = 0; i < n; i++) {
    const part = (u64(load<u32>(u + ((i + 1) << 2))) << 32) | u64(load<u32>(u + (i << 2)));
    store<u32>(remainder + (i << 2), u32(part >> shift));
  }
}

/** out = a / b, 0 for b = 0. */
export function div(a: u32, b: u32, out: u32): void {
  if (isShort(a) && isShort(b)) {
    const divisor = load<u64>(b);
    setShort(out, divisor == 0 ? 0 : load<u64>(a) / divisor);
    return;
  }
  if (isZero(b)) setShort(out, 0);
  else divideCopies(a, b, out, 0);
}

/** out = a % b, 0 for b = 0. */
export function mod(a: u32, b: u32, out: u32): void {
  if (isShort(a) && isShort(b)) {
    const divisor = load<u64>(b);
    setShort(out, divisor == 0 ? 0 : load<u64>(a) % divisor);
    return;
  }
  if (isZero(b)) setShort(out, 0);
  else divideCopies(a, b, 0, out);
}

/** The results may lie over the operands. */
function divideCopies(a: u32, b: u32, quotient: u32, remainder: u32): void {
  copy(evm + LEFT, a);
  copy(evm + RIGHT, b);
  divide(evm + LEFT, 8, evm + RIGHT, quotient, remainder);
}

/** Signed division, rounded towards zero. */
export function divSigned(a: u32, b: u32, out: u32): void {
  const negative = isNegative(a) != isNegative(b);
  absolutes(a, b);
  div(evm + LEFT, evm + RIGHT, out);
  if (negative) negate(out, out);
}

/** Signed remainder: it has the sign of a. */
export function modSigned(a: u32, b: u32, out: u32): void {
  const negative = isNegative(a);
  absolutes(a, b);
  mod(evm + LEFT, evm + RIGHT, out);
  if (negative) negate(out, out);
}

function absolutes(a: u32, b: u32): void {
  const left = evm + LEFT;
  const right = evm + RIGHT;
  const aNegative = isNegative(a);
  const bNegative = isNegative(b);
  copy(left, a);
  copy(right, b);
  if (aNegative) negate(left, left);
  if (bNegative) negate(right, right);
}

/** out = (a + b) % n without overflow, 0 for n = 0. */
export function addMod(a: u32, b: u32, n: u32, out: u32): void {
  if (isZero(n)) {
    setShort(out, 0);
    return;
  }
  const sum = evm + PRODUCT;
  const carry = add(a, b, sum);
  if (carry == 0 && less(sum, n)) {
    copy(out, sum);
    return;
  }
  store<u64>(sum, carry, 32);
  copy(evm + RIGHT, n);
  divide(sum, 9, evm + RIGHT, 0, out);
}

/** out = (a * b) % n without overflow, 0 for n = 0. */
export function mulMod(a: u32, b: u32, n: u32, out: u32): void {
  if (isZero(n)) {
    setShort(out, 0);
    return;
  }
  const product = evm + PRODUCT;
  mulWide(a, b, product);
  copy(evm + RIGHT, n);
  divide(product, 16, evm + RIGHT, 0, out);
}

/** out = a ** b, modulo 2^256. */
export function exp(a: u32, b: u32, out: u32): void {
  const base = evm + LEFT;
  const exponent = evm + RIGHT;
  const power = evm + POWER;
  copy(base, a);
  copy(exponent, b);
  setShort(power, 1);
  let high: i32 = 24;
  while (high > 0 && load<u64>(exponent + high) == 0) high -= 8;
  for (let i = 0; i <= high; i += 8) {
    let bits = load<u64>(exponent + i);
    const isLast = i == high;
    for (let left: u32 = 64; left != 0; left--) {
      if (bits & 1) mul(power, base, power);
      bits >>= 1;
      if (isLast && bits == 0) break;
      mul(base, base, base);
    }
  }
  copy(out, power);
}

/** How many bytes the word takes, 0 for zero: what EXP pays for. */
export function byteLength(a: u32): u32 {
  for (let i: i32 = 24; i >= 0; i -= 8) {
    const limb = load<u64>(a + i);
    if (limb != 0) return (u32(i) + 8) - (u32(clz<u64>(limb)) >> 3);
  }
  return 0;
}

