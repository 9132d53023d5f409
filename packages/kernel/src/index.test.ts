// Pins the package's public names. The layout's constants, all in capitals, are checked for what they have to be: disjoint.

import { expect, test } from "vitest";
import * as kernel from "./index.ts";
import * as layout from "./layout.ts";

test("public names", () => {
  const names = Object.keys(kernel).filter((name) => name !== name.toUpperCase());
  expect(names.sort()).toMatchInlineSnapshot(`
    [
      "ArenaExhaustedError",
      "Kernel",
      "KernelCompileError",
      "KernelOptionsError",
      "PeekStatus",
      "StepCode",
      "keccak256",
      "keccak256Each",
      "keccak256Into",
      "keccakInput",
      "keccakOfInput",
    ]
  `);
});

/** Constants whose values are byte offsets within one block of memory, and how wide those that are not u32 are. */
const WIDTHS: Record<string, number> = {
  CONFIG_HASH_SECRET: 8 * layout.HASH_SECRET_WORDS,
  WORD_HALT: 8,
  WORD_CUMULATIVE_GAS: 8,
  WORD_BLOCK_GAS_LIMIT: 8,
  WORD_ABORT_CAUSES: 20,
  FLAT_ZERO_SLOT: layout.FLAT_SLOT_SIZE,
  INSTANCE_VALUE: 32,
  INSTANCE_SUM: 32,
  INSTANCE_HASH: 32,
  INSTANCE_KECCAK: 200,
  INSTANCE_TERMS: layout.TERMS_SIZE,
  INSTANCE_BLOOM_BITS: layout.BLOOM_BITS_ENTRIES * layout.BLOOM_BITS_SIZE,
  FLAT_ACCOUNT_ADDRESS: 20,
  FLAT_ACCOUNT_NONCE: 8,
  FLAT_ACCOUNT_BALANCE: 32,
  FLAT_ACCOUNT_CODE_HASH: 32,
  FLAT_SLOT_KEY: 32,
  FLAT_SLOT_VALUE: 32,
  ACCOUNT_ADDRESS: 20,
  SLOT_KEY: 32,
  VALUE_LIMBS: 32,
  WRITE_LIMBS: 32,
  READ_LO: 32,
  READ_HI: 32,
  UNIT_GAS_LIMIT: 8,
  UNIT_GAS_USED: 8,
  UNIT_SENDER: 20,
};

const offsets = (prefix: RegExp) =>
  Object.entries(layout).filter(([name]) => prefix.test(name) && !/_(SIZE|STRIDE)$/.test(name));

test.each([
  ["control block", /^(CONFIG_|WORD_|FLAT_ZERO_SLOT)/, layout.CONTROL, layout.CONTROL + layout.CONTROL_SIZE],
  ["instance area", /^INSTANCE_/, layout.SCRATCH_SIZE, layout.INSTANCE_STRIDE],
  ["flat account", /^FLAT_ACCOUNT_/, 0, layout.FLAT_ACCOUNT_SIZE],
  ["flat slot", /^FLAT_SLOT_/, 0, layout.FLAT_SLOT_SIZE],
  ["account", /^ACCOUNT_/, 0, layout.ACCOUNT_SIZE],
  ["slot", /^SLOT_/, 0, layout.SLOT_SIZE],
  ["value", /^VALUE_/, 0, layout.VALUE_SIZE],
  ["sets", /^SETS_/, 0, layout.SETS_SIZE],
  ["unit", /^UNIT_/, 0, layout.UNIT_SIZE],
] as const)("the fields of a %s do not overlap", (_name, prefix, begin, end) => {
  const fields = offsets(prefix).sort(([, a], [, b]) => Number(a) - Number(b));
  expect(fields.length).toBeGreaterThan(2);
  let free: number = begin;
  for (const [name, value] of fields) {
    const width = WIDTHS[name] ?? 4;
    expect(Number(value), name).toBeGreaterThanOrEqual(free);
    // Addresses and numbers of 20 bytes and less are read as 4- or 8-byte words.
    expect(Number(value) % (width % 8 === 0 ? 8 : 4), name).toBe(0);
    free = Number(value) + width;
  }
  expect(free).toBeLessThanOrEqual(end);
});
