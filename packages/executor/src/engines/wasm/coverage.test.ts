// What the wasm engine runs by itself: whole blocks with their system calls, blocks that are built, messages and simulated blocks. And a process that needs
// nothing else never loads the other engine.

import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { keyed, plainAddress } from "@braid/testing/accounts";
import { BlockBuilder, type Fork, type TestBlock } from "@braid/testing/block-builder";
import { TOOL, tool } from "@braid/testing/tool";
import { describe, expect, test } from "vitest";
import { executorWith, inputOf } from "../../testing/agree.ts";

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
