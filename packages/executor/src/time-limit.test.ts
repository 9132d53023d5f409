// Calls and traces with a time limit: whatever they do, they end by then, and what comes after them is right.

import { keyed, plainAddress } from "@braid/testing/accounts";
import { asm, callWith } from "@braid/testing/assembler";
import { BlockBuilder, type TestBlock } from "@braid/testing/block-builder";
import { describe, expect, test } from "vitest";
import type { CallInput } from "./block/call-input.ts";
import type { CallResult } from "./call.ts";
import { DEFAULT_ENGINE } from "./engines/registry.ts";
import { executorWith, inputOf } from "./testing/agree.ts";
import { inTime } from "./testing/deadline.ts";
import { readByRead } from "./testing/sources.ts";

const HUGE_GAS = 10n ** 15n;
const NOTHING = new Uint8Array(0);
const [ANSWER, IDENTITY] = [plainAddress(9), new Uint8Array(20).with(19, 4)];

/** Never end but by their gas, each in another part of the interpreter. */
const ENDLESS = {
  "a loop": asm(":again", "@again", "JUMP"),
  "a loop with a condition": asm(":again", 1, "@again", "JUMPI"),
  "a loop of calls to a precompile": asm(":again", ...callWith(IDENTITY, NOTHING), "@again", "JUMP"),
  "a loop of calls to a contract": asm(":again", ...callWith(ANSWER, NOTHING), "@again", "JUMP"),
  "calls of itself without a jump": asm(
    ...[0, 0, 0, 0, 0, "ADDRESS", "GAS", "CALL", "POP"],
    ...[0, 0, 0, 0, 0, "ADDRESS", "GAS", "CALL"],
  ),
  "a loop of new slots": asm(":again", "GAS", "SLOAD", "POP", "@again", "JUMP"),
  "a loop of creations": asm(":again", 0, 0, 0, "CREATE", "POP", "@again", "JUMP"),
} as const;

const contracts = Object.entries(ENDLESS).map(([name, code], i) => ({
  name,
  code,
  address: plainAddress(20 + i),
}));

async function world(): Promise<TestBlock> {
  const block = new BlockBuilder("cancun", { gasLimit: HUGE_GAS * 4n });
  block.fund(keyed(0));
  for (const { address, code } of contracts) block.contract(address, code);
  block.contract(ANSWER, asm(42, 0, "MSTORE", 32, 0, "RETURN"));
  return block.build();
}

describe.each([
  ["caller", "ethereumjs"],
  ["caller", "wasm"],
  ["worker", DEFAULT_ENGINE],
] as const)("a call on the thread of the %s, engine %s", (thread, engine) => {
  const call = async (to: Uint8Array, more: Partial<CallInput> = {}): Promise<CallResult[]> => {
    const block = await world();
    const { input, chain } = block;
    const running = executorWith(2, engine).call({
      header: input.header,
      chain,
      source: block.source(),
      messages: [{ to, gasLimit: HUGE_GAS }],
      thread,
      ...more,
    });
    return inTime(running, "the call");
  };
  const expectGood = async (timeLimitMs?: number): Promise<void> => {
    const [result] = await call(ANSWER, timeLimitMs === undefined ? {} : { timeLimitMs });
    expect(result?.output.at(-1)).toBe(42);
  };

  test.each(contracts)("$name ends", async ({ address }) => {
    const block = await world();
    for (const source of [block.source(), readByRead(block.source())])
      await expect(call(address, { timeLimitMs: 60, source })).rejects.toMatchObject({
        name: "ExecutionError",
        code: "BRAID_TIME_LIMIT",
        data: { milliseconds: 60 },
      });
    await expectGood();
    await expectGood(60_000);
  });

  test("a source that does not answer", async () => {
    const source = readByRead((await world()).source());
    source.getAccount = () => new Promise(() => {});
    await expect(call(ANSWER, { timeLimitMs: 60, source })).rejects.toMatchObject({
      code: "BRAID_TIME_LIMIT",
    });
    await expectGood();
  });

  test("the limit is for all messages together", async () => {
    const messages = [{ to: ANSWER }, { to: plainAddress(20), gasLimit: HUGE_GAS }, { to: ANSWER }];
    await expect(call(ANSWER, { timeLimitMs: 60, messages })).rejects.toMatchObject({
      code: "BRAID_TIME_LIMIT",
    });
  });

  test("cancelling is not the time limit, and a limit must be one", async () => {
    const signal = AbortSignal.timeout(30);
    const source = readByRead((await world()).source());
    source.getAccount = () => new Promise(() => {});
    await expect(call(ANSWER, { timeLimitMs: 60_000, signal, source })).rejects.toMatchObject({
      code: "BRAID_ABORTED",
    });
    for (const timeLimitMs of [0, -1, Number.NaN])
      await expect(call(ANSWER, { timeLimitMs })).rejects.toMatchObject({
        code: "BRAID_INVALID_INPUT",
        data: { field: "timeLimitMs" },
      });
  });
});

describe("a trace", () => {
  test.each(contracts)("$name ends, traced or before what is traced", async ({ address }) => {
    const builder = new BlockBuilder("cancun", { gasLimit: HUGE_GAS * 4n });
    builder.fund(keyed(0));
    for (const contract of contracts) builder.contract(contract.address, contract.code);
    builder.contract(ANSWER, NOTHING);
    builder.account(keyed(0).address, { balance: 10n ** 60n });
    builder.send({ from: keyed(0), to: address, gasLimit: HUGE_GAS });
    builder.send({ from: keyed(0), to: ANSWER });
    const block = await builder.build();
    /** Steps of the traced transaction until the time was up. */
    const stepsIn = async (traced: number, timeLimitMs: number): Promise<number> => {
      let steps = 0;
      const step = (): void => {
        steps++;
      };
      const running = executorWith(2).trace({
        ...inputOf(block),
        timeLimitMs,
        tracer: (index) => (index === traced ? { step } : undefined),
      });
      await expect(inTime(running, "the trace")).rejects.toMatchObject({
        code: "BRAID_TIME_LIMIT",
        data: { milliseconds: timeLimitMs },
      });
      return steps;
    };
    expect(await stepsIn(1, 100)).toBe(0);
    // The limit counts from the trace's beginning: on a busy machine it may be over before the first opcode.
    let steps = 0;
    for (let limit = 100; steps === 0 && limit < 10_000; limit *= 4) steps = await stepsIn(0, limit);
    expect(steps).toBeGreaterThan(0);
  });
});
