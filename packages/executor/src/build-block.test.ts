// Building a block in parallel gives what building it one candidate after the other gives: the same candidates are left out, each for
// the same reason, and the rest is the block that anybody would execute. BRAID_ROUNDS sets how many pools there are of each fork.

import { randomInt } from "node:crypto";
import { decodeTransaction, InvalidTransactionError } from "@braid/protocol";
import { keyed, plainAddress } from "@braid/testing/accounts";
import { BlockBuilder, type Fork, type TestBlock } from "@braid/testing/block-builder";
import { randomBlock } from "@braid/testing/random-block";
import { blobHash } from "@braid/testing/sign";
import { describe, expect, test } from "vitest";
import type { BlockResult, BuiltBlock } from "./result/block-result.ts";
import { SeededExecutor } from "./seeded-executor.ts";
import {
  assertAllAgree,
  executorWith,
  fingerprint,
  inputOf,
  otherWays,
  WORKER_COUNTS,
} from "./testing/agree.ts";

const FORKS: readonly Fork[] = ["chainstart", "byzantium", "london", "cancun", "osaka"];
const ROUNDS = Number(process.env.BRAID_ROUNDS ?? 2);

/** Numbers of a seed (xorshift). */
function numbers(seed: number): (limit: number) => number {
  let state = seed | 1;
  return (limit) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % limit;
  };
}

/** The block's transactions as a pool in which a third and more cannot be included: gaps, repetitions, bad bytes, too little room. */
async function randomPool(fork: Fork, seed: number): Promise<TestBlock> {
  const below = numbers(seed);
  // The random transactions ask for 0.2 to 1.2 million gas each.
  const block = await randomBlock(fork, seed, undefined, BigInt(4 + below(40)) * 1_000_000n);
  const candidates: Uint8Array[] = [];
  for (const raw of block.input.transactions) {
    const kind = below(14);
    if (kind === 0) continue;
    candidates.push(kind === 1 ? raw.subarray(0, below(raw.length)) : raw);
    if (kind === 2) candidates.push(raw);
    if (kind === 3) {
      const other = raw.slice();
      other[raw.length - 1 - below(60)] = below(256);
      candidates.push(other);
    }
    if (kind === 4) candidates.push(candidates.splice(below(candidates.length), 1)[0] as Uint8Array);
  }
  return withTransactions(block, candidates);
}

function withTransactions(block: TestBlock, transactions: Uint8Array[]): TestBlock {
  return { ...block, input: { ...block.input, transactions } };
}

interface Choice {
  included: number[];
  leftOut: [index: number, code: string][];
}

/** Gas limit and blobs of a transaction, nothing of what is none. */
function limitsOf(raw: Uint8Array): { gas: bigint; blobs: number } {
  try {
    const { gasLimit, blobVersionedHashes } = decodeTransaction(raw);
    return { gas: gasLimit, blobs: blobVersionedHashes.length };
  } catch (error) {
    expect(error).toBeInstanceOf(InvalidTransactionError);
    return { gas: 0n, blobs: 0 };
  }
}

/** One after the other: each candidate for which there is room is tried behind those before it that were included. */
async function buildInOrder(pool: TestBlock): Promise<Choice> {
  const choice: Choice = { included: [], leftOut: [] };
  const { transactions, header } = pool.input;
  const maxBlobs = pool.fork === "osaka" ? 9 : 6;
  let [gasUsed, blobsUsed] = [0n, 0];
  for (let index = 0; index < transactions.length; index++) {
    const { gas, blobs } = limitsOf(transactions[index] as Uint8Array);
    if (gas > header.gasLimit - gasUsed) {
      choice.leftOut.push([index, "BRAID_TX_GAS_LIMIT_EXCEEDS_BLOCK"]);
      continue;
    }
    if (blobs > maxBlobs - blobsUsed) {
      choice.leftOut.push([index, "BRAID_TX_BLOB_GAS_EXCEEDS_BLOCK"]);
      continue;
    }
    const chosen = [...choice.included, index].map((i) => transactions[i] as Uint8Array);
    try {
      const input = inputOf(withTransactions(pool, chosen), { mode: "sequential" });
      gasUsed = (await executorWith(1).executeBlock(input)).gasUsed;
      blobsUsed += blobs;
      choice.included.push(index);
    } catch (error) {
      choice.leftOut.push([index, (error as { code: string }).code]);
    }
  }
  return choice;
}

const choiceOf = ({ included, leftOut }: BuiltBlock): Choice => ({
  included,
  leftOut: leftOut.map(({ index, error }) => [index, error.code]),
});

/** Of the result as of any block. */
function printOf(result: BlockResult | BuiltBlock): string {
  const { included: _, leftOut: __, ...rest } = Object.assign(result, { included: 0, leftOut: 0 });
  return fingerprint(rest);
}

async function assertBuilt(pool: TestBlock): Promise<Choice> {
  const expected = await buildInOrder(pool);
  const chosen = withTransactions(
    pool,
    expected.included.map((i) => pool.input.transactions[i] as Uint8Array),
  );
  const print = printOf(await executorWith(1).executeBlock(inputOf(chosen, { mode: "sequential" })));
  const check = (built: BuiltBlock, how: string): void => {
    expect(choiceOf(built), how).toEqual(expected);
    expect(printOf(built), how).toBe(print);
  };
  check(await executorWith(1).buildBlock(inputOf(pool, { mode: "sequential" })), "in order");
  for (const [engine, workers, mode] of otherWays)
    check(await executorWith(workers).buildBlock(inputOf(pool, { mode, engine })), `${engine}, ${mode}`);
  for (const workers of WORKER_COUNTS)
    check(await executorWith(workers).buildBlock(inputOf(pool)), `${workers} workers`);
  for (const seed of [1, 2]) {
    const sizes = { blockArenaBytes: 64 << 20, stateArenaBytes: 32 << 20 };
    const executor = new SeededExecutor({ workers: 3, seed, ...sizes });
    check(await executor.buildBlock(inputOf(pool)), `schedule ${seed}`);
    await executor.close();
  }
  return expected;
}

test.each(FORKS)(
  "a pool of which a third and more cannot be included, in %s",
  async (fork) => {
    let [candidates, leftOut] = [0, 0];
    for (let round = 0; round < ROUNDS; round++) {
      const seed = randomInt(2 ** 31);
      try {
        const choice = await assertBuilt(await randomPool(fork, seed));
        candidates += choice.included.length + choice.leftOut.length;
        leftOut += choice.leftOut.length;
      } catch (error) {
        throw new Error(`this pool failed: fork ${fork}, seed ${seed}`, { cause: error });
      }
    }
    // A sixth to four fifths of a pool, in eighty of them.
    expect(leftOut).toBeGreaterThan(candidates / 50);
  },
  600_000,
);

describe("what is left out, and why", () => {
  const [a, b, c] = [keyed(0), keyed(1), keyed(2)];
  const to = plainAddress(77);

  test("nonces, funds, signatures and fees; the block that remains is as stock ethereumjs has it", async () => {
    const block = new BlockBuilder("prague");
    block.fund(a, b);
    block.send({ from: a, to, value: 1 });
    block.send({ from: a, to, nonce: 5 });
    block.send({ from: c, to, value: 1 });
    block.send({ from: b, to, value: 2, maxFeePerGas: 1n });
    block.send({ from: b, to, nonce: 0, value: 3 });
    block.send({ from: a, to, nonce: 0 });
    block.send({ from: a, to, nonce: 1, gasLimit: 20_000 });
    block.raw(Uint8Array.of(0xc0), a);
    const pool = await block.build();
    const { included, leftOut } = await assertBuilt(pool);
    expect(included).toEqual([0, 4]);
    expect(leftOut).toEqual([
      [1, "BRAID_TX_NONCE_TOO_HIGH"],
      [2, "BRAID_TX_INSUFFICIENT_FUNDS"],
      [3, "BRAID_TX_FEE_BELOW_BASE_FEE"],
      [5, "BRAID_TX_NONCE_TOO_LOW"],
      [6, "BRAID_TX_INTRINSIC_GAS_TOO_LOW"],
      [7, "BRAID_TX_MALFORMED"],
    ]);
    const chosen = included.map((i) => pool.input.transactions[i] as Uint8Array);
    const signers = included.map((i) => pool.signers[i] as (typeof pool.signers)[number]);
    await assertAllAgree({ ...withTransactions(pool, chosen), signers }, { repeat: 1 });
  });

  test("gas that the block has not left: a smaller one behind it still fits", async () => {
    const block = new BlockBuilder("london", { gasLimit: 100_000n });
    block.fund(a, b, c);
    block.send({ from: a, to, gasLimit: 60_000 });
    block.send({ from: b, to, gasLimit: 90_000 });
    block.send({ from: c, to, gasLimit: 70_000 });
    block.send({ from: b, to, nonce: 0, gasLimit: 21_000 });
    expect(await assertBuilt(await block.build())).toEqual({
      included: [0, 2, 3],
      leftOut: [[1, "BRAID_TX_GAS_LIMIT_EXCEEDS_BLOCK"]],
    });
  });

  test("blobs that the block has not left", async () => {
    const block = new BlockBuilder("cancun");
    block.fund(a, b, c);
    const blobs = (count: number) => Array.from({ length: count }, (_, i) => blobHash(i));
    block.send({ from: a, to, type: 3, blobVersionedHashes: blobs(4) });
    block.send({ from: b, to, type: 3, blobVersionedHashes: blobs(3) });
    block.send({ from: c, to, type: 3, blobVersionedHashes: blobs(2) });
    block.send({ from: c, to });
    expect(await assertBuilt(await block.build())).toEqual({
      included: [0, 2, 3],
      leftOut: [[1, "BRAID_TX_BLOB_GAS_EXCEEDS_BLOCK"]],
    });
  });

  test("nothing can be included, and nothing was there to include", async () => {
    const block = new BlockBuilder("shanghai");
    block.send({ from: a, to });
    expect((await assertBuilt(await block.build())).included).toEqual([]);
    expect(await assertBuilt(await new BlockBuilder("osaka").build())).toEqual({ included: [], leftOut: [] });
  });
});
