// `braid capture` as a person types it, on a real node: exit codes, what is printed and what must not be, Ctrl-C.
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ANVIL_GENESIS, type Anvil, startAnvil, without } from "@braid/testing/anvil";
import { Refusal, RpcServer } from "@braid/testing/rpc-server";
import { afterAll, beforeAll, expect, test } from "vitest";

const CLI = fileURLToPath(new URL("../packages/cli/src/main.ts", import.meta.url));
const KEY = "b3a1d-secret-key";

let folder: string;
let anvil: Anvil;
let genesis: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "braid-cli-capture-"));
  anvil = await startAnvil();
  genesis = join(folder, "genesis.json");
  await writeFile(genesis, JSON.stringify(ANVIL_GENESIS));
});
afterAll(async () => {
  await anvil.close();
  await rm(folder, { recursive: true });
});

interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

function start(url: string, ...args: string[]): { child: ChildProcess; ended: Promise<Ended> } {
  const child = spawn(process.execPath, [CLI, ...args], {
    cwd: folder,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, NO_COLOR: "1", FORCE_COLOR: undefined, BRAID_RPC_URL: url },
  });
  const output = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const)
    child[name]?.setEncoding("utf8").on("data", (text: string) => (output[name] += text));
  const ended = new Promise<Ended>((resolve) => child.on("close", (code) => resolve({ code, ...output })));
  return { child, ended };
}

/** Captures, with a key in the URL that must not be seen anywhere. */
async function capture(url: string, ...args: string[]): Promise<Ended> {
  const ended = await start(`${url}/?key=${KEY}`, "capture", "--genesis", genesis, ...args).ended;
  expect(`${ended.stdout}${ended.stderr}`).not.toContain(KEY);
  return ended;
}

test("blocks are captured, skipped the second time, and replay without the node", async () => {
  const first = await capture(anvil.url, "--block", "2..5", "-o", "blocks");
  expect(first).toMatchObject({ code: 0, stderr: "" });
  expect(first.stdout).toMatch(/^4 captured; \d+ requests to 127\.0\.0\.1:\d+, /m);
  const names = await readdir(join(folder, "blocks"));
  expect(names.toSorted()).toEqual(["2.braid", "3.braid", "4.braid", "5.braid"]);
  for (const name of names) expect(await readFile(join(folder, "blocks", name), "latin1")).not.toContain(KEY);

  const second = await capture(anvil.url, "--block", "2..5", "-o", "blocks", "--json");
  expect(second.code).toBe(0);
  const { outcomes } = JSON.parse(second.stdout) as { outcomes: { verdict: string }[] };
  expect(outcomes.map(({ verdict }) => verdict)).toEqual(Array.from({ length: 4 }, () => "skipped"));

  const replayed = await start("", "replay", "blocks").ended;
  expect(replayed).toMatchObject({ code: 0, stderr: "" });
  expect(replayed.stdout).toContain("4 blocks: 4 ok");
});

test("blocks are replayed straight from the node, the second time from the cache", async () => {
  const url = `${anvil.url}/?key=${KEY}`;
  const args = ["replay", "--genesis", genesis, "--block", "2..4", "--cache", "answers"];
  const first = await start(url, ...args).ended;
  expect(first).toMatchObject({ code: 0, stderr: "" });
  expect(first.stdout).toContain("3 blocks: 3 ok");
  const second = await start(url, ...args, "--json").ended;
  expect(second.code).toBe(0);
  expect(`${first.stdout}${second.stdout}${second.stderr}`).not.toContain(KEY);
  for (const name of await readdir(join(folder, "answers")))
    expect(await readFile(join(folder, "answers", name), "latin1")).not.toContain(KEY);
});

test("block access lists, of the node's blocks and of files, are the same", async () => {
  const url = `${anvil.url}/?key=${KEY}`;
  const remote = await start(url, "access-list", "--genesis", genesis, "--block", "2..3", "-o", "lists")
    .ended;
  expect(remote).toMatchObject({ code: 0, stderr: "" });
  expect(remote.stdout).toMatch(/^2 {2}0x[0-9a-f]{64} {2}\d+ accounts, \d+ slots\n3 {2}0x/);
  const captured = await capture(anvil.url, "--block", "2..3", "-o", "listed");
  expect(captured.code).toBe(0);
  const local = await start("", "access-list", "listed", "--json").ended;
  const lists = JSON.parse(local.stdout) as { number: number; accessList: unknown[] }[];
  for (const list of lists)
    expect(JSON.parse(await readFile(join(folder, "lists", `${list.number}.json`), "utf8"))).toEqual(list);
  expect(lists.map(({ number }) => number)).toEqual([2, 3]);
  expect((await start("", "access-list").ended).code).toBe(2);
  const informed = await start("", "replay", "listed", "--access-list", "lists").ended;
  expect(informed).toMatchObject({ code: 0, stderr: "" });
  const uninformed = await start("", "replay", "listed", "--access-list", "listed").ended;
  expect(uninformed.code).toBe(1);
  expect(uninformed.stderr).toContain("BRAID_FILE_MALFORMED");
});

test.each([
  ["--rpc", "http://localhost:1/key"],
  ["--block", "2", "some-path"],
  ["--cache", "answers"],
  [`http://localhost:1/${KEY}`],
])("braid replay %s is a mistake, told without the URL", async (...args) => {
  const { code, stdout, stderr } = await start("", "replay", ...args).ended;
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  expect(stderr).not.toContain(KEY);
});

test("a bundle that does not reproduce its header ends with 3, and says where it is and what differs", async () => {
  const { code, stderr } = await capture(anvil.url, "--block", "4", "-o", "roots", "--witness");
  expect(code).toBe(3);
  expect(stderr).toContain("stateRoot is 0x");
  expect(stderr).toContain(join("roots", ".mismatch", "4.braid"));
});

test("a node that does not answer ends with 1 and one line", async () => {
  const server = await RpcServer.start((method) => {
    if (method === "eth_chainId") return "0x7a69";
    throw new Refusal(-32000, `no trie for the key ${KEY}: missing trie node`);
  });
  const { code, stdout, stderr } = await capture(server.url, "--block", "2", "-o", "none");
  await server.close();
  expect({ code, stdout: stdout.split(";")[0] }).toEqual({ code: 1, stdout: "0 captured, 1 error" });
  expect(stderr).toMatch(/^braid: block 2: .*\[BRAID_RPC_ARCHIVE_NEEDED\]\n$/);
});

test.each([
  [2, ["--block", "2"]],
  [2, ["-o", "blocks"]],
  [1, ["--block", "nothing", "-o", "blocks"]],
  [2, ["--block", "2", "-o", "blocks", "--chain", "mainnet"]],
])("%i for %j", async (expected, args) => {
  const { code, stderr } = await capture(anvil.url, ...args);
  expect(code).toBe(expected);
  expect(stderr).not.toBe("");
});

test("without a URL there is nothing to capture from", async () => {
  const { code, stderr } = await start("", "capture", "--block", "2", "-o", "blocks").ended;
  expect(code).toBe(2);
  expect(stderr).toContain("--rpc");
});

test("Ctrl-C ends with 130 and leaves whole bundles only; the same command goes on", async () => {
  const slow = without(anvil.url);
  const server = await RpcServer.start(slow, { delayMs: 60 });
  const args = ["capture", "--genesis", genesis, "--block", `2..${anvil.last}`, "-o", "stopped"];
  const { child, ended } = start(server.url, ...args);
  await new Promise<void>((resolve) => child.stdout?.once("data", () => resolve()));
  child.kill("SIGINT");
  const { code } = await ended;
  await server.close();
  expect(code).toBe(130);
  const names = await readdir(join(folder, "stopped"));
  expect(names.length).toBeGreaterThan(0);
  expect(names.length).toBeLessThan(anvil.last - 1);
  expect(names.every((name) => /^\d+\.braid$/.test(name))).toBe(true);
  const again = await start(anvil.url, ...args).ended;
  expect(again.code).toBe(0);
  expect(await readdir(join(folder, "stopped"))).toHaveLength(anvil.last - 1);
});
