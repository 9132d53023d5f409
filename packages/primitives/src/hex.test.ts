// Hex in both directions, for the short strings (table) and the long ones (Buffer) alike.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { bytesToHex, hexToBytes } from "./hex.ts";

/** Bytes on both sides of the length where the implementation changes. */
const anyBytes = fc.oneof(fc.uint8Array({ maxLength: 40 }), fc.uint8Array({ minLength: 30, maxLength: 300 }));

describe("bytesToHex", () => {
  test("writes two lower-case digits for each byte", () => {
    fc.assert(
      fc.property(anyBytes, (bytes) => {
        const digits = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0"));
        expect(bytesToHex(bytes)).toBe(`0x${digits.join("")}`);
      }),
    );
  });

  test("reads only the window of a larger buffer", () => {
    const memory = Uint8Array.from({ length: 100 }, (_, i) => i);
    expect(bytesToHex(memory.subarray(3, 5))).toBe("0x0304");
    expect(bytesToHex(memory.subarray(3, 90))).toBe(bytesToHex(memory.slice(3, 90)));
  });

  test("a result stays what it was when the next one is made", () => {
    const first = bytesToHex(new Uint8Array(20).fill(1));
    bytesToHex(new Uint8Array(20).fill(2));
    expect(first).toBe(`0x${"01".repeat(20)}`);
  });
});

describe("hexToBytes", () => {
  test("gives back the bytes, with or without 0x, in either case", () => {
    fc.assert(
      fc.property(anyBytes, (bytes) => {
        const hex = bytesToHex(bytes);
        expect(hexToBytes(hex)).toEqual(bytes);
        expect(hexToBytes(hex.slice(2))).toEqual(bytes);
        expect(hexToBytes(`0x${hex.slice(2).toUpperCase()}`)).toEqual(bytes);
      }),
    );
  });

  test("owns its memory", () => {
    for (const length of [4, 20, 33, 500]) {
      const bytes = hexToBytes("ab".repeat(length));
      expect(bytes.buffer.byteLength).toBe(length);
      expect(bytes.constructor).toBe(Uint8Array);
    }
  });

  test("refuses a character that is no digit, wherever it stands and however long the string is", () => {
    fc.assert(
      fc.property(
        anyBytes.filter((bytes) => bytes.length > 0),
        fc.nat(),
        // The last ones have a digit's code in their lower byte, which is all that Buffer looks at in a long string.
        fc.constantFrom(
          "g",
          "/",
          ":",
          "@",
          "G",
          "`",
          " ",
          "-",
          "\u0000",
          "\u00e9",
          "\u0130",
          "\u0161",
          "\u{10041}",
        ),
        (bytes, at, wrong) => {
          const digits = bytesToHex(bytes).slice(2).split("");
          const place = at % digits.length;
          digits.splice(place, wrong.length, wrong);
          // Two code units at the very end would make the number of digits odd, which is another error with the same code.
          expect(() => hexToBytes(digits.join(""))).toThrow(
            expect.objectContaining({ code: "BRAID_INVALID_HEX" }),
          );
        },
      ),
    );
  });

  test.each(["0x1", "abc", "0xabc", `0x${"0".repeat(101)}`])("refuses the odd %s", (hex) => {
    expect(() => hexToBytes(hex)).toThrow(expect.objectContaining({ code: "BRAID_INVALID_HEX" }));
  });

  test("nothing is no bytes", () => {
    expect(hexToBytes("0x")).toEqual(new Uint8Array(0));
    expect(hexToBytes("")).toEqual(new Uint8Array(0));
  });
});
