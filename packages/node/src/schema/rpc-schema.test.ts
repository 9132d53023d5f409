// The types of the methods: all methods have some, `request` has them, and viem's clients take them.

import { readFileSync } from "node:fs";
import type { Hex } from "@braid/primitives";
import { createPublicClient, custom, type EIP1193RequestFn, rpcSchema } from "viem";
import { expect, expectTypeOf, test } from "vitest";
import type { BlockParallelism } from "../parallelism/report.ts";
import { createNode } from "../provider.ts";
import { METHODS } from "../rpc/methods.ts";
import type { BraidRpcSchema } from "./rpc-schema.ts";
import type { BlockJson, ReceiptJson } from "./shapes.ts";

test("every method has its types, and nothing else has", () => {
  const source = readFileSync(new URL("rpc-schema.ts", import.meta.url), "utf8");
  const names = source.split(/^type /m).flatMap((part) => {
    const prefixes = /extends ([^>]*)> = \[/.exec(part)?.[1]?.match(/\w+/g) ?? [];
    const found = [...part.matchAll(/(?:Plain|Entry)<\s*["`]([^"`]+)["`]/g)].map(([, name = ""]) => name);
    return found.flatMap((name) =>
      name.startsWith("$") ? prefixes.map((prefix) => name.replace(/^\$\{\w+\}/, prefix)) : [name],
    );
  });
  expect(names.toSorted()).toEqual(Object.keys(METHODS).toSorted());
});

test("request has types, and gives what they say", async () => {
  await using node = await createNode({ workers: 0, accounts: 2 });
  const [from, to] = await node.request({ method: "eth_accounts" });
  expectTypeOf(from).toEqualTypeOf<Hex | undefined>();
  if (from === undefined || to === undefined) throw new Error("there are two accounts");
  const hash = await node.request({ method: "eth_sendTransaction", params: [{ from, to, value: "0x1" }] });
  expectTypeOf(hash).toEqualTypeOf<Hex>();
  const receipt = await node.request({ method: "eth_getTransactionReceipt", params: [hash] });
  expectTypeOf(receipt).toEqualTypeOf<ReceiptJson | null>();
  expect(receipt?.status).toBe("0x1");
  const block = await node.request({ method: "eth_getBlockByNumber", params: ["latest", true] });
  expectTypeOf(block).toEqualTypeOf<BlockJson | null>();
  const [transaction] = block?.transactions ?? [];
  expect(typeof transaction === "object" ? transaction.hash : transaction).toBe(hash);
  expect(await node.request({ method: "hardhat_mine" })).toBe(true);
  expect(await node.request({ method: "hardhat_mine", params: ["0x2"] })).toBe(true);
  const name: string = "eth_blockNumber";
  const number = await node.request({ method: name });
  expectTypeOf(number).toBeUnknown();
  expect(number).toBe("0x4");
});

test("viem's clients take the provider and its types", async () => {
  await using node = await createNode({ workers: 0 });
  const client = createPublicClient({ transport: custom(node), rpcSchema: rpcSchema<BraidRpcSchema>() });
  await client.request({ method: "hardhat_mine", params: ["0x1"] });
  const report = await client.request({ method: "braid_getBlockParallelism", params: ["latest"] });
  expectTypeOf(report).toEqualTypeOf<BlockParallelism | null>();
  expect(report?.blockNumber).toBe("0x1");
  expect(await client.getBlockNumber()).toBe(1n);
  const request = node.request.bind(node) as EIP1193RequestFn<BraidRpcSchema>;
  const chainId = await request({ method: "eth_chainId" });
  expectTypeOf(chainId).toEqualTypeOf<Hex>();
  expect(chainId).toBe("0x7a69");
});
