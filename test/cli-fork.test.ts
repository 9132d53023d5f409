// `braid node --fork-url` as a person starts it, on another `braid node`: flags of anvil's and hardhat's, what is printed, and where answers are kept.

import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";

const CLI = join(import.meta.dirname, "../packages/cli/src/main.ts");
const KEY = "k-3f9a77c1d2";
const SINK = "0x00000000000000000000000000000000000000c2";

interface Started {
  url: string;
  output(): string;
  end(): Promise<number | null>;
}

interface Ended {
  code: number | null;
  output: string;
}

let folder: string;
let remote: Started;
const started: ChildProcess[] = [];

function run(
  args: string[],
  env: Record<string, string> = {},
): { ready: Promise<Started>; ended: Promise<Ended> } {
  const child = spawn(process.execPath, [CLI, "node", "--port", "0", "--workers", "1", ...args], {
    env: { ...process.env, XDG_CACHE_HOME: folder, NO_COLOR: "1", ...env },
  });
  started.push(child);
  let output = "";
  const ended = new Promise<Ended>((resolve) => child.once("close", (code) => resolve({ code, output })));
  const ready = new Promise<Started>((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr])
      stream.on("data", (data: Buffer) => {
        output += data.toString();
        const [, url] = /Listening on (http:\/\/[\d.]+:\d+)/.exec(output) ?? [];
        if (url === undefined) return;
        const end = async (): Promise<number | null> => {
          child.kill("SIGINT");
          return (await ended).code;
        };
        resolve({ url, output: () => output, end });
      });
    ended.then(({ code }) => reject(new Error(`it ended with ${code}: ${output}`)));
  });
  ready.catch(() => {});
  return { ready, ended };
}

async function request(url: string, method: string, ...params: unknown[]): Promise<unknown> {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
  });
  return ((await response.json()) as { result?: unknown }).result;
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "braid-cli-fork-"));
  // A chain that Braid knows by its id: answers about it are kept.
  remote = await run(["--chain-id", "560048", "--accounts", "2"]).ready;
  await request(remote.url, "hardhat_setBalance", SINK, "0x77");
  await request(remote.url, "hardhat_mine", "0x5");
}, 60_000);
afterAll(async () => {
  for (const child of started) child.kill("SIGKILL");
  rmSync(folder, { recursive: true });
});

test("forks at a block, shows the host alone, and keeps what was answered", { timeout: 60_000 }, async () => {
  const { host } = new URL(remote.url);
  const node = await run([
    "--fork-url", `${remote.url}/v2/${KEY}`, "--fork-block-number", "3", "--fork-header", `authorization: Bearer ${KEY}`,
    "--retries", "2", "--timeout", "9000", "--fork-retry-backoff", "10", "--accounts", "1", "--balance", "7",
  ]).ready; // biome-ignore format: pairs
  expect(node.output()).toContain(`Forked from     ${host}, block 3`);
  expect(node.output()).toContain("(7 ETH)");
  expect(await request(node.url, "eth_blockNumber")).toBe("0x3");
  expect(await request(node.url, "eth_chainId")).toBe("0x88bb0");
  expect(await request(node.url, "eth_getBalance", SINK, "latest")).toBe("0x77");
  expect(await request(node.url, "eth_getBlockByNumber", "0x2", false)).toEqual(
    await request(remote.url, "eth_getBlockByNumber", "0x2", false),
  );
  await request(node.url, "evm_mine");
  expect(await request(node.url, "eth_blockNumber")).toBe("0x4");
  expect(existsSync(join(folder, "braid", "rpc"))).toBe(true);

  // The folder is in use: another one does without it, and by hardhat's name and anvil's way to name a block.
  const other = await run(["--fork", `${remote.url}@2`, "--accounts", "0"]).ready;
  expect(other.output()).toContain("nothing is kept of what the other node answers");
  expect(await request(other.url, "eth_blockNumber")).toBe("0x2");
  expect(await other.end()).toBe(0);
  expect(await node.end()).toBe(0);
  expect(node.output()).not.toContain(KEY);
});

test("takes the URL from the environment, and keeps nothing when it is told so", {
  timeout: 60_000,
}, async () => {
  const args = ["--no-storage-caching", "--accounts", "0"];
  const node = await run(args, { BRAID_FORK_URL: remote.url, XDG_CACHE_HOME: join(folder, "other") }).ready;
  expect(await request(node.url, "eth_blockNumber")).toBe("0x5");
  expect(existsSync(join(folder, "other"))).toBe(false);
});

test.each([
  [["--fork-url", `http://127.0.0.1:1/${KEY}`, "--retries", "1"], 1, "BRAID_RPC_UNREACHABLE"],
  [["--fork-url", `ftp://${KEY}.example`], 1, "BRAID_RPC_URL"],
  [["--fork-url", `http://127.0.0.1:1/${KEY}`, "--fork-header", KEY], 1, "BRAID_FORK_OPTIONS"],
  [["--fork-url", `http://127.0.0.1:1/${KEY}`, "--datadir", "nowhere"], 1, "BRAID_FORK_OPTIONS"],
  [["--fork-url", `http://127.0.0.1:1/${KEY}`, "--fork-block-number", "x"], 2, "must be a block's number"],
])("%j ends with %i, a reason and no key", { timeout: 60_000 }, async (args, expected, reason) => {
  const { code, output } = await run(args).ended;
  expect(code).toBe(expected);
  expect(output).toContain(reason);
  expect(output).not.toContain(KEY);
});
