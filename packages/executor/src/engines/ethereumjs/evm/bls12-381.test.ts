// BLS12-381 on mcl against noble's, which ethereumjs takes: points of the group, of the curve and of neither, infinity, edges of the field and of the scalars.

import { bytesToHex, concatBytes } from "@braid/primitives";
import { NobleBLS } from "@ethereumjs/evm";
import fc from "fast-check";
import { expect, test } from "vitest";
import { bls12, loadBls12 } from "./bls12-381.ts";

const P = 0x1a0111ea397fe69a4b1ba7b6434bacd764774b84f38512bf6730d2a0f6b0f6241eabfffeb153ffffb9feffffffffaaabn;
const ORDER = 0x73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000001n;
const noble = new NobleBLS();
await loadBls12();

function bytesOf(value: bigint, length: number): Uint8Array {
  return Uint8Array.from(Buffer.from(value.toString(16).padStart(2 * length, "0"), "hex"));
}

const element = fc.oneof(
  fc.bigInt({ min: 0n, max: P - 1n }),
  fc.constantFrom(0n, 1n, 2n, P - 1n, P, P + 1n, (1n << 384n) - 1n, (P - 1n) / 2n),
);
const coordinate = element.map((value) => bytesOf(value, 64));
const inField = fc.bigInt({ min: 0n, max: P - 1n }).map((value) => bytesOf(value, 64));
const scalar = fc
  .oneof(
    fc.bigInt({ min: 0n, max: (1n << 256n) - 1n }),
    fc.constantFrom(0n, 1n, ORDER - 1n, ORDER, ORDER + 1n, (1n << 256n) - 1n),
  )
  .map((value) => bytesOf(value, 32));

function square(value: bigint): boolean {
  return power(value, (P - 1n) / 2n) <= 1n;
}

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n;
  for (let s = base, left = exponent; left > 0n; left >>= 1n, s = (s * s) % P)
    if (left & 1n) result = (result * s) % P;
  return result;
}

/** A point of the curve y^2 = x^3 + 4, hardly ever of the group. */
const onCurve = fc
  .bigInt({ min: 0n, max: P - 1n })
  .filter((x) => square((x ** 3n + 4n) % P))
  .map((x) => concatBytes(bytesOf(x, 64), bytesOf(power((x ** 3n + 4n) % P, (P + 1n) / 4n), 64)));
const point1 = fc.oneof(
  { weight: 6, arbitrary: inField.map((x) => bls12.mapFPtoG1(x)) },
  { weight: 1, arbitrary: fc.constant(new Uint8Array(128)) },
  { weight: 1, arbitrary: onCurve },
  { weight: 1, arbitrary: fc.tuple(coordinate, coordinate).map((xy) => concatBytes(...xy)) },
);
const point2 = fc.oneof(
  { weight: 6, arbitrary: fc.tuple(inField, inField).map((x) => bls12.mapFP2toG2(concatBytes(...x))) },
  { weight: 1, arbitrary: fc.constant(new Uint8Array(256)) },
  {
    weight: 1,
    arbitrary: fc.tuple(coordinate, coordinate, coordinate, coordinate).map((xy) => concatBytes(...xy)),
  },
);

const pairsOf = (...parts: fc.Arbitrary<Uint8Array>[]): fc.Arbitrary<Uint8Array> =>
  fc
    .array(fc.tuple(...parts), { minLength: 1, maxLength: 3 })
    .map((pairs) => concatBytes(...pairs.map((pair) => concatBytes(...pair))));

const OPERATIONS = {
  addG1: fc.tuple(point1, point1).map((two) => concatBytes(...two)),
  addG2: fc.tuple(point2, point2).map((two) => concatBytes(...two)),
  mapFPtoG1: coordinate,
  mapFP2toG2: fc.tuple(coordinate, coordinate).map((two) => concatBytes(...two)),
  msmG1: pairsOf(point1, scalar),
  msmG2: pairsOf(point2, scalar),
  pairingCheck: pairsOf(point1, point2),
} as const;

/** What it answers; of a failure its words, where it has words for the EVM. */
function answer(run: () => Uint8Array): string {
  try {
    return bytesToHex(run());
  } catch (error) {
    return error instanceof Error && "error" in error ? String(error.error) : "a revert";
  }
}

test.each(Object.keys(OPERATIONS) as (keyof typeof OPERATIONS)[])("%s", (name) => {
  fc.assert(
    fc.property(OPERATIONS[name], (input) => {
      expect(answer(() => bls12[name](input))).toBe(answer(() => noble[name](input)));
    }),
    { numRuns: 15 },
  );
});

test("a sum of a point and its inverse, and of a point with itself", () => {
  const one = bls12.mapFPtoG1(bytesOf(5n, 64));
  const inverse = concatBytes(one.subarray(0, 64), bytesOf(P - BigInt(bytesToHex(one.subarray(64))), 64));
  expect(bls12.addG1(concatBytes(one, inverse))).toEqual(new Uint8Array(128));
  expect(bls12.addG1(concatBytes(one, one))).toEqual(noble.addG1(concatBytes(one, one)));
  const two = bls12.msmG1(concatBytes(one, bytesOf(2n, 32)));
  expect(two).toEqual(bls12.addG1(concatBytes(one, one)));
  const q = bls12.mapFP2toG2(concatBytes(bytesOf(3n, 64), bytesOf(4n, 64)));
  // e(P, Q) e(-P, Q) = 1.
  expect(bls12.pairingCheck(concatBytes(one, q, inverse, q))[31]).toBe(1);
  expect(bls12.pairingCheck(concatBytes(one, q, one, q))[31]).toBe(0);
});
