// `braid simulate`, `braid explain` and `braid report` as a person types them.
import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";

const CLI = fileURLToPath(new URL("../packages/cli/src/main.ts", import.meta.url));
/** 83 transactions of 2015, most of them of one sender. */
const BLOCK = fileURLToPath(new URL("../packages/cli/data/mainnet/116525.braid", import.meta.url));

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "braid-cli-profile-"));
});
afterAll(() => rm(folder, { recursive: true }));

function braid(...args: string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, [CLI, ...args], {
    cwd: folder,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, NO_COLOR: "1", FORCE_COLOR: undefined },
  });
  const output = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const)
    child[name].setEncoding("utf8").on("data", (text: string) => (output[name] += text));
  return new Promise((resolve) => child.on("close", (code) => resolve({ code, ...output })));
}

test("simulate tells speed-ups by cores, as a table and as JSON", async () => {
  const table = await braid("simulate", BLOCK, "--workers", "1,2,16", "--repeat", "1");
  expect(table).toMatchObject({ code: 0, stderr: "" });
  expect(table.stdout).toMatch(
    /^ +block +txs +in order +longest chain +1 core +2 cores +16 cores +at most +aborts\n *116525 +83 /,
  );
  const json = await braid("simulate", BLOCK, "--workers", "3..20", "--repeat", "1", "--lazy", "--json");
  const [block] = JSON.parse(json.stdout);
  expect(block).toMatchObject({ number: 116525, transactions: 83, fork: "chainstart" });
  expect(block.simulations.map(({ workers }: { workers: number }) => workers)).toEqual([3, 4, 8, 16, 20]);
  for (const { speedup, executions } of block.simulations) {
    expect(speedup).toBeGreaterThan(0);
    expect(executions).toBeGreaterThanOrEqual(85);
  }
});

test("explain tells of a block and of a transaction, and of one that is not there", async () => {
  const block = await braid("explain", BLOCK, "--repeat", "1", "--at", "4");
  expect(block).toMatchObject({ code: 0, stderr: "" });
  expect(block.stdout).toMatch(
    /^Block 116525 \(chainstart\): 83 transactions, .*\nOn 4 cores the block would run /,
  );
  const one = await braid("explain", BLOCK, "--repeat", "1", "--tx", "3");
  expect(one.stdout).toMatch(/\nTransaction 3 \(0x[0-9a-f]{64}\): from 0x/);
  const none = await braid("explain", BLOCK, "--repeat", "1", "--tx", "83");
  expect(none).toMatchObject({
    code: 1,
    stdout: "",
    stderr: "braid: block 116525 has no transaction 83: it has 83\n",
  });
});

test("report writes a page", async () => {
  expect(await braid("report", BLOCK, "--repeat", "1", "-o", "page.html")).toMatchObject({
    code: 0,
    stdout: "page.html: 1 block\n",
    stderr: "",
  });
  expect(await readFile(join(folder, "page.html"), "utf8")).toMatch(/^<!doctype html>/);
});

test("what cannot be is refused before anything runs", async () => {
  await writeFile(join(folder, "bad.json"), '{ "Pair": {} }');
  const address = `0x${"ab".repeat(20)}`;
  const mistakes: [code: number, ...string[]][] = [
    [2, "simulate"],
    [2, "simulate", BLOCK, "--workers", "0"],
    [2, "simulate", BLOCK, "--workers", "1..65"],
    [2, "simulate", BLOCK, "--workers", "8..2"],
    [2, "simulate", BLOCK, "--without", "0x12"],
    [2, "simulate", BLOCK, "--without", `${address}:slot`],
    [2, "explain", BLOCK, "--tx", "-1"],
    [2, "report", BLOCK],
    [1, "explain", BLOCK, "--layout", "bad.json"],
    [1, "explain", BLOCK, "--layout", "missing.json"],
  ];
  const ended = await Promise.all(mistakes.map(([, ...args]) => braid(...args)));
  expect(ended.map(({ code }) => code)).toEqual(mistakes.map(([code]) => code));
  for (const { stdout, stderr } of ended) {
    expect(stdout).toBe("");
    expect(stderr).not.toBe("");
  }
});

test("a location that no block touches is told", async () => {
  const nowhere = `0x${"ab".repeat(20)}:7`;
  const { stderr } = await braid("simulate", BLOCK, "--repeat", "1", "--workers", "2", "--without", nowhere);
  expect(stderr).toContain("no block touches");
});
