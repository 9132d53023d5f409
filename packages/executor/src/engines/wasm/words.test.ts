// The arithmetic of the wasm EVM against BigInt, opcode by opcode, over words in which carries, signs and digits of a division have their edges.

import { bigIntToBytes32, bytesToBigInt } from "@braid/primitives";
import { keyed, plainAddress } from "@braid/testing/accounts";
import { BlockBuilder } from "@braid/testing/block-builder";
import fc from "fast-check";
import { expect, test } from "vitest";
import { runBraid } from "../../testing/agree.ts";

const MODULUS = 1n << 256n;
const wrap = (value: bigint): bigint => BigInt.asUintN(256, value);
const signed = (value: bigint): bigint => BigInt.asIntN(256, value);
const bit = (condition: boolean): bigint => (condition ? 1n : 0n);

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n;
  for (let square = base, left = exponent; left > 0n; left >>= 1n, square = wrap(square * square))
    if (left & 1n) result = wrap(result * square);
  return result;
}

type Operation = readonly [code: number, of: (a: bigint, b: bigint, c: bigint) => bigint];

const OPERATIONS: Readonly<Record<string, Operation>> = {
  ADD: [0x01, (a, b) => wrap(a + b)],
  MUL: [0x02, (a, b) => wrap(a * b)],
  SUB: [0x03, (a, b) => wrap(a - b)],
  DIV: [0x04, (a, b) => (b === 0n ? 0n : a / b)],
  SDIV: [0x05, (a, b) => (b === 0n ? 0n : wrap(signed(a) / signed(b)))],
  MOD: [0x06, (a, b) => (b === 0n ? 0n : a % b)],
  SMOD: [0x07, (a, b) => (b === 0n ? 0n : wrap(signed(a) % signed(b)))],
  ADDMOD: [0x08, (a, b, c) => (c === 0n ? 0n : (a + b) % c)],
  MULMOD: [0x09, (a, b, c) => (c === 0n ? 0n : (a * b) % c)],
  EXP: [0x0a, power],
  SIGNEXTEND: [0x0b, (a, b) => (a > 30n ? b : wrap(BigInt.asIntN(8 * Number(a + 1n), b)))],
  LT: [0x10, (a, b) => bit(a < b)],
  GT: [0x11, (a, b) => bit(a > b)],
  SLT: [0x12, (a, b) => bit(signed(a) < signed(b))],
  SGT: [0x13, (a, b) => bit(signed(a) > signed(b))],
  EQ: [0x14, (a, b) => bit(a === b)],
  ISZERO: [0x15, (a) => bit(a === 0n)],
  AND: [0x16, (a, b) => a & b],
  OR: [0x17, (a, b) => a | b],
  XOR: [0x18, (a, b) => a ^ b],
  NOT: [0x19, (a) => MODULUS - 1n - a],
  BYTE: [0x1a, (a, b) => (a > 31n ? 0n : (b >> (8n * (31n - a))) & 0xffn)],
  SHL: [0x1b, (a, b) => (a > 255n ? 0n : wrap(b << a))],
  SHR: [0x1c, (a, b) => (a > 255n ? 0n : b >> a)],
  SAR: [0x1d, (a, b) => wrap(signed(b) >> (a > 255n ? 255n : a))],
  CLZ: [0x1e, (a) => BigInt(a === 0n ? 256 : 256 - a.toString(2).length)],
};

/** Values at the edges of 32-bit digits and 64-bit limbs, small ones, and any. */
const word = fc.oneof(
  fc.bigInt({ min: 0n, max: MODULUS - 1n }),
  fc.bigInt({ min: 0n, max: 300n }),
  fc
    .tuple(
      fc.constantFrom(0n, 31n, 32n, 63n, 64n, 127n, 128n, 191n, 192n, 223n, 255n, 256n),
      fc.bigInt({ min: -2n, max: 2n }),
    )
    .map(([shift, more]) => wrap((1n << shift) + more)),
  fc
    .array(fc.constantFrom(0n, 1n, 0x7fffffffn, 0x80000000n, 0xfffffffen, 0xffffffffn), {
      minLength: 8,
      maxLength: 8,
    })
    .map((digits) => digits.reduce<bigint>((value, digit) => (value << 32n) | digit, 0n)),
);

interface Case {
  name: string;
  operands: [bigint, bigint, bigint];
}

const PUSH32 = 0x7f;
const PUSH2 = 0x61;
const [MSTORE, RETURN] = [0x52, 0xf3];

/** Code that does all operations and returns their results, one after the other. */
function codeOf(cases: readonly Case[]): Uint8Array {
  const code: number[] = [];
  for (const [i, { name, operands }] of cases.entries()) {
    for (const operand of operands.toReversed()) code.push(PUSH32, ...bigIntToBytes32(operand));
    const at = 32 * i;
    code.push((OPERATIONS[name] as Operation)[0], PUSH2, at >> 8, at & 255, MSTORE);
  }
  const length = 32 * cases.length;
  code.push(PUSH2, length >> 8, length & 255, 0x5f, RETURN);
  return Uint8Array.from(code);
}

const CASES = 100;

test("every operation gives what BigInt gives", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.record({
          name: fc.constantFrom(...Object.keys(OPERATIONS)),
          operands: fc.tuple(word, word, word),
        }),
        { minLength: CASES, maxLength: CASES },
      ),
      async (cases) => {
        const builder = new BlockBuilder("osaka");
        builder.fund(keyed(0));
        const contract = builder.contract(plainAddress(500), codeOf(cases));
        builder.send({ from: keyed(0), to: contract, gasLimit: 5_000_000 });
        const block = await builder.build();
        const result = await runBraid(block, 0, { mode: "sequential", engine: "wasm" });
        expect(result.statistics.engine).toEqual({ name: "wasm", unsupported: 0 });
        const output = result.transactions[0]?.output as Uint8Array;
        const found = cases.map(({ name, operands }, i) => ({
          name,
          operands,
          result: bytesToBigInt(output.subarray(32 * i, 32 * i + 32)),
        }));
        const expected = cases.map(({ name, operands }) => ({
          name,
          operands,
          result: (OPERATIONS[name] as Operation)[1](...operands),
        }));
        expect(found).toEqual(expected);
      },
    ),
    { numRuns: 60 },
  );
});
