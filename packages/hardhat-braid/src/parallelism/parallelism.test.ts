// The task on small projects, as a user runs it: tests that send transactions, and what is reported of them.

import { mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { task } from "hardhat/config";
import { definePlugin } from "hardhat/plugins";
import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";
import type { EthereumProvider } from "hardhat/types/providers";
import {
  type Abi,
  encodeAbiParameters,
  encodeDeployData,
  encodeFunctionData,
  type Hex,
  keccak256,
} from "viem";
import { afterEach, describe, expect, test, vi } from "vitest";
import plugin from "../index.ts";
import { openProject } from "../testing/project.ts";
import type { Report, VariableReport } from "./report.ts";

/** What the project's tests do; they are run by a runner of their own. */
let story: (hre: HardhatRuntimeEnvironment) => Promise<number> = async () => 0;

const runner = definePlugin({
  id: "runner-of-stories",
  tasks: [
    task(["test", "stories"], "Runs the story")
      .addVariadicArgument({ name: "testFiles", defaultValue: [] })
      .addFlag({ name: "noCompile" })
      .setAction(async () => ({
        default: async (_args, hre) => ({ failed: await story(hre), passed: 1 }),
      }))
      .build(),
  ],
});

let opened: Promise<{ hre: HardhatRuntimeEnvironment; root: string }> | undefined;

/** The project, compiled once. */
function project(): Promise<{ hre: HardhatRuntimeEnvironment; root: string }> {
  opened ??= (async () => {
    const build = await mkdtemp(join(tmpdir(), "hardhat-parallelism-"));
    const paths = {
      sources: join(import.meta.dirname, "../testing/traffic"),
      artifacts: join(build, "artifacts"),
      cache: join(build, "cache"),
    };
    const hre = await openProject({}, { plugins: [plugin, runner], paths });
    return { hre, root: build };
  })();
  return opened;
}

/** Accounts, and contracts that they call. */
class Stage {
  readonly provider: EthereumProvider;
  readonly accounts: Hex[];
  readonly #hre: HardhatRuntimeEnvironment;

  private constructor(hre: HardhatRuntimeEnvironment, provider: EthereumProvider, accounts: Hex[]) {
    this.#hre = hre;
    this.provider = provider;
    this.accounts = accounts;
  }

  static async open(hre: HardhatRuntimeEnvironment): Promise<Stage> {
    const { provider } = await hre.network.create("edr");
    return new Stage(hre, provider, (await provider.request({ method: "eth_accounts" })) as Hex[]);
  }

  account(index: number): Hex {
    const account = this.accounts[index];
    if (account === undefined) throw new RangeError(`there is no account ${index}`);
    return account;
  }

  async deploy(name: string, args: unknown[] = []): Promise<Hex> {
    const { abi, bytecode } = await this.#hre.artifacts.readArtifact(name);
    const data = encodeDeployData({ abi: abi as Abi, bytecode: bytecode as Hex, args });
    const hash = await this.#send({ from: this.account(0), data });
    const receipt = await this.provider.request({ method: "eth_getTransactionReceipt", params: [hash] });
    return (receipt as { contractAddress: Hex }).contractAddress;
  }

  async call(
    name: string,
    to: Hex,
    from: Hex,
    functionName: string,
    args: unknown[] = [],
    value = "0x0",
  ): Promise<void> {
    const { abi } = await this.#hre.artifacts.readArtifact(name);
    await this.#send({ from, to, value, data: encodeFunctionData({ abi: abi as Abi, functionName, args }) });
  }

  #send(transaction: Record<string, unknown>): Promise<unknown> {
    return this.provider.request({ method: "eth_sendTransaction", params: [transaction] });
  }
}

const USERS = 40;

const printed: string[] = [];

async function run(
  tell: (stage: Stage) => Promise<void>,
  args: Record<string, unknown> = {},
  failed = 0,
): Promise<Report> {
  const { hre } = await project();
  story = async (inside) => {
    await tell(await Stage.open(inside));
    return failed;
  };
  vi.spyOn(console, "log").mockImplementation((text) => void printed.push(String(text)));
  return hre.tasks.getTask("parallelism").run({ users: USERS, ...args });
}

afterEach(() => {
  vi.restoreAllMocks();
  printed.length = 0;
});

function variable(report: Report, name: string): VariableReport {
  const found = report.variables.find((one) => one.name === name);
  if (found === undefined)
    throw new Error(`${name} is not among ${report.variables.map((one) => one.name).join(" | ")}`);
  return found;
}

const speedup = ({ functions }: Report, name: string): number =>
  functions.find((one) => one.name === name)?.speedup.simulated["16"] ?? Number.NaN;

/** One user claims of both. */
async function dropStory(stage: Stage): Promise<void> {
  for (const name of ["PlainDrop", "ShardedDrop"]) {
    const drop = await stage.deploy(name);
    await stage.call(name, drop, stage.account(1), "claim");
  }
}

describe("hardhat parallelism", () => {
  test("names an airdrop's counter, calls it commutative, and shows the gain of its parts", async () => {
    const report = await run(dropStory);
    expect(report.traffic).toEqual({ transactions: 4, deployments: 2, failed: 0, failedTests: 0 });
    expect(report.functions.map(({ name, calls, users }) => [name, calls, users])).toEqual([
      ["PlainDrop.claim", USERS, "like its sender"],
      ["ShardedDrop.claim", USERS, "like its sender"],
    ]);
    expect(report.functions[0]?.place).toEqual({
      file: "src/testing/traffic/Drops.sol",
      line: 11,
      function: "Drop.claim",
    });
    const total = variable(report, "PlainDrop.total");
    expect(total).toMatchObject({
      commutes: true,
      pattern: "counter",
      place: { file: "src/testing/traffic/Drops.sol", line: 26 },
      writtenAt: [{ line: 29, function: "PlainDrop._count" }],
      page: "hardhat-braid/docs/parallel-friendly-contracts.md#counters-and-sums",
    });
    const [own] = total.functions;
    expect(own?.name).toBe("PlainDrop.claim");
    expect(own?.without).toBeGreaterThan(own?.speedup ?? 0);
    const [plain, sharded] = report.functions.map((one) => one.speedup.byGas);
    expect(plain).toBeCloseTo(1, 1);
    expect(sharded).toBeGreaterThan(5);
    expect(variable(report, "ShardedDrop._totals[]").commutes).toBe(true);
    expect(speedup(report, "ShardedDrop.claim")).toBeGreaterThan(speedup(report, "PlainDrop.claim"));
    expect(printed.join("\n")).toContain("PlainDrop.total  src/testing/traffic/Drops.sol:26");
  }, 300_000);

  test("names a pair's reserves, and shows the gain of a price that is set at times", async () => {
    const report = await run(async (stage) => {
      for (const name of ["Pair", "PricedPair"]) {
        const pair = await stage.deploy(name);
        await stage.call(name, pair, stage.account(0), "deposit", [stage.account(3), 10n ** 20n]);
        await stage.call(name, pair, stage.account(3), "swap", [10n ** 18n]);
      }
    });
    const reserves = variable(report, "Pair._reserve0, _reserve1, _updatedAt");
    expect(reserves).toMatchObject({ commutes: false, pattern: "figure" });
    expect(reserves.writtenAt.map((place) => place.function)).toContain("Pair._out");
    expect(report.variables).toHaveLength(1);
    expect(speedup(report, "PricedPair.swap")).toBeGreaterThan(speedup(report, "Pair.swap"));
    // A deposit is the owner's to make.
    expect(report.leftOut).toEqual([
      { name: "Pair.deposit", reason: "OnlyOwner" },
      { name: "PricedPair.deposit", reason: "OnlyOwner" },
    ]);
  }, 300_000);

  test("follows a proxy to its implementation, and names what lies in namespaces", async () => {
    const html = join((await project()).root, "report.html");
    const report = await run(
      async (stage) => {
        const votes = await stage.deploy("Votes");
        const proxy = await stage.deploy("Proxy", [votes]);
        await stage.call("Votes", proxy, stage.account(2), "vote", [7n, 1n]);
      },
      { html },
    );
    expect(report.functions.map(({ name }) => name)).toEqual(["Votes.vote"]);
    const counts = variable(report, "Votes.traffic.votes.counts[][]");
    expect(counts).toMatchObject({ commutes: true, entries: ["Votes.traffic.votes.counts[7][1]"] });
    const page = await readFile(html, "utf8");
    expect(page).toContain("Votes.traffic.votes.counts[7][1]");
    expect(page).toContain("Votes.vote");
  }, 300_000);

  test("gives other users what belongs to the one in the tests, and identifiers of their own", async () => {
    const report = await run(async (stage) => {
      const deeds = await stage.deploy("Deeds");
      // The number is that of a slot as well.
      await stage.call("Deeds", deeds, stage.account(2), "make", [1n]);
      await stage.call("Deeds", deeds, stage.account(2), "give", [1n, stage.account(3)]);
      await stage.call("Deeds", deeds, stage.account(2), "next");
    });
    expect(report.functions.map(({ name, calls }) => [name, calls])).toEqual([
      ["Deeds.make", USERS],
      ["Deeds.give", USERS],
      ["Deeds.next", USERS],
    ]);
    expect(report.variables).toHaveLength(1);
    expect(variable(report, "Deeds.last")).toMatchObject({ pattern: "list", commutes: false });
  }, 300_000);

  test("gives contracts what users take out of them without having put it in", async () => {
    const report = await run(async (stage) => {
      const purse = await stage.deploy("Purse");
      await stage.call("Purse", purse, stage.account(2), "put", [], "0x64");
      await stage.call("Purse", purse, stage.account(2), "take");
    });
    expect(report.functions.map(({ name, calls, users }) => [name, calls, users])).toEqual([
      ["Purse.put", USERS, "like its sender"],
      ["Purse.take", USERS, "like its sender"],
    ]);
    expect(report.variables.map(({ name }) => name)).toEqual(["Purse.total"]);
  }, 300_000);

  test("looks for users for whom a call works, and else takes the calls of the tests that followed each other", async () => {
    const report = await run(async (stage) => {
      const doors = await stage.deploy("Doors");
      const keyOf = (account: Hex): Hex =>
        keccak256(encodeAbiParameters([{ type: "address" }, { type: "address" }], [account, doors]));
      const unlock = (account: Hex) => stage.call("Doors", doors, account, "unlock", [keyOf(account)]);
      const open = stage.accounts.filter((account) => BigInt(account) % 4n < 2n);
      const [first] = open;
      if (first !== undefined) await stage.call("Doors", doors, first, "enter");
      const snapshot = await stage.provider.request({ method: "evm_snapshot" });
      for (const account of stage.accounts.slice(0, 3)) await unlock(account);
      await stage.provider.request({ method: "evm_revert", params: [snapshot] });
      for (const account of stage.accounts.slice(3, 12)) await unlock(account);
      // Once more: that is the same call.
      await unlock(stage.account(3));
    });
    expect(report.functions.map(({ name, calls, users }) => [name, calls, users])).toEqual([
      ["Doors.enter", USERS, "like its sender"],
      ["Doors.unlock", 9, "as recorded"],
    ]);
    const [enter, unlocked] = variable(report, "Doors.entered").functions;
    expect(enter).toEqual({ name: "Doors.enter", speedup: expect.any(Number), without: expect.any(Number) });
    // The sum holds up the same calls.
    expect(unlocked).toMatchObject({ name: "Doors.unlock", together: { with: ["Doors.sum"] } });
    expect(variable(report, "Doors.sum").commutes).toBe(false);
  }, 300_000);

  test("makes blocks as a scenario says: functions, users, arguments", async () => {
    const { root } = await project();
    const scenario = join(root, "scenario.json");
    const told = async (blocks: unknown, file = scenario): Promise<Report> => {
      await writeFile(file, typeof blocks === "string" ? blocks : JSON.stringify({ blocks }));
      return run(
        async (stage) => {
          const pair = await stage.deploy("Pair");
          await stage.call("Pair", pair, stage.account(0), "deposit", [stage.account(3), 10n ** 20n]);
          await stage.call("Pair", pair, stage.account(3), "swap", [10n ** 18n]);
          const deeds = await stage.deploy("Deeds");
          await stage.call("Deeds", deeds, stage.account(2), "make", [7n]);
        },
        { scenario: file },
      );
    };
    const report = await told([
      {
        name: "a busy day",
        calls: [
          { function: "Pair.swap", users: 20, times: 2, args: ["recorded / 4 + index"] },
          { function: "Deeds.make(uint256)", users: 10, args: ["1000 * (index + 1) + time"] },
        ],
      },
      {
        name: "too much",
        calls: [{ function: "Pair.swap", users: 6, args: ["recorded * (1 + 200 * (index % 2))"] }],
      },
    ]);
    expect(report.functions.map(({ name, calls, users }) => [name, calls, users])).toEqual([
      ["a busy day", 50, "as the scenario says"],
      ["too much", 3, "as the scenario says"],
    ]);
    expect(report.leftOut).toEqual([{ name: "too much", reason: "3 of 6 calls fail: TooLittle" }]);
    expect(report.variables.map(({ name }) => name)).toEqual(["Pair._reserve0, _reserve1, _updatedAt"]);

    const byCode = await told(
      `export default { blocks: [{ name: "deeds", calls: [
        { function: "Deeds.make", users: 8, args: ({ index, recorded }) => [recorded[0] + BigInt(index)] },
      ] }] };`,
      join(root, "scenario.mjs"),
    );
    expect(byCode.functions.map(({ name, calls }) => [name, calls])).toEqual([["deeds", 8]]);
    expect(byCode.variables).toEqual([]);
    expect(printed.join("\n")).toContain("No user waits for another one.");

    const refused = { pluginId: "hardhat-braid" };
    await expect(told("{")).rejects.toMatchObject(refused);
    await expect(told([])).rejects.toMatchObject(refused);
    await expect(told([{ name: "a", calls: [{ function: "Pair.none" }] }])).rejects.toMatchObject(refused);
    const twoMany = [{ name: "a", calls: [{ function: "Pair.swap", users: 1e5 }] }];
    await expect(told(twoMany)).rejects.toMatchObject(refused);
    const wrong = [{ name: "a", calls: [{ function: "Pair.swap", args: ["index +"] }] }];
    await expect(told(wrong)).rejects.toMatchObject(refused);
  }, 300_000);

  test("compares with a baseline, and fails a run whose speed-up is too low", async () => {
    const { root } = await project();
    const baseline = join(root, "baseline.json");
    vi.spyOn(console, "error").mockImplementation(() => {});
    const before = await run(dropStory, { baseline, save: true });
    const saved = JSON.parse(await readFile(baseline, "utf8")) as Report;
    expect(saved).toEqual(JSON.parse(JSON.stringify(before)));

    // As if nobody had waited before.
    const [first, ...others] = saved.functions;
    const speedup = { ...first?.speedup, simulated: { "16": 15 }, byGas: 15 };
    await writeFile(
      baseline,
      JSON.stringify({ ...saved, functions: [{ ...first, speedup }, ...others], variables: [] }),
    );
    await run(dropStory, { baseline, minSpeedup: 60 }, 2);
    expect(process.exitCode).toBe(1);
    process.exitCode = undefined;
    expect(printed.join("\n")).toContain("2 tests failed");
    expect(printed.join("\n")).toMatch(/worse: PlainDrop\.claim 15\.0 -> /);
    expect(printed.join("\n")).toContain("new: PlainDrop.total makes users wait");

    const other = await run(dropStory, { baseline, at: 3, minSpeedup: 0.01 });
    expect(other.speedup.simulated["3"]).toBeGreaterThan(0);
    expect(process.exitCode).toBe(undefined);

    await writeFile(baseline, "{}");
    await expect(run(dropStory, { baseline })).rejects.toMatchObject({ pluginId: "hardhat-braid" });
  }, 300_000);

  test.each([
    ["no transactions", async () => {}, 0, /have sent no transactions\. Are they/],
    ["failing tests", async () => {}, 3, /3 of them failed/],
    [
      "deployments only",
      async (stage: Stage) => void (await stage.deploy("Votes")),
      0,
      /1 create contracts and 0 fail/,
    ],
    [
      "ether only",
      async ({ provider, accounts: [from, to] }: Stage) =>
        void (await provider.request({
          method: "eth_sendTransaction",
          params: [{ from, to, value: "0x1" }],
        })),
      0,
      /only send ether/,
    ],
  ])(
    "says what is missing: %s",
    async (_name, tell, failed, message) => {
      await expect(run(tell, {}, failed)).rejects.toMatchObject({
        pluginId: "hardhat-braid",
        message: expect.stringMatching(message),
      });
    },
    300_000,
  );

  test.each([{ users: 1 }, { at: 65 }, { minSpeedup: -1 }])("refuses %o", async (args) => {
    await expect(run(dropStory, args)).rejects.toMatchObject({ pluginId: "hardhat-braid" });
  });
});
