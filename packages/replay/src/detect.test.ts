// What a file is: formats by content, a code for each kind of damage, and none that takes the machine's memory.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { bytesToHex } from "@braid/primitives";
import { chainOf, createHeader } from "@braid/protocol";
import { toRpcBlock } from "@braid/testing/rpc-forms";
import { createBlock } from "@ethereumjs/block";
import { Common, Mainnet } from "@ethereumjs/common";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { encodeBundle } from "./bundle.ts";
import { loadBlockFile } from "./detect.ts";

/** Nothing else is needed of a chain that is known. */
const MAINNET = { name: "mainnet", chainId: 1 };

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "braid-detect-"));
});
afterAll(() => rm(folder, { recursive: true }));

const common = new Common({ chain: Mainnet, hardfork: "chainstart" });
/** An empty Frontier block as a witness file's JSON. */
function witness(number: bigint, change: object = {}): string {
  const block = createBlock(
    { header: { number, difficulty: 1n, gasLimit: 5000n, extraData: "0x01" } },
    { common },
  );
  const fields = {
    chainId: 1,
    number: Number(number),
    blockHash: bytesToHex(block.hash()),
    parentStateRoot: `0x${"00".repeat(32)}`,
  };
  return JSON.stringify({
    ...fields,
    blockRlp: bytesToHex(block.serialize()),
    ancestors: {},
    witness: { state: [], codes: [] },
    ...change,
  });
}

/** An empty Frontier block as JSON-RPC shows it. */
const FIRST_BLOCK = toRpcBlock({
  header: createHeader(
    { number: 7n, difficulty: 1n, gasLimit: 5000n },
    chainOf("mainnet").rulesAt({ number: 7n, timestamp: 0n }),
  ),
  transactions: [],
  uncles: [],
}).json;

async function write(name: string, content: string | Uint8Array): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, content);
  return path;
}

async function codeOf(path: string): Promise<unknown> {
  return await loadBlockFile(path).then(
    () => undefined,
    (error: { code: unknown }) => error.code,
  );
}

describe("a file", () => {
  test("is known by its content, not by its name", async () => {
    const block = createBlock(
      { header: { number: 7n, difficulty: 1n, gasLimit: 5000n } },
      { common },
    ).serialize();
    const bundle = encodeBundle({
      chain: MAINNET,
      blocks: [block],
      state: { kind: "flat", pre: { accounts: [], codes: [] } },
      blockHashes: new Map(),
    });
    const files = [
      await write("a.json", bundle),
      await write("b.braid", witness(8n)),
      await write("c", gzipSync(witness(9n))),
    ];
    const loaded = await Promise.all(files.map((path) => loadBlockFile(path)));
    expect(loaded.map(({ format, blocks }) => [format, blocks[0]?.number])).toEqual([
      ["bundle", 7n],
      ["witness", 8n],
      ["witness", 9n],
    ]);
  });

  test.each<[string, () => string | Uint8Array, string]>([
    ["that is empty", () => "", "BRAID_FILE_TRUNCATED"],
    ["of gzip that is cut", () => gzipSync(witness(1n)).subarray(0, 200), "BRAID_FILE_TRUNCATED"],
    ["of gzip that is damaged", () => gzipSync(witness(1n)).fill(0xff, 60, 90), "BRAID_FILE_CORRUPT"],
    ["of JSON that is cut", () => witness(1n).slice(0, 300), "BRAID_FILE_TRUNCATED"],
    ["of other JSON", () => "{}", "BRAID_FILE_UNKNOWN_FORMAT"],
    ["of JSON lines", () => '{"a":1}\n{"a":2}\n', "BRAID_FILE_UNKNOWN_FORMAT"],
    ["of text", () => "# Blocks", "BRAID_FILE_UNKNOWN_FORMAT"],
    [
      "with another block hash",
      () => witness(1n, { blockHash: `0x${"11".repeat(32)}` }),
      "BRAID_FILE_CORRUPT",
    ],
    ["with an RLP that is none", () => witness(1n, { blockRlp: "0xff" }), "BRAID_BLOCK_MALFORMED"],
    ["with a field of another type", () => witness(1n, { blockRlp: 5 }), "BRAID_FILE_MALFORMED"],
    ["with hex that is none", () => witness(1n, { blockRlp: "0xzz" }), "BRAID_FILE_MALFORMED"],
    ["of an unknown chain", () => witness(1n, { chainId: 5 }), "BRAID_UNKNOWN_CHAIN"],
    [
      "with another parent",
      () => witness(5n, { ancestors: { 4: `0x${"11".repeat(32)}` } }),
      "BRAID_PARENT_STATE_MISMATCH",
    ],
  ])("%s has its own code", async (name, content, code) => {
    expect(await codeOf(await write(`${name}.json`, content()))).toBe(code);
  });

  test("that is not there has its own code", async () => {
    expect(await codeOf(join(folder, "absent.json"))).toBe("BRAID_FILE_UNREADABLE");
  });
});

describe("a field that is wrong", () => {
  const flat = (change: object = {}): string => {
    const preState = { [`0x${"aa".repeat(20)}`]: { balance: "0x1", nonce: "0x0", ...change } };
    return JSON.stringify({ block: FIRST_BLOCK, preState, codes: {} });
  };

  test.each<[field: string, content: string]>([
    ["chainId", witness(1n, { chainId: undefined })],
    ["blockRlp", witness(1n, { blockRlp: 5 })],
    ["parentStateRoot", witness(1n, { parentStateRoot: "0x11" })],
    ["ancestors.4", witness(1n, { ancestors: { 4: "0x11" } })],
    ["witness.codes[1]", witness(1n, { witness: { state: [], codes: ["0x", null] } })],
    [`preState.0x${"aa".repeat(20)}.balance`, flat({ balance: `0x1${"0".repeat(64)}` })],
    [`preState.0x${"aa".repeat(20)}.nonce`, flat({ nonce: "0x10000000000000000" })],
    [`preState.0x${"aa".repeat(20)}.storage.0x2`, flat({ storage: { "0x1": "0x1", "0x2": {} } })],
  ])("is named: %s", async (field, content) => {
    const path = await write("field.json", content);
    await expect(loadBlockFile(path)).rejects.toMatchObject({
      code: "BRAID_FILE_MALFORMED",
      data: { path: field },
    });
  });

  test("is one that is there twice, however it is written", async () => {
    expect(
      await codeOf(await write("once.json", flat({ storage: { "0x1": "0x1", "0x02": "0x1" } }))),
    ).toBeUndefined();
    const twice = flat({ storage: { "0x1": "0x1", "0x01": "0x2" } });
    expect(await codeOf(await write("twice.json", twice))).toBe("BRAID_FILE_MALFORMED");
    const address = `0x${"aa".repeat(20)}`;
    const account = { balance: "0x1", nonce: "0x0" };
    const accounts = { [address]: account, [address.toUpperCase().replace("X", "x")]: account };
    const both = JSON.stringify({ block: FIRST_BLOCK, preState: accounts, codes: {} });
    expect(await codeOf(await write("accounts.json", both))).toBe("BRAID_FILE_MALFORMED");
  });
});

describe("a file that would take the machine's memory", () => {
  const limit = { maxFileBytes: 1_000_000 };

  test.each<[string, () => string | Uint8Array]>([
    ["a large one", () => witness(1n, { comment: "a".repeat(1_000_000) })],
    ["a small one of gzip that unfolds", () => gzipSync(witness(1n, { comment: "a".repeat(1_000_000) }))],
    ["JSON of a million values", () => gzipSync(witness(1n, { comment: new Array(100_000).fill({}) }))],
  ])("is refused with the limit and the way to raise it: %s", async (name, content) => {
    const path = await write(`${name}.json`, content());
    await expect(loadBlockFile(path, limit)).rejects.toMatchObject({
      code: "BRAID_FILE_TOO_LARGE",
      data: { limit: 1_000_000 },
      message: expect.stringContaining("--max-file-size") as string,
    });
    expect((await loadBlockFile(path)).blocks).toHaveLength(1);
  });

  test("is malformed when it is nested without end", async () => {
    const path = await write("nested.json", `{"block":${"[".repeat(500_000)}`);
    expect(await codeOf(path)).toBe("BRAID_FILE_MALFORMED");
  });

  test("is passed over when it does not begin like a block file", async () => {
    const path = await write("film.mp4", new Uint8Array(1_000_001));
    await expect(loadBlockFile(path, limit)).rejects.toMatchObject({ code: "BRAID_FILE_UNKNOWN_FORMAT" });
  });
});
