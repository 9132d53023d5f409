// The differential property: a random block has one result, whoever executes it. A failure names its fork and seed;
// `BRAID_SEED=osaka:123 vitest run packages/executor/src/random-blocks.test.ts` replays it and says which transactions it takes.
// BRAID_ROUNDS sets how many blocks there are of each fork (default 3).

import { randomInt } from "node:crypto";
import { runOnce } from "@braid/stock/run-once";
import { FORKS, type Fork, type TestBlock } from "@braid/testing/block-builder";
import { randomBlock, shrink } from "@braid/testing/random-block";
import { expect, test } from "vitest";
import { assertAllAgree, assertAllReject, outcomeOfBraid, runBraid } from "./testing/agree.ts";
import { readByRead } from "./testing/sources.ts";

/** A delegated sender may lose its ether before its own transaction comes: then all must reject the block for that. */
async function assertProperty(block: TestBlock, repeat: number): Promise<void> {
  try {
    await runOnce(block);
  } catch (error) {
    expect(String(error)).toContain("enough funds");
    expect(await assertAllReject(block, { repeat })).toMatchObject({ code: "BRAID_TX_INSUFFICIENT_FUNDS" });
    return;
  }
  const { expected } = await assertAllAgree(block, { repeat });
  const asked = await runBraid(block, 2, { source: readByRead(block.source()) });
  expect(await outcomeOfBraid(block, asked), "a source that is asked read by read").toEqual(expected);
}

const ROUNDS = Number(process.env.BRAID_ROUNDS ?? 3);
const forks: readonly Fork[] = [...FORKS, "bpo2"];

const replayed = process.env.BRAID_SEED?.split(":");
if (replayed === undefined) {
  test.each(forks)(
    "random blocks in %s",
    async (fork) => {
      for (let round = 0; round < ROUNDS; round++) {
        const seed = randomInt(2 ** 32);
        try {
          await assertProperty(await randomBlock(fork, seed), 1);
        } catch (error) {
          throw new Error(`this block failed; replay it with BRAID_SEED=${fork}:${seed}`, { cause: error });
        }
      }
    },
    600_000,
  );
} else {
  const fork = forks.find((one) => one === replayed[0]);
  if (fork === undefined) throw new Error(`BRAID_SEED is fork:number, not ${process.env.BRAID_SEED}`);
  const seed = Number(replayed[1]);
  test(`random block ${fork}:${seed}`, async () => {
    const block = await randomBlock(fork, seed);
    const fails = async (only?: ReadonlySet<number>): Promise<boolean> => {
      try {
        await assertProperty(await randomBlock(fork, seed, only), 20);
        return false;
      } catch {
        // Whatever it is: the block as a whole says it below.
        return true;
      }
    };
    if (await fails()) {
      const left = await shrink(block.input.transactions.length, fails);
      console.error(`it takes transactions ${[...left].join(", ")}`);
      await assertProperty(await randomBlock(fork, seed, left), 100);
    }
    await assertProperty(block, 20);
  }, 600_000);
}
