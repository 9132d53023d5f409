// Pins the package's public names: adding or removing one is a decision.

import { expect, test } from "vitest";
import * as primitives from "./index.ts";

test("exports", () => {
  expect(Object.keys(primitives).sort()).toMatchInlineSnapshot(`
    [
      "BaseError",
      "Bytes32RangeError",
      "InvalidHexError",
      "bigIntToBytes32",
      "bytesToBigInt",
      "bytesToHex",
      "concatBytes",
      "deserializeError",
      "equalBytes",
      "hexToBytes",
      "minimalBytes",
      "minimalBytesOfNumber",
      "readRlpItem",
      "rlpListLength",
      "rlpOfBigInt",
      "rlpStringLength",
      "serializeError",
      "writeRlpListHeader",
      "writeRlpString",
    ]
  `);
});
