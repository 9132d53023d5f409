// What executeBlock must not take: it would end as memory written in the wrong place, or as a block that never begins.

import { bytesToHex } from "@braid/primitives";
import type { AccountAccess } from "@braid/protocol";
import { keyed, plainAddress } from "@braid/testing/accounts";
import { BlockBuilder, type TestBlock } from "@braid/testing/block-builder";
import { describe, expect, test } from "vitest";
import type { ExecuteBlockInput } from "./block/block-input.ts";
import { InvalidInputError } from "./errors.ts";
import { Executor } from "./executor.ts";
import { executorWith, fingerprint, inputOf, runBraid } from "./testing/agree.ts";
import { inTime } from "./testing/deadline.ts";

async function someBlock(): Promise<TestBlock> {
  const block = new BlockBuilder("osaka");
  block.fund(...[0, 1, 2].map(keyed));
  for (const i of [0, 1, 2]) block.send({ from: keyed(i), to: plainAddress(i), value: 1 });
  return block.build();
}

const right = keyed(0).address;
const ACCESS: AccountAccess = {
  address: bytesToHex(right),
  storageChanges: [],
  storageReads: [],
  balanceChanges: [],
  nonceChanges: [],
  codeChanges: [],
};

test("an executor with a part of a worker", () => {
  for (const workers of [Number.NaN, 1.5, Number.POSITIVE_INFINITY])
    expect(() => new Executor({ workers })).toThrow(InvalidInputError);
});

describe.each(["sequential", "parallel"] as const)("%s", (mode) => {
  test.each<[field: string, what: string, wrong: Partial<ExecuteBlockInput>]>([
    ["senders", "more than transactions", { senders: [right, undefined, undefined, right] }],
    ["senders", "far more", { senders: Array.from({ length: 5_000 }, () => right) }],
    ["senders", "one of 19 bytes", { senders: [right.slice(1)] }],
    ["senders", "one of 32 bytes", { senders: [undefined, new Uint8Array(32)] }],
    ["senders", "one in hex", { senders: [Object(`0x${"00".repeat(20)}`)] }],
    [
      "accessList",
      "an address of 21 bytes",
      { accessList: [{ ...ACCESS, address: `0x${"00".repeat(21)}` }] },
    ],
    [
      "accessList",
      "a slot of 33 bytes",
      { accessList: [{ ...ACCESS, storageReads: [`0x${"00".repeat(33)}`] }] },
    ],
    [
      "accessList",
      "a step before the block",
      { accessList: [{ ...ACCESS, nonceChanges: [{ index: -1, value: 1n }] }] },
    ],
    [
      "accessList",
      "a part of a step",
      { accessList: [{ ...ACCESS, nonceChanges: [{ index: 0.5, value: 1n }] }] },
    ],
    ["workers", "no number", { workers: Number.NaN }],
    ["workers", "a part of one", { workers: 1.5 }],
    ["readTimeoutMs", "zero", { readTimeoutMs: 0 }],
    ["readTimeoutMs", "no number", { readTimeoutMs: Number.NaN }],
  ])("%s: %s", async (field, _what, wrong) => {
    const block = await someBlock();
    const running = executorWith(2).executeBlock(inputOf(block, { mode, ...wrong }));
    const error: unknown = await inTime(running.catch((thrown: unknown) => thrown));
    expect(error).toBeInstanceOf(InvalidInputError);
    expect(error).toMatchObject({ name: "InvalidInputError", code: "BRAID_INVALID_INPUT", data: { field } });
  });

  test("fewer senders than transactions are those of the first ones", async () => {
    const block = await someBlock();
    const senders = [right, undefined];
    expect(fingerprint(await runBraid(block, 2, { mode, senders }))).toBe(
      fingerprint(await runBraid(block, 2, { mode })),
    );
  });
});
