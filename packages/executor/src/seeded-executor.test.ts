// Workers that take turns: the results are those of the sequential run, and a seed gives the same schedule again.

import type { AbortCauses } from "@braid/kernel";
import { keyed, plainAddress } from "@braid/testing/accounts";
import { BlockBuilder, type Fork, type TestBlock } from "@braid/testing/block-builder";
import { randomBlock } from "@braid/testing/random-block";
import { describe, expect, test } from "vitest";
import type { BlockResult } from "./result/block-result.ts";
import { SeededExecutor } from "./seeded-executor.ts";
import { fingerprint, runBraid } from "./testing/agree.ts";

async function run(block: TestBlock, workers: number, seed: number): Promise<BlockResult> {
  const executor = new SeededExecutor({
    workers,
    seed,
    blockArenaBytes: 64 << 20,
    stateArenaBytes: 32 << 20,
  });
  const { input, chain } = block;
  return executor.executeBlock({
    block: input,
    chain,
    source: block.source(),
    mode: "parallel",
    force: true,
  });
}

interface Counts {
  executions: number;
  suspensions: number;
  validations: number;
  abortCauses: AbortCauses;
}

function counts({ statistics }: BlockResult): Counts {
  const { executions, suspensions, validations, abortCauses } = statistics;
  return { executions, suspensions, validations, abortCauses };
}

const FORKS: Fork[] = ["byzantium", "london", "cancun", "prague"];

describe("a seeded schedule", () => {
  test.each(FORKS)("%s: gives the sequential result, whatever the seed", async (fork) => {
    for (let seed = 1; seed <= 8; seed++) {
      const block = await randomBlock(fork, seed);
      const expected = fingerprint(await runBraid(block, 1, { mode: "sequential" }));
      for (const workers of [2, 4]) expect(fingerprint(await run(block, workers, seed))).toBe(expected);
    }
  });

  test("is the same for the same seed, and another one for another", async () => {
    const block = await randomBlock("cancun", 5);
    const first = counts(await run(block, 4, 7));
    expect(counts(await run(block, 4, 7))).toEqual(first);
    const others = await Promise.all([8, 9, 10, 11].map(async (seed) => counts(await run(block, 4, seed))));
    expect(others.some((other) => JSON.stringify(other) !== JSON.stringify(first))).toBe(true);
  });

  test("lets speculation fail: the workers really get in between each other", async () => {
    const runs = await Promise.all(
      [1, 2, 3, 4].map(async (seed) => run(await randomBlock("cancun", seed), 4, seed)),
    );
    expect(runs.reduce((sum, { statistics }) => sum + statistics.aborts, 0)).toBeGreaterThan(0);
  });

  test("rejects an invalid block as the threads do", async () => {
    const block = new BlockBuilder("cancun");
    block.fund(keyed(0));
    block
      .send({ from: keyed(0), to: plainAddress(1) })
      .send({ from: keyed(0), nonce: 5, to: plainAddress(1) });
    await expect(run(await block.build(), 3, 1)).rejects.toMatchObject({ code: "BRAID_TX_NONCE_TOO_HIGH" });
  });
});
