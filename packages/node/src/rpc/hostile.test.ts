// Whatever a client asks for, over every method there is: the answer is one, or an error that says whose fault it is. Nothing is a bug, nothing
// that was asked for stops the node from mining its next block.

import { RpcError } from "@braid/rpc";
import { runs } from "@braid/testing/arbitraries";
import fc from "fast-check";
import { expect, test } from "vitest";
import { type BraidProvider, createNode } from "../provider.ts";
import { hostileParams, type Known } from "../testing/hostile-requests.ts";
import { METHODS } from "./methods.ts";

/** Leaves a log, reads and writes a slot. */
const CONTRACT = "0x5f355f525f5f525f356001555f5f5260205fa060205ff3";

async function open(): Promise<{ provider: BraidProvider; known: Known }> {
  const provider = await createNode({
    workers: 0,
    accounts: 3,
    limits: { callGas: 300_000 },
    gasLimit: 2_000_000n,
  });
  const ask = async (method: string, ...params: unknown[]): Promise<string> =>
    (await provider.request({ method, params })) as string;
  const accounts = [...provider.node.accounts.keys()];
  const to = "0x00000000000000000000000000000000000000cc";
  await ask("hardhat_setCode", to, CONTRACT);
  const hashes: string[] = [];
  for (let i = 0; i < 3; i++)
    hashes.push(await ask("eth_sendTransaction", { from: accounts[0], to, data: "0x01" }));
  const raw = await ask("debug_getRawTransaction", hashes[0]);
  const block = await ask("debug_getRawBlock", "latest");
  const filter = await ask("eth_newBlockFilter");
  const signed = (await provider.request({
    method: "eth_signTransaction",
    params: [{ from: accounts[1], to, nonce: "0x0" }],
  })) as { raw: string };
  const { head } = provider.node;
  const known = {
    addresses: [...accounts, to],
    hashes: [...hashes, `0x${Buffer.from(head.hash).toString("hex")}`, filter],
    raws: [raw, signed.raw, block],
  };
  return { provider, known };
}

/** How a request ended: "result", or the error's code; anything else is a defect. */
async function outcome(provider: BraidProvider, method: string, text: string): Promise<string | number> {
  const connection = { closed: new AbortController().signal, notify: () => {} };
  // Thousands of blocks may be asked for.
  const context = { connection, signal: AbortSignal.timeout(50) };
  try {
    JSON.stringify(await provider.handler.call(method, JSON.parse(text), context));
    return "result";
  } catch (error) {
    if (error instanceof RpcError && error.code !== -32603) return error.code;
    throw new Error(`${method} ${text}`, { cause: error });
  }
}

const NAMES = Object.keys(METHODS);
const NODES = 20;
const REQUESTS = 500;

test("every method, with parameters of all kinds", { timeout: 600_000 }, async () => {
  const answered = new Set<string>();
  const rejections: unknown[] = [];
  const note = (reason: unknown): unknown => rejections.push(reason);
  process.on("unhandledRejection", note);
  for (let i = 0; i < runs(NODES).numRuns; i++) {
    const { provider, known } = await open();
    const request = fc
      .constantFrom(...NAMES)
      .chain((name) => hostileParams(name, known).map((params) => [name, JSON.stringify(params)] as const));
    const seed = Number(process.env.BRAID_SEED ?? 1) + i;
    for (const [method, text] of fc.sample(request, { numRuns: REQUESTS, seed }))
      if ((await outcome(provider, method, text)) === "result") answered.add(method);
    // What was asked of it has moved its time, its fees and its accounts; it works all the same.
    const number = provider.node.head.number;
    await provider.node.miner.mine();
    expect(provider.node.head.number).toBe(number + 1n);
    await provider.close();
  }
  process.off("unhandledRejection", note);
  expect(rejections).toEqual([]);
  // Else only the readers of parameters have been tried.
  expect(answered.size).toBeGreaterThan(0.8 * NAMES.length);
});

/** Calls that make a tracer see much: words on the stack, memory, inputs of calls, logs. */
const SEEN = {
  stack: [`0x${"5f".repeat(1_000)}5b5f506103e856`, {}],
  memory: ["0x5f620ffff0525b600656", { enableMemory: true, disableStack: true }],
  inputs: ["0x5b5f5f6180005f5f60045af1505f56", { tracer: "callTracer" }],
  logs: ["0x5b6180005fa05f56", { tracer: "callTracer", tracerConfig: { withLog: true } }],
  flat: ["0x5b5f5f6180005f5f60045af1505f56", { tracer: "flatCallTracer" }],
} as const;

test.each(Object.entries(SEEN))("a trace of too much is given up: %s", async (_what, [code, options]) => {
  await using provider = await createNode({ workers: 0, accounts: 1, limits: { callGas: 1_000_000_000 } });
  const to = "0x00000000000000000000000000000000000000cc";
  const config = { ...options, stateOverrides: { [to]: { code } } };
  await expect(
    provider.request({ method: "debug_traceCall", params: [{ to }, "latest", config] }),
  ).rejects.toMatchObject({ code: -32003 });
});

test("limits of calls and of logs hold", async () => {
  const limits = { callGas: 10_000_000_000, callMs: 100, logs: 2 };
  await using provider = await createNode({ workers: 0, accounts: 1, limits });
  const ask = (method: string, ...params: unknown[]): Promise<unknown> =>
    provider.request({ method, params });
  const [from] = provider.node.accounts.keys();
  const to = "0x00000000000000000000000000000000000000cc";
  const loop = { [to]: { code: "0x5b5f56" } };
  await expect(ask("eth_call", { to }, "latest", loop)).rejects.toMatchObject({ code: -32002 });
  await ask("hardhat_setCode", to, "0x5f5fa05f5fa05f5fa000");
  await ask("eth_sendTransaction", { from, to, gas: "0x186a0" });
  await expect(ask("eth_getLogs", {})).rejects.toMatchObject({ code: -32602 });
});
