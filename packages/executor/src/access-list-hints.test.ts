// A block access list as a hint: a right one makes every transaction run once, a wrong one costs time, and no list changes a result.

import { randomInt } from "node:crypto";
import { bigIntToBytes32, bytesToHex, Random } from "@braid/primitives";
import type { BlockAccessList, SlotChanges, ValueChange } from "@braid/protocol";
import { runOnce } from "@braid/stock/run-once";
import { keyed, plainAddress } from "@braid/testing/accounts";
import { BlockBuilder, type Fork, type TestBlock } from "@braid/testing/block-builder";
import { randomBlock } from "@braid/testing/random-block";
import { TOOL, tool } from "@braid/testing/tool";
import { expect, onTestFinished, test } from "vitest";
import { Executor } from "./executor.ts";
import { SeededExecutor } from "./seeded-executor.ts";
import { fingerprint, inputOf, runBraid } from "./testing/agree.ts";
import { readByRead } from "./testing/sources.ts";

const ROUNDS = Number(process.env.BRAID_ROUNDS ?? 2);
const LISTS = 6;
const TRANSACTIONS = 24;
const CONTRACT = plainAddress(1);

/** The list with some values, steps, slots and accounts that are wrong, missing or made up. */
function wrong(random: Random, list: BlockAccessList, units: number): BlockAccessList {
  const value = <T>(changes: ValueChange<T>[], other: (value: T) => T): ValueChange<T>[] =>
    changes.flatMap((change) => {
      if (random.chance(10)) return [];
      const index = random.chance(15) ? random.below(units + 5) : change.index;
      return [{ index, value: random.chance(30) ? other(change.value) : change.value }];
    });
  const number = (found: bigint): bigint => (random.chance(50) ? found + 1n : BigInt(random.below(5)));
  const slots = (changes: SlotChanges[]): SlotChanges[] =>
    changes.flatMap((one) =>
      random.chance(10) ? [] : [{ slot: one.slot, changes: value(one.changes, number) }],
    );
  const accounts = list.flatMap((account) => {
    if (random.chance(5)) return [];
    return [
      {
        ...account,
        storageChanges: slots(account.storageChanges),
        nonceChanges: value(account.nonceChanges, (nonce) => nonce + BigInt(random.below(3))),
        codeChanges: value(account.codeChanges, (code) => code),
      },
    ];
  });
  const slot = bytesToHex(bigIntToBytes32(BigInt(random.below(10))));
  const made = { storageReads: [slot], balanceChanges: [], nonceChanges: [], codeChanges: [] };
  const changes = [{ index: random.below(units), value: 7n }];
  return [
    ...accounts,
    { ...made, address: bytesToHex(plainAddress(random.below(1000))), storageChanges: [{ slot, changes }] },
  ];
}

/** Executes the block with the right list and with wrong ones, on threads, in seeded orders, and read by read. */
async function assertNoListMatters(block: TestBlock, seed: number): Promise<void> {
  const right = await runBraid(block, 1, { mode: "sequential" });
  const expected = fingerprint(right);
  const random = new Random(seed);
  const units = right.transactions.length + 2;
  const lists = [
    right.accessList,
    ...Array.from({ length: LISTS }, () => wrong(random, right.accessList, units)),
  ];
  for (const [i, accessList] of lists.entries()) {
    for (const workers of [1, 2, 3, 8])
      expect(fingerprint(await runBraid(block, workers, { accessList }))).toBe(expected);
    const seeded = new SeededExecutor({ workers: 3, seed: seed + i });
    expect(fingerprint(await seeded.executeBlock(inputOf(block, { accessList })))).toBe(expected);
    const source = readByRead(block.source());
    expect(fingerprint(await runBraid(block, 2, { accessList, source }))).toBe(expected);
  }
}

test.each<Fork>(["chainstart", "spuriousDragon", "istanbul", "cancun", "prague", "bpo2"])(
  "random blocks in %s come out the same with right and with wrong lists",
  async (fork) => {
    for (let round = 0; round < ROUNDS; round++) {
      const seed = randomInt(2 ** 31);
      const block = await randomBlock(fork, seed);
      // A block that nobody can execute has no list.
      const valid = await runOnce(block).then(
        () => true,
        () => false,
      );
      if (!valid) continue;
      try {
        await assertNoListMatters(block, seed);
      } catch (error) {
        throw new Error(`the block ${fork}:${seed} failed`, { cause: error });
      }
    }
  },
  600_000,
);

test.each([
  ["a slot that all of them count up", tool.increment(3)],
  ["the nonce of a contract that creates others", tool.create(0, new Uint8Array(0))],
])("with the right list nothing is executed twice: %s", async (_what, action) => {
  const block = new BlockBuilder("osaka", { gasLimit: 100_000_000n });
  block.fund(...Array.from({ length: TRANSACTIONS }, (_, i) => keyed(i)));
  block.contract(CONTRACT, TOOL);
  for (let i = 0; i < TRANSACTIONS; i++)
    block.send({ from: keyed(i), to: CONTRACT, data: tool.slowly(300, action), gasLimit: 500_000 });
  const built = await block.build();
  const executor = new Executor({ workers: 2 });
  onTestFinished(() => executor.close());
  const { accessList, receipts } = await executor.executeBlock(inputOf(built, { mode: "sequential" }));
  const informed = await executor.executeBlock(inputOf(built, { accessList }));
  expect(informed.receipts).toEqual(receipts);
  expect(informed.statistics).toMatchObject({ aborts: 0, reexecutions: 0, suspensions: 0 });
  expect(informed.statistics.hints).toMatchObject({ recall: 1 });
  // Switched off, it is as if there were none.
  const uninformed = await executor.executeBlock(
    inputOf(built, { accessList, hints: { blockAccessList: false, learned: false } }),
  );
  expect(uninformed.statistics.hints.predicted).toBe(0);
});
