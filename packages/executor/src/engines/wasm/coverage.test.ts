// What the wasm engine runs by itself: whole blocks with their system calls, blocks that are built, messages and simulated blocks. And a process that needs
// nothing else never loads the other engine.

import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { KEEP_PREIMAGES, Kernel, keccak256 } from "@braid/kernel";
import { bytesToBigInt, promised } from "@braid/primitives";
import { keyed, plainAddress } from "@braid/testing/accounts";
import { asm } from "@braid/testing/assembler";
import { BlockBuilder, type Fork, type TestBlock } from "@braid/testing/block-builder";
import { TOOL, tool } from "@braid/testing/tool";
import { describe, expect, test, vi } from "vitest";
import { executeBlockWith } from "../../execute-block.ts";
import { HintMemory } from "../../hints/hint-memory.ts";
import { SeededPool } from "../../pool/seeded-pool.ts";
import { preimages } from "../../records/preimages.ts";
import { FlatCache } from "../../state/flat-cache.ts";
import { executorWith, inputOf } from "../../testing/agree.ts";
import { ENGINE_NAMES, ENGINES } from "../registry.ts";

const [a, b] = [keyed(0), keyed(1)];
const CONTRACT = plainAddress(900);

async function blockOf(fork: Fork): Promise<TestBlock> {
  const builder = new BlockBuilder(fork, { coinbase: plainAddress(5) });
  builder.fund(a, b);
  builder.contract(CONTRACT, TOOL);
  builder.send({ from: a, to: plainAddress(1), value: 1 });
  builder.send({ from: b, to: CONTRACT, data: tool.increment(1), gasLimit: 100_000 });
  return builder.build();
}

describe.each<Fork>(["byzantium", "london", "cancun", "prague", "osaka"])("in %s", (fork) => {
  test("a block, its prologue and its epilogue among it", async () => {
    const block = await blockOf(fork);
    for (const workers of [0, 2]) {
      const { statistics } = await executorWith(workers).executeBlock(inputOf(block, { engine: "wasm" }));
      expect(statistics.engine).toEqual({ name: "wasm", unsupported: 0 });
    }
  });

  test("a block that is built, with candidates that it leaves out", async () => {
    const block = await blockOf(fork);
    const { transactions } = block.input;
    // Each once more, which its nonce forbids.
    const input = { ...block.input, transactions: [...transactions, ...transactions] };
    const built = await executorWith(0).buildBlock({ ...inputOf(block, { engine: "wasm" }), block: input });
    expect(built.leftOut.map(({ error }) => error.code)).toEqual([
      "BRAID_TX_NONCE_TOO_LOW",
      "BRAID_TX_NONCE_TOO_LOW",
    ]);
    expect(built.statistics.engine).toEqual({ name: "wasm", unsupported: 0 });
  });

  test("messages on a state that is overridden, and a block of them", async () => {
    const { input, chain, source } = await blockOf(fork);
    const slot = new Uint8Array(32).fill(1);
    const base = {
      header: input.header,
      chain,
      messages: [{ from: a.address, to: CONTRACT, data: tool.increment(1) }, { data: Uint8Array.of(0) }],
      stateOverrides: [
        { address: plainAddress(700), balance: 1n, nonce: 2n, code: TOOL, state: [[slot, 1n]] },
        { address: CONTRACT, stateDiff: [[slot, 1n]] },
      ] as NonNullable<Parameters<ReturnType<typeof executorWith>["call"]>[0]["stateOverrides"]>,
    };
    const results = await executorWith(0, "wasm").call({ ...base, source: source() });
    const simulated = await executorWith(0, "wasm").simulate({ ...base, source: source() });
    for (const { engine, status } of [...results, ...simulated.results])
      expect({ engine, status }).toEqual({ engine: "wasm", status: 1 });
  });
});

test.each(ENGINE_NAMES)("what units hash is kept for hints by the engine %s", async (engine) => {
  const kernel = Kernel.create({ maxWorkers: 1 });
  const pool = new SeededPool([Kernel.attach(kernel.shared, 1)], ENGINES, 1);
  const resources = {
    ...{ kernel, pool, inline: pool, workers: 1, singleClient: false, engine, engines: ENGINES },
    cache: new FlatCache(kernel),
    hints: new HintMemory(),
  };
  const builder = new BlockBuilder("osaka");
  builder.fund(a, b);
  // Two words, none, and one of them: a mapping's key, the empty string, and neither.
  const hashes = [64, 0, 32].flatMap((length) => [length, 0, "SHA3", "POP"] as const);
  builder.contract(CONTRACT, asm("CALLER", 0, "MSTORE", ...hashes, "STOP"));
  for (const from of [a, b]) builder.send({ from, to: CONTRACT, gasLimit: 100_000 });
  const reset = kernel.resetBlock.bind(kernel);
  vi.spyOn(kernel, "resetBlock").mockImplementation((units) => {
    reset(units);
    kernel.setUnitFlags(1, KEEP_PREIMAGES);
  });
  const { statistics } = await promised(executeBlockWith(resources, inputOf(await builder.build())));
  expect(statistics.engine).toEqual({ name: engine, unsupported: 0 });
  const found = [...preimages(kernel, 1)];
  expect(found.map(([, { length }]) => length).sort((x, y) => x - y)).toEqual([0, 32, 64]);
  for (const [hash, bytes] of found) expect(bytesToBigInt(keccak256(bytes))).toBe(hash);
  expect(preimages(kernel, 2).size).toBe(0);
});

test("what is traced runs on the engine that lets somebody look on", async () => {
  const { input, chain, source } = await blockOf("osaka");
  let steps = 0;
  const [result] = await executorWith(0, "wasm").call({
    header: input.header,
    chain,
    source: source(),
    messages: [{ to: CONTRACT, data: tool.increment(1) }],
    tracer: () => ({ step: () => void steps++ }),
  });
  expect(result?.engine).toBe("ethereumjs");
  expect(steps).toBeGreaterThan(0);
});

test("a process that runs blocks and calls on it never loads ethereumjs's EVM", () => {
  const child = fileURLToPath(new URL("../../testing/loaded-modules-child.ts", import.meta.url));
  const { stdout, stderr, status } = spawnSync(process.execPath, [child], { encoding: "utf8" });
  expect(status, stderr).toBe(0);
  const { ran, loaded } = JSON.parse(stdout) as { ran: string[]; loaded: string[] };
  expect(ran).toEqual(["wasm", "wasm", "wasm"]);
  expect(loaded).toEqual([]);
});
