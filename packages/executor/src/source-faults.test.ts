// A read of the parent state that fails must fail the block with the source's own error, or be made again: it is never taken for
// "absent". Every kind of read fails here at every place, in the prologue, in transactions, in the epilogue and in prefetching.

import { BaseError, concatBytes } from "@braid/primitives";
import {
  EMPTY_CODE_HASH,
  type FlatAccount,
  MemoryStateSource,
  MissingCodeError,
  type StateSource,
} from "@braid/state";
import { runOnce } from "@braid/stock/run-once";
import { keyed, plainAddress } from "@braid/testing/accounts";
import { asm, word } from "@braid/testing/assembler";
import { BlockBuilder, REQUEST_CONTRACTS, type TestBlock } from "@braid/testing/block-builder";
import { cloneInit, TOOL, tool } from "@braid/testing/tool";
import { describe, expect, test } from "vitest";
import { ExecutionError } from "./errors.ts";
import { type Outcome, outcomeOfBraid, outcomeOfStock, runBraid } from "./testing/agree.ts";
import { inTime } from "./testing/deadline.ts";
import { IntermittentSource, type ReadKind, ScriptedSource } from "./testing/sources.ts";

/** Workers keep codes by their hash from block to block, so each block has codes that were never seen. */
let blocks = 0;

/** A block that reads accounts, slots, codes and block hashes in every phase. */
async function readingBlock(): Promise<TestBlock> {
  const unique = (code: Uint8Array): Uint8Array => concatBytes(code, word(blocks++));
  const block = new BlockBuilder("prague", {
    withdrawals: [{ index: 1n, validatorIndex: 2n, address: plainAddress(90), amount: 5n }],
  });
  block.fund(...[0, 1, 2, 3, 4, 5].map(keyed));
  // Answers with a request that is made of a slot; the protocol calls it last.
  const answer = asm(3, "SLOAD", 0, "MSTORE", 32, 0, "RETURN");
  for (const address of REQUEST_CONTRACTS) block.contract(address, unique(answer), { storage: [[3, 33]] });
  for (let i = 0; i < 4; i++) {
    block.contract(plainAddress(i), unique(TOOL), {
      balance: 10n,
      storage: [
        [1, 1],
        [2, 2],
      ],
    });
    block.contract(plainAddress(20 + i), unique(asm(i + 1, "SLOAD", 9, "SSTORE", "STOP")), {
      storage: [[i + 1, i + 1]],
    });
  }
  for (let i = 0; i < 4; i++) {
    const to = plainAddress(i);
    block.send({ from: keyed(i), to, data: tool.derive(1, 2, 1) });
    block.send({ from: keyed(i), to, data: tool.call(plainAddress(20 + i), new Uint8Array(0)) });
    block.send({ from: keyed(i), to, data: tool.balance(plainAddress(30 + i)) });
    block.send({ from: keyed(4), to, data: tool.blockHash(990 + i) });
    block.send({ from: keyed(5), to, data: tool.create2(1, i, cloneInit()), gasLimit: 1_000_000 });
    block.send({ from: keyed(5), to: plainAddress(40 + i), value: 1 });
  }
  return block.build();
}

const KINDS: ReadKind[] = ["account", "storage", "code", "blockHash"];

describe.each([
  { mode: "sequential" as const, workers: 1, hints: false },
  { mode: "parallel" as const, workers: 1, hints: false },
  { mode: "parallel" as const, workers: 3, hints: false },
  { mode: "parallel" as const, workers: 3, hints: true },
])("$mode, $workers workers, hints: $hints", ({ mode, workers, hints }) => {
  const run = (block: TestBlock, source: StateSource) => runBraid(block, workers, { mode, hints, source });

  test("a source that answers read by read, late, gives the same result", async () => {
    const block = await readingBlock();
    const expected = outcomeOfStock(await runOnce(block));
    const source = new IntermittentSource(block.source(), () => false);
    expect(await outcomeOfBraid(block, await run(block, source))).toEqual(expected);
    for (const kind of KINDS) expect(source.counts[kind], kind).toBeGreaterThan(3);
  });

  test.each(KINDS)("a source that cannot answer for any %s", async (kind) => {
    const block = await readingBlock();
    const source = new IntermittentSource(block.source(), (read) => read === kind);
    await expect(run(block, source)).rejects.toMatchObject({ code: "TEST_SOURCE_DOWN", data: { kind } });
  });

  test.each(KINDS)("each read of an %s fails once, or from then on", async (kind) => {
    const first = await readingBlock();
    const reads = new IntermittentSource(first.source(), () => false);
    await run(first, reads);
    const outcomes = { failed: 0, right: 0 };
    // Not every place of the many, to save time; all phases of the block are among them.
    const stride = Math.max(1, Math.floor(reads.counts[kind] / 10));
    for (let place = 0; place < reads.counts[kind]; place += stride) {
      for (const forever of [false, true]) {
        const block = await readingBlock();
        const source = new IntermittentSource(
          block.source(),
          (read, count) => read === kind && (forever ? count >= place : count === place),
        );
        let outcome: Outcome;
        try {
          outcome = await outcomeOfBraid(block, await run(block, source));
        } catch (error) {
          expect(error).toBeInstanceOf(BaseError);
          expect(error).toMatchObject({ code: "TEST_SOURCE_DOWN", data: { kind } });
          outcomes.failed++;
          continue;
        }
        // The test above holds this against stock ethereumjs.
        expect(outcome).toEqual(
          await outcomeOfBraid(block, await runBraid(block, 1, { mode: "sequential" })),
        );
        outcomes.right++;
      }
    }
    expect(outcomes.failed).toBeGreaterThan(0);
    // And the executor is as good as before.
    expect(await outcomeOfBraid(first, await run(first, first.source()))).toEqual(
      outcomeOfStock(await runOnce(first)),
    );
  });
});

/** What a block on the source is rejected with. */
async function failureOf(source: StateSource, block: TestBlock, workers: number): Promise<unknown> {
  const mode = workers === 1 ? "sequential" : "parallel";
  return inTime(
    runBraid(block, workers, { source, mode }).then(
      () => "completed",
      (error: unknown) => error,
    ),
  );
}

describe.each([1, 3])("what a source throws, with %i workers", (workers) => {
  class PageError extends Error {
    readonly code = 7;
    readonly page: { id: number };
    constructor(id: number) {
      super(`page ${id} is gone`);
      this.page = { id };
    }
  }

  test.each([
    ["an error of its own", new PageError(7)],
    ["an error that cannot be cloned", Object.assign(new RangeError("gone"), { retry: () => 1 })],
    ["an error of Braid", new MissingCodeError({ codeHash: "0x01" })],
  ])("is thrown as it is: %s", async (_name, error) => {
    const block = await readingBlock();
    const source = new ScriptedSource(block.source(), (kind) => {
      if (kind === "storage") throw error;
      return "answer";
    });
    expect(await failureOf(source, block, workers)).toBe(error);
  });

  test.each([["a string"], [undefined], [null], [42n], [Symbol("s")], [Object.create(null)]])(
    "is the cause of an error when it is none: %o",
    async (thrown) => {
      const block = await readingBlock();
      const source = new ScriptedSource(block.source(), (kind) => {
        if (kind === "storage") throw thrown;
        return "answer";
      });
      const error = await failureOf(source, block, workers);
      expect(error).toBeInstanceOf(ExecutionError);
      expect(error).toMatchObject({ code: "BRAID_SOURCE_FAILED", data: { kind: "slot" } });
      expect((error as ExecutionError).cause).toBe(thrown);
    },
  );

  const account = { nonce: 0n, balance: 1n, codeHash: EMPTY_CODE_HASH, hasStorage: false };
  test.each<[ReadKind, unknown]>([
    ["account", null],
    ["account", "0x"],
    ["account", 1n],
    ["account", {}],
    ["account", { ...account, nonce: 1 }],
    ["account", { ...account, nonce: -1n }],
    ["account", { ...account, nonce: 1n << 64n }],
    ["account", { ...account, balance: "1" }],
    ["account", { ...account, balance: -1n }],
    ["account", { ...account, balance: 1n << 256n }],
    ["account", { ...account, codeHash: new Uint8Array(31) }],
    ["account", { ...account, codeHash: "0x" }],
    ["account", { ...account, hasStorage: undefined }],
    ["storage", undefined],
    ["storage", 1],
    ["storage", "0x01"],
    ["storage", -1n],
    ["storage", 1n << 256n],
    ["storage", new Uint8Array(32)],
    ["code", undefined],
    ["code", "0x6001"],
    ["code", [0x60, 0x01]],
    ["code", Uint8Array.of(0x60, 0x01)],
    ["blockHash", undefined],
    ["blockHash", "0x01"],
    ["blockHash", new Uint8Array(31)],
    ["blockHash", new Uint8Array(33)],
  ])("must not be a wrong answer: a %s that is %o", async (wrong, answer) => {
    const block = await readingBlock();
    const source = new ScriptedSource(block.source(), (kind) => (kind === wrong ? answer : "answer"));
    const error = await failureOf(source, block, workers);
    expect(error).toBeInstanceOf(ExecutionError);
    const kind = wrong === "storage" ? "slot" : wrong;
    expect(error).toMatchObject({ code: "BRAID_SOURCE_FAILED", data: { kind } });
  });
});

test("a preload that fails fails the block, and the next block on the same source is right", async () => {
  const block = await readingBlock();
  const source = block.source();
  const expected = outcomeOfStock(await runOnce(block));
  let broken = true;
  const flaky: StateSource = {
    getAccount: (address) => source.getAccount(address),
    getStorage: (address, slot) => source.getStorage(address, slot),
    getCode: (hash) => source.getCode(hash),
    getBlockHash: (number) => source.getBlockHash(number),
    preload: () => {
      if (broken) throw new BaseError("TEST_SOURCE_DOWN", "the source is down");
      return block.pre;
    },
  };
  await expect(runBraid(block, 2, { source: flaky })).rejects.toMatchObject({ code: "TEST_SOURCE_DOWN" });
  broken = false;
  expect(await outcomeOfBraid(block, await runBraid(block, 2, { source: flaky }))).toEqual(expected);
});

test.each<[string, Partial<FlatAccount>]>([
  ["an address that is too long", { address: new Uint8Array(40) }],
  ["an address that is none", { address: Object("0x") }],
  [
    "a balance below zero",
    { account: { nonce: 0n, balance: -1n, codeHash: EMPTY_CODE_HASH, hasStorage: false } },
  ],
  ["a slot that is too long", { storage: [[new Uint8Array(64), 1n]] }],
  ["a value above 256 bits", { storage: [[new Uint8Array(32), 1n << 256n]] }],
])("a preload with %s fails the block", async (_name, wrong) => {
  const block = await readingBlock();
  const good: FlatAccount = { address: plainAddress(99), account: undefined, storage: [] };
  const accounts = [...block.pre.accounts, { ...good, ...wrong }];
  const source = MemoryStateSource.fromFlat({ ...block.pre, accounts });
  expect(await failureOf(source, block, 2)).toMatchObject({
    name: "ExecutionError",
    code: "BRAID_SOURCE_FAILED",
  });
  expect(await outcomeOfBraid(block, await runBraid(block, 2))).toEqual(outcomeOfStock(await runOnce(block)));
});
