// Pins the package's public names: adding or removing one is a decision.

import { expect, test } from "vitest";
import * as primitives from "./index.ts";

test("exports", () => {
  expect(Object.keys(primitives).sort()).toMatchInlineSnapshot(`
    [
      "BaseError",
      "Bytes32RangeError",
      "DEFAULT_MAX_FILE_BYTES",
      "FileError",
      "InvalidHexError",
      "Mutex",
      "Random",
      "Slices",
      "atOnce",
      "bigIntToBytes32",
      "bytesToBigInt",
      "bytesToHex",
      "comesFirst",
      "concatBytes",
      "countRlpItems",
      "deserializeError",
      "equalBytes",
      "errorClasses",
      "gunzipBounded",
      "hexToBytes",
      "isGzip",
      "jsonBytes",
      "jsonList",
      "jsonObject",
      "jsonQuantity",
      "jsonText",
      "minimalBytes",
      "minimalBytesOfNumber",
      "parseJsonBounded",
      "promised",
      "readBounded",
      "readRlpItem",
      "readStart",
      "rlpListLength",
      "rlpOfBigInt",
      "rlpOfBytes",
      "rlpOfList",
      "rlpStringLength",
      "serializeError",
      "tooLarge",
      "unreadable",
      "wait",
      "writeRlpListHeader",
      "writeRlpString",
      "writeRlpStringHeader",
    ]
  `);
});
