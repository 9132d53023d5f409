// Everything that viem's test client and Hardhat's network helpers call is answered, and does what they expect of it.

import { globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  createTestClient,
  custom,
  type Hex,
  parseEther,
  publicActions,
  type TestClient,
  walletActions,
} from "viem";
import { hardhat } from "viem/chains";
import { afterEach, describe, expect, test } from "vitest";
import type { NodeOptions } from "../options.ts";
import { type BraidProvider, createNode } from "../provider.ts";
import { METHODS } from "./methods.ts";

const HELPERS = fileURLToPath(
  new URL("../../../../node_modules/@nomicfoundation/hardhat-network-helpers", import.meta.url),
);
const VIEM = dirname(fileURLToPath(import.meta.resolve("viem/package.json")));
const HELD = "0x00000000000000000000000000000000000000c1";
const SINK = "0x00000000000000000000000000000000000000c2";
const SLOT = `0x${"00".repeat(31)}07` as const;
const VALUE = `0x${"ab".repeat(32)}` as const;

const open: BraidProvider[] = [];
afterEach(async () => {
  for (const node of open.splice(0)) await node.close();
});

async function start(mode: "anvil" | "hardhat", options: NodeOptions = {}) {
  const node = await createNode({ workers: 0, accounts: 2, ...options });
  open.push(node);
  const client = createTestClient({ mode, chain: hardhat, transport: custom(node), cacheTime: 0 })
    .extend(publicActions)
    .extend(walletActions);
  const [from] = await client.getAddresses();
  if (from === undefined) throw new Error("the node has accounts");
  const send = (value: bigint): Promise<Hex> => client.sendTransaction({ account: from, to: SINK, value });
  return { node, client, from, send };
}

/** As viem's sources have it in templates. */
const MODE = "$" + "{client.mode}";

describe("names", () => {
  test("of viem's test client", () => {
    const names = globSync("actions/test/*.ts", { cwd: VIEM }).flatMap((file) => {
      const code = readFileSync(join(VIEM, file), "utf8");
      const found = [...code.matchAll(/^ *(?!\*).*method: [`']([^`']+)[`']/gm)].map(([, name = ""]) => name);
      return found.flatMap((name) =>
        name.includes(MODE) ? ["anvil", "hardhat"].map((mode) => name.replace(MODE, mode)) : [name],
      );
    });
    expect(names.length).toBeGreaterThan(40);
    // Hardhat has no such method.
    const missing = names.filter((name) => !(name in METHODS) && name !== "hardhat_setRpcUrl");
    expect(missing).toEqual([]);
  });

  test("of Hardhat's network helpers", () => {
    const names = globSync("dist/src/**/*.js", { cwd: HELPERS }).flatMap((file) =>
      [...readFileSync(join(HELPERS, file), "utf8").matchAll(/method: "([^"]+)"/g)].map(
        ([, name = ""]) => name,
      ),
    );
    expect(new Set(names).size).toBeGreaterThan(14);
    expect(names.filter((name) => !(name in METHODS))).toEqual([]);
  });
});

describe.each(["anvil", "hardhat"] as const)("viem's test client for %s", (mode) => {
  test("accounts", async () => {
    const { client } = await start(mode);
    await client.setBalance({ address: HELD, value: parseEther("3") });
    await client.setNonce({ address: HELD, nonce: 7 });
    await client.setCode({ address: SINK, bytecode: "0x00" });
    await client.setStorageAt({ address: SINK, index: 7, value: VALUE });
    expect(await client.getBalance({ address: HELD })).toBe(parseEther("3"));
    expect(await client.getTransactionCount({ address: HELD })).toBe(7);
    expect(await client.getCode({ address: SINK })).toBe("0x00");
    expect(await client.getStorageAt({ address: SINK, slot: SLOT })).toBe(VALUE);
    await client.impersonateAccount({ address: HELD });
    const hash = await client.sendTransaction({ account: HELD, to: SINK, value: 5n });
    expect(await client.getTransaction({ hash })).toMatchObject({ from: HELD, nonce: 7 });
    await client.stopImpersonatingAccount({ address: HELD });
    await expect(client.sendTransaction({ account: HELD, to: SINK, value: 5n })).rejects.toThrow();
    const unsigned = await client.sendUnsignedTransaction({ from: HELD, to: SINK, value: 6n });
    expect(await client.getTransaction({ hash: unsigned })).toMatchObject({
      from: HELD,
      nonce: 8,
      value: 6n,
    });
  });

  test("blocks and time", async () => {
    const { client } = await start(mode);
    const { timestamp } = await client.getBlock();
    await client.mine({ blocks: 3, interval: 12 });
    expect(await client.getBlockNumber()).toBe(3n);
    expect((await client.getBlock()).timestamp).toBeGreaterThanOrEqual(timestamp + 24n);
    await client.setNextBlockTimestamp({ timestamp: timestamp + 1_000n });
    await client.setNextBlockBaseFeePerGas({ baseFeePerGas: 77n });
    await client.setCoinbase({ address: HELD });
    await client.setBlockGasLimit({ gasLimit: 20_000_000n });
    await client.mine({ blocks: 1 });
    expect(await client.getBlock()).toMatchObject({
      timestamp: timestamp + 1_000n,
      baseFeePerGas: 77n,
      miner: HELD,
      gasLimit: 20_000_000n,
    });
    await client.setBlockTimestampInterval({ interval: 60 });
    await client.mine({ blocks: 2 });
    expect((await client.getBlock()).timestamp).toBe(timestamp + 1_120n);
    await client.removeBlockTimestampInterval();
    await client.increaseTime({ seconds: 500 });
    await client.mine({ blocks: 1 });
    const { timestamp: last } = await client.getBlock();
    expect(last).toBeGreaterThanOrEqual(timestamp + 1_620n);
    expect(last).toBeLessThan(timestamp + 1_700n);
  });

  test("the pool, automatic mining, snapshots", async () => {
    const { client, send } = await start(mode);
    expect(await client.getAutomine()).toBe(true);
    const id = await client.snapshot();
    await send(5n);
    expect(await client.getBalance({ address: SINK })).toBe(5n);
    await client.revert({ id });
    expect(await client.getBalance({ address: SINK })).toBe(0n);
    await client.setAutomine(false);
    const hash = await send(7n);
    expect(await client.getTxpoolStatus()).toEqual({ pending: 1, queued: 0 });
    expect(Object.values((await client.getTxpoolContent()).pending)).toHaveLength(1);
    expect(Object.values((await client.inspectTxpool()).pending)).toHaveLength(1);
    await client.dropTransaction({ hash });
    expect(await client.getTxpoolStatus()).toEqual({ pending: 0, queued: 0 });
    await client.setLoggingEnabled(true);
    await client.setIntervalMining({ interval: 1 });
    await client.setIntervalMining({ interval: 0 });
    const first = await client.getBlockNumber();
    await client.setAutomine(true);
    await send(8n);
    expect(await client.getBlockNumber()).toBeGreaterThan(first);
  });

  test("whole states", async () => {
    const { client, send } = await start(mode);
    await client.setBalance({ address: HELD, value: 9n });
    const dumped = await client.dumpState();
    await send(5n);
    await client.reset();
    expect(await client.getBlockNumber()).toBe(0n);
    expect(await client.getBalance({ address: HELD })).toBe(0n);
    await client.loadState({ state: dumped });
    expect(await client.getBalance({ address: HELD })).toBe(9n);
  });

  test("a least gas price, where there is no base fee", async () => {
    const { client } = await start(mode);
    await expect(client.setMinGasPrice({ gasPrice: 5n })).rejects.toThrow();
    const old = await start(mode, { hardfork: "berlin" });
    const price = 3_000_000_000n;
    await old.client.setMinGasPrice({ gasPrice: price });
    const send = (gasPrice: bigint, nonce: number) =>
      old.client.sendTransaction({ account: old.from, to: SINK, value: 1n, gasPrice, nonce, type: "legacy" });
    await send(price - 1n, 0);
    expect(await old.client.getBalance({ address: SINK })).toBe(0n);
    await old.client.setMinGasPrice({ gasPrice: price - 1n });
    await old.client.mine({ blocks: 1 });
    expect(await old.client.getBalance({ address: SINK })).toBe(1n);
  });
});

test("viem's test client for ganache, as far as it says otherwise", async () => {
  const { node } = await start("anvil");
  const client: TestClient = createTestClient({ mode: "ganache", chain: hardhat, transport: custom(node) });
  await client.setBalance({ address: HELD, value: 5n });
  await client.setCode({ address: SINK, bytecode: "0x00" });
  await client.setAutomine(false);
  expect(node.node.miner.automine).toBe(false);
  await client.setAutomine(true);
  expect(node.node.miner.automine).toBe(true);
  await client.mine({ blocks: 2 });
  expect(node.node.head.number).toBe(2n);
  expect(await node.request({ method: "eth_getBalance", params: [HELD, "latest"] })).toBe("0x5");
});

describe("sending", () => {
  test("a receipt is waited for, and a transaction found by its sender and nonce", async () => {
    const { node, client, from } = await start("anvil");
    const rpc = (method: string, ...params: unknown[]) => node.request({ method, params });
    const request = await client.prepareTransactionRequest({ account: from, to: SINK, value: 5n });
    const signed = async (nonce: number) => {
      const { raw } = (await rpc("eth_signTransaction", {
        from,
        to: SINK,
        value: "0x5",
        gas: "0x5208",
        nonce: `0x${nonce.toString(16)}`,
        maxFeePerGas: `0x${(request.maxFeePerGas ?? 0n).toString(16)}`,
      })) as { raw: Hex };
      return raw;
    };
    const receipt = await rpc("eth_sendRawTransactionSync", await signed(0));
    expect(receipt).toMatchObject({ status: "0x1", blockNumber: "0x1", to: SINK });
    await client.setAutomine(false);
    const waiting = rpc("eth_sendRawTransactionSync", await signed(1), 20_000);
    await expect.poll(async () => (await client.getTxpoolStatus()).pending, { timeout: 10_000 }).toBe(1);
    expect(await rpc("eth_getTransactionBySenderAndNonce", from, "0x1")).toMatchObject({ blockNumber: null });
    await client.mine({ blocks: 3 });
    expect(await waiting).toMatchObject({ status: "0x1", blockNumber: "0x2" });
    await expect(rpc("eth_sendRawTransactionSync", await signed(2), 10)).rejects.toMatchObject({
      code: 4,
      data: expect.stringMatching(/^0x[0-9a-f]{64}$/),
    });
    expect(await rpc("eth_getTransactionBySenderAndNonce", from, "0x0")).toMatchObject({
      blockNumber: "0x1",
      nonce: "0x0",
      from: from.toLowerCase(),
    });
    expect(await rpc("eth_getTransactionBySenderAndNonce", from, "0x1")).toMatchObject({
      blockNumber: "0x2",
    });
    expect(await rpc("eth_getTransactionBySenderAndNonce", from, "0x9")).toBeNull();
    expect(await rpc("eth_getTransactionBySenderAndNonce", SINK, "0x0")).toBeNull();
    expect(await rpc("eth_requestAccounts")).toEqual(await rpc("eth_accounts"));
  });

  test("what cannot be read is refused", async () => {
    const { node } = await start("anvil");
    for (const [method, ...params] of [
      ["eth_sendRawTransactionSync"],
      ["eth_sendRawTransactionSync", "0x02", 0],
      ["eth_sendRawTransactionSync", "0x02", 60_001],
      ["eth_sendUnsignedTransaction", {}],
      ["eth_getTransactionBySenderAndNonce", SINK],
      ["eth_getTransactionBySenderAndNonce", SINK, "1"],
      ["miner_start", 1],
      ["hardhat_setMinGasPrice"],
      ["anvil_setBlockTimestampInterval", -1],
    ])
      await expect(node.request({ method: String(method), params })).rejects.toMatchObject({ code: -32602 });
    await expect(
      node.request({ method: "eth_sendRawTransactionSync", params: ["0x02"] }),
    ).rejects.toMatchObject({ code: -32000 });
  });
});
