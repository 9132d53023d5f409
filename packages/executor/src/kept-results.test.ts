// What an executor gives away it does not keep: a node runs for months, and a result holds a copy of its block's memory.

import { setTimeout as sleep } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { keyed, plainAddress } from "@braid/testing/accounts";
import { BlockBuilder, type TestBlock } from "@braid/testing/block-builder";
import { expect, test } from "vitest";
import { Executor } from "./executor.ts";
import { SeededExecutor } from "./seeded-executor.ts";
import { inputOf } from "./testing/agree.ts";

setFlagsFromString("--expose-gc");
const collectGarbage: () => void = runInNewContext("gc");

const TIMES = 6;

async function transfers(): Promise<TestBlock> {
  const builder = new BlockBuilder("osaka");
  builder.fund(keyed(0), keyed(1));
  for (let i = 0; i < 12; i++) builder.send({ from: keyed(i % 2), to: plainAddress(i), value: 1 });
  return builder.build();
}

/** How many of the objects that `make` gave are still alive when nobody but who made them can have them. */
async function countKept(make: () => Promise<object>): Promise<number> {
  const references: WeakRef<object>[] = [];
  for (let i = 0; i < TIMES; i++) references.push(new WeakRef(await make()));
  // A weak reference holds its object until the turn of the event loop ends.
  await sleep(10);
  collectGarbage();
  return references.filter((reference) => reference.deref() !== undefined).length;
}

test.each([
  ["on threads", () => new Executor({ workers: 2 })],
  ["on the caller's thread", () => new Executor({ workers: 0 })],
  ["in turns", () => new SeededExecutor({ workers: 2, seed: 1 })],
])("results of blocks %s, but for the last one's", async (_where, make) => {
  const executor = make();
  const block = await transfers();
  expect(await countKept(() => executor.executeBlock(inputOf(block)))).toBeLessThanOrEqual(1);
  expect(await countKept(() => executor.buildBlock(inputOf(block)))).toBeLessThanOrEqual(1);
  await executor.close();
});

test("results of calls and traces, but for the last one's", async () => {
  const executor = new Executor({ workers: 2 });
  const block = await transfers();
  const { chain, input } = block;
  const call = { chain, header: input.header, messages: [{ from: keyed(0).address, to: plainAddress(3) }] };
  for (const thread of ["caller", "worker"] as const)
    expect(
      await countKept(() => executor.call({ ...call, source: block.source(), thread })),
    ).toBeLessThanOrEqual(1);
  expect(
    await countKept(() => executor.trace({ ...inputOf(block), tracer: () => undefined })),
  ).toBeLessThanOrEqual(1);
  await executor.close();
});
