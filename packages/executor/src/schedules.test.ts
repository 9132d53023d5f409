// Many schedules of the same blocks: whatever the workers' interleaving, the result is one and the same. Objects that are reused
// from incarnation to incarnation, statuses that are torn, and hash tables with long chains would show here.
// BRAID_SCHEDULES sets how many schedules there are of each block (default 1,000).

import { Kernel } from "@braid/kernel";
import { create2Address, keyed, plainAddress } from "@braid/testing/accounts";
import { BlockBuilder, type Fork, type TestBlock } from "@braid/testing/block-builder";
import { authorize } from "@braid/testing/sign";
import { cloneInit, TOOL, tool } from "@braid/testing/tool";
import { afterEach, describe, expect, test, vi } from "vitest";
import { Executor } from "./executor.ts";
import { assertAllAgree, executorWith, fingerprint } from "./testing/agree.ts";

const SCHEDULES = Number(process.env.BRAID_SCHEDULES ?? 1_000);
const CONTRACT = plainAddress(1);
const FACTORY = plainAddress(2);

/** Short transactions that nearly all conflict, in every kind of location. */
async function conflictingBlock(fork: Fork): Promise<TestBlock> {
  const coinbase = plainAddress(3);
  const block = new BlockBuilder(fork, { coinbase });
  block.fund(...Array.from({ length: 6 }, (_, i) => keyed(i)), keyed(9));
  block.contract(CONTRACT, TOOL, {
    balance: 50n,
    storage: [
      [0, 1],
      [1, 1],
    ],
  });
  block.contract(FACTORY, TOOL);
  const child = create2Address(FACTORY, 1, cloneInit(7, 1, "SSTORE"));
  block.contract(child, TOOL, { balance: 3n, storage: [[1, 1]] });
  const send = (from: number, to: Uint8Array, data: Uint8Array, value = 0) =>
    block.send({ from: keyed(from), to, data, value, gasLimit: 1_000_000 });
  send(0, CONTRACT, tool.slowly(60, tool.store(0, 0)));
  send(1, CONTRACT, tool.storeIf(0, 1, 9));
  send(2, CONTRACT, tool.derive(1, 2, 1));
  send(3, child, tool.derive(1, 3, 0));
  send(4, child, tool.destroy(CONTRACT));
  send(5, FACTORY, tool.create2(0, 1, cloneInit(7, 1, "SSTORE")));
  send(0, child, tool.derive(1, 4, 0), 1);
  send(1, CONTRACT, tool.balance(coinbase));
  send(2, CONTRACT, tool.pay(keyed(9).address, 20));
  send(3, CONTRACT, tool.call(child, tool.storeAndRevert(1, 5)));
  send(4, FACTORY, tool.balance(CONTRACT));
  if (block.since("prague")) {
    block.send({ from: keyed(5), type: 4, to: FACTORY, authorizations: [authorize(keyed(9), CONTRACT, 0)] });
    block.skipNonce(keyed(9).address);
    send(0, keyed(9).address, tool.increment(1));
    block.send({ from: keyed(5), type: 4, to: FACTORY, authorizations: [authorize(keyed(9), FACTORY, 1)] });
    block.skipNonce(keyed(9).address);
    send(9, CONTRACT, tool.codeHash(keyed(9).address));
  }
  send(1, CONTRACT, tool.loadTwice(1, 20));
  send(4, CONTRACT, tool.transient(1, 8));
  send(5, CONTRACT, tool.transient(1, 9));
  send(2, CONTRACT, tool.increment(1));
  send(3, CONTRACT, tool.load(1));
  return block.build();
}

describe.each<Fork>(["shanghai", "osaka"])("%s", (fork) => {
  test(`${SCHEDULES} schedules give one result`, async () => {
    const block = await conflictingBlock(fork);
    const { result } = await assertAllAgree(block, { repeat: 1 });
    const right = fingerprint(result);
    let reexecutions = 0;
    for (let i = 0; i < SCHEDULES; i++) {
      const parallel = await executorWith([2, 3][i % 2] as number).executeBlock({
        block: block.input,
        chain: block.chain,
        source: block.source(),
        force: true,
        hints: i % 4 < 2,
      });
      reexecutions += parallel.statistics.reexecutions;
      if (fingerprint(parallel) !== right)
        expect(JSON.parse(fingerprint(parallel)), `schedule ${i}`).toEqual(JSON.parse(right));
    }
    expect(reexecutions).toBeGreaterThan(SCHEDULES / 10);
  }, 3_600_000);
});

describe("hash tables", () => {
  afterEach(() => {
    vi.restoreAllMocks();
  });

  test("keys whose hashes collide are told apart", async () => {
    const block = new BlockBuilder("osaka");
    const senders = Array.from({ length: 30 }, (_, i) => keyed(i));
    block.fund(...senders);
    block.contract(CONTRACT, TOOL);
    for (let i = 0; i < 90; i++)
      block.send({
        from: keyed(i % 30),
        to: CONTRACT,
        data: i % 3 === 2 ? tool.pay(plainAddress(100 + i), 0) : tool.increment(i % 45),
      });
    const built = await block.build();
    const { result } = await assertAllAgree(built, { repeat: 1, workers: [2] });
    const create = Kernel.create.bind(Kernel);
    // Two buckets for everything: each look-up goes along a chain of dozens of keys with the same hash bits.
    vi.spyOn(Kernel, "create").mockImplementation((options) =>
      create({ ...options, bucketBits: 1, hashSeed: 0n }),
    );
    const executor = new Executor({ workers: 3 });
    try {
      for (let i = 0; i < 5; i++) {
        const crowded = await executor.executeBlock({
          block: built.input,
          chain: built.chain,
          source: built.source(),
          force: true,
        });
        expect(fingerprint(crowded)).toBe(fingerprint(result));
      }
    } finally {
      await executor.close();
    }
  });
});
