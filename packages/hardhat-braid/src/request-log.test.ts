// What a network prints of its requests: the same lines on EDR and on Braid.

import { setTimeout } from "node:timers/promises";
import { stripVTControlCharacters } from "node:util";
import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";
import type { Hex } from "viem";
import { afterEach, beforeAll, expect, test, vi } from "vitest";
import { BEGINNING, openProject, outcomeOf, readTarget, type Target } from "./testing/project.ts";

let project: HardhatRuntimeEnvironment;
let target: Target;

beforeAll(async () => {
  project = await openProject();
  target = await readTarget(project);
}, 300_000);

afterEach(() => vi.restoreAllMocks());

type Ask = <T = Hex>(method: string, ...params: unknown[]) => Promise<T>;

/** The lines of a network, whose blocks have hashes of their own. */
async function logOf(
  network: string,
  use: (ask: Ask) => Promise<void>,
  loggingEnabled = true,
): Promise<string[]> {
  const lines: string[] = [];
  const keep = (text: unknown): void => {
    const line = stripVTControlCharacters(String(text)).trimEnd();
    lines.push(line.replace(/(Block(?: #\d+)?: +)0x[0-9a-f]{64}/, "$1(its hash)"));
  };
  const printed = vi.spyOn(console, "log").mockImplementation(keep);
  // What is replaced on a terminal.
  const written = vi.spyOn(process.stdout, "write").mockImplementation((text) => {
    keep(text);
    return true;
  });
  const connection = await project.network.create({ network, override: { loggingEnabled } });
  try {
    await use((async (method, ...params) => {
      const outcome = await outcomeOf(connection.provider, method, params);
      return "result" in outcome ? outcome.result : undefined;
    }) as Ask);
    return lines;
  } finally {
    await connection.close();
    printed.mockRestore();
    written.mockRestore();
  }
}

/** A block at this time: blocks by the clock would differ. */
async function at(ask: Ask, seconds: number): Promise<void> {
  await ask("evm_setNextBlockTimestamp", BEGINNING.getTime() / 1_000 + seconds);
}

const FEES = { gas: "0x300000", gasPrice: "0x77359400" };

async function useMuch(ask: Ask): Promise<void> {
  const [from, other] = await ask<Hex[]>("eth_accounts");
  await ask("eth_chainId");
  await ask("eth_chainId");
  const hash = await ask("eth_sendTransaction", { from, data: target.bytecode, ...FEES });
  const { contractAddress: to } = await ask<{ contractAddress: Hex }>("eth_getTransactionReceipt", hash);
  const message = (name: string, ...args: unknown[]) => ({ from, to, data: target.data(name, ...args) });
  for (const value of ["0x0", "0x5", "0x10000000", "0x1234567890123"])
    await ask("eth_sendTransaction", { ...message("store", 5n), value, ...FEES });
  for (const how of [0n, 1n, 3n, 5n, 6n])
    await ask("eth_sendTransaction", { ...message("fail", how), ...FEES, gas: "0x20000" });
  await ask("eth_sendTransaction", { from, to: other, value: "0x1", ...FEES });
  await ask("eth_sendTransaction", { from, data: "0xfe", ...FEES });
  await ask("eth_call", message("value"));
  await ask("eth_call", { ...message("value"), to: other });
  for (const how of [0n, 2n, 4n]) await ask("eth_call", message("fail", how));
  await ask("eth_call", { from, to, data: "0x12345678" });
  await ask("eth_call", { from, to, value: "0x7" });
  await ask("eth_call", { from, to: `0x${"2".padStart(40, "0")}`, data: "0x12" });
  await ask("eth_call", { from, data: target.bytecode });
  await ask("eth_estimateGas", message("store", 0n));
  for (const how of [0n, 1n, 12n]) await ask("eth_estimateGas", message("fail", how));
  await ask("eth_nothing");
  await ask("eth_getBalance", from, "0xffff");
  await ask("eth_sendTransaction", { ...message("value"), nonce: "0xffff", ...FEES });
  await ask("hardhat_mine", "0x1");
  await ask("evm_mine");
  await ask("hardhat_mine", "0x3");
  await ask("evm_setAutomine", false);
  await ask("eth_sendTransaction", { ...message("store", 6n), ...FEES });
  await ask("eth_sendTransaction", { ...message("fail", 2n), ...FEES });
  await ask("hardhat_mine", "0x2");
  await ask("eth_sendTransaction", { ...message("store", 6n), ...FEES });
  await ask("evm_setAutomine", true);
  await ask("eth_sendTransaction", { ...message("store", 7n), ...FEES });
  await ask("hardhat_setLoggingEnabled", false);
  await ask("eth_chainId");
  await ask("hardhat_setLoggingEnabled", true);
  await ask("net_version");
}

test("requests, calls, transactions and blocks", async () => {
  const ours = await logOf("braid", useMuch);
  expect(ours).toEqual(await logOf("edr", useMuch));
  expect(ours).toContain("  Contract call:       Target#store");
});

test("what is left out is asked for, and printed", async () => {
  const use = async (ask: Ask): Promise<void> => {
    const [from] = await ask<Hex[]>("eth_accounts");
    await at(ask, 10);
    await ask("eth_sendTransaction", { from, data: target.bytecode });
    await ask("eth_sendTransaction", { from, data: "0xfe" });
  };
  // Whether there is a base fee is asked by Hardhat once; Braid knows.
  const theirs = (await logOf("edr", use)).filter((line) => line !== "eth_getBlockByNumber");
  expect(await logOf("braid", use)).toEqual(theirs);
});

test("console.log is printed after the request that it belongs to", async () => {
  const lines = await logOf("braid", async (ask) => {
    const [from] = await ask<Hex[]>("eth_accounts");
    const hash = await ask("eth_sendTransaction", { from, data: target.bytecode, ...FEES });
    const { contractAddress: to } = await ask<{ contractAddress: Hex }>("eth_getTransactionReceipt", hash);
    await ask("eth_sendTransaction", { from, to, data: target.data("log", 3n), ...FEES });
  });
  expect(lines.indexOf("number 3")).toBeGreaterThan(lines.indexOf("  Contract call:       Target#log"));
});

test("blocks that are mined by time", async () => {
  const use = async (ask: Ask): Promise<void> => {
    const [from] = await ask<Hex[]>("eth_accounts");
    await ask("evm_setAutomine", false);
    await ask("eth_sendTransaction", { from, to: from, ...FEES });
    await ask("evm_setIntervalMining", 1_000);
    await setTimeout(3_500);
    await ask("evm_setIntervalMining", 0);
  };
  const [ours, theirs] = [await logOf("braid", use), await logOf("edr", use)];
  const kinds = (lines: string[]): string[] =>
    lines
      .filter((line) => line.startsWith("Mined"))
      .map((line) => line.replace(/#\d+/g, "#").replace(/fee \d+/, "fee"));
  expect(kinds(ours)).toContain("Mined block #");
  expect(kinds(ours).slice(0, 2)).toEqual(kinds(theirs).slice(0, 2));
});

test("nothing is printed when nobody asks for it", async () => {
  expect(await logOf("braid", (ask) => ask("eth_chainId"), false)).toEqual([]);
});
