// Jumps that the wasm engine does together with what comes right before them and with the JUMPDEST behind them: with every amount of gas that ends in
// the middle of one, on both engines.

import { afterAll, expect, test } from "vitest";
import type { FuzzCase, FuzzTransaction } from "../../testing/fuzz-case.ts";
import { describeCase, EngineFuzzer } from "../../testing/fuzz-engines.ts";

const fuzzer = new EngineFuzzer();
afterAll(() => fuzzer.close());

const INTRINSIC_GAS = 21_000;
const PUSH1 = [0x60, 0];
const [ISZERO, EQ, LT, GT, SLT, SGT] = [0x15, 0x14, 0x10, 0x11, 0x12, 0x13] as const;
const JUMP = 0x56;
const JUMPI = 0x57;

/** A code, a JUMPDEST within the data of a push, one that is none, a STOP. `jump` gets the place of the JUMPDEST. */
function code(jump: (to: number) => number[]): Uint8Array {
  const length = jump(0).length;
  return Uint8Array.from([...jump(length + 1), 0x00, 0x5b, 0x60, 0x5b, 0x00]);
}

const push2 = (to: number): number[] => [0x61, to >> 8, to & 255];
const full = (words: number): number[] => Array.from({ length: words }, () => PUSH1).flat();

const CODES: Record<string, Uint8Array> = {
  "PUSH2 JUMP": code((to) => [...push2(to), JUMP]),
  "PUSH2 JUMP into the data of a push": code((to) => [...push2(to + 2), JUMP]),
  "PUSH2 JUMP to no JUMPDEST": code((to) => [...push2(to + 3), JUMP]),
  "PUSH2 JUMP far away": code(() => [...push2(0xffff), JUMP]),
  "PUSH2 JUMPI of nothing": code((to) => [...push2(to), JUMPI]),
  "PUSH2 JUMPI": code((to) => [0x60, 1, ...push2(to), JUMPI]),
  "PUSH2 JUMPI that is none": code((to) => [0x60, 0, ...push2(to), JUMPI]),
  "ISZERO PUSH2 JUMPI": code((to) => [0x60, 0, ISZERO, ...push2(to), JUMPI]),
  "ISZERO PUSH2 JUMPI that is none": code((to) => [0x60, 2, ISZERO, ...push2(to), JUMPI]),
  "ISZERO of nothing": code((to) => [ISZERO, ...push2(to), JUMPI]),
  "ISZERO PUSH2 JUMP": code((to) => [0x60, 0, ISZERO, ...push2(to), JUMP]),
  "ISZERO PUSH2 JUMPI to no JUMPDEST": code((to) => [0x60, 0, ISZERO, ...push2(to + 2), JUMPI]),
  ...Object.fromEntries(
    [EQ, LT, GT, SLT, SGT].flatMap((compare) =>
      [0, 1, 2].map((other) => [
        `${compare} of 1 and ${other}`,
        code((to) => [0x60, 1, 0x60, other, compare, ...push2(to), JUMPI]),
      ]),
    ),
  ),
};

const HIGH: Record<string, Uint8Array> = {
  "ISZERO PUSH2 JUMPI on a full stack": code((to) => [...full(1024), ISZERO, ...push2(to), JUMPI]),
  "ISZERO PUSH2 JUMPI with room for one": code((to) => [...full(1023), ISZERO, ...push2(to), JUMPI]),
  "EQ PUSH2 JUMPI on a full stack": code((to) => [...full(1024), EQ, ...push2(to), JUMPI]),
  "PUSH2 JUMPI on a full stack": code((to) => [...full(1024), ...push2(to), JUMPI]),
  "PUSH2 JUMP with room for one": code((to) => [...full(1023), ...push2(to), JUMP]),
};

function caseOf(contract: Uint8Array, before: number): FuzzCase {
  const transactions = Array.from(
    { length: 40 },
    (_, gas): FuzzTransaction => ({
      from: 0,
      to: 0,
      data: new Uint8Array(0),
      value: 0,
      gasLimit: INTRINSIC_GAS + before + gas,
      warm: undefined,
      delegation: undefined,
      blobs: 0,
    }),
  );
  return { seed: 1, fork: "osaka", contracts: [[contract]], transactions };
}

test.each(Object.entries(CODES))("%s", async (_name, contract) => {
  const one = caseOf(contract, 0);
  const { difference, ends } = await fuzzer.run(one);
  if (difference !== undefined) expect.fail(`${JSON.stringify(difference)}\n${describeCase(one)}`);
  expect(ends.some((end) => end !== "out of gas")).toBe(true);
});

test.each(Object.entries(HIGH))("%s", async (_name, contract) => {
  const one = caseOf(contract, 1022 * 3);
  const { difference } = await fuzzer.run(one);
  if (difference !== undefined) expect.fail(`${JSON.stringify(difference)}\n${describeCase(one)}`);
});
