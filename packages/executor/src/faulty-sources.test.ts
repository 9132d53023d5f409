// The property of sources that are slow, silent, wrong or down at random: a block on such a source has its right result, or is rejected with
// an error that has a code; nothing hangs, and the next block on a good source is right. A failure names its seed, and
// `BRAID_SEED=123 vitest run packages/executor/src/faulty-sources.test.ts` replays it (as far as threads let it).
// BRAID_ROUNDS sets how many blocks there are for each number of workers (default 4).

import { randomInt } from "node:crypto";
import { BaseError, Random } from "@braid/primitives";
import type { StateAnswer, StateKey, StateSource } from "@braid/state";
import type { TestBlock } from "@braid/testing/block-builder";
import { randomBlock } from "@braid/testing/random-block";
import { describe, expect, test } from "vitest";
import type { ExecuteBlockInput } from "./block/block-input.ts";
import type { BlockResult } from "./result/block-result.ts";
import { SeededExecutor } from "./seeded-executor.ts";
import { executorWith, fingerprint, inputOf, runBraid } from "./testing/agree.ts";
import { inTime } from "./testing/deadline.ts";
import { ScriptedSource } from "./testing/sources.ts";

const ROUNDS = Number(process.env.BRAID_ROUNDS ?? 4);
const READ_TIMEOUT_MS = 50;
/** All that may be said of a block on a source that fails. */
const CODES = ["TEST_SOURCE_DOWN", "BRAID_SOURCE_FAILED", "BRAID_SOURCE_TIMEOUT", "BRAID_ABORTED"];

/** Of a thousand reads, so many are slow, fail, are answered wrong, or never. */
interface Faults {
  slow: number;
  fails: number;
  wrong: number;
  never: number;
}

const NONE: Faults = { slow: 0, fails: 0, wrong: 0, never: 0 };

function faultsOf(random: Random): Faults {
  const some = (most: number): number => (random.below(2) === 0 ? 0 : random.below(most));
  return { slow: some(1_000), fails: some(60), wrong: some(30), never: some(10) };
}

const WRONG: unknown[] = [null, 0, "0x", -1n, 1n << 256n, new Uint8Array(31), {}, []];

/** A source over the block's state with these faults; one in two takes many keys, and may fail for all of them. */
function faultySource(block: TestBlock, faults: Faults, random: Random): StateSource {
  const { slow, fails, wrong, never } = faults;
  const source: StateSource = new ScriptedSource(block.source(), async () => {
    const die = random.below(1_000);
    if (random.below(1_000) < slow) await new Promise((resolve) => setTimeout(resolve, random.below(3)));
    if (die < never) return "never";
    if (die < never + fails) throw new BaseError("TEST_SOURCE_DOWN", "the source is down");
    if (die < never + fails + wrong) return WRONG[random.below(WRONG.length)];
    return "answer";
  });
  if (random.below(2) === 0) return source;
  source.getMany = async (keys: StateKey[]): Promise<StateAnswer[]> => {
    if (random.below(1_000) < fails) throw new BaseError("TEST_SOURCE_DOWN", "the source is down");
    return Promise.allSettled(
      keys.map(async ({ address, slot }) =>
        slot === undefined ? source.getAccount(address) : source.getStorage(address, slot),
      ),
    );
  };
  return source;
}

type Execute = (input: ExecuteBlockInput) => Promise<BlockResult>;

async function assertProperty(execute: Execute, seed: number): Promise<void> {
  const random = new Random(seed);
  const block = await randomBlock(random.below(2) === 0 ? "osaka" : "byzantium", seed);
  const end = (more: Partial<ExecuteBlockInput>): Promise<unknown> =>
    inTime(execute(inputOf(block, more)).then(fingerprint, (error: unknown) => error));
  const right = await runBraid(block, 1, { mode: "sequential" }).then(fingerprint, (error: unknown) => error);
  // What the block itself is rejected with, if it is invalid.
  const codes = right instanceof BaseError ? [...CODES, right.code] : CODES;
  const hints = random.below(2) === 0;

  const slow = faultySource(block, { ...NONE, slow: 500 }, random);
  expectSame(await end({ source: slow, hints }), right);

  const controller = new AbortController();
  const abort = random.below(3) === 0 ? setTimeout(() => controller.abort(), random.below(40)) : undefined;
  const source = faultySource(block, faultsOf(random), random);
  const readTimeoutMs = READ_TIMEOUT_MS;
  const found = await end({ source, hints, readTimeoutMs, signal: controller.signal });
  clearTimeout(abort);
  if (found !== right) {
    expect(found).toBeInstanceOf(BaseError);
    expect(codes).toContain((found as BaseError).code);
  }

  expectSame(await end({}), right);
}

function expectSame(found: unknown, right: unknown): void {
  if (!(right instanceof BaseError)) expect(found).toBe(right);
  else expect(found).toMatchObject({ name: right.name, code: right.code, data: right.data });
}

async function withSeed(execute: (seed: number) => Execute): Promise<void> {
  const replayed = process.env.BRAID_SEED;
  for (let round = 0; round < (replayed === undefined ? ROUNDS : 1); round++) {
    const seed = replayed === undefined ? randomInt(2 ** 31) : Number(replayed);
    try {
      await assertProperty(execute(seed), seed);
    } catch (error) {
      throw new Error(`this block failed; replay it with BRAID_SEED=${seed}`, { cause: error });
    }
  }
}

describe("a source with faults at random", () => {
  test.each([1, 2, 3, 8])("and %i workers", { timeout: 60_000 * ROUNDS }, async (workers) => {
    // On a busy machine it takes long until all threads have started.
    await runBraid(await randomBlock("osaka", 1), workers);
    await withSeed(() => (input) => executorWith(workers).executeBlock(input));
  });

  test.each([1, 2, 4])("and a schedule of %i workers", { timeout: 60_000 * ROUNDS }, async (workers) => {
    await withSeed((seed) => {
      const executor = new SeededExecutor({ workers, seed });
      return (input) => executor.executeBlock(input);
    });
  });
});
