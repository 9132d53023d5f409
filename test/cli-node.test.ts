// `braid node` as a person starts it: the banner, a client over HTTP, blocks that are printed, a chain that is kept, and its end.

import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { FIXTURES, isPresent } from "./mainnet/fixture-files.ts";

const CLI = join(import.meta.dirname, "../packages/cli/src/main.ts");
const CHAIN = "chain-imports/execution-apis";

interface Running {
  process: ChildProcess;
  url: string;
  stdout: () => string;
  stderr: () => string;
  /** Ends it as Ctrl-C does; gives its exit code. */
  end(): Promise<number | null>;
}

const running: Running[] = [];
afterEach(async () => {
  for (const one of running.splice(0)) await one.end();
});

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "braid-cli-node-"));
  return () => rmSync(folder, { recursive: true });
});

async function start(...args: string[]): Promise<Running> {
  const child = spawn(process.execPath, [CLI, "node", "--port", "0", "--workers", "1", ...args], {
    env: { ...process.env, NO_COLOR: "1" },
  });
  let [stdout, stderr] = ["", ""];
  child.stdout.on("data", (data: Buffer) => {
    stdout += data.toString();
  });
  child.stderr.on("data", (data: Buffer) => {
    stderr += data.toString();
  });
  const ended = new Promise<number | null>((resolve) => child.once("exit", resolve));
  const url = await new Promise<string>((resolve, reject) => {
    child.stdout.on("data", () => {
      const found = /http:\/\/[\d.]+:\d+/.exec(stdout);
      if (found !== null) resolve(found[0]);
    });
    ended.then((code) => reject(new Error(`it ended with ${code}: ${stderr}`)));
  });
  const one: Running = {
    process: child,
    url,
    stdout: () => stdout,
    stderr: () => stderr,
    end: () => {
      child.kill("SIGINT");
      return ended;
    },
  };
  running.push(one);
  return one;
}

async function request(url: string, method: string, ...params: unknown[]): Promise<unknown> {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
  });
  const { result, error } = (await response.json()) as { result?: unknown; error?: unknown };
  if (error !== undefined) throw new Error(JSON.stringify(error));
  return result;
}

describe("braid node", { timeout: 60_000 }, () => {
  test("shows its accounts, serves them, prints what it mines, and ends when it is told to", async () => {
    const node = await start("--accounts", "3", "--chain-id", "77");
    expect(node.stdout()).toContain("(2) 0x3c44cdddb6a900fa2b585dd299e03d12fa4293bc (10,000 ETH)");
    expect(node.stdout()).toContain("(0) 0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80");
    expect(await request(node.url, "eth_chainId")).toBe("0x4d");
    const [from, to] = (await request(node.url, "eth_accounts")) as string[];
    const hash = await request(node.url, "eth_sendTransaction", { from, to, value: "0x1" });
    await expect.poll(node.stdout).toContain(`ok     ${hash}: ${from} -> ${to}, 21,000 gas`);
    expect(node.stdout()).toMatch(/block 1 0x[0-9a-f]{64}: 1 transaction, 21,000 gas/);
    expect(await node.end()).toBe(0);
    expect(node.stderr()).toBe("");
  });

  test("prints JSON lines, or nothing", async () => {
    const node = await start("--json", "--accounts", "1");
    await request(node.url, "evm_mine");
    await expect.poll(() => node.stdout().trim().split("\n").length).toBe(2);
    const [listening, block] = node
      .stdout()
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(listening).toMatchObject({ event: "listening", url: node.url, chainId: 31337 });
    expect(block).toMatchObject({ event: "block", number: 1, transactions: 0 });
  });

  test("holds clients to its limits, counts what it mines, and a second signal ends it at once", async () => {
    const node = await start(
      "--accounts",
      "1",
      "--limit",
      "batchLength=2",
      "--limit",
      "callMs=60000",
      "--limit",
      "callGas=100000000000",
    );
    const batch = JSON.stringify(Array(3).fill({ id: 1, method: "eth_chainId" }));
    const answer = await fetch(node.url, { method: "POST", body: batch });
    expect(await answer.json()).toMatchObject({ error: { code: -32600 } });
    await request(node.url, "evm_mine");
    const metrics = await (await fetch(`${node.url}/metrics`)).text();
    expect(metrics).toContain("braid_mined_blocks_total 1");
    expect(metrics).toContain("braid_head_block_number 1");
    expect((await fetch(`${node.url}/ready`)).status).toBe(200);
    const loop = "0x00000000000000000000000000000000000000cc";
    const endless = request(node.url, "eth_call", { to: loop }, "latest", { [loop]: { code: "0x5b5f56" } });
    const gone = endless.catch(() => "gone");
    const running = async (): Promise<string> => (await fetch(`${node.url}/metrics`)).text();
    await expect.poll(running, { timeout: 20_000 }).toContain("braid_rpc_requests_running 1");
    node.process.stdout?.on("data", (text: Buffer) => {
      if (text.includes("Ending")) node.process.kill("SIGTERM");
    });
    expect(await node.end()).toBe(null);
    expect(await gone).toBe("gone");
  });

  test("keeps its chain in a folder, also when it is killed", async () => {
    const datadir = join(folder, "kept");
    const first = await start("--datadir", datadir, "--accounts", "1");
    await request(first.url, "evm_mine");
    const block = await request(first.url, "eth_getBlockByNumber", "latest", false);
    first.process.kill("SIGKILL");
    const second = await start("--datadir", datadir, "--accounts", "1");
    expect(await request(second.url, "eth_getBlockByNumber", "latest", false)).toEqual(block);
    expect(existsSync(datadir)).toBe(true);
  });

  test.skipIf(!isPresent(CHAIN))("imports a chain file, and passes over what it has", async () => {
    const at = (name: string): string => join(FIXTURES, CHAIN, name);
    const datadir = join(folder, "imported");
    for (let round = 0; round < 2; round++) {
      const node = await start(
        "--genesis",
        at("genesis.json"),
        "--import",
        at("chain.rlp"),
        "--datadir",
        datadir,
      );
      expect(await request(node.url, "eth_blockNumber")).toBe("0x36");
      expect(await node.end()).toBe(0);
    }
  });

  test.each([
    ["--hardfork", "nowhere", "BRAID_UNKNOWN_HARDFORK"],
    ["--genesis", "/nowhere.json", "BRAID_FILE_UNREADABLE"],
    ["--mnemonic", "no mnemonic", "BRAID_MNEMONIC"],
    ["--limit", "nothing=1", "BRAID_UNKNOWN_LIMIT"],
  ])("%s %s is told", async (option, value, code) => {
    await expect(start(option, value)).rejects.toThrow(
      new RegExp(`ended with 1: braid: .*\\[${code}\\]`, "s"),
    );
  });
});
