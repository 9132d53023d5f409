// Executor.warmUp: its blocks are blocks like others, what comes after it is as without it, and it holds nobody up.

import { MemoryStateSource } from "@braid/state";
import { keyed, plainAddress } from "@braid/testing/accounts";
import { BlockBuilder, type TestBlock } from "@braid/testing/block-builder";
import { TOOL, tool } from "@braid/testing/tool";
import { describe, expect, onTestFinished, test } from "vitest";
import { Executor } from "../executor.ts";
import { type AnyBlock, assertAllAgree, fingerprint, inputOf, runBraid } from "../testing/agree.ts";
import { inTime } from "../testing/deadline.ts";
import { REHEARSED_FORKS, rehearsalBlock } from "./rehearsal-block.ts";

describe.each(REHEARSED_FORKS)("the rehearsal of %s", (fork) => {
  test("is a block that all agree on, whose contracts come to their end", async () => {
    const { block: input, chain, pre } = rehearsalBlock(fork, 12);
    const source = () => MemoryStateSource.fromFlat(pre);
    const block: AnyBlock = { fork, chain, input, pre, source, blockHashes: new Map() };
    const { result } = await assertAllAgree(block);
    expect(result.receipts).toHaveLength(12);
    for (const [i, { logs }] of result.receipts.entries()) {
      expect(result.transactions[i]?.error).toBeUndefined();
      // Calls of the contract that does everything; the eighth transaction makes one.
      if ([0, 3].includes(i % 4) && i !== 7) expect(logs).toHaveLength(15);
    }
  });

  test("has a sender of its own for each transaction, however many there are", () => {
    const { pre, block } = rehearsalBlock(fork, 200);
    expect(block.transactions).toHaveLength(200);
    expect(new Set(pre.accounts.map(({ address }) => String(address))).size).toBe(pre.accounts.length);
  });
});

async function someBlock(): Promise<TestBlock> {
  const builder = new BlockBuilder("osaka");
  const senders = [0, 1, 2, 3].map(keyed);
  builder.fund(...senders);
  builder.contract(plainAddress(1), TOOL);
  for (let i = 0; i < 24; i++)
    builder.send({ from: keyed(i % 4), to: plainAddress(1), data: tool.increment(i % 3), gasLimit: 100_000 });
  return builder.build();
}

describe.each([0, 1, 2])("an executor with %i workers", (workers) => {
  test("executes blocks after a warm-up, and given during one, as without it", async () => {
    const block = await someBlock();
    const right = fingerprint(await runBraid(block, 1, { mode: "sequential" }));
    const executor = new Executor({ workers });
    onTestFinished(() => inTime(executor.close(), "close()"));
    const warm = executor.warmUp();
    const during = executor.executeBlock(inputOf(block));
    await inTime(warm, "the warm-up");
    const after = await inTime(executor.executeBlock(inputOf(block)));
    expect([fingerprint(await inTime(during)), fingerprint(after)]).toEqual([right, right]);
  });

  test("can be closed at any time of a warm-up, which ends without an error", async () => {
    for (const turns of [0, 1, 20]) {
      const executor = new Executor({ workers });
      const warm = executor.warmUp();
      for (let i = 0; i < turns; i++) await new Promise((resolve) => setImmediate(resolve));
      await inTime(executor.close(), "close()");
      await inTime(warm, "the warm-up");
      await expect(executor.warmUp()).rejects.toMatchObject({ code: "BRAID_EXECUTOR_CLOSED" });
    }
  });
});
