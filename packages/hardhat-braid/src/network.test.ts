// Networks on Braid as a project has them: configuration, connections, and what Hardhat's own network prints and reports beside its answers.

import { setTimeout } from "node:timers/promises";
import { ENGINE_NAMES } from "@braid/executor";
import { definePlugin } from "hardhat/plugins";
import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";
import type { NetworkConnection } from "hardhat/types/network";
import type { Hex } from "viem";
import { afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { ENGINES } from "./hooks/config.ts";
import plugin from "./index.ts";
import { openProject, outcomeOf, readTarget, type Target } from "./testing/project.ts";

/** What the hook of gas statistics was told, in the order in which it came. */
const measurements: unknown[] = [];

let project: HardhatRuntimeEnvironment;
/** The same with gas statistics. */
let measured: HardhatRuntimeEnvironment;
let target: Target;

beforeAll(async () => {
  project = await openProject({
    lenient: {
      type: "edr-simulated",
      braid: { workers: 0 },
      throwOnTransactionFailures: false,
      throwOnCallFailures: false,
    },
    remote: { type: "edr-simulated", braid: true, forking: { url: "http://127.0.0.1:9" } },
    large: {
      type: "edr-simulated",
      braid: { workers: 0 },
      allowUnlimitedContractSize: true,
      transactionGasCap: false,
      blockGasLimit: false,
      networkId: 77,
      accounts: { count: 3, initialIndex: 1, accountsBalance: 5n },
    },
  });
  target = await readTarget(project);
  const gas = definePlugin({
    id: "gas-of-tests",
    hookHandlers: {
      network: async () => ({
        default: async () => ({
          onGasMeasurement: (_context, measurement) => {
            measurements.push(measurement);
          },
        }),
      }),
    },
  });
  measured = await openProject({}, { plugins: [plugin, gas] });
}, 300_000);

const open: Pick<NetworkConnection, "close">[] = [];
afterEach(async () => {
  for (const connection of open.splice(0)) await connection.close();
});

async function connect(network: string, of = project): Promise<NetworkConnection> {
  const connection = await of.network.create(network);
  open.push(connection);
  return connection;
}

async function deploy({ provider }: NetworkConnection): Promise<{ from: Hex; to: Hex }> {
  const [from] = (await provider.request({ method: "eth_accounts" })) as Hex[];
  const hash = await provider.request({
    method: "eth_sendTransaction",
    params: [{ from, data: target.bytecode }],
  });
  const receipt = await provider.request({ method: "eth_getTransactionReceipt", params: [hash] });
  return { from: from as Hex, to: (receipt as { contractAddress: Hex }).contractAddress };
}

describe("connections", () => {
  test("are answered by Braid, each with a chain of its own", async () => {
    const [one, two] = [await connect("braid"), await connect("braid")];
    await one.provider.request({ method: "hardhat_mine", params: ["0x5"] });
    expect(await one.provider.request({ method: "eth_blockNumber" })).toBe("0x5");
    expect(await two.provider.request({ method: "eth_blockNumber" })).toBe("0x0");
    expect(await one.provider.request({ method: "hardhat_metadata" })).toMatchObject({
      clientVersion: expect.stringContaining("braid"),
    });
    expect(await one.provider.request({ method: "web3_clientVersion" })).toMatch(/^HardhatNetwork\//);
  });

  test("have the time that has passed since they were made, whenever the first request comes", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    try {
      const { provider } = await connect("braid");
      vi.setSystemTime(Date.now() + 3_600_000);
      await provider.request({ method: "evm_increaseTime", params: [100] });
      await provider.request({ method: "evm_mine" });
      const [first, second] = await Promise.all(
        ["0x0", "0x1"].map((number) =>
          provider.request({ method: "eth_getBlockByNumber", params: [number, false] }),
        ),
      );
      const timeOf = (block: unknown): number => Number((block as { timestamp: Hex }).timestamp);
      expect(timeOf(second) - timeOf(first)).toBe(3_700);
    } finally {
      vi.useRealTimers();
    }
  });

  test("take overrides, and chain types whose rules Braid knows", async () => {
    const connection = await project.network.create({
      network: "braid",
      chainType: "l1",
      override: { chainId: 5, mining: { auto: false } },
    });
    open.push(connection);
    expect(await connection.provider.request({ method: "eth_chainId" })).toBe("0x5");
    expect(await connection.provider.request({ method: "hardhat_getAutomine" })).toBe(false);
  });

  test.each([
    [
      "a chain type that Braid does not know",
      { network: "braid", chainType: "op", override: { hardfork: "isthmus" } },
    ],
    ["a remote chain that does not answer", { network: "remote" }],
  ])("are refused for %s", async (_name, wanted) => {
    const connection = await project.network.create(wanted as Parameters<typeof project.network.create>[0]);
    open.push(connection);
    await expect(connection.provider.request({ method: "eth_chainId" })).rejects.toMatchObject({
      pluginId: "hardhat-braid",
    });
  });

  test("send what is subscribed to", async () => {
    const { provider } = await connect("braid");
    const told: unknown[] = [];
    provider.on("notification", (event) => told.push(event));
    const subscription = await provider.request({ method: "eth_subscribe", params: ["newHeads"] });
    await provider.request({ method: "evm_mine" });
    expect(told).toMatchObject([{ subscription, result: { number: "0x1" } }]);
  });
});

describe("configuration", () => {
  test("unknown keys and values are refused with their path", async () => {
    const errors = async (braid: unknown): Promise<unknown> =>
      openProject({ wrong: { type: "edr-simulated", braid } as never }).then(
        () => "none",
        (error) => String(error.message),
      );
    expect(await errors({ threads: 2 })).toMatch(/networks\.wrong\.braid\.threads/);
    expect(await errors({ workers: -1 })).toMatch(/networks\.wrong\.braid\.workers/);
    expect(await errors({ engine: "geth" })).toMatch(/networks\.wrong\.braid\.engine/);
    expect(ENGINES).toEqual(ENGINE_NAMES);
    expect(await errors("yes")).toMatch(/networks\.wrong\.braid/);
  });

  test("failures are answers where the network is to throw none", async () => {
    const connection = await connect("lenient");
    const { from, to } = await deploy(connection);
    const { provider } = connection;
    const failing = { from, to, data: target.data("fail", 1n), gas: "0x20000" };
    const hash = await provider.request({ method: "eth_sendTransaction", params: [failing] });
    expect(await provider.request({ method: "eth_getTransactionReceipt", params: [hash] })).toMatchObject({
      status: "0x0",
    });
    expect(await provider.request({ method: "eth_call", params: [failing] })).toMatch(/^0x/);
  });

  test("limits can be lifted, and accounts chosen", async () => {
    const { provider } = await connect("large");
    const accounts = (await provider.request({ method: "eth_accounts" })) as Hex[];
    expect(accounts).toHaveLength(3);
    expect(accounts[0]).toBe("0x70997970c51812dc3a010c7d01b50e0d17dc79c8");
    expect(await provider.request({ method: "eth_getBalance", params: [accounts[0]] })).toBe("0x5");
    expect(await provider.request({ method: "net_version" })).toBe("77");
    const [from] = accounts;
    await provider.request({ method: "hardhat_setBalance", params: [from, "0xffffffffffffffffffff"] });
    // Init code that returns 60,000 bytes: more than EIP-170 allows, with more gas than EIP-7825 does.
    const data = "0x61ea605ff3";
    const hash = await provider.request({
      method: "eth_sendTransaction",
      params: [{ from, data, gas: "0x5000000" }],
    });
    const { contractAddress } = (await provider.request({
      method: "eth_getTransactionReceipt",
      params: [hash],
    })) as { contractAddress: Hex };
    const code = await provider.request({ method: "eth_getCode", params: [contractAddress, "latest"] });
    expect((code as string).length).toBe(2 + 2 * 60_000);
  });
});

/** What a network prints while something is done, and how that ends. */
async function printed(
  of: HardhatRuntimeEnvironment,
  network: string,
  options: { waiting: boolean } = { waiting: true },
): Promise<unknown[]> {
  const lines: unknown[] = [];
  const spy = vi.spyOn(console, "log").mockImplementation((...line) => {
    lines.push(...line);
  });
  try {
    const connection = await connect(network, of);
    const { from, to } = await deploy(connection);
    const { provider } = connection;
    const message = (data: Hex, gas = "0x40000") => ({ from, to, data, gas });
    await provider.request({ method: "eth_call", params: [message(target.data("log", 1n))] });
    lines.push("sent");
    await provider.request({ method: "eth_sendTransaction", params: [message(target.data("log", 2n))] });
    lines.push("estimated");
    await provider.request({ method: "eth_estimateGas", params: [message(target.data("log", 3n))] });
    lines.push(await outcomeOf(provider, "eth_estimateGas", [message(target.data("logAndFail", 4n))]));
    lines.push(await outcomeOf(provider, "eth_call", [message(target.data("logAndFail", 5n))]));
    lines.push(await outcomeOf(provider, "eth_sendTransaction", [message(target.data("logAndFail", 6n))]));
    if (!options.waiting) return lines;
    await provider.request({ method: "evm_setAutomine", params: [false] });
    for (const value of [7n, 8n])
      await provider.request({ method: "eth_sendTransaction", params: [message(target.data("log", value))] });
    lines.push("waiting");
    await provider.request({ method: "evm_mine" });
    lines.push("mined");
    return lines;
  } finally {
    spy.mockRestore();
  }
}

test("console.log prints the same lines at the same places", async () => {
  const lines = await printed(project, "braid");
  expect(lines).toEqual(await printed(project, "edr"));
  expect(lines.filter((line) => typeof line === "string")).toContain("number 6");
});

/** All measurements: EDR tells the hooks when it gets to it. */
async function settled(): Promise<unknown[]> {
  for (let count = -1; count !== measurements.length; ) {
    count = measurements.length;
    await setTimeout(500);
  }
  return measurements.splice(0);
}

test("gas statistics get the same measurements, and nothing is printed twice for it", async () => {
  measurements.length = 0;
  // EDR also measures what waits, each time when it looks at the pending block.
  const lines = await printed(measured, "edr", { waiting: false });
  const theirs = await settled();
  expect(await printed(measured, "braid", { waiting: false })).toEqual(lines);
  expect(await settled()).toEqual(theirs);
  expect(theirs).toHaveLength(3);
});

test("an error that EDR cannot trace keeps Hardhat's words", async () => {
  const { provider } = await connect("braid");
  const [from] = (await provider.request({ method: "eth_accounts" })) as Hex[];
  // Code of nobody's sources: revert with a panic of its own.
  const to = `0x${"99".repeat(20)}`;
  const code = "0x634e487b715f5260116020526024601cfd";
  await provider.request({ method: "hardhat_setCode", params: [to, code] });
  expect(await outcomeOf(provider, "eth_call", [{ from, to }])).toMatchObject({
    error: {
      name: "SolidityError",
      code: 3,
      message: expect.stringContaining("reverted with panic code 0x11"),
      data: `0x4e487b71${"11".padStart(64, "0")}`,
    },
  });
});
