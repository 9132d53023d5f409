// Every key that Hardhat knows of a simulated network: it does on Braid what it does on Hardhat's own network, or it is refused.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { setTimeout } from "node:timers/promises";
import type { EdrNetworkUserConfig } from "hardhat/types/config";
import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";
import { type Hex, toHex } from "viem";
import { beforeAll, describe, expect, test } from "vitest";
import { comparable } from "./testing/comparable.ts";
import {
  BEGINNING,
  type Outcome,
  openProject,
  outcomeOf,
  readTarget,
  type Target,
} from "./testing/project.ts";

type Config = Partial<Omit<EdrNetworkUserConfig, "type" | "braid">>;
type Ask = <T = Hex>(method: string, ...params: unknown[]) => Promise<T>;

/** What shows that a key is honoured. */
type Probe = (ask: Ask, target: Target) => Promise<void>;

interface Case {
  keys: readonly (keyof EdrNetworkUserConfig)[];
  config: Config;
  probe: Probe;
}

const SINK = `0x${"5a".repeat(20)}`;
const NOBODY = `0x${"77".repeat(20)}`;
const GWEI = 10n ** 9n;
/** Calls the identity contract with 100 gas, which is never enough, and stops. */
const CARELESS = "0x600060006000600060003060645af15000";
/** Answers how much gas is left. */
const GAS_LEFT = "0x5a60005260206000f3";
/** Opcodes that came with one fork after the other, with what they take. */
const OPCODES: readonly [name: string, code: Hex][] = [
  ["SHL", "0x6001600260031b"],
  ["EXTCODEHASH", "0x30303f"],
  ["CHAINID", "0x46"],
  ["SELFBALANCE", "0x47"],
  ["BASEFEE", "0x48"],
  ["PUSH0", "0x5f"],
  ["MCOPY", "0x6000600060005e"],
  ["TLOAD", "0x60005c"],
  ["BLOBBASEFEE", "0x4a"],
  ["CLZ", "0x60011e"],
  ["DIFFICULTY", "0x44"],
];
/** Init code that returns 60,000 bytes. */
const LARGE = "0x61ea605ff3";
const HARDFORKS = [
  "byzantium",
  "constantinople",
  "petersburg",
  "istanbul",
  "muirGlacier",
  "berlin",
  "london",
  "arrowGlacier",
  "grayGlacier",
  "merge",
  "shanghai",
  "cancun",
  "prague",
  "osaka",
];

/** The same times on both networks. */
async function at(ask: Ask, seconds: number): Promise<void> {
  await ask("evm_setNextBlockTimestamp", BEGINNING.getTime() / 1_000 + seconds);
}

async function deploy(ask: Ask, { bytecode }: Target): Promise<Hex> {
  const [from] = await ask<Hex[]>("eth_accounts");
  await at(ask, 10);
  const hash = await ask("eth_sendTransaction", { from, data: bytecode, gas: "0x200000" });
  return (await ask<{ contractAddress: Hex }>("eth_getTransactionReceipt", hash)).contractAddress;
}

/** Sends without any of the fields that a network's configuration fills in. */
const sendsBarely: Probe = async (ask) => {
  await at(ask, 10);
  const hash = await ask("eth_sendTransaction", { to: SINK, value: "0x1" });
  await ask("eth_getTransactionByHash", hash);
  await ask("eth_getBlockByNumber", "latest", false);
};

const asksForAccounts: Probe = async (ask) => {
  for (const account of await ask<Hex[]>("eth_accounts")) await ask("eth_getBalance", account, "latest");
  await sendsBarely(ask, {} as Target);
};

const asksForIds: Probe = async (ask) => {
  await ask("eth_chainId");
  await ask("net_version");
  await sendsBarely(ask, {} as Target);
};

const minesTransfers: Probe = async (ask) => {
  const [one, two, three] = await ask<Hex[]>("eth_accounts");
  for (const [from, tip] of [
    [one, 1n],
    [two, 3n],
    [three, 2n],
    [one, 9n],
  ] as const) {
    const fees = { maxFeePerGas: toHex(20n * GWEI), maxPriorityFeePerGas: toHex(tip * GWEI) };
    await ask("eth_sendTransaction", { from, to: SINK, value: "0x1", gas: "0x5208", ...fees });
  }
  await ask("eth_blockNumber");
  await at(ask, 10);
  await ask("evm_mine");
  await ask("eth_getBlockByNumber", "latest", true);
};

const asksForGas: Probe = async (ask, target) => {
  const to = await deploy(ask, target);
  const [from] = await ask<Hex[]>("eth_accounts");
  await ask("eth_getBlockByNumber", "latest", false);
  for (const gas of ["0x200000", "0x2191c0", "0x2191c1", "0x2625a1", "0x1000001", "0x5000000"]) {
    await ask("eth_call", { from, to, data: target.data("value"), gas });
    await at(ask, 20 + Number(gas));
    await ask("eth_sendTransaction", { from, to, data: target.data("store", 3n), gas });
  }
  await ask("hardhat_setCode", SINK, GAS_LEFT);
  await ask("eth_call", { from, to: SINK });
  await ask("eth_getBlockByNumber", "0x2", false);
};

const createsLarge: Probe = async (ask) => {
  const [from] = await ask<Hex[]>("eth_accounts");
  await at(ask, 10);
  const hash = await ask("eth_sendTransaction", { from, data: LARGE, gas: "0xf00000" });
  if (hash !== undefined) await ask("eth_getTransactionReceipt", hash);
};

const estimates: Probe = async (ask, target) => {
  const to = await deploy(ask, target);
  const [from] = await ask<Hex[]>("eth_accounts");
  await ask("hardhat_setCode", SINK, CARELESS);
  await ask("eth_estimateGas", { from, to: SINK });
  await at(ask, 20);
  await ask("eth_getTransactionByHash", await ask("eth_sendTransaction", { from, to: SINK }));
  for (const data of [target.data("make", 3n), target.data("fill", 4n), target.data("fail", 9n)])
    await ask("eth_estimateGas", { from, to, data });
};

const fails: Probe = async (ask, target) => {
  const to = await deploy(ask, target);
  const [from] = await ask<Hex[]>("eth_accounts");
  await at(ask, 20);
  const failing = { from, to, data: target.data("fail", 1n), gas: "0x20000" };
  const hash = await ask("eth_sendTransaction", failing);
  if (hash !== undefined) await ask("eth_getTransactionReceipt", hash);
  await ask("eth_call", failing);
  await ask("eth_blockNumber");
};

/** What a fork knows, and what its blocks have. */
const looksAtRules: Probe = async (ask) => {
  for (const [, code] of OPCODES) {
    await ask("hardhat_setCode", SINK, code);
    await ask("eth_call", { from: NOBODY, to: SINK, gas: "0x30d40" });
    await ask("eth_estimateGas", { from: NOBODY, to: SINK, gas: "0x30d40" });
  }
  await sendsBarely(ask, {} as Target);
  const [from] = await ask<Hex[]>("eth_accounts");
  await at(ask, 20);
  const hash = await ask("eth_sendTransaction", {
    from,
    data: "0x60016000f3",
    gas: "0x30d40",
    gasPrice: toHex(9n * GWEI),
  });
  await ask("eth_getTransactionReceipt", hash);
  await ask("eth_getBlockByNumber", "0x0", false);
};

const CASES: readonly Case[] = [
  {
    keys: ["accounts"],
    config: { accounts: { count: 3, initialIndex: 1, accountsBalance: 10n ** 18n } },
    probe: asksForAccounts,
  },
  {
    keys: ["accounts"],
    config: {
      accounts: {
        mnemonic:
          "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about",
        path: "m/44'/60'/1'/0",
        passphrase: "words",
        count: 2,
      },
    },
    probe: asksForAccounts,
  },
  {
    keys: ["accounts"],
    config: { accounts: [{ privateKey: `0x${"12".repeat(32)}`, balance: "1000000000000000000" }] },
    probe: asksForAccounts,
  },
  { keys: ["chainId"], config: { chainId: 77 }, probe: asksForIds },
  { keys: ["networkId"], config: { networkId: 78 }, probe: asksForIds },
  { keys: ["from"], config: { from: "0x70997970c51812dc3a010c7d01b50e0d17dc79c8" }, probe: sendsBarely },
  { keys: ["gas"], config: { gas: 99_999 }, probe: sendsBarely },
  { keys: ["gasPrice"], config: { gasPrice: 5n * GWEI }, probe: sendsBarely },
  { keys: ["gasMultiplier"], config: { gasMultiplier: 1.5 }, probe: sendsBarely },
  ...[true, false].map(
    (allowBlocksWithSameTimestamp): Case => ({
      keys: ["allowBlocksWithSameTimestamp"],
      config: { allowBlocksWithSameTimestamp },
      probe: async (ask) => {
        await at(ask, 10);
        await ask("evm_mine");
        await at(ask, 10);
        for (const seconds of [10, 9, 15]) {
          await ask("evm_mine", BEGINNING.getTime() / 1_000 + seconds);
          await ask("eth_getBlockByNumber", "latest", false);
        }
        await ask("eth_blockNumber");
      },
    }),
  ),
  ...[true, false].map(
    (allowUnlimitedContractSize): Case => ({
      keys: ["allowUnlimitedContractSize"],
      config: { allowUnlimitedContractSize },
      probe: createsLarge,
    }),
  ),
  { keys: ["blockGasLimit"], config: { blockGasLimit: 2_500_000 }, probe: asksForGas },
  { keys: ["transactionGasCap"], config: { transactionGasCap: 2_200_000 }, probe: asksForGas },
  { keys: ["transactionGasCap"], config: { transactionGasCap: false }, probe: asksForGas },
  {
    keys: ["blockGasLimit", "transactionGasCap"],
    config: { blockGasLimit: false, transactionGasCap: false },
    probe: async (ask, target) => {
      const to = await deploy(ask, target);
      const [from] = await ask<Hex[]>("eth_accounts");
      await at(ask, 20);
      const message = { from, to, data: target.data("store", 3n), gas: "0x9000000" };
      const { gasUsed, status } = await ask<{ gasUsed: Hex; status: Hex }>(
        "eth_getTransactionReceipt",
        await ask("eth_sendTransaction", { ...message, gasPrice: toHex(5n * GWEI) }),
      );
      expect({ gasUsed, status }).toMatchObject({ status: "0x1" });
      await ask("eth_call", message);
      await ask("eth_estimateGas", { ...message, gas: undefined });
    },
  },
  { keys: ["coinbase"], config: { coinbase: `0x${"c1".repeat(20)}` }, probe: sendsBarely },
  { keys: ["initialBaseFeePerGas"], config: { initialBaseFeePerGas: 7n * GWEI }, probe: sendsBarely },
  {
    keys: ["minGasPrice"],
    config: { minGasPrice: 2n * GWEI },
    probe: async (ask) => {
      const [from] = await ask<Hex[]>("eth_accounts");
      await at(ask, 10);
      for (const gasPrice of [GWEI, 3n * GWEI])
        await ask("eth_sendTransaction", { from, to: SINK, gas: "0x5208", gasPrice: toHex(gasPrice) });
      await ask("eth_blockNumber");
    },
  },
  {
    keys: ["initialDate"],
    config: { initialDate: "2030-05-05T05:05:05Z" },
    probe: (ask) => ask("eth_getBlockByNumber", "0x0", false),
  },
  ...HARDFORKS.map((hardfork): Case => ({ keys: ["hardfork"], config: { hardfork }, probe: looksAtRules })),
  ...(["noInternalOutOfGas", "topLevelSuccess"] as const).map(
    (gasEstimationMode): Case => ({
      keys: ["gasEstimationMode"],
      config: { gasEstimationMode },
      probe: estimates,
    }),
  ),
  { keys: ["mining"], config: { mining: { auto: false } }, probe: minesTransfers },
  {
    keys: ["mining"],
    config: { mining: { auto: false, mempool: { order: "fifo" } } },
    probe: minesTransfers,
  },
  { keys: ["mining"], config: { mining: { auto: true, interval: [60_000, 90_000] } }, probe: sendsBarely },
  { keys: ["throwOnTransactionFailures"], config: { throwOnTransactionFailures: false }, probe: fails },
  { keys: ["throwOnCallFailures"], config: { throwOnCallFailures: false }, probe: fails },
  { keys: ["throwOnCallFailures", "throwOnTransactionFailures"], config: {}, probe: fails },
];

/** Tested elsewhere: what they print, and what they fetch. */
const ELSEWHERE: readonly (keyof EdrNetworkUserConfig)[] = ["type", "braid", "loggingEnabled", "forking"];

let project: HardhatRuntimeEnvironment;
let target: Target;

beforeAll(async () => {
  project = await openProject();
  target = await readTarget(project);
}, 300_000);

/** All that was answered. */
async function answers(network: string, config: Config, probe: Probe): Promise<unknown[]> {
  const connection = await project.network.create({ network, override: config });
  const heard: unknown[] = [];
  const isOld = HARDFORKS.indexOf(config.hardfork ?? "osaka") < HARDFORKS.indexOf("london");
  const ask = async (method: string, ...params: unknown[]): Promise<unknown> => {
    const outcome: Outcome = await outcomeOf(connection.provider, method, params);
    heard.push([method, withoutHashes(comparable(outcome, method, new Map()), isOld)]);
    return "result" in outcome ? outcome.result : undefined;
  };
  try {
    await probe(ask as Ask, target);
    return heard;
  } finally {
    await connection.close();
  }
}

/** Blocks have other hashes. */
function withoutHashes(value: unknown, isOld: boolean): unknown {
  return JSON.parse(
    // EDR shows no type and no effective price before there were several.
    JSON.stringify(value, (name, field) =>
      /^(hash|parentHash|blockHash)$/.test(name) || (isOld && /^(type|effectiveGasPrice)$/.test(name))
        ? undefined
        : field,
    ),
  );
}

describe("a key of a network does what it does on EDR", () => {
  test.each(
    CASES.map(
      ({ keys, ...rest }) => [`${keys.join(" and ")} ${JSON.stringify(rest.config, plain)}`, rest] as const,
    ),
  )("%s", async (_name, { config, probe }) => {
    expect(await answers("braid", config, probe)).toEqual(await answers("edr", config, probe));
  });
});

function plain(_name: string, value: unknown): unknown {
  return typeof value === "bigint" ? Number(value) : value;
}

test("mining by time", async () => {
  for (const network of ["edr", "braid"]) {
    const connection = await project.network.create({
      network,
      override: { allowBlocksWithSameTimestamp: true, mining: { auto: false, interval: 50 } },
    });
    const { provider } = connection;
    const deadline = performance.now() + 20_000;
    let height = 0;
    while (height < 3 && performance.now() < deadline) {
      await setTimeout(20);
      height = Number(await provider.request({ method: "eth_blockNumber" }));
    }
    expect(height, network).toBeGreaterThanOrEqual(3);
    expect(await provider.request({ method: "hardhat_getAutomine" }), network).toBe(false);
    await connection.close();
  }
});

test.each([
  ["edr", { braid: { workers: 0 } }, true],
  ["edr", { braid: { workers: 0, engine: "wasm" } }, true],
  ["edr", {}, false],
  ["braid", { braid: false }, false],
  ["braid", { braid: true, chainId: 9 }, true],
])("the network %s with the override %o is answered by Braid: %s", async (network, override, expected) => {
  const connection = await project.network.create({ network, override });
  const { clientVersion } = (await connection.provider.request({ method: "hardhat_metadata" })) as {
    clientVersion: string;
  };
  expect(/braid/i.test(clientVersion)).toBe(expected);
  await connection.close();
});

test.each(["l1", "generic"])("chainType %s", async (chainType) => {
  const connection = await project.network.create({ network: "braid", chainType });
  expect(await connection.provider.request({ method: "eth_chainId" })).toBe("0x7a69");
  await connection.close();
});

test.each([
  ["chainType op", { chainType: "op", override: { hardfork: "isthmus" } }],
  ["the hardfork amsterdam", { override: { hardfork: "amsterdam" } }],
  ["forking a node that does not answer", { override: { forking: { url: "http://127.0.0.1:9" } } }],
])(
  "%s is refused with a sentence",
  async (_name, wanted) => {
    const connection = await project.network.create({ network: "braid", ...wanted } as never);
    await expect(connection.provider.request({ method: "eth_chainId" })).rejects.toMatchObject({
      pluginId: "hardhat-braid",
    });
    await connection.close();
  },
  120_000,
);

test("there is no other key", () => {
  const types = join(
    dirname(createRequire(import.meta.url).resolve("hardhat/package.json")),
    "dist/src/internal/builtin-plugins/network-manager/type-extensions/config.d.ts",
  );
  const [, body = ""] =
    /interface EdrNetworkUserConfig \{(.*?)\n {4}\}/s.exec(readFileSync(types, "utf8")) ?? [];
  const known = [...body.matchAll(/^ {8}(\w+)\??:/gm)].map(([, name]) => name);
  expect(known.length).toBeGreaterThan(20);
  const tested = new Set<string>([...CASES.flatMap(({ keys }) => keys), ...ELSEWHERE, "chainType"]);
  expect(known.filter((name) => !tested.has(name as string))).toEqual([]);
  expect([...tested].filter((name) => name !== "braid" && !known.includes(name))).toEqual([]);
});
