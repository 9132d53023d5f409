// Blocks replayed straight from a node, with and without a cache of its answers.

import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Executor } from "@braid/executor";
import { RpcClient } from "@braid/remote";
import { ANVIL_GENESIS, type Anvil, startAnvil, without } from "@braid/testing/anvil";
import { type Methods, RpcServer, type RpcServerOptions } from "@braid/testing/rpc-server";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { selectBlocks } from "./block-selection.ts";
import type { RemoteBlocks } from "./remote-blocks.ts";
import { type ReplayOptions, replay } from "./replay.ts";
import type { ReplaySummary } from "./report.ts";
import { nodeOfFile, PROOFS, STATE_METHODS } from "./testing/file-node.ts";
import { flatBlock, hasFixtures, witnessBlock } from "./testing/fixture-files.ts";

const executor = new Executor({ workers: 2 });
afterAll(() => executor.close());

let folder: string;
let server: RpcServer | undefined;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "braid-remote-"));
});
afterEach(async () => {
  await server?.close();
  await rm(folder, { recursive: true });
});

async function serve(methods: Methods, options: RpcServerOptions = {}): Promise<string> {
  await server?.close();
  server = await RpcServer.start(methods, options);
  return server.url;
}

async function replayFrom(
  url: string,
  blocks: string,
  remote: Partial<RemoteBlocks> = {},
  options: ReplayOptions = {},
): Promise<ReplaySummary> {
  const client = new RpcClient(url, {
    backoffMs: 2,
    attempts: 3,
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  return replay([], {
    executor,
    remote: { client, blocks: await selectBlocks(blocks), ...remote },
    ...options,
  });
}

describe("anvil", () => {
  let anvil: Anvil;
  beforeAll(async () => {
    anvil = await startAnvil();
  });
  afterAll(() => anvil.close());
  const chain = ANVIL_GENESIS;

  test("all its blocks, in order, by range, and one by its hash", async () => {
    const { blocks, totals } = await replayFrom(anvil.url, `2..${anvil.last}`, { chain });
    expect(totals).toMatchObject({ blocks: anvil.last - 1, ok: anvil.last - 1, error: 0 });
    expect(blocks.map(({ number }) => number)).toEqual(
      Array.from({ length: anvil.last - 1 }, (_, i) => i + 2),
    );
    const hash = blocks[3]?.hash ?? "";
    expect((await replayFrom(anvil.url, hash, { chain })).blocks).toMatchObject([{ verdict: "ok", hash }]);
  });

  test("a block does not ask for what the one before it has read or written", async () => {
    const questions: string[] = [];
    const node = without(anvil.url);
    const url = await serve((method, params) => {
      if (STATE_METHODS.includes(method) || method === PROOFS)
        questions.push(JSON.stringify([method, ...params.slice(0, method === "eth_getStorageAt" ? 2 : 1)]));
      return node(method, params);
    });
    let alone = 0;
    for (let number = 4; number <= anvil.last; number++) {
      questions.length = 0;
      expect((await replayFrom(url, String(number), { chain })).totals).toMatchObject({ ok: 1 });
      alone += new Set(questions).size;
    }
    questions.length = 0;
    const { totals } = await replayFrom(url, `4..${anvil.last}`, { chain });
    expect(totals).toMatchObject({ ok: anvil.last - 3 });
    // Ten blocks by the same senders of the same contracts.
    expect(questions.length).toBeLessThan(alone / 2);
  });

  test("a block that came out wrong leaves nothing to the next one", async () => {
    const node = without(anvil.url);
    // Slots of the state before block 5 are wrong.
    const url = await serve(async (method, params) => {
      const answer = await node(method, params);
      const { hash } = (await node("eth_getBlockByNumber", ["0x4", false])) as { hash: string };
      return method === "eth_getStorageAt" &&
        JSON.stringify(params).includes(hash) &&
        BigInt(String(answer)) > 0n
        ? `0x${"0".repeat(64)}`
        : answer;
    });
    const { blocks } = await replayFrom(url, "4..7", { chain });
    expect(blocks.map(({ verdict }) => verdict)).toEqual(["ok", "mismatch", "ok", "ok"]);
  });

  test("compared with the sequential run and with stock ethereumjs", async () => {
    const { blocks } = await replayFrom(anvil.url, "3..4", { chain }, { compare: true, baseline: true });
    for (const block of blocks) {
      expect(block).toMatchObject({ verdict: "ok" });
      expect(block.baselineError).toBeUndefined();
      expect(block.baselineMs).toBeGreaterThan(0);
    }
  });

  test("a second run asks for nothing of the state again; numbers of a chain on a desk are asked anew", async () => {
    const cache = join(folder, "answers");
    const first = await replayFrom(await serve(without(anvil.url)), "2..5", { chain, cache });
    expect(first.totals).toMatchObject({ ok: 4 });
    const second = await replayFrom(await serve(without(anvil.url)), "2..5", { chain, cache });
    expect(second.totals).toMatchObject({ ok: 4 });
    const methods = [...new Set(server?.requests.flat())].toSorted();
    expect(methods).toEqual(["eth_chainId", "eth_getBlockByNumber"]);
  });

  test("a block that the node does not have, and what is left after it", async () => {
    const list = join(folder, "list");
    await writeFile(list, "2\n999\n3");
    const { blocks } = await replayFrom(anvil.url, list, { chain });
    expect(blocks.map(({ verdict }) => verdict)).toEqual(["ok", "error", "ok"]);
    expect(blocks[1]?.error?.code).toBe("BRAID_RPC_UNKNOWN_BLOCK");
  });

  test("a node that goes away ends the replay with one error", async () => {
    let requests = 0;
    const fault = () => (++requests > 25 ? ({ kind: "drop" } as const) : undefined);
    const url = await serve(without(anvil.url), { fault });
    const { blocks } = await replayFrom(url, `2..${anvil.last}`, { chain });
    expect(blocks.at(-1)?.error?.code).toBe("BRAID_RPC_UNREACHABLE");
    expect(blocks.filter(({ verdict }) => verdict !== "ok")).toHaveLength(1);
  });

  test("an interruption ends it, with a cache that can be opened again", async () => {
    const abort = new AbortController();
    const cache = join(folder, "answers");
    const onEvent: ReplayOptions["onEvent"] = ({ type }) => type === "report" && abort.abort();
    const { interrupted, blocks } = await replayFrom(
      anvil.url,
      `2..${anvil.last}`,
      { chain, cache },
      { signal: abort.signal, onEvent },
    );
    expect({ interrupted, count: blocks.length }).toEqual({ interrupted: true, count: 1 });
    expect((await replayFrom(anvil.url, "2..3", { chain, cache })).totals.ok).toBe(2);
  });
});

describe.skipIf(!hasFixtures())("a block of mainnet (needs BRAID_FIXTURES)", () => {
  test("a second run of an old block asks for its chain and nothing else", async () => {
    const { file, parent } = await witnessBlock("pow/1-1317742");
    const node = nodeOfFile(file, { offers: [...STATE_METHODS, PROOFS], parent });
    const methods: Methods = (method, params) =>
      method === "eth_blockNumber" ? "0x1000000" : node(method, params);
    const cache = join(folder, "answers");
    const first = await replayFrom(await serve(methods), "1317742", { cache });
    expect(first.totals).toMatchObject({ ok: 1 });
    const second = await replayFrom(await serve(methods), "1317742", { cache });
    expect(second.totals).toMatchObject({ ok: 1 });
    expect(server?.requests.flat()).toEqual(["eth_chainId"]);
  });

  test("a wrong answer is not kept", async () => {
    const file = await flatBlock(9068998);
    const node = nodeOfFile(file, { offers: STATE_METHODS });
    const wrong: Methods = async (method, params) => {
      const answer = await node(method, params);
      return method === "eth_getStorageAt" && BigInt(String(answer)) > 0n ? "0x1" : answer;
    };
    const cache = join(folder, "answers");
    const { totals, blocks } = await replayFrom(await serve(wrong), "9068998", { cache });
    expect(totals.ok).toBe(0);
    expect(blocks[0]?.verdict).not.toBe("ok");
    expect((await replayFrom(await serve(node), "9068998", { cache })).totals.ok).toBe(1);
  });

  test("a folder of something else is no cache, and stays as it is", async () => {
    await writeFile(join(folder, "mine.txt"), "mine");
    const file = await flatBlock(46147);
    const url = await serve(nodeOfFile(file, { offers: STATE_METHODS }));
    await expect(replayFrom(url, "46147", { cache: folder })).rejects.toMatchObject({
      code: expect.stringMatching(/^BRAID_STORE_/),
    });
    expect(await readdir(folder)).toEqual(["mine.txt"]);
  });
});
