// Traces of a development node's own blocks and calls: what the files of geth and Besu do not have.

import { afterEach, describe, expect, test } from "vitest";
import type { NodeOptions } from "../options.ts";
import { type BraidProvider, createNode } from "../provider.ts";

type Json = Record<string, unknown>;

const TO = "0x00000000000000000000000000000000000000c1";
const OTHER = "0x00000000000000000000000000000000000000c2";
const HEIR = "0x00000000000000000000000000000000000000c3";
const BARE = "0x00000000000000000000000000000000000000c4";

const open: BraidProvider[] = [];
afterEach(async () => {
  for (const node of open.splice(0)) await node.close();
});

async function start(options: NodeOptions = {}, codes: Record<string, string> = {}) {
  const node = await createNode({ workers: 0, accounts: 2, ...options });
  open.push(node);
  const rpc = async <T = Json>(method: string, ...params: unknown[]): Promise<T> =>
    JSON.parse(JSON.stringify((await node.request({ method, params })) ?? null)) as T;
  for (const [address, code] of Object.entries(codes)) await rpc("hardhat_setCode", address, code);
  const [from] = await rpc<[string]>("eth_accounts");
  return { node, rpc, from, send: (tx: Json) => rpc<string>("eth_sendTransaction", { from, ...tx }) };
}

/** Calls OTHER with one byte of nothing and 5 wei, and ends. */
const CALLER = `0x5f5f60015f600573${OTHER.slice(2)}5af100`;
/** Gives all to HEIR. */
const DESTROYER = `0x73${HEIR.slice(2)}ff`;

describe("struct logs", () => {
  test("have the STOP behind the code's end, with what is left there", async () => {
    const { rpc, send } = await start({}, { [TO]: "0x6001600255" });
    const hash = await send({ to: TO, gas: "0x186a0" });
    const { structLogs, gas, failed } = await rpc<{ structLogs: Json[]; gas: number; failed: boolean }>(
      "debug_traceTransaction",
      hash,
      {},
    );
    expect(structLogs.map(({ op, pc, gasCost, depth }) => [op, pc, gasCost, depth])).toEqual([
      ["PUSH1", 0, 3, 1],
      ["PUSH1", 2, 3, 1],
      ["SSTORE", 4, 22_100, 1],
      ["STOP", 5, 0, 1],
    ]);
    expect(structLogs.at(-1)).toMatchObject({ gas: 100_000 - 21_000 - 6 - 22_100, stack: [] });
    expect([gas, failed]).toEqual([43_106, false]);
  });

  test("a code that ends in the middle of what it pushes, and one that jumps nowhere", async () => {
    const { rpc, send } = await start({}, { [TO]: "0x61", [OTHER]: "0x5b", [BARE]: "0x6000600056" });
    const ops = async (to: string): Promise<unknown[]> => {
      const { structLogs } = await rpc<{ structLogs: Json[] }>(
        "debug_traceTransaction",
        await send({ to, gas: "0x186a0" }),
      );
      return structLogs.map(({ op, pc }) => [op, pc]);
    };
    expect(await ops(TO)).toEqual([
      ["PUSH2", 0],
      ["STOP", 3],
    ]);
    expect(await ops(OTHER)).toEqual([
      ["JUMPDEST", 0],
      ["STOP", 1],
    ]);
    expect(await ops(BARE)).toEqual([
      ["PUSH1", 0],
      ["PUSH1", 2],
      ["JUMP", 4],
    ]);
  });

  test("opcodes that are not defined have their numbers, INVALID its name", async () => {
    const { rpc } = await start({}, { [TO]: "0x0c", [OTHER]: "0xfe" });
    const trace = (to: string, options: Json) =>
      rpc<Json>("debug_traceCall", { to, gas: "0x186a0" }, "latest", options);
    expect(await trace(TO, {})).toMatchObject({
      failed: true,
      structLogs: [
        { op: "opcode 0xc not defined", gasCost: 0, error: "invalid opcode: opcode 0xc not defined" },
      ],
    });
    expect(await trace(OTHER, {})).toMatchObject({
      structLogs: [{ op: "INVALID", error: "invalid opcode: INVALID" }],
    });
    expect(await trace(TO, { tracer: "callTracer" })).toMatchObject({
      error: "invalid opcode: opcode 0xc not defined",
    });
  });
});

describe("debug_traceBlock", () => {
  test("traces the encoding of a block of the chain, and of one that only its parent is known of", async () => {
    const { node, rpc, send } = await start({}, { [TO]: CALLER });
    const before = await rpc<string>("evm_snapshot");
    const hash = await send({ to: TO, value: "0x9", gas: "0x186a0" });
    const raw = await rpc<string>("debug_getRawBlock", "latest");
    const byNumber = await rpc("debug_traceBlockByNumber", "latest", { tracer: "callTracer" });
    expect(byNumber).toMatchObject([
      { txHash: hash, result: { type: "CALL", value: "0x9", calls: [{ to: OTHER, value: "0x5" }] } },
    ]);
    expect(await rpc("debug_traceBlock", raw, { tracer: "callTracer" })).toEqual(byNumber);
    const { hash: block } = await rpc("eth_getBlockByNumber", "latest", false);
    expect(await rpc("debug_traceBlockByHash", block, { tracer: "callTracer" })).toEqual(byNumber);
    await rpc("evm_revert", before);
    expect(node.node.head.number).toBe(0n);
    expect(await rpc("debug_traceBlock", raw, { tracer: "callTracer" })).toEqual(byNumber);
  });

  test("senders of a block from elsewhere are recovered", async () => {
    const [one, two] = [await start({ timestamp: 5n }), await start({ timestamp: 5n })];
    const hash = await one.send({ to: HEIR, value: "0x7" });
    const raw = await one.rpc<string>("debug_getRawBlock", "latest");
    expect(await two.rpc("debug_traceBlock", raw, { tracer: "callTracer" })).toMatchObject([
      { txHash: hash, result: { from: one.from, to: HEIR, value: "0x7" } },
    ]);
  });

  test("refuses what is no block, what has no parent here, and the first one", async () => {
    const [one, other] = [await start(), await start({ timestamp: 5n })];
    await other.send({ to: HEIR });
    const foreign = await other.rpc<string>("debug_getRawBlock", "latest");
    const first = await one.rpc<string>("debug_getRawBlock", "0x0");
    for (const raw of ["0xc0", "0x1234", foreign, first])
      await expect(one.rpc("debug_traceBlock", raw)).rejects.toMatchObject({ code: -32000 });
    for (const params of [[], ["zz"], ["0x1"], [7], ["0xc0", "callTracer"]])
      await expect(one.rpc("debug_traceBlock", ...params)).rejects.toMatchObject({ code: -32602 });
    await expect(one.rpc("debug_traceBlock", "0xc0", { tracer: "no" })).rejects.toMatchObject({
      code: -32000,
    });
  });
});

describe("traces as Parity has them", () => {
  test("a call with one below it, and where they are", async () => {
    const { rpc, from, send } = await start({}, { [TO]: CALLER });
    const hash = await send({ to: TO, value: "0x9", gas: "0x186a0" });
    const { hash: blockHash } = await rpc("eth_getBlockByNumber", "latest", false);
    const place = { blockHash, blockNumber: 1, transactionHash: hash, transactionPosition: 0 };
    const traces = await rpc<Json[]>("trace_transaction", hash);
    expect(traces).toEqual([
      {
        action: { callType: "call", from, to: TO, gas: expect.any(String), input: "0x", value: "0x9" },
        result: { gasUsed: expect.any(String), output: "0x" },
        subtraces: 1,
        traceAddress: [],
        type: "call",
        ...place,
      },
      {
        action: {
          callType: "call",
          from: TO,
          to: OTHER,
          gas: expect.any(String),
          input: "0x00",
          value: "0x5",
        },
        result: { gasUsed: "0x0", output: "0x" },
        subtraces: 0,
        traceAddress: [0],
        type: "call",
        ...place,
      },
    ]);
    expect(await rpc("trace_block", "latest")).toEqual(traces);
    expect(await rpc("trace_block", blockHash)).toEqual(traces);
    const options = { tracer: "flatCallTracer", tracerConfig: { convertParityErrors: true } };
    expect(await rpc("debug_traceTransaction", hash, options)).toEqual(traces);
    expect(await rpc("debug_traceBlockByNumber", "0x1", options)).toEqual([{ txHash: hash, result: traces }]);
  });

  test("creations, self-destructions, and failures in Parity's words", async () => {
    const { rpc, from, send } = await start(
      {},
      { [TO]: DESTROYER, [OTHER]: "0x0c", [BARE]: "0x60aa5f5260205ffd" },
    );
    // Returns one byte, 0x00.
    const created = await send({ data: "0x60015ff3", gas: "0x186a0" });
    expect(await rpc("trace_transaction", created)).toMatchObject([
      {
        type: "create",
        action: { creationMethod: "create", from, init: "0x60015ff3", value: "0x0" },
        result: { code: "0x00", address: expect.stringMatching(/^0x[0-9a-f]{40}$/), gasUsed: "0xd01a" },
      },
    ]);
    expect(
      await rpc("trace_transaction", await send({ to: TO, value: "0x4", gas: "0x186a0" })),
    ).toMatchObject([
      { type: "call", subtraces: 1 },
      {
        type: "suicide",
        action: { address: TO, balance: "0x4", refundAddress: HEIR },
        result: null,
        traceAddress: [0],
      },
    ]);
    const [bad] = await rpc<Json[]>("trace_transaction", await send({ to: OTHER, gas: "0x186a0" }));
    expect(bad).toMatchObject({ error: "Bad instruction", result: null });
    const [reverted] = await rpc<Json[]>("trace_transaction", await send({ to: BARE, gas: "0x186a0" }));
    expect(reverted).toMatchObject({
      error: "Reverted",
      result: { output: `0x${"aa".padStart(64, "0")}`, gasUsed: expect.any(String) },
    });
  });

  test("a call that only reads is shown with no value, a precompile is not shown unless somebody wants it", async () => {
    // STATICCALL of OTHER, then of the identity precompile.
    const code = `0x5f5f5f5f73${OTHER.slice(2)}5afa505f5f5f5f60045afa00`;
    const { rpc, send } = await start({}, { [TO]: code });
    const hash = await send({ to: TO, gas: "0x186a0" });
    expect(await rpc("trace_transaction", hash)).toMatchObject([
      { subtraces: 1 },
      { action: { callType: "staticcall", to: OTHER, value: "0x0" } },
    ]);
    const all = await rpc<Json[]>("debug_traceTransaction", hash, {
      tracer: "flatCallTracer",
      tracerConfig: { includePrecompiles: true },
    });
    expect(all.map(({ action }) => (action as Json).to)).toEqual([
      TO,
      OTHER,
      "0x0000000000000000000000000000000000000004",
    ]);
  });

  test("rewards of blocks with proof of work are what their miners have more", async () => {
    const coinbase = new Uint8Array(20).fill(0xcb);
    const miner = `0x${"cb".repeat(20)}`;
    const { rpc, send } = await start({ hardfork: "london", coinbase });
    await send({ to: HEIR, value: "0x1" });
    const traces = await rpc<Json[]>("trace_block", "latest");
    expect(traces).toHaveLength(2);
    const reward = traces[1] as { action: { value: string } };
    expect(reward).toMatchObject({
      type: "reward",
      action: { author: miner, rewardType: "block", value: "0x1bc16d674ec80000" },
      transactionHash: null,
      result: null,
    });
    const { gasUsed, effectiveGasPrice } = await rpc<Record<string, string>>(
      "eth_getTransactionReceipt",
      (traces[0] as Json).transactionHash,
    );
    const { baseFeePerGas } = await rpc<Record<string, string>>("eth_getBlockByNumber", "latest", false);
    const tip = BigInt(gasUsed ?? 0) * (BigInt(effectiveGasPrice ?? 0) - BigInt(baseFeePerGas ?? 0));
    expect(BigInt(await rpc<string>("eth_getBalance", miner, "latest"))).toBe(
      tip + BigInt(reward.action.value),
    );
  });

  test("what is not there is nothing, and what is no name of a block is refused", async () => {
    const { rpc } = await start();
    expect(await rpc("trace_block", "0x0")).toEqual([]);
    expect(await rpc("trace_block", "0x5")).toBeNull();
    expect(await rpc("trace_transaction", `0x${"00".repeat(32)}`)).toBeNull();
    for (const [method, ...params] of [["trace_block"], ["trace_block", 1], ["trace_transaction", "0x1"]])
      await expect(rpc(method as string, ...params)).rejects.toMatchObject({ code: -32602 });
  });
});

describe("calls with other states and blocks", () => {
  // What COINBASE, NUMBER and its own slot 0 give, stored in memory and returned.
  const code = "0x415f524360205260005460405260605ff3";
  const coinbase = "0x00000000000000000000000000000000000000cb";
  const slot = `0x${"00".repeat(32)}`;
  const word = (hex: string): string => hex.slice(2).padStart(64, "0");
  const changed = {
    stateOverrides: {
      [TO]: { code, state: { [slot]: `0x${word("0x2a")}` }, balance: "0x64", nonce: "0x7" },
      [coinbase]: { balance: "0x3" },
    },
    blockOverrides: { number: "0x99", feeRecipient: coinbase },
  };
  const answer = `0x${word(coinbase)}${word("0x99")}${word("0x2a")}`;

  test.each([
    [undefined, { failed: false, returnValue: answer }],
    ["callTracer", { type: "CALL", to: TO, output: answer }],
    [
      "flatCallTracer",
      [{ type: "call", result: { output: answer }, blockHash: null, transactionHash: null }],
    ],
    [
      "prestateTracer",
      { [TO]: { balance: "0x64", nonce: 7, code, storage: { [slot]: `0x${word("0x2a")}` } } },
    ],
    ["4byteTracer", { "0x11223344-2": 1 }],
    ["noopTracer", {}],
  ])("%s", async (tracer, expected) => {
    const { rpc, from } = await start();
    const call = { from, to: TO, data: "0x112233445566" };
    const options = { ...changed, ...(tracer === undefined ? {} : { tracer }) };
    const traced = await rpc("debug_traceCall", call, "latest", options);
    expect(traced).toMatchObject(expected);
    if (tracer === "noopTracer") expect(traced).toEqual({});
    if (tracer === "prestateTracer") expect(traced[coinbase]).toEqual({ balance: "0x3" });
  });

  test("what a call changes, before and after", async () => {
    const { rpc, from } = await start();
    const diff = { tracer: "prestateTracer", tracerConfig: { diffMode: true } };
    const { pre, post } = await rpc<Record<"pre" | "post", Record<string, Json>>>(
      "debug_traceCall",
      { from, to: TO, value: "0x5" },
      "latest",
      {
        ...diff,
        stateOverrides: {
          [TO]: { code: "0x602b5f55", state: { [slot]: `0x${word("0x2a")}` }, balance: "0x64" },
        },
      },
    );
    expect(pre[TO]).toMatchObject({ balance: "0x64", storage: { [slot]: `0x${word("0x2a")}` } });
    expect(post[TO]).toEqual({ balance: "0x69", storage: { [slot]: `0x${word("0x2b")}` } });
    expect(post[from as string]).toMatchObject({ nonce: 1 });
  });

  test("what cannot be read is refused", async () => {
    const { rpc } = await start();
    for (const [call, block, options] of [
      [undefined, "latest", {}],
      [{ to: "0x12" }, "latest", {}],
      [{ to: TO }, "last", {}],
      [{ to: TO }, "latest", { stateOverrides: { zz: {} } }],
      [{ to: TO }, "latest", { blockOverrides: { number: "0x01" } }],
      [{ to: TO }, "latest", { stateOverrides: { [TO]: { state: {}, stateDiff: {} } } }],
      [{ to: TO }, "latest", { tracer: 7 }],
    ])
      await expect(rpc("debug_traceCall", call, block, options)).rejects.toMatchObject({ code: -32602 });
  });
});
