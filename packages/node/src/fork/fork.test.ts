// Chains that go on from a block of another node, which is one of ours behind HTTP, with the limits and faults that nodes have.

import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bytesToHex, type Hex } from "@braid/primitives";
import { asm } from "@braid/testing/assembler";
import { Refusal, RpcServer, type RpcServerOptions } from "@braid/testing/rpc-server";
import { afterEach, describe, expect, test } from "vitest";
import type { NodeOptions } from "../options.ts";
import { type BraidProvider, createNode } from "../provider.ts";
import type { ForkOptions } from "./fork.ts";

type Rpc = <T = string>(method: string, ...params: unknown[]) => Promise<T>;

const SINK = "0x00000000000000000000000000000000000000c2";
const EMPTY = "0x00000000000000000000000000000000000000c3";
const COUNTER = "0x00000000000000000000000000000000000000c4";
/** Counts its calls, notes the hash of the block before, and logs. */
const CODE = bytesToHex(
  asm(
    1,
    0,
    "SLOAD",
    "ADD",
    0,
    "SSTORE",
    1,
    "NUMBER",
    "SUB",
    "BLOCKHASH",
    "NUMBER",
    "SSTORE",
    7,
    0,
    0,
    "LOG1",
  ),
);
const TOPIC = `0x${"7".padStart(64, "0")}`;
const KEY = "k-3f9a77c1d2";

const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

const rpcOf =
  (node: BraidProvider): Rpc =>
  async <T>(method: string, ...params: unknown[]) =>
    (await node.request({ method, params })) as T;

async function open(options: NodeOptions): Promise<{ node: BraidProvider; rpc: Rpc }> {
  const node = await createNode({ workers: 0, accounts: 3, ...options });
  ends.push(() => node.close());
  return { node, rpc: rpcOf(node) };
}

interface Remote {
  rpc: Rpc;
  server: RpcServer;
  /** With a key in it. */
  url: string;
  from: string;
}

/** A chain of five blocks: transfers, and calls of the counter. */
async function startRemote(options: NodeOptions = {}, faults: RpcServerOptions = {}): Promise<Remote> {
  const { node, rpc } = await open({ timestamp: 1_800_000_000n, ...options });
  const [from = ""] = await rpc<string[]>("eth_accounts");
  await rpc("hardhat_setCode", COUNTER, CODE);
  await rpc("hardhat_mine", "0x1");
  for (let i = 0; i < 2; i++) {
    await rpc("eth_sendTransaction", { from, to: SINK, value: "0x5" });
    await rpc("eth_sendTransaction", { from, to: COUNTER, gas: "0x186a0" });
  }
  const server = await serve(node, faults);
  return { rpc, server, url: `${server.url}/v2/${KEY}`, from };
}

async function serve(node: BraidProvider, options: RpcServerOptions = {}): Promise<RpcServer> {
  const server = await RpcServer.start(async (method, params) => {
    try {
      return await node.request({ method, params });
    } catch (error) {
      const { code = -32603, message = "" } = error as { code?: number; message?: string };
      throw new Refusal(code, message);
    }
  }, options);
  ends.push(() => server.close());
  return server;
}

const forkOf = (url: string, options: Partial<ForkOptions> = {}): { fork: ForkOptions } => ({
  fork: { url, backoffMs: 1, ...options },
});

describe("a forked chain", () => {
  test("has the other node's past, in its words", async () => {
    const remote = await startRemote();
    const { rpc } = await open(forkOf(remote.url, { blockNumber: 4n }));
    expect(await rpc("eth_blockNumber")).toBe("0x4");
    expect(await rpc("eth_chainId")).toBe(await remote.rpc("eth_chainId"));
    const { hash: third, transactions } = await remote.rpc<{ hash: Hex; transactions: Hex[] }>(
      "eth_getBlockByNumber",
      "0x3",
      false,
    );
    const asked: [string, ...unknown[]][] = [
      ["eth_getBlockByNumber", "0x4", true],
      ["eth_getBlockByNumber", "0x2", false],
      ["eth_getBlockByNumber", "earliest", true],
      ["eth_getBlockByHash", third, true],
      ["eth_getBlockReceipts", "0x3"],
      ["eth_getBlockTransactionCountByNumber", "0x4"],
      ["eth_getTransactionByHash", transactions[0]],
      ["eth_getTransactionReceipt", transactions[0]],
      ["eth_getRawTransactionByHash", transactions[0]],
      ["eth_getTransactionByBlockNumberAndIndex", "0x3", "0x0"],
      ["eth_getBalance", SINK, "0x1"],
      ["eth_getBalance", remote.from, "0x3"],
      ["eth_getBalance", SINK, "0x4"],
      ["eth_getCode", COUNTER, "0x4"],
      ["eth_getStorageAt", COUNTER, "0x0", "0x4"],
      ["eth_getStorageAt", COUNTER, "0x0", { blockHash: third }],
      ["eth_getProof", COUNTER, ["0x0"], "0x4"],
      ["eth_call", { to: COUNTER }, "0x3"],
      ["eth_getLogs", { fromBlock: "earliest", toBlock: "0x4", topics: [TOPIC] }],
      ["eth_getLogs", { blockHash: third, address: COUNTER }],
      ["eth_feeHistory", "0x3", "0x4", [50]],
      ["debug_traceTransaction", transactions[0], { tracer: "callTracer" }],
    ];
    for (const [method, ...params] of asked)
      expect([method, await rpc(method, ...params)]).toEqual([method, await remote.rpc(method, ...params)]);
    expect(await rpc("eth_getBlockByNumber", "latest", true)).toEqual(
      await remote.rpc("eth_getBlockByNumber", "0x4", true),
    );
    // Block 5 is there, but not of this chain.
    const fifth = await remote.rpc<{ hash: Hex; transactions: Hex[] }>("eth_getBlockByNumber", "0x5", false);
    expect(await rpc("eth_getBlockByNumber", "0x5", false)).toBeNull();
    expect(await rpc("eth_getBlockByHash", fifth.hash, false)).toBeNull();
    expect(await rpc("eth_getTransactionByHash", fifth.transactions[0])).toBeNull();
    expect(await rpc("eth_getTransactionReceipt", fifth.transactions[0])).toBeNull();
  });

  test("goes on as the other node does", async () => {
    const remote = await startRemote();
    const { rpc } = await open(forkOf(remote.url));
    const sent = { from: remote.from, to: COUNTER, gas: "0x186a0" };
    const receipts = [];
    for (const chain of [remote.rpc, rpc]) {
      const hash = await chain("eth_sendTransaction", sent);
      receipts.push(await chain<Record<string, unknown>>("eth_getTransactionReceipt", hash));
      expect(await chain("eth_getStorageAt", COUNTER, "0x0", "latest")).toBe(`0x${"3".padStart(64, "0")}`);
    }
    const same = [
      "transactionHash",
      "gasUsed",
      "status",
      "logsBloom",
      "blockNumber",
      "from",
      "effectiveGasPrice",
    ];
    for (const field of same) expect([field, receipts[0]?.[field]]).toEqual([field, receipts[1]?.[field]]);
    // BLOCKHASH of the block that the other node made.
    const { hash } = await remote.rpc<{ hash: Hex }>("eth_getBlockByNumber", "0x5", false);
    expect(await rpc("eth_getStorageAt", COUNTER, "0x6", "latest")).toBe(hash);
    const block = await rpc<{ parentHash: Hex; timestamp: Hex }>("eth_getBlockByNumber", "latest", false);
    expect(block.parentHash).toBe(hash);
    // Its time goes on from there too, and not from today.
    expect(Number(block.timestamp)).toBeLessThan(1_800_001_000);
    const logs = await rpc<{ blockNumber: Hex }[]>("eth_getLogs", { fromBlock: "0x0", address: COUNTER });
    expect(logs.map(({ blockNumber }) => blockNumber)).toEqual(["0x3", "0x5", "0x6"]);
    const history = await rpc<{ oldestBlock: Hex; gasUsedRatio: number[]; reward: Hex[][] }>(
      "eth_feeHistory",
      "0x4",
      "latest",
      [50],
    );
    expect(history).toMatchObject(await remote.rpc<object>("eth_feeHistory", "0x4", "latest", [50]));
  });

  test("changes nothing of the other node's, and everything of its own", async () => {
    const remote = await startRemote();
    const { rpc } = await open(forkOf(remote.url));
    const before = await remote.rpc("eth_getBalance", SINK, "latest");
    const snapshot = await rpc("evm_snapshot");
    await rpc("hardhat_setBalance", SINK, "0x77");
    await rpc("hardhat_setStorageAt", COUNTER, "0x0", `0x${"9".padStart(64, "0")}`);
    await rpc("hardhat_setCode", EMPTY, "0x6001600255");
    await rpc("hardhat_setNonce", EMPTY, "0x5");
    await rpc("hardhat_impersonateAccount", COUNTER);
    await rpc("hardhat_setBalance", COUNTER, "0xde0b6b3a7640000");
    await rpc("eth_sendTransaction", { from: COUNTER, to: EMPTY, value: "0x1", gas: "0x186a0" });
    await rpc("eth_sendTransaction", { from: remote.from, to: COUNTER, gas: "0x186a0" });
    expect(await rpc("eth_getStorageAt", COUNTER, "0x0", "latest")).toBe(`0x${"a".padStart(64, "0")}`);
    expect(await rpc("eth_getStorageAt", COUNTER, "0x0", "0x6")).toBe(`0x${"9".padStart(64, "0")}`);
    expect(await rpc("eth_getStorageAt", COUNTER, "0x0", "0x3")).toBe(`0x${"1".padStart(64, "0")}`);
    expect(await rpc("eth_getStorageAt", EMPTY, "0x2", "latest")).toBe(`0x${"1".padStart(64, "0")}`);
    expect(await rpc("eth_getBalance", SINK, "latest")).toBe("0x77");
    expect(await rpc("eth_estimateGas", { from: remote.from, to: COUNTER })).not.toBe("0x5208");
    const roots = new Set<Hex>();
    for (const number of ["0x5", "0x6", "0x7"])
      roots.add((await rpc<{ stateRoot: Hex }>("eth_getBlockByNumber", number, false)).stateRoot);
    expect(roots.size).toBe(3);
    await expect(rpc("eth_getProof", COUNTER, ["0x0"], "latest")).rejects.toMatchObject({ code: -32000 });
    expect(await rpc("evm_revert", snapshot)).toBe(true);
    expect(await rpc("eth_blockNumber")).toBe("0x5");
    expect(await rpc("eth_getBalance", SINK, "latest")).toBe(before);
    expect(await rpc("eth_getStorageAt", COUNTER, "0x0", "latest")).toBe(`0x${"2".padStart(64, "0")}`);
    expect(await rpc("eth_getCode", EMPTY, "latest")).toBe("0x");
    expect(await remote.rpc("eth_blockNumber")).toBe("0x5");
  });

  test("has rich accounts without code, and what its blocks call", async () => {
    const remote = await startRemote({ hardfork: "shanghai" });
    await remote.rpc("hardhat_setBalance", remote.from, "0x1");
    await remote.rpc("hardhat_setCode", remote.from, "0x600160005500");
    await remote.rpc("hardhat_mine", "0x1");
    const { node, rpc } = await open({ ...forkOf(remote.url), hardfork: "prague", balance: 7n });
    expect(await rpc("eth_getBalance", remote.from, "latest")).toBe(`0x${(7n * 10n ** 18n).toString(16)}`);
    expect(await rpc("eth_getCode", remote.from, "latest")).toBe("0x");
    expect(node.node.next.rules.fork).toBe("prague");
    await rpc("eth_sendTransaction", { from: remote.from, to: SINK, value: "0x5" });
    const { requestsHash } = await rpc<{ requestsHash?: Hex }>("eth_getBlockByNumber", "latest", false);
    expect(requestsHash).toBeDefined();
    await expect(open({ ...forkOf(remote.url), hardfork: "london" })).rejects.toMatchObject({
      code: "BRAID_FORK_OPTIONS",
    });
    await expect(open({ ...forkOf(remote.url), dataDir: "/nowhere" })).rejects.toMatchObject({
      code: "BRAID_FORK_OPTIONS",
    });
  });

  test("has another id when it is given one", async () => {
    const remote = await startRemote();
    const { rpc } = await open({ ...forkOf(remote.url), chainId: 77 });
    expect(await rpc("eth_chainId")).toBe("0x4d");
    expect(await rpc("hardhat_metadata")).toMatchObject({
      chainId: 77,
      forkedNetwork: { chainId: 31_337, forkBlockNumber: 5 },
    });
    await rpc("eth_sendTransaction", { from: remote.from, to: SINK, value: "0x5" });
    expect(await rpc("eth_blockNumber")).toBe("0x6");
  });
});

describe("reading", () => {
  test("many transactions wait for their state at once, in batches", async () => {
    const remote = await startRemote({ accounts: 40 });
    const { node, rpc } = await open({
      ...forkOf(remote.url),
      accounts: 40,
      workers: 2,
      mining: { auto: false },
    });
    const senders = await rpc<string[]>("eth_accounts");
    for (const [i, from] of senders.entries())
      await rpc("eth_sendTransaction", {
        from,
        to: `0x${(0xd000 + i).toString(16).padStart(40, "0")}`,
        value: "0x1",
        gas: "0x5208",
      });
    remote.server.requests.length = 0;
    const [mined] = await node.node.miner.mine();
    expect(mined?.block.block.transactions).toHaveLength(40);
    // Forty receivers that nobody knew: one proof each, or three answers, and their codes.
    expect(remote.server.requests.length).toBeLessThan(12);
    expect(remote.server.requests.flat().length).toBeGreaterThanOrEqual(40);
  });

  test.each([
    ["a chain that Braid knows", 560_048, true],
    ["another public chain", 8_453, true],
    ["a development chain, whose owner may change it", 31_337, false],
  ])("is made once, and again from the folder where it is kept: %s", async (_name, chainId, isKept) => {
    const folder = await mkdtemp(join(tmpdir(), "braid-fork-"));
    ends.push(() => rm(folder, { recursive: true }));
    const remote = await startRemote({ chainId });
    const asked: string[][] = [];
    for (let i = 0; i < 2; i++) {
      remote.server.requests.length = 0;
      const node = await createNode({
        workers: 0,
        accounts: 3,
        ...forkOf(remote.url, { cache: folder, headers: { authorization: KEY } }),
      });
      const rpc = rpcOf(node);
      await rpc("eth_sendTransaction", { from: remote.from, to: COUNTER, gas: "0x186a0" });
      await rpc("eth_getBlockByNumber", "0x2", true);
      await node.close();
      asked.push(remote.server.requests.flat().sort());
    }
    expect(remote.server.headers.authorization).toBe(KEY);
    expect(asked[0]?.length).toBeGreaterThan(8);
    expect(asked[1]).toEqual(isKept ? ["eth_chainId", "eth_getBlockByNumber"] : asked[0]);
    for (const name of await readdir(folder))
      expect((await readFile(join(folder, name))).includes(KEY)).toBe(false);
  });
});

describe("going over to another chain", () => {
  test("hardhat_reset and anvil_reset: to a fork, to another block of it, and back", async () => {
    const remote = await startRemote();
    const { node, rpc } = await open({});
    await rpc("hardhat_setBalance", SINK, "0x77");
    const filter = await rpc("eth_newBlockFilter");
    expect(await rpc("hardhat_reset", { forking: { jsonRpcUrl: remote.url, blockNumber: 3 } })).toBe(true);
    expect(await rpc("eth_blockNumber")).toBe("0x3");
    expect(await rpc("eth_getBalance", SINK, "latest")).toBe("0x5");
    await rpc("hardhat_mine", "0x2");
    expect(await rpc<Hex[]>("eth_getFilterChanges", filter)).toHaveLength(2);
    // As viem's test client asks for it without options.
    await rpc("anvil_reset", { forking: { blockNumber: Number.NaN, jsonRpcUrl: undefined } });
    expect(await rpc("eth_blockNumber")).toBe("0x3");
    await rpc("anvil_reset", { forking: { blockNumber: 4 } });
    expect(await rpc("eth_blockNumber")).toBe("0x4");
    await rpc("eth_sendTransaction", { from: remote.from, to: COUNTER, gas: "0x186a0" });
    await rpc("hardhat_reset", { forking: { jsonRpcUrl: remote.url } });
    expect(await rpc("eth_blockNumber")).toBe("0x5");
    await rpc("hardhat_reset");
    expect(node.node.fork).toBeUndefined();
    expect(await rpc("eth_blockNumber")).toBe("0x0");
    expect(await rpc("eth_getBalance", SINK, "latest")).toBe("0x0");
    expect(await rpc("hardhat_metadata")).not.toHaveProperty("forkedNetwork");
    await expect(rpc("anvil_setRpcUrl", remote.url)).rejects.toMatchObject({ code: -32602 });
  });

  test("anvil_setRpcUrl: the same chain elsewhere, and no other one", async () => {
    const remote = await startRemote();
    const other = await startRemote({ gasLimit: 50_000_000n });
    const { node, rpc } = await open(forkOf(remote.url));
    await expect(rpc("anvil_setRpcUrl", other.url)).rejects.toMatchObject({ code: -32000 });
    const moved = await serve({
      request: ({ method, params }: { method: string; params?: unknown }) =>
        remote.rpc(method, ...(params as unknown[])),
    } as BraidProvider);
    await rpc("anvil_setRpcUrl", moved.url);
    await remote.server.close();
    expect(await rpc("eth_getStorageAt", COUNTER, "0x0", "latest")).toBe(`0x${"2".padStart(64, "0")}`);
    expect(node.node.fork?.host).toBe(new URL(moved.url).host);
  });
});

describe("a node that does not answer as it should", () => {
  const failing = async (run: () => Promise<unknown>): Promise<{ code: unknown; message: string }> => {
    const error = await run().then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(Error);
    const { code, message } = error as { code: unknown; message: string };
    expect(JSON.stringify(error) + message + (error as Error).stack).not.toContain(KEY);
    return { code, message };
  };

  test("stops it from being forked, with a reason and without its key", async () => {
    const remote = await startRemote();
    expect(await failing(() => open(forkOf(remote.url, { blockNumber: 99n })))).toMatchObject({
      code: "BRAID_RPC_UNKNOWN_BLOCK",
    });
    expect(await failing(() => open(forkOf(`ftp://${KEY}`)))).toMatchObject({ code: "BRAID_RPC_URL" });
    await remote.server.close();
    expect(await failing(() => open(forkOf(remote.url, { attempts: 2 })))).toMatchObject({
      code: "BRAID_RPC_UNREACHABLE",
    });
    const { rpc } = await open({});
    await rpc("hardhat_mine", "0x3");
    const reset = () => rpc("hardhat_reset", { forking: { jsonRpcUrl: remote.url } });
    expect(await failing(reset)).toMatchObject({ code: -32000 });
    expect(await rpc("eth_blockNumber")).toBe("0x3");
  });

  test.each([
    ["a state that it has pruned", -32000, "missing trie node 00ff (path )", "BRAID_RPC_ARCHIVE_NEEDED"],
    ["a limit", -32005, "rate limit exceeded", "BRAID_RPC_RATE_LIMITED"],
  ])("%s", async (_what, code, message, expected) => {
    const { node } = await open({});
    await node.node.miner.mine(2n);
    const server = await RpcServer.start(async (method, params) => {
      if (/Balance|Code|Proof|Storage/.test(method)) throw new Refusal(code, message);
      return node.request({ method, params });
    });
    ends.push(() => server.close());
    expect(await failing(() => open(forkOf(server.url, { attempts: 2 })))).toMatchObject({ code: expected });
  });

  test("another block than its hash says is refused", async () => {
    const { node } = await open({});
    const server = await RpcServer.start(async (method, params) => {
      const answer = await node.request({ method, params });
      return method === "eth_getBlockByNumber" ? { ...(answer as object), gasUsed: "0x7" } : answer;
    });
    ends.push(() => server.close());
    expect(await failing(() => open(forkOf(server.url)))).toMatchObject({ code: "BRAID_RPC_WRONG_ANSWER" });
  });

  test("a node ends also while another one keeps it waiting", async () => {
    let isSilent = false;
    const remote = await startRemote({}, { fault: () => (isSilent ? { kind: "silence" } : undefined) });
    const node = await createNode({ workers: 0, accounts: 1, ...forkOf(remote.url) });
    isSilent = true;
    const call = rpcOf(node)("eth_getBalance", EMPTY, "latest");
    const sent = rpcOf(node)("eth_sendTransaction", { from: remote.from, to: COUNTER, gas: "0x186a0" });
    const ends = Promise.allSettled([call, sent]);
    // Until both are on their way.
    while (remote.server.requests.at(-1)?.some((method) => /Proof|Balance/.test(method)) !== true)
      await new Promise((resolve) => setImmediate(resolve));
    await node.close();
    expect((await ends).map(({ status }) => status)).toEqual(["rejected", "rejected"]);
  });

  test("in the middle: what cannot be read fails, nothing is lost, and it goes on when the node is back", async () => {
    let isDown = false;
    const remote = await startRemote({}, { fault: () => (isDown ? { kind: "drop" } : undefined) });
    const { rpc } = await open(forkOf(remote.url, { attempts: 2 }));
    isDown = true;
    expect(await failing(() => rpc("eth_getBalance", EMPTY, "latest"))).toMatchObject({ code: -32000 });
    expect(await failing(() => rpc("eth_call", { to: COUNTER }, "latest"))).toMatchObject({ code: -32000 });
    const send = () => rpc("eth_sendTransaction", { from: remote.from, to: COUNTER, gas: "0x186a0" });
    expect(await failing(send)).toMatchObject({ code: -32000 });
    expect(await rpc("eth_blockNumber")).toBe("0x5");
    isDown = false;
    expect(await rpc("eth_getBalance", EMPTY, "latest")).toBe("0x0");
    await rpc("evm_mine");
    expect(await rpc("eth_blockNumber")).toBe("0x6");
    expect(await rpc("eth_getStorageAt", COUNTER, "0x0", "latest")).toBe(`0x${"3".padStart(64, "0")}`);
  });
});
