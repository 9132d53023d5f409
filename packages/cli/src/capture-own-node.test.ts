// Blocks of a node of our own, captured over HTTP in each of the ways, and replayed from the files alone with their state roots.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Executor } from "@braid/executor";
import { type BraidProvider, createNode } from "@braid/node";
import { RpcClient } from "@braid/remote";
import { type CaptureWay, captureBlocks, replay, selectBlocks } from "@braid/replay";
import { RpcServer } from "@braid/rpc";
import { without } from "@braid/testing/anvil";
import { RpcServer as LimitedServer } from "@braid/testing/rpc-server";
import { expect, test } from "vitest";

/** Writes the call's second word into the slot of its first. */
const STORE = "0x6020356000355500";
const INIT = `0x600880600b6000396000f3${STORE.slice(2)}`;
const word = (value: number): string => value.toString(16).padStart(64, "0");

/** A node whose last block makes branches of a storage trie fall together. */
async function nodeWithBlocks(): Promise<BraidProvider> {
  const node = await createNode({ workers: 0, accounts: 2 });
  const [from] = await node.request({ method: "eth_accounts" });
  const send = async (tx: object): Promise<void> => {
    await node.request({ method: "eth_sendTransaction", params: [{ from, gas: "0x186a0", ...tx }] });
  };
  await send({ data: INIT });
  const receipt = await node.request({ method: "eth_getBlockReceipts", params: ["latest"] });
  const to = receipt?.[0]?.contractAddress ?? "";
  for (let slot = 0; slot < 6; slot++) await send({ to, data: `0x${word(slot)}${word(slot + 1)}` });
  node.node.miner.automine = false;
  // Branches of the storage trie fall together: what moves up is in no proof of the state before.
  for (let slot = 0; slot < 6; slot += 2) await send({ to, data: `0x${word(slot)}${word(0)}` });
  await send({ to: `0x${"77".repeat(20)}`, value: "0x5" });
  await node.node.miner.mine();
  return node;
}

test.each<[CaptureWay, refused: string[]]>([
  ["execution witness", []],
  ["prestate", ["debug_executionWitness"]],
  ["reads", ["debug_executionWitness", "debug_traceBlockByHash"]],
])(
  "a node's blocks are captured by %s, and replayed without it down to their state roots",
  async (way, refused) => {
    await using node = await nodeWithBlocks();
    await using server = await RpcServer.listen({ handler: node.handler, port: 0 });
    const front = await LimitedServer.start(without(server.url, ...refused));
    const executor = new Executor({ workers: 0 });
    const folder = await mkdtemp(join(tmpdir(), "braid-own-node-"));
    try {
      const { outcomes } = await captureBlocks({
        client: new RpcClient(front.url),
        blocks: await selectBlocks("1..8"),
        chain: node.node.chain.rules,
        witness: true,
        folder,
        executor,
      });
      expect(outcomes).toHaveLength(8);
      for (const outcome of outcomes) expect(outcome).toMatchObject({ verdict: "captured", way });
      const { blocks } = await replay([folder], { executor });
      expect(blocks).toHaveLength(8);
      for (const { verdict, checked } of blocks) {
        expect(verdict).toBe("ok");
        expect(checked).toContain("stateRoot");
      }
    } finally {
      await front.close();
      await executor.close();
      await rm(folder, { recursive: true });
    }
  },
);
