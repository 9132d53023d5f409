// 256-bit numbers as they lie in tables: four u64 limbs, lowest first.

/** The number whose limbs begin at the byte `at`, a multiple of 8. */
export function limbsAt(u64: BigUint64Array, at: number): bigint {
  const index = at >>> 3;
  // In a table each number has four limbs.
  const low = u64[index] as bigint;
  const l1 = u64[index + 1] as bigint;
  const l2 = u64[index + 2] as bigint;
  const l3 = u64[index + 3] as bigint;
  if (l3 === 0n && l2 === 0n) return l1 === 0n ? low : low | (l1 << 64n);
  return low | (l1 << 64n) | (l2 << 128n) | (l3 << 192n);
}
