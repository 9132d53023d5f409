// What is found of a code's constant slots, in the forms in which compilers write them.

import { asm } from "@braid/testing/assembler";
import { expect, test } from "vitest";
import { constantSlots } from "./constant-slots.ts";

test("a constant in front of SLOAD is a slot, also when it is kept or has the place in the slot on top", () => {
  const code = asm(5, "SLOAD", 0xabcd, "DUP1", "SLOAD", 9, 160, "SWAP1", "SLOAD", 2n ** 255n + 7n, "SLOAD");
  expect(constantSlots(code)).toEqual([5n, 0xabcdn, 9n, 2n ** 255n + 7n]);
});

test("the slot 0, each slot once, and nothing else", () => {
  const code = asm(0, "SLOAD", 0, "DUP1", "SLOAD", 3, 4, "SSTORE", 6, "CALLER", "SLOAD", 8, "SWAP1", "SLOAD");
  expect(constantSlots(code)).toEqual([0n]);
});

test("what lies inside push data is no opcode", () => {
  // PUSH4 60 07 54 00, SLOAD
  expect(constantSlots(Uint8Array.of(0x63, 0x60, 0x07, 0x54, 0x00, 0x54))).toEqual([0x60075400n]);
});

test("a code that ends in the middle of a push has no more slots", () => {
  expect(constantSlots(Uint8Array.of(0x60, 0x01, 0x54, 0x7f, 0x01))).toEqual([1n]);
  expect(constantSlots(new Uint8Array(0))).toEqual([]);
});

test("no more than 32", () => {
  const code = asm(...Array.from({ length: 100 }, (_, i) => [i + 1, "SLOAD"] as const).flat());
  expect(constantSlots(code)).toHaveLength(32);
});
