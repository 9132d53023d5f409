// Runs of Hardhat whose network is Braid, with threads that work: they end by themselves, or as they are made to, and leave no process behind.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { afterEach, expect, test } from "vitest";

const FOLDER = join(import.meta.dirname, "hardhat-runs");
const CLI = join(dirname(createRequire(import.meta.url).resolve("hardhat/package.json")), "dist/src/cli.js");
const RUNS = 10;
const TIMEOUT = 300_000;

interface Run {
  child: ChildProcess;
  /** Its group, in which all that it starts is. */
  group: number;
  printed: () => string;
  /** Resolves when that has been printed. */
  prints: (text: string) => Promise<void>;
  /** How it has ended. */
  end: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
}

const groups: number[] = [];
afterEach(() => {
  for (const group of groups.splice(0)) if (isThere(group)) process.kill(-group, "SIGKILL");
});

/** Nothing of a group is there any more. Whoever has lost its parent takes a moment. */
async function isGone(group: number): Promise<void> {
  await expect.poll(() => isThere(group), { timeout: 10_000 }).toBe(false);
}

/** In a process group of its own, as a terminal starts it. */
function hardhat(...args: string[]): Run {
  const child = spawn(process.execPath, [CLI, ...args], {
    cwd: FOLDER,
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, NO_COLOR: "1" },
  });
  const group = child.pid as number; // it was started: otherwise `once` rejects below
  groups.push(group);
  let printed = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => {
      printed += text;
    });
  const end = once(child, "close").then(([code, signal]) => ({ code, signal }));
  const prints = async (text: string): Promise<void> => {
    while (!printed.includes(text)) {
      if (child.exitCode !== null) throw new Error(`it ended without printing "${text}":\n${printed}`);
      await setTimeout(20);
    }
  };
  return { child, group, printed: () => printed, prints, end };
}

function isThere(group: number): boolean {
  try {
    return process.kill(-group, 0);
  } catch {
    return false;
  }
}

test(
  `${RUNS} runs in a row end by themselves`,
  async () => {
    for (let i = 0; i < RUNS; i++) {
      const { end, group, printed } = hardhat("test", "nodejs", "passing.ts");
      expect(await end, printed()).toEqual({ code: 0, signal: null });
      expect(printed()).toContain("2 passing");
      await isGone(group);
    }
  },
  TIMEOUT,
);

test(
  "a test that fails, and user code that crashes, end the run with an exit code, and nothing is left",
  async () => {
    const failing = hardhat("test", "nodejs", "failing.ts");
    expect(await failing.end, failing.printed()).toEqual({ code: 1, signal: null });
    expect(failing.printed()).toContain("1 failing");
    const crashing = hardhat("run", "crashing-script.ts");
    expect(await crashing.end, crashing.printed()).toEqual({ code: 1, signal: null });
    expect(crashing.printed()).toContain("user code crashes");
    for (const { group } of [failing, crashing]) await isGone(group);
  },
  TIMEOUT,
);

test(
  "Ctrl-C in the middle of an execution ends all of it",
  async () => {
    const { prints, group, end } = hardhat("test", "nodejs", "endless.ts");
    await prints("it is running");
    await setTimeout(500);
    process.kill(-group, "SIGINT");
    const { code, signal } = await end;
    expect(signal === "SIGINT" || code !== 0).toBe(true);
    await isGone(group);
  },
  TIMEOUT,
);

test(
  "hardhat node answers over HTTP, and ends when it is told to",
  async () => {
    const { prints, printed, group, end } = hardhat("node", "--network", "default", "--port", "0");
    await prints("JSON-RPC server at ");
    const [url] = /http:\/\/\S*?:\d+/.exec(printed()) ?? [];
    const ask = async (method: string, ...params: unknown[]): Promise<unknown> => {
      const response = await fetch(url as string, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
      });
      return ((await response.json()) as { result: unknown }).result;
    };
    expect(await ask("hardhat_metadata")).toMatchObject({ clientVersion: expect.stringContaining("braid") });
    const [from, to] = (await ask("eth_accounts")) as string[];
    expect(await ask("eth_sendTransaction", { from, to, value: "0x1" })).toMatch(/^0x/);
    expect(await ask("eth_blockNumber")).toBe("0x1");
    process.kill(-group, "SIGINT");
    await end;
    await isGone(group);
    await expect(ask("eth_blockNumber")).rejects.toThrow();
  },
  TIMEOUT,
);
