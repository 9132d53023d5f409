// `braid replay` as a person types it: exit codes, what goes to which stream, the JSON document, damaged files, Ctrl-C.
import { type ChildProcess, spawn } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { type Bundle, encodeBundle } from "@braid/replay";
import { makeTransferChain, RECEIVER_ADDRESS } from "@braid/testing/transfer-chain";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const CLI = fileURLToPath(new URL("../packages/cli/src/main.ts", import.meta.url));
const SHIPPED = fileURLToPath(new URL("../packages/cli/data/defi-chain.braid", import.meta.url));

let folder: string;
let bundle: Bundle;
let good: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "braid-cli-"));
  bundle = (await makeTransferChain(3)).bundle;
  good = await write("good.braid", encodeBundle(bundle));
});
afterAll(() => rm(folder, { recursive: true }));

async function write(name: string, content: string | Uint8Array): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, content);
  return path;
}

interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

function start(...args: string[]): { child: ChildProcess; ended: Promise<Ended> } {
  return startIn({}, ...args);
}

/** With variables of the environment set, or unset. */
function startIn(
  environment: NodeJS.ProcessEnv,
  ...args: string[]
): { child: ChildProcess; ended: Promise<Ended> } {
  const child = spawn(process.execPath, [CLI, ...args], {
    cwd: folder,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, NO_COLOR: "1", FORCE_COLOR: undefined, ...environment },
  });
  const output = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const)
    child[name]?.setEncoding("utf8").on("data", (text: string) => (output[name] += text));
  const ended = new Promise<Ended>((resolve) => child.on("close", (code) => resolve({ code, ...output })));
  return { child, ended };
}

const braid = (...args: string[]): Promise<Ended> => start(...args).ended;

describe("blocks that match", () => {
  test("end with 0 and a table with one row for each, and no word on stderr", async () => {
    const { code, stdout, stderr } = await braid("replay", good, "--workers", "2");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const lines = stdout.trimEnd().split("\n");
    expect(lines[0]).toMatch(/^block +fork +txs +gas +time +Mgas\/s +aborts +verdict$/);
    expect(lines.slice(1, 4).map((line) => line.trim().split(/ +/).slice(0, 4))).toEqual(
      [1, 2, 3].map((number) => [String(number), "cancun", "3", "63,000"]),
    );
    for (const line of lines.slice(1, 4)) expect(line).toMatch(/ok$/);
    expect(lines[5]).toBe("3 blocks: 3 ok (3 with their state root)");
  });

  test("are one JSON document with --json", async () => {
    const { code, stdout } = await braid(
      "replay",
      good,
      "--json",
      "--compare",
      "--baseline",
      "--repeat",
      "2",
    );
    expect(code).toBe(0);
    const document = JSON.parse(stdout);
    expect(document).toMatchObject({
      signatureRecovery: expect.stringMatching(/^(native|wasm)$/),
      interrupted: false,
      skippedFiles: [],
      options: { mode: "parallel", compare: true, baseline: true, repeat: 2 },
    });
    expect(document.totals).toMatchObject({
      files: 1,
      blocks: 3,
      ok: 3,
      mismatch: 0,
      error: 0,
      transactions: 9,
      gasUsed: 189_000,
    });
    expect(document.blocks).toHaveLength(3);
    for (const block of document.blocks) {
      expect(block).toMatchObject({
        file: good,
        fork: "cancun",
        transactions: 3,
        gasUsed: 63_000,
        verdict: "ok",
        differences: [],
      });
      expect(block.checked).toEqual(["gasUsed", "blobGasUsed", "logsBloom", "receiptsRoot", "stateRoot"]);
      expect(block.runs).toHaveLength(2);
      for (const time of ["ms", "sequentialMs", "baselineMs", "speedup", "baselineSpeedup"])
        expect(block[time], time).toBeGreaterThan(0);
      expect(block.statistics).toMatchObject({
        aborts: expect.any(Number),
        executions: expect.any(Number),
        workers: expect.any(Number),
      });
    }
  });

  test("give nothing at all with --quiet", async () => {
    expect(await braid("replay", good, "--quiet", "--mode", "sequential", "--no-hints")).toEqual({
      code: 0,
      stdout: "",
      stderr: "",
    });
  });

  test("that come with Braid need no path", async () => {
    const { code, stdout, stderr } = await braid("replay", "--json");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const { blocks, totals } = JSON.parse(stdout);
    expect(totals.mismatch + totals.error).toBe(0);
    const byFile = Map.groupBy(
      blocks as { file: string; transactions: number; checked: string[] }[],
      ({ file }) => (file.includes("mainnet") ? "mainnet" : "own"),
    );
    const large = (byFile.get("own") ?? []).filter(
      ({ transactions }) => transactions >= 100 && transactions <= 500,
    );
    expect(large.length).toBeGreaterThanOrEqual(20);
    for (const block of large) expect(block.checked).toContain("stateRoot");
    const mainnet = byFile.get("mainnet") ?? [];
    expect(mainnet.length).toBeGreaterThanOrEqual(6);
    expect(mainnet.filter(({ checked }) => checked.includes("stateRoot")).length).toBeGreaterThanOrEqual(2);
  });
});

describe("blocks that do not match", () => {
  test("end with 3 and say what differs", async () => {
    // Another state root in the header: 32 bytes that stand once in the block.
    const blocks = bundle.blocks.map((block) => block.slice());
    const [first] = blocks;
    if (first === undefined) throw new Error("the chain has blocks");
    const root = stateRootOffset(first);
    first[root] = (first[root] ?? 0) ^ 1;
    const path = await write("mismatch.braid", encodeBundle({ ...bundle, blocks: [first] }));
    const { code, stdout, stderr } = await braid("replay", path, good);
    expect(code).toBe(3);
    expect(stderr).toMatch(
      /^braid: mismatch\.braid: block 1: .*\n {2}stateRoot is 0x[0-9a-f]{64}, .* 0x[0-9a-f]{64}\n {2}@ethereumjs\/vm gets the same result .*\n$/,
    );
    expect(stdout).toContain("mismatch");
    expect(stdout).toContain("4 blocks: 3 ok, 1 mismatch");
  });
});

describe("files that cannot be replayed", () => {
  const cases: [name: string, code: string, content: () => Uint8Array | string][] = [
    ["truncated.braid", "BRAID_FILE_TRUNCATED", () => encodeBundle(bundle).subarray(0, 300)],
    [
      "truncated.json.gz",
      "BRAID_FILE_TRUNCATED",
      () => gzipSync(`{"block":${JSON.stringify("x".repeat(5000))}}`).subarray(0, 30),
    ],
    ["version.braid", "BRAID_BUNDLE_VERSION", () => encodeBundle(bundle).fill(9, 9, 10)],
    [
      "damaged.braid",
      "BRAID_FILE_CORRUPT",
      () => encodeBundle(bundle, { compression: "none" }).fill(1, 200, 210),
    ],
    ["text.md", "BRAID_FILE_UNKNOWN_FORMAT", () => "# no block\n"],
    [
      "parent.braid",
      "BRAID_PARENT_STATE_MISMATCH",
      () => encodeBundle({ ...bundle, state: { ...completeState(), stateRoot: new Uint8Array(32).fill(1) } }),
    ],
    [
      "code.braid",
      "BRAID_MISSING_CODE",
      () => encodeBundle({ ...single(), state: { kind: "flat", pre: withCode() } }),
    ],
    [
      "node.braid",
      "BRAID_MISSING_NODE",
      () =>
        encodeBundle({
          ...single(),
          state: { kind: "witness", stateRoot: completeState().stateRoot, nodes: [], codes: [] },
        }),
    ],
  ];

  test("are one line each with the file's name and a code, end with 1, and do not stop the others", async () => {
    const paths = await Promise.all(cases.map(([name, , content]) => write(name, content())));
    const { code, stdout, stderr } = await braid("replay", ...paths, join(folder, "absent.braid"), good);
    expect(code).toBe(1);
    const lines = stderr.trimEnd().split("\n");
    expect(lines).toHaveLength(cases.length + 1);
    for (const [name, errorCode] of [...cases, ["absent.braid", "BRAID_FILE_UNREADABLE"]]) {
      const line = lines.find((text) => text.startsWith(`braid: ${name}: `));
      expect(line, name).toContain(`[${errorCode}]`);
    }
    expect(stdout).toContain("3 ok, 9 errors");
  });

  test("give no numbers of an execution when there was none", async () => {
    const { code, stdout } = await braid("replay", join(folder, "absent.braid"));
    expect({ code, stdout }).toEqual({ code: 1, stdout: "0 blocks: 1 error\n" });
  });

  test("are refused beyond the limit that can be raised", async () => {
    const path = await write("bomb.json.gz", gzipSync(`{"block":"${"0".repeat(3_000_000)}"}`));
    const refused = await braid("replay", path, "--max-file-size", "2");
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(/\(2 MiB.*--max-file-size.*\[BRAID_FILE_TOO_LARGE\]/);
    expect((await braid("replay", path, "--max-file-size", "4")).stderr).toContain(
      "BRAID_FILE_UNKNOWN_FORMAT",
    );
  });

  function completeState(): Extract<Bundle["state"], { kind: "complete" }> & { stateRoot: Uint8Array } {
    const { state } = bundle;
    if (state.kind !== "complete" || state.stateRoot === undefined)
      throw new Error("the chain has a complete state with a root");
    return { ...state, stateRoot: state.stateRoot };
  }

  function single(): Bundle {
    return { ...bundle, blocks: bundle.blocks.slice(0, 1) };
  }

  /** The receiver is a contract whose code is not there. */
  function withCode(): Extract<Bundle["state"], { kind: "flat" }>["pre"] {
    const account = { nonce: 1n, balance: 0n, codeHash: new Uint8Array(32).fill(5), hasStorage: false };
    const receiver = {
      address: new Uint8Array(Buffer.from(RECEIVER_ADDRESS.slice(2), "hex")),
      account,
      storage: [],
    };
    return { accounts: [...completeState().pre.accounts, receiver], codes: [] };
  }
});

describe("a wrong command line", () => {
  test.each([
    [["repaly"]],
    [["replay", "--mode", "fast"]],
    [["replay", "--workers", "0"]],
    [["replay", "--workers", "many"]],
    [["replay", "--repeat", "1.5"]],
    [["replay", "--engine", "geth"]],
    [["replay", "--jsno"]],
    [["replay", "--compare", "--mode", "sequential"]],
  ])("%j ends with 2, and says so on stderr only", async (args) => {
    const { code, stdout, stderr } = await braid(...args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain("--help");
  });

  test.each([[["--help"]], [["--version"]], [["replay", "--help"]], [[]]])("%j is none", async (args) => {
    const { code, stdout, stderr } = await braid(...args);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout.length).toBeGreaterThan(5);
  });
});

describe("compiled code", () => {
  /** Runs it with this folder as the system's for temporary files, and lists what is in there after that. */
  const leftIn = async (temporary: string, environment: NodeJS.ProcessEnv): Promise<string[]> => {
    await mkdir(temporary);
    const own = { NODE_COMPILE_CACHE: undefined, NODE_DISABLE_COMPILE_CACHE: undefined, TMPDIR: temporary };
    const { code, stderr } = await startIn({ ...own, ...environment }, "replay", good, "--quiet").ended;
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    return await readdir(temporary, { recursive: true });
  };

  test("is kept for the next start where the system has temporary files, by all threads in one place", async () => {
    const left = await leftIn(join(folder, "kept"), {});
    expect(left).toContain("node-compile-cache");
    // cache/version/module: a thread that took the version's folder for the cache's would have one within it.
    expect(left.some((path) => path.split(sep).length === 3)).toBe(true);
    expect(left.filter((path) => path.split(sep).length > 3)).toEqual([]);
  });

  test("is kept where the environment says", async () => {
    const cache = join(folder, "cache");
    expect(await leftIn(join(folder, "elsewhere"), { NODE_COMPILE_CACHE: cache })).toEqual([]);
    expect(await readdir(cache)).toHaveLength(1);
  });

  test("is not kept when the environment forbids it", async () => {
    expect(await leftIn(join(folder, "not-kept"), { NODE_DISABLE_COMPILE_CACHE: "1" })).toEqual([]);
  });
});

describe("Ctrl-C", () => {
  test("ends with 130, after the table of the blocks so far", async () => {
    // The damaged file's line tells when the blocks before it are done; what follows would take minutes.
    const marker = await write("marker.braid", encodeBundle(bundle).subarray(0, 300));
    const { child, ended } = start("replay", good, marker, SHIPPED, "--repeat", "50");
    child.stderr?.once("data", () => setTimeout(() => child.kill("SIGINT"), 300));
    const { code, stdout, stderr } = await ended;
    expect(code).toBe(130);
    expect(stderr).toContain("marker.braid");
    expect(stdout.match(/cancun .* ok$/gm)).toHaveLength(3);
    expect(stdout).toContain("interrupted");
  });
});

/** Where the state root begins: behind the block's and the header's list prefixes, the parent hash, the uncles hash and the coinbase. */
function stateRootOffset(block: Uint8Array): number {
  const prefix = (at: number): number => at + 1 + Math.max(0, (block[at] ?? 0) - 0xf7);
  return prefix(prefix(0)) + 33 + 33 + 21 + 1;
}

test("the shipped chain is a file that this Braid reads", async () => {
  expect((await readFile(SHIPPED)).subarray(1, 6).toString("latin1")).toBe("BRAID");
});
