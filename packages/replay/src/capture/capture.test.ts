// Blocks captured in each of the ways, from anvil, from the blocks of mainnet, and from an archive node of our own, and what happens when the
// node is wrong or goes away.

import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Executor } from "@braid/executor";
import { RpcClient, type RpcClientOptions } from "@braid/remote";
import { ANVIL_GENESIS, type Anvil, startAnvil, without } from "@braid/testing/anvil";
import { type Methods, RpcServer, type RpcServerOptions } from "@braid/testing/rpc-server";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { BlockFile } from "../block-file.ts";
import { selectBlocks } from "../block-selection.ts";
import { replay } from "../replay.ts";
import { BLOCK_TRACES, nodeOfFile, PROOFS, STATE_METHODS, WITNESSES } from "../testing/file-node.ts";
import { flatBlock, hasFixtures, witnessBlock } from "../testing/fixture-files.ts";
import { nodeOfBundle } from "../testing/store-node.ts";
import { type CaptureOptions, type CaptureSummary, captureBlocks } from "./capture.ts";

const executor = new Executor({ workers: 2 });
afterAll(() => executor.close());

let folder: string;
let server: RpcServer | undefined;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "braid-capture-"));
});
afterEach(async () => {
  await server?.close();
  await rm(folder, { recursive: true });
});

async function capture(
  url: string,
  blocks: string,
  options: Partial<CaptureOptions> = {},
  client: RpcClientOptions = {},
): Promise<CaptureSummary> {
  return captureBlocks({
    client: new RpcClient(url, { backoffMs: 2, ...client }),
    blocks: await selectBlocks(blocks),
    folder,
    executor,
    ...options,
  });
}

async function serve(methods: Methods, options: RpcServerOptions = {}): Promise<string> {
  server = await RpcServer.start(methods, options);
  return server.url;
}

/** All blocks were captured in one way, and their bundles replay right. */
async function expectCaptured(summary: CaptureSummary, way: string, field: string): Promise<void> {
  expect(summary).toMatchObject({ interrupted: false });
  for (const outcome of summary.outcomes) expect(outcome).toMatchObject({ verdict: "captured", way });
  const { blocks } = await replay([folder], { executor });
  expect(blocks).toHaveLength(summary.outcomes.length);
  for (const { verdict, checked } of blocks) {
    expect(verdict).toBe("ok");
    expect(checked).toContain(field);
  }
  expect((await readdir(folder)).filter((name) => name.startsWith("."))).toEqual([]);
}

describe("anvil", () => {
  let anvil: Anvil;
  let all: string;
  const genesis = { chain: ANVIL_GENESIS };
  beforeAll(async () => {
    anvil = await startAnvil();
    all = `2..${anvil.last}`;
  });
  afterAll(() => anvil.close());

  test("all transaction types, deployments, reverts, destructions and precompiles by its tracer", async () => {
    await expectCaptured(await capture(anvil.url, all, genesis), "prestate", "receiptsRoot");
  });

  test("the same by reads with proofs of accounts", async () => {
    const url = await serve(without(anvil.url, BLOCK_TRACES));
    await expectCaptured(await capture(url, all, genesis), "reads", "receiptsRoot");
    expect(server?.count(PROOFS)).toBeGreaterThan(20);
  });

  test("the same by reads alone", async () => {
    const url = await serve(without(anvil.url, BLOCK_TRACES, PROOFS), { batchLimit: 0 });
    await expectCaptured(await capture(url, all, genesis), "reads", "receiptsRoot");
  });

  test("with state roots where anvil's are Ethereum's, and kept aside where they are not", async () => {
    // It leaves slots that became zero in its tries: blocks 4 to 9, 11 and 12 clear some.
    const { outcomes } = await capture(anvil.url, all, { ...genesis, witness: true });
    const numbers = (verdict: string): string[] =>
      outcomes.filter((outcome) => outcome.verdict === verdict).map(({ block }) => block);
    expect(numbers("captured").toSorted()).toEqual(["10", "13", "2", "3"]);
    expect(numbers("mismatch")).toHaveLength(8);
    for (const outcome of outcomes)
      if (outcome.verdict === "mismatch")
        expect(outcome.report.differences[0]).toMatchObject({ field: "stateRoot", against: "header" });
    expect((await readdir(folder)).toSorted()).toEqual([
      ".mismatch",
      "10.braid",
      "13.braid",
      "2.braid",
      "3.braid",
    ]);
    expect(await readdir(join(folder, ".mismatch"))).toHaveLength(8);
    expect((await replay([folder], { executor })).totals.ok).toBe(4);
  });

  test("a chain that Braid does not know must be described", async () => {
    await expect(capture(anvil.url, "2")).rejects.toMatchObject({ code: "BRAID_UNKNOWN_CHAIN" });
  });

  test("the newest block, a list, and what is there already", async () => {
    const newest = await capture(anvil.url, "latest", genesis);
    expect(newest.outcomes).toMatchObject([{ verdict: "captured", number: anvil.last }]);
    const list = join(folder, "list.txt");
    await writeFile(list, `# some\n3..4\n${anvil.last}  # there already\n`);
    const listed = await capture(anvil.url, list, genesis);
    expect(listed.outcomes.map(({ verdict }) => verdict).toSorted()).toEqual([
      "captured",
      "captured",
      "skipped",
    ]);
    // With state roots it is another capture.
    const proven = await capture(anvil.url, "3", { ...genesis, witness: true });
    expect(proven.outcomes).toMatchObject([{ verdict: "captured" }]);
    const again = await capture(anvil.url, "3", { ...genesis, witness: true });
    expect(again.outcomes).toMatchObject([{ verdict: "skipped" }]);
  });

  test("what lies where a bundle should go is left alone", async () => {
    await writeFile(join(folder, "3.braid"), "mine");
    const { outcomes } = await capture(anvil.url, "3", genesis);
    expect(outcomes).toMatchObject([{ verdict: "error", error: { code: "BRAID_CAPTURE_OCCUPIED" } }]);
  });

  test("a wrong value of one slot is seen, and the bundle kept aside", async () => {
    const node = without(anvil.url, BLOCK_TRACES);
    const url = await serve(async (method, params) => {
      const answer = await node(method, params);
      // A slot that is there looks empty.
      return method === "eth_getStorageAt" && answer !== `0x${"0".repeat(64)}`
        ? `0x${"0".repeat(64)}`
        : answer;
    });
    const { outcomes } = await capture(url, "3..4", genesis);
    const wrong = outcomes.filter(({ verdict }) => verdict === "mismatch");
    expect(wrong.length).toBeGreaterThan(0);
    for (const outcome of wrong)
      if (outcome.verdict === "mismatch") expect(outcome.report.differences[0]?.field).toBeTypeOf("string");
    expect(await readdir(join(folder, ".mismatch"))).toHaveLength(wrong.length);
  });

  test("a tracer that is wrong is passed over", async () => {
    const node = without(anvil.url);
    const url = await serve(async (method, params) => {
      const answer = await node(method, params);
      return method === BLOCK_TRACES
        ? JSON.parse(JSON.stringify(answer).replaceAll(/"balance":"0x[1-9][0-9a-f]*"/g, '"balance":"0x1"'))
        : answer;
    });
    await expectCaptured(await capture(url, "2..3", genesis), "reads", "receiptsRoot");
  });

  test("a node that drops, cuts off and limits answers is captured from all the same", async () => {
    const url = await serve(without(anvil.url), {
      batchLimit: 7,
      fault: (index) => {
        if (index % 5 === 1) return { kind: "drop" };
        if (index % 5 === 2) return { kind: "truncate" };
        return index % 7 === 3 ? { kind: "status", status: 429 } : undefined;
      },
    });
    await expectCaptured(await capture(url, "2..6", genesis), "prestate", "receiptsRoot");
  });

  test("a node that goes away ends the capture with one error; it goes on where it stopped", async () => {
    let requests = 0;
    const url = await serve(without(anvil.url), {
      fault: () => (++requests > 40 ? { kind: "drop" } : undefined),
    });
    const stopped = await capture(url, all, genesis, { attempts: 2 });
    expect(stopped.stopped).toMatchObject({ code: "BRAID_RPC_UNREACHABLE" });
    expect(stopped.outcomes.filter(({ verdict }) => verdict === "error")).toHaveLength(1);
    const before = (await readdir(folder)).filter((name) => name.endsWith(".braid"));
    expect((await readdir(folder)).filter((name) => name.startsWith("."))).toEqual([]);
    const { outcomes } = await capture(anvil.url, all, genesis);
    const skipped = outcomes.filter(({ verdict }) => verdict === "skipped");
    expect(skipped).toHaveLength(before.length);
    expect((await replay([folder], { executor })).totals).toMatchObject({
      blocks: anvil.last - 1,
      ok: anvil.last - 1,
    });
  });

  test("an interruption leaves nothing half-written", async () => {
    const abort = new AbortController();
    const summary = await capture(
      anvil.url,
      all,
      { ...genesis, signal: abort.signal, onEvent: ({ done }) => done === 3 && abort.abort() },
      { signal: abort.signal },
    );
    expect(summary.interrupted).toBe(true);
    const names = await readdir(folder);
    expect(names.every((name) => /^\d+\.braid$/.test(name))).toBe(true);
    expect((await replay([folder], { executor })).totals.ok).toBe(names.length);
  });
});

describe.skipIf(!hasFixtures())("blocks of mainnet (needs BRAID_FIXTURES)", () => {
  /** Captures the file's only block from a node of it. */
  async function captureFile(file: BlockFile, methods: Methods, options: Partial<CaptureOptions> = {}) {
    return capture(await serve(methods), String(file.blocks[0]?.number), options);
  }

  test.each(["1-18884864", "1-24628607", "pow/1-1317742"])(
    "%s by a node's execution witness, down to the state root",
    async (name) => {
      const { file, parent } = await witnessBlock(name);
      const methods = nodeOfFile(file, { offers: [...STATE_METHODS, WITNESSES, PROOFS], parent });
      await expectCaptured(await captureFile(file, methods), "execution witness", "stateRoot");
    },
  );

  // The DAO's time, storage refunds, uncles, the Merge, withdrawals, blobs.
  test.each([46147, 2675000, 9068998, 15537394, 17034869, 19426587])(
    "%i by a full node's tracer",
    async (number) => {
      const file = await flatBlock(number);
      const methods = nodeOfFile(file, { offers: [...STATE_METHODS, BLOCK_TRACES] });
      await expectCaptured(await captureFile(file, methods), "prestate", "gasUsed");
    },
  );

  // With withdrawals and system calls too.
  test.each([46147, 17034869, 19426587])("%i by what every provider offers", async (number) => {
    const file = await flatBlock(number);
    const methods = nodeOfFile(file, { offers: STATE_METHODS, takesHashes: false });
    await expectCaptured(await captureFile(file, methods), "reads", "gasUsed");
  });

  test("a full node that has pruned the state says so in one error", async () => {
    const file = await flatBlock(46147);
    const methods = nodeOfFile(file, { offers: [...STATE_METHODS, BLOCK_TRACES], pruned: true });
    const { outcomes } = await captureFile(file, methods);
    expect(outcomes).toMatchObject([{ verdict: "error", error: { code: "BRAID_RPC_ARCHIVE_NEEDED" } }]);
    expect(await readdir(folder)).toEqual([]);
  });

  test("proofs that a node does not give are an error of their own", async () => {
    const file = await flatBlock(46147);
    const { outcomes } = await captureFile(file, nodeOfFile(file, { offers: STATE_METHODS }), {
      witness: true,
    });
    expect(outcomes).toMatchObject([{ verdict: "error", error: { code: "BRAID_RPC_UNKNOWN_BLOCK" } }]);
  });
});

describe("an archive node with proofs", () => {
  test("state roots, also where a removed slot makes others move up in their trie", async () => {
    const path = fileURLToPath(new URL("../../../cli/data/defi-chain.braid", import.meta.url));
    const { chain, methods } = await nodeOfBundle(path, executor, 229n);
    // Both blocks need nodes that no proof of the state before them shows.
    const url = await serve(methods);
    await expectCaptured(await capture(url, "228..229", { chain, witness: true }), "reads", "stateRoot");
  }, 180_000);
});
