// 256-bit values as the kernel has them: four 64-bit limbs, the lowest first.

export type Limbs = readonly [bigint, bigint, bigint, bigint];

const MASK = (1n << 64n) - 1n;

export function limbsOf(value: bigint): Limbs {
  return [value & MASK, (value >> 64n) & MASK, (value >> 128n) & MASK, (value >> 192n) & MASK];
}

/** `index` counts limbs. */
export function putLimbs(u64: BigUint64Array, index: number, [a, b, c, d]: Limbs): void {
  u64[index] = a;
  u64[index + 1] = b;
  u64[index + 2] = c;
  u64[index + 3] = d;
}

/** Below zero, zero, or above zero. */
export function compareLimbs(u64: BigUint64Array, index: number, limbs: Limbs): number {
  for (let limb = 3; limb >= 0; limb--) {
    const [one, other] = [u64[index + limb] as bigint, limbs[limb] as bigint];
    if (one !== other) return one < other ? -1 : 1;
  }
  return 0;
}
