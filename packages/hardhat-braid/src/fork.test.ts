// Networks that go on from a block of another node: one of Braid's behind HTTP, on EDR and on Braid alike.

import { type BraidProvider, createNode } from "@braid/node";
import { Refusal, RpcServer } from "@braid/testing/rpc-server";
import type { EdrNetworkUserConfig } from "hardhat/types/config";
import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";
import type { NetworkConnection } from "hardhat/types/network";
import type { Hex } from "viem";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Outcome, openProject, outcomeOf, readTarget, type Target } from "./testing/project.ts";

/** A chain that Braid knows, and whose blocks have all forks' fields from the first one on: what it answers is kept. */
const HOODI = 560_048;
const BEGINNING = 1_900_000_000n;

let project: HardhatRuntimeEnvironment;
let target: Target;
let remote: BraidProvider;
let server: RpcServer;
let contract: Hex;
let from: Hex;
/** What the other node was asked, with the headers that came along. */
const asked: string[] = [];

beforeAll(async () => {
  project = await openProject();
  target = await readTarget(project);
  remote = await createNode({ workers: 0, chainId: HOODI, timestamp: BEGINNING, accounts: 3 });
  const ask = async <T>(method: string, ...params: unknown[]): Promise<T> =>
    (await remote.request({ method, params })) as T;
  [from = "0x"] = await ask<Hex[]>("eth_accounts");
  const hash = await ask("eth_sendTransaction", { from, data: target.bytecode });
  ({ contractAddress: contract } = await ask<{ contractAddress: Hex }>("eth_getTransactionReceipt", hash));
  for (const value of [11n, 12n, 13n])
    await ask("eth_sendTransaction", { from, to: contract, data: target.data("store", value) });
  server = await RpcServer.start(async (method, params) => {
    asked.push(method);
    try {
      return await remote.request({ method, params });
    } catch (error) {
      const { code = -32603, message = "" } = error as { code?: number; message?: string };
      throw new Refusal(code, message);
    }
  });
}, 300_000);

afterAll(async () => {
  await server.close();
  await remote.close();
});

const connect = (
  network: string,
  forking: Partial<EdrNetworkUserConfig["forking"]> = {},
): Promise<NetworkConnection> =>
  project.network.create({ network, override: { forking: { url: server.url, ...forking } } });

async function answers({ provider }: NetworkConnection): Promise<unknown[]> {
  const heard: unknown[] = [];
  const ask = async (method: string, ...params: unknown[]): Promise<unknown> => {
    const outcome: Outcome = await outcomeOf(provider, method, params);
    heard.push([method, outcome]);
    return "result" in outcome ? outcome.result : undefined;
  };
  const message = (name: string, ...args: unknown[]) => ({
    from,
    to: contract,
    data: target.data(name, ...args),
  });
  await ask("eth_chainId");
  await ask("eth_blockNumber");
  await ask("eth_accounts");
  await ask("eth_getBalance", from, "latest");
  await ask("eth_getTransactionCount", from, "latest");
  await ask("eth_call", message("value"));
  // The past is the other node's.
  await ask("eth_call", message("value"), "0x3");
  await ask("eth_getStorageAt", contract, "0x0", "0x2");
  await ask("evm_setNextBlockTimestamp", Number(BEGINNING) + 1_000);
  const hash = await ask("eth_sendTransaction", {
    ...message("store", 99n),
    gas: "0x30000",
    gasPrice: "0x77359400",
  });
  const { gasUsed, status, blockNumber } = (await provider.request({
    method: "eth_getTransactionReceipt",
    params: [hash],
  })) as Record<string, unknown>;
  heard.push({ gasUsed, status, blockNumber });
  await ask("eth_call", message("value"));
  const snapshot = await provider.request({ method: "evm_snapshot" });
  await ask("eth_sendTransaction", { ...message("fail", 1n), gas: "0x30000" });
  await ask("eth_estimateGas", message("fail", 0n));
  await ask("eth_call", message("fail", 12n));
  await provider.request({ method: "evm_revert", params: [snapshot] });
  await ask("eth_blockNumber");
  await ask("hardhat_impersonateAccount", contract);
  await ask("hardhat_setStorageAt", contract, "0x0", `0x${"7".padStart(64, "0")}`);
  await ask("eth_call", message("value"));
  return heard;
}

test.each([{}, { blockNumber: 3 }])("answers as EDR does on a fork with %o", async (forking) => {
  const [theirs, ours] = [await connect("edr", forking), await connect("braid", forking)];
  expect(await answers(ours)).toEqual(await answers(theirs));
  await ours.close();
  await theirs.close();
});

test("blocks begin after the other node's, with what the configuration says", async () => {
  const connection = await project.network.create({
    network: "braid",
    override: {
      forking: { url: server.url, blockNumber: 2n },
      chainId: 5,
      blockGasLimit: 9_000_000,
      coinbase: `0x${"c1".repeat(20)}`,
      initialBaseFeePerGas: 7,
      hardfork: "osaka",
      accounts: { count: 2, accountsBalance: 9n },
    },
  });
  const { provider } = connection;
  expect(await provider.request({ method: "eth_chainId" })).toBe("0x5");
  expect(await provider.request({ method: "eth_getBalance", params: [from] })).toBe("0x9");
  await provider.request({ method: "evm_mine" });
  expect(await provider.request({ method: "eth_getBlockByNumber", params: ["latest", false] })).toMatchObject(
    {
      number: "0x3",
      gasLimit: `0x${(9_000_000).toString(16)}`,
      miner: `0x${"c1".repeat(20)}`,
      baseFeePerGas: "0x7",
    },
  );
  await connection.close();
});

test("what was answered is kept on disk: a second connection asks for nothing but the block", async () => {
  const [one, two] = [await connect("braid", { blockNumber: 4 }), await connect("braid", { blockNumber: 4 })];
  const call = { from, to: contract, data: target.data("value") };
  const first = await one.provider.request({ method: "eth_call", params: [call] });
  await one.close();
  asked.length = 0;
  expect(await two.provider.request({ method: "eth_call", params: [call] })).toBe(first);
  await two.close();
  expect(asked.filter((method) => !/^eth_(chainId|getBlockByNumber)$/.test(method))).toEqual([]);
});

test("the other node hears the headers of the configuration, and nothing before the first request", async () => {
  asked.length = 0;
  const connection = await connect("braid", { httpHeaders: { authorization: "Bearer abc" } });
  expect(asked).toEqual([]);
  expect(await connection.provider.request({ method: "eth_blockNumber" })).toBe("0x4");
  expect(server.headers.authorization).toBe("Bearer abc");
  await connection.close();
});

test("a fork that is turned off is a chain of one's own", async () => {
  const connection = await connect("braid", { enabled: false });
  expect(await connection.provider.request({ method: "eth_blockNumber" })).toBe("0x0");
  await connection.close();
});

test("a hardfork before the block's is refused with a sentence", async () => {
  const connection = await project.network.create({
    network: "braid",
    override: { forking: { url: server.url }, hardfork: "london" },
  });
  await expect(connection.provider.request({ method: "eth_blockNumber" })).rejects.toMatchObject({
    pluginId: "hardhat-braid",
  });
  await connection.close();
});
