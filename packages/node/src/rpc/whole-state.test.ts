// Dumps, loads and resets: between two nodes of ours, and with anvil in both directions.

import { gunzipSync, gzipSync } from "node:zlib";
import { bytesToHex, hexToBytes } from "@braid/primitives";
import { startAnvil } from "@braid/testing/anvil";
import { afterEach, describe, expect, test } from "vitest";
import { type BraidProvider, createNode } from "../provider.ts";

type Rpc = <T = string>(method: string, ...params: unknown[]) => Promise<T>;

const HELD = "0x00000000000000000000000000000000000000c1";
const SINK = "0x00000000000000000000000000000000000000c2";
const SLOT = `0x${"00".repeat(31)}07`;
const VALUE = `0x${"ab".repeat(32)}`;

const open: BraidProvider[] = [];
afterEach(async () => {
  for (const node of open.splice(0)) await node.close();
});

async function start(): Promise<{ node: BraidProvider; rpc: Rpc }> {
  const node = await createNode({ workers: 0, accounts: 2 });
  open.push(node);
  const rpc: Rpc = async <T>(method: string, ...params: unknown[]) =>
    (await node.request({ method, params })) as T;
  return { node, rpc };
}

/** Gives an account all that an account can have. */
async function fill(rpc: Rpc): Promise<void> {
  await rpc("hardhat_setBalance", HELD, "0x1234");
  await rpc("hardhat_setNonce", HELD, "0x9");
  await rpc("hardhat_setCode", HELD, "0x6001600255");
  await rpc("hardhat_setStorageAt", HELD, SLOT, VALUE);
}

const look = (rpc: Rpc): Promise<unknown[]> =>
  Promise.all([
    rpc("eth_getBalance", HELD, "latest"),
    rpc("eth_getTransactionCount", HELD, "latest"),
    rpc("eth_getCode", HELD, "latest"),
    rpc("eth_getStorageAt", HELD, SLOT, "latest"),
  ]);

const FILLED = ["0x1234", "0x9", "0x6001600255", VALUE];

describe("dumps", () => {
  test.each(["anvil", "hardhat"])("%s: what one node has dumped another one loads", async (name) => {
    const [one, other] = [await start(), await start()];
    await fill(one.rpc);
    const [from] = await one.rpc<[string]>("eth_accounts");
    await one.rpc("eth_sendTransaction", { from, to: SINK, value: "0x5" });
    const dumped = await one.rpc(`${name}_dumpState`);
    await other.rpc("hardhat_setNonce", HELD, "0x20");
    expect(await other.rpc(`${name}_loadState`, dumped)).toBe(true);
    expect(await look(other.rpc)).toEqual(["0x1234", "0x20", "0x6001600255", VALUE]);
    expect(await other.rpc("eth_getBalance", SINK, "latest")).toBe("0x5");
    expect(await other.rpc("eth_getBalance", from, "latest")).toBe(
      await one.rpc("eth_getBalance", from, "latest"),
    );
    // What is loaded is what the next block is built on.
    expect(await other.rpc("eth_getTransactionCount", from, "pending")).toBe("0x1");
    await other.rpc("eth_sendTransaction", { from, to: SINK, value: "0x5" });
    expect(await other.rpc("eth_getBalance", SINK, "latest")).toBe("0xa");
  });

  test("what the other one had besides stays, and time goes on from the later one", async () => {
    const [one, other] = [await start(), await start()];
    await other.rpc("hardhat_setBalance", SINK, "0x77");
    await other.rpc("hardhat_setStorageAt", HELD, `0x${"00".repeat(32)}`, VALUE);
    await fill(one.rpc);
    await one.rpc("evm_increaseTime", 10_000);
    await one.rpc("hardhat_mine");
    await other.rpc("anvil_loadState", await one.rpc("anvil_dumpState"));
    expect(await other.rpc("eth_getBalance", SINK, "latest")).toBe("0x77");
    expect(await other.rpc("eth_getStorageAt", HELD, "0x0", "latest")).toBe(VALUE);
    await other.rpc("hardhat_mine");
    expect(other.node.node.head.header.timestamp).toBeGreaterThanOrEqual(one.node.node.head.header.timestamp);
  });

  test("JSON that is not gzipped is taken too", async () => {
    const { rpc } = await start();
    const json = {
      accounts: { [HELD]: { balance: "0x1234", nonce: 9, code: "0x6001600255", storage: { [SLOT]: VALUE } } },
    };
    await rpc("anvil_loadState", bytesToHex(new TextEncoder().encode(JSON.stringify(json))));
    expect(await look(rpc)).toEqual(FILLED);
  });

  test("what is no dump is refused", async () => {
    const { rpc } = await start();
    const zipped = (json: unknown): string => bytesToHex(gzipSync(JSON.stringify(json)));
    for (const params of [
      [],
      ["dump"],
      ["0x1f8b"],
      ["0x7b"],
      [bytesToHex(new TextEncoder().encode("[]"))],
      [zipped({})],
      [zipped({ accounts: { "0x12": {} } })],
      [zipped({ accounts: { [HELD]: { balance: -1 } } })],
      [zipped({ accounts: { [HELD]: { storage: { zz: "0x1" } } } })],
    ])
      await expect(rpc("anvil_loadState", ...params), JSON.stringify(params)).rejects.toMatchObject({
        code: -32602,
      });
    expect((await look(rpc))[0]).toBe("0x0");
  });
});

describe("anvil", () => {
  test("loads our dumps, and we load anvil's", async () => {
    const anvil = await startAnvil();
    try {
      const theirs: Rpc = async <T>(method: string, ...params: unknown[]) => {
        const response = await fetch(anvil.url, {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
        });
        const { result, error } = (await response.json()) as { result: T; error?: { message: string } };
        if (error !== undefined) throw new Error(error.message);
        return result;
      };
      const [one, other] = [await start(), await start()];
      await fill(one.rpc);
      await theirs("anvil_loadState", await one.rpc("anvil_dumpState"));
      expect(await look(theirs)).toEqual(FILLED);
      await theirs("anvil_setBalance", SINK, "0x99");
      await other.rpc("anvil_loadState", await theirs("anvil_dumpState"));
      expect(await look(other.rpc)).toEqual(FILLED);
      expect(await other.rpc("eth_getBalance", SINK, "latest")).toBe("0x99");
    } finally {
      await anvil.close();
    }
  });

  test("knows a dump by its fields", async () => {
    const { rpc } = await start();
    await fill(rpc);
    const dump = JSON.parse(gunzipSync(hexToBytes(await rpc("anvil_dumpState"))).toString());
    expect(dump.accounts[HELD]).toEqual({
      nonce: 9,
      balance: "0x1234",
      code: "0x6001600255",
      storage: { [SLOT]: VALUE },
    });
    expect(dump).toMatchObject({ best_block_number: 0, block: { number: "0x0" } });
  });
});

describe("reset", () => {
  test.each([
    ["hardhat_reset", []],
    ["anvil_reset", []],
    // As viem's test client calls it.
    ["anvil_reset", [{ forking: { blockNumber: Number.NaN, jsonRpcUrl: undefined } }]],
    ["hardhat_reset", [{ forking: { blockNumber: null } }]],
  ])("%s %j: all is as it was at the beginning", async (method, params) => {
    const { node, rpc } = await start();
    const [from] = await rpc<[string]>("eth_accounts");
    const { hash: first } = await rpc<{ hash: string }>("eth_getBlockByNumber", "0x0", false);
    await fill(rpc);
    const filter = await rpc("eth_newBlockFilter");
    const snapshot = await rpc("evm_snapshot");
    await rpc("hardhat_impersonateAccount", HELD);
    await rpc("hardhat_setCoinbase", SINK);
    const sent = await rpc("eth_sendTransaction", { from, to: SINK, value: "0x5" });
    await rpc("evm_increaseTime", 100_000);
    await rpc("evm_setAutomine", false);
    await rpc("eth_sendTransaction", { from, to: SINK, value: "0x6" });
    expect(await rpc(method, ...params)).toBe(true);
    expect(await rpc("eth_blockNumber")).toBe("0x0");
    expect(await rpc<{ hash: string }>("eth_getBlockByNumber", "latest", false)).toMatchObject({
      hash: first,
    });
    expect(await look(rpc)).toEqual(["0x0", "0x0", "0x", `0x${"00".repeat(32)}`]);
    expect(await rpc("eth_getTransactionReceipt", sent)).toBeNull();
    expect(await rpc("txpool_status")).toEqual({ pending: "0x0", queued: "0x0" });
    expect(await rpc("evm_revert", snapshot)).toBe(false);
    expect(await rpc("hardhat_getAutomine")).toBe(true);
    expect(await rpc("eth_coinbase")).not.toBe(SINK);
    await expect(rpc("eth_sendTransaction", { from: HELD, to: SINK })).rejects.toMatchObject({
      code: -32000,
    });
    expect(node.node.next.clock.offset).toBe(0n);
    // A new chain begins, and who watches it goes on watching.
    await rpc("eth_getFilterChanges", filter);
    await rpc("eth_sendTransaction", { from, to: SINK, value: "0x7" });
    expect(await rpc("eth_getBalance", SINK, "latest")).toBe("0x7");
    expect(await rpc("eth_getFilterChanges", filter)).toHaveLength(1);
  });

  test("what it cannot do is refused, and leaves all as it is", async () => {
    const { rpc } = await start();
    await rpc("hardhat_mine", "0x3");
    for (const [params, code] of [
      [[{ forking: { jsonRpcUrl: "http://127.0.0.1:1", blockNumber: 5 } }], -32000],
      [[{ forking: { blockNumber: 5 } }], -32602],
      [[{ forking: { jsonRpcUrl: 5 } }], -32602],
      [["0x1"], -32602],
    ] as const)
      await expect(rpc("hardhat_reset", ...params)).rejects.toMatchObject({ code });
    expect(await rpc("eth_blockNumber")).toBe("0x3");
  });
});
