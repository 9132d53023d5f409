// Properties of the byte helpers, against definitions too simple to be wrong.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { bigIntToBytes32, bytesToBigInt, concatBytes, equalBytes } from "./bytes.ts";

const MAX = 2n ** 256n - 1n;
const word = fc.oneof(
  fc.bigInt({ min: 0n, max: MAX }),
  fc.bigInt({ min: 0n, max: 1000n }),
  // Around the borders of the limbs, where carries and sign extensions go wrong.
  fc
    .tuple(fc.constantFrom(64n, 128n, 192n, 256n), fc.bigInt({ min: -2n, max: 2n }))
    .map(([bits, off]) => 2n ** bits + off),
);

/** The number by its definition: each byte is worth 256 times the next. */
function numberOf(bytes: Uint8Array): bigint {
  return bytes.reduce((value, byte) => value * 256n + BigInt(byte), 0n);
}

describe("bigIntToBytes32", () => {
  test("gives the 32 bytes that stand for the number", () => {
    fc.assert(
      fc.property(
        word.filter((value) => value <= MAX),
        (value) => {
          const bytes = bigIntToBytes32(value);
          expect(bytes.length).toBe(32);
          expect(numberOf(bytes)).toBe(value);
          expect(bytesToBigInt(bytes)).toBe(value);
        },
      ),
    );
  });

  test("puts the lowest byte last", () => {
    const expected = new Uint8Array(32);
    expected.set([1, 2, 3], 29);
    expect(bigIntToBytes32(0x010203n)).toEqual(expected);
  });

  test("keeps nothing of an earlier, larger number", () => {
    bigIntToBytes32(MAX);
    expect(bigIntToBytes32(0n)).toEqual(new Uint8Array(32));
  });

  test.each([-1n, -(2n ** 64n), -(2n ** 255n), -(2n ** 256n), -(2n ** 300n), MAX + 1n, 2n ** 300n])(
    "refuses %s",
    (value) => {
      expect(() => bigIntToBytes32(value)).toThrow(expect.objectContaining({ code: "BRAID_BYTES32_RANGE" }));
    },
  );
});

describe("bytesToBigInt", () => {
  test("reads big-endian bytes of any length, also in the middle of a buffer", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 70 }), fc.nat(8), (bytes, offset) => {
        const placed = new Uint8Array(offset + bytes.length + 3).fill(0xee);
        placed.set(bytes, offset);
        expect(bytesToBigInt(placed.subarray(offset, offset + bytes.length))).toBe(numberOf(bytes));
      }),
    );
  });

  test("reads 32 bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (bytes) => {
        expect(bytesToBigInt(bytes)).toBe(numberOf(bytes));
      }),
    );
  });
});

describe("concatBytes and equalBytes", () => {
  test("a concatenation holds its parts in order and shares memory with none", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 10 }), { maxLength: 6 }), (parts) => {
        const joined = concatBytes(...parts);
        expect(Array.from(joined)).toEqual(parts.flatMap((part) => Array.from(part)));
        expect(parts.some((part) => part.buffer === joined.buffer)).toBe(false);
      }),
    );
  });

  test("equal bytes in other memory are equal; one other byte or another length is not", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 40 }), fc.nat(), (bytes, at) => {
        expect(equalBytes(bytes, bytes)).toBe(true);
        expect(equalBytes(bytes, bytes.slice())).toBe(true);
        expect(equalBytes(bytes, bytes.slice(0, -1))).toBe(false);
        expect(equalBytes(bytes.slice(0, -1), bytes)).toBe(false);
        const other = bytes.slice();
        other[at % other.length] = (other[at % other.length] ?? 0) ^ 1;
        expect(equalBytes(bytes, other)).toBe(false);
      }),
    );
  });
});
