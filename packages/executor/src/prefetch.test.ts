// Reads of a source that is far away: nothing is read for a block that has not paid for it, no more is under way than may be, and many
// keys go in one call where the source takes many.

import { BaseError } from "@braid/primitives";
import type { StateAnswer, StateKey, StateSource } from "@braid/state";
import { keyed, plainAddress } from "@braid/testing/accounts";
import { BlockBuilder, type BlockOptions, type TestBlock } from "@braid/testing/block-builder";
import { TOOL, tool } from "@braid/testing/tool";
import { describe, expect, test } from "vitest";
import { executorWith, fingerprint, inputOf, runBraid } from "./testing/agree.ts";
import { inTime } from "./testing/deadline.ts";
import { BatchSource, IntermittentSource } from "./testing/sources.ts";

type AccessList = [address: Uint8Array, slots: Uint8Array[]][];

const CONTRACT = plainAddress(1);

const key = (number: number): Uint8Array => {
  const bytes = new Uint8Array(32);
  new DataView(bytes.buffer).setUint32(28, number);
  return bytes;
};

function accessList(slots: number, first = 0, entries = 1): AccessList {
  return Array.from({ length: entries }, (_, entry) => [
    entry === 0 ? CONTRACT : plainAddress(500 + entry),
    Array.from({ length: slots }, (_slot, i) => key(first + i)),
  ]);
}

/** A block with three transactions that are as they should be, after what `more` sends. */
async function blockWith(more: (block: BlockBuilder) => void, options?: BlockOptions): Promise<TestBlock> {
  const block = new BlockBuilder("osaka", options);
  block.fund(...[0, 1, 2, 3, 4].map(keyed));
  block.contract(CONTRACT, TOOL, { storage: [[1, 1]] });
  more(block);
  for (const i of [1, 2, 3])
    block.send({
      from: keyed(i),
      type: 1,
      to: CONTRACT,
      data: tool.load(1),
      accessList: accessList(9, 100 * i),
    });
  return block.build();
}

const never = (): boolean => false;

describe("a block that has not paid for what it names", () => {
  const anyone = keyed(0);
  test.each<[string, string, (block: BlockBuilder) => void, BlockOptions?]>([
    [
      "a transaction without the intrinsic gas of its access list, of 8 MiB",
      "BRAID_TX_INTRINSIC_GAS_TOO_LOW",
      (block) =>
        block.send({
          from: anyone,
          type: 1,
          to: CONTRACT,
          accessList: accessList(5_000, 0, 50),
          gasLimit: 16_000_000,
        }),
    ],
    [
      "a transaction above the block's gas limit",
      "BRAID_TX_GAS_LIMIT_EXCEEDS_BLOCK",
      (block) =>
        block.send({
          from: anyone,
          type: 1,
          to: CONTRACT,
          accessList: accessList(2_000),
          gasLimit: 5_000_000,
        }),
      { gasLimit: 4_000_000n },
    ],
    [
      "transactions that cannot fit together",
      "BRAID_TX_GAS_LIMIT_EXCEEDS_BLOCK",
      (block) => {
        for (const i of [0, 4])
          block.send({
            from: keyed(i),
            type: 1,
            to: CONTRACT,
            accessList: accessList(1_000),
            gasLimit: 2_500_000,
          });
      },
      { gasLimit: 3_000_000n },
    ],
    [
      "a transaction that is no transaction",
      "BRAID_TX_MALFORMED",
      (block) => block.raw(Uint8Array.of(1, 0xc0), anyone),
    ],
  ])("%s", async (_name, code, more, options) => {
    const block = await blockWith(more, options);
    for (const mode of ["sequential", "parallel"] as const) {
      const source = new IntermittentSource(block.source(), never);
      const running = executorWith(2).executeBlock(inputOf(block, { source, mode }));
      await expect(inTime(running)).rejects.toMatchObject({ name: "InvalidTransactionError", code });
      // What the beginning of the block reads, and the transactions that are executed until the invalid one is found.
      const { account, storage } = source.counts;
      expect(account + storage).toBeLessThan(40);
    }
  });

  test("while a block is built, only such candidates are not prefetched", async () => {
    const block = await blockWith((builder) =>
      builder.send({ from: anyone, type: 1, to: CONTRACT, accessList: accessList(5_000), gasLimit: 100_000 }),
    );
    const source = new BatchSource(block.source(), never);
    const built = await inTime(executorWith(2).buildBlock(inputOf(block, { source })));
    expect(built.leftOut.map(({ error }) => error.code)).toEqual(["BRAID_TX_INTRINSIC_GAS_TOO_LOW"]);
    expect(Math.max(...source.batches)).toBeGreaterThan(20);
    expect(source.counts.storage).toBeLessThan(100);
  });
});

/** A source that counts what is under way. */
class CountingSource extends BatchSource {
  open = 0;
  most = 0;
  override async getAccount(...key: Parameters<BatchSource["getAccount"]>) {
    return this.count(() => super.getAccount(...key));
  }
  override async getStorage(...key: Parameters<BatchSource["getStorage"]>) {
    return this.count(() => super.getStorage(...key));
  }
  async count<T>(read: () => Promise<T>): Promise<T> {
    this.most = Math.max(this.most, ++this.open);
    await new Promise((resolve) => setTimeout(resolve, 2));
    const answer = await read();
    this.open--;
    return answer;
  }
}

describe("a block that names 2,000 slots", () => {
  const large = () =>
    blockWith((block) =>
      block.send({
        from: keyed(0),
        type: 1,
        to: CONTRACT,
        accessList: accessList(2_000),
        gasLimit: 10_000_000,
      }),
    );

  test("has a bounded number of reads under way", async () => {
    const block = await large();
    const source = new CountingSource(block.source(), never);
    const { getAccount, getStorage, getCode, getBlockHash } = source;
    const oneByOne: StateSource = {
      getAccount: getAccount.bind(source),
      getStorage: getStorage.bind(source),
      getCode: getCode.bind(source),
      getBlockHash: getBlockHash.bind(source),
    };
    const result = await inTime(executorWith(2).executeBlock(inputOf(block, { source: oneByOne })));
    expect(fingerprint(result)).toBe(fingerprint(await runBraid(block, 1, { mode: "sequential" })));
    expect(source.most).toBeGreaterThan(16);
    expect(source.most).toBeLessThanOrEqual(64);
    // Each once.
    expect(source.counts.storage).toBeLessThan(2_100);
  });

  test("asks a source that takes many keys for many at once", async () => {
    const block = await large();
    const source = new BatchSource(block.source(), never);
    const result = await inTime(executorWith(2).executeBlock(inputOf(block, { source })));
    expect(fingerprint(result)).toBe(fingerprint(await runBraid(block, 1, { mode: "sequential" })));
    expect(Math.max(...source.batches)).toBe(100);
    expect(source.batches.length).toBeLessThan(40);
    expect(source.counts.storage).toBeLessThan(2_100);
  });
});

describe("getMany", () => {
  /** A source whose getMany is made of the answers of the whole state. */
  function manySource(
    block: TestBlock,
    many: (keys: StateKey[], answers: StateAnswer[]) => unknown,
  ): StateSource {
    const inner = new BatchSource(block.source(), never);
    const getMany = inner.getMany.bind(inner);
    inner.getMany = async (keys) => many(keys, await getMany(keys)) as StateAnswer[];
    return inner;
  }

  const run = (block: TestBlock, source: StateSource): Promise<unknown> =>
    inTime(
      executorWith(3)
        .executeBlock(inputOf(block, { source }))
        .then(fingerprint, (error: unknown) => error),
    );
  const nothing = (): void => {};

  test.each<[string, (keys: StateKey[], answers: StateAnswer[]) => unknown]>([
    ["no list", () => undefined],
    ["too few answers", (_keys, answers) => answers.slice(1)],
    ["too many answers", (_keys, answers) => [...answers, ...answers]],
    [
      "answers that are not settled",
      (_keys, answers) => answers.map((one) => (one.status === "fulfilled" ? one.value : one)),
    ],
    ["an answer that is nothing", (_keys, answers) => answers.map(() => undefined)],
    [
      "an account for a slot",
      (keys, answers) =>
        answers.map((one, i) =>
          keys[i]?.slot === undefined
            ? one
            : {
                status: "fulfilled",
                value: { nonce: 0n, balance: 0n, codeHash: new Uint8Array(32), hasStorage: false },
              },
        ),
    ],
    [
      "a slot for an account",
      (keys, answers) =>
        answers.map((one, i) => (keys[i]?.slot === undefined ? { status: "fulfilled", value: 1n } : one)),
    ],
  ])("that gives %s is wrong", async (_name, many) => {
    const block = await blockWith(nothing);
    const right = fingerprint(await runBraid(block, 1, { mode: "sequential" }));
    const end = await run(block, manySource(block, many));
    // What it is wrong about may not be needed; but it is never taken for an answer.
    if (end === right) return;
    expect(end).toMatchObject({ name: "ExecutionError", code: "BRAID_SOURCE_FAILED" });
  });

  test("that fails for some keys fails for those alone", async () => {
    const block = await blockWith(nothing);
    const right = fingerprint(await runBraid(block, 1, { mode: "sequential" }));
    const reason = new BaseError("TEST_SOURCE_DOWN", "the source is down");
    const failing = (fails: (key: StateKey) => boolean) =>
      manySource(block, (keys, answers) =>
        answers.map((one, i) => (fails(keys[i] as StateKey) ? { status: "rejected", reason } : one)),
      );
    // Slots that are named and never read.
    expect(
      await run(
        block,
        failing(({ slot }) => slot !== undefined && slot[31] !== 1),
      ),
    ).toBe(right);
    const source = failing(({ slot }) => slot?.[31] === 1);
    source.getStorage = () => Promise.reject(reason);
    expect(await run(block, source)).toBe(reason);
  });

  test("that fails as a whole is asked again for what is needed", async () => {
    const block = await blockWith(nothing);
    const right = fingerprint(await runBraid(block, 1, { mode: "sequential" }));
    let calls = 0;
    const source = manySource(block, (_keys, answers) => {
      if (calls++ === 0) throw new Error("too busy");
      return answers;
    });
    expect(await run(block, source)).toBe(right);
    expect(calls).toBeGreaterThan(0);
  });
});
