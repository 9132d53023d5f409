// Random blocks on both engines: a short run of `pnpm fuzz`. BRAID_FUZZ_SEEDS sets how many blocks.

import { afterAll, expect, test } from "vitest";
import { fuzzCase } from "../../testing/fuzz-case.ts";
import { describeCase, EngineFuzzer } from "../../testing/fuzz-engines.ts";
import { describeSteps } from "../../testing/fuzz-steps.ts";

const SEEDS = Number(process.env.BRAID_FUZZ_SEEDS ?? 25);

const fuzzer = new EngineFuzzer();
afterAll(() => fuzzer.close());

test("the engines say the same of random blocks", async () => {
  let unsupported = 0;
  let ran = 0;
  for (let seed = 1; seed <= SEEDS; seed++) {
    const one = fuzzCase(seed);
    const verdict = await fuzzer.run(one);
    if (verdict.difference !== undefined) expect.fail(describeCase(await fuzzer.shrink(one)));
    unsupported += verdict.unsupported;
    ran += one.transactions.length;
  }
  // All but what is not a matter for this engine ran on it: else the run says nothing.
  expect(unsupported).toBeLessThan(ran / 10);
}, 300_000);

test("the engines go through the same opcodes", async () => {
  for (const seed of [1, 2, 3]) {
    const one = fuzzCase(seed);
    for (const transaction of [0, 1])
      expect(await describeSteps(one, transaction)).toMatch(/both: +the end$/);
  }
});

test("what differs is shrunk to what it takes", async () => {
  const one = fuzzCase(3);
  const [first] = one.transactions;
  if (first === undefined) throw new Error("a case without transactions");
  // A fuzzer that finds a difference wherever the first transaction is there.
  class Finds extends EngineFuzzer {
    override async run(candidate: typeof one) {
      const isThere = candidate.transactions.includes(first as typeof first & object);
      const difference = isThere ? { transaction: 0, ethereumjs: "one thing", wasm: "another" } : undefined;
      return { difference, unsupported: 0, ends: [] };
    }
  }
  const finds = new Finds();
  const smallest = await finds.shrink(one);
  await finds.close();
  expect(smallest.transactions).toEqual([first]);
  expect(smallest.contracts.flat()).toEqual([]);
});
