// Traces are those of stock ethereumjs run in order: each opcode with its gas, stack and memory, each message call.

import { runOnce } from "@braid/stock/run-once";
import { keyed, plainAddress } from "@braid/testing/accounts";
import { BlockBuilder, type Fork, type TestBlock } from "@braid/testing/block-builder";
import { randomBlock } from "@braid/testing/random-block";
import { TOOL, tool } from "@braid/testing/tool";
import { describe, expect, test } from "vitest";
import type { TraceResult } from "./block/tracer.ts";
import type { TracedTransaction } from "./result/block-result.ts";
import { executorWith, fingerprint, inputOf, runBraid } from "./testing/agree.ts";
import { readByRead } from "./testing/sources.ts";
import { callLine, endLine, stepLine } from "./testing/trace-digest.ts";

const FORKS: readonly Fork[] = ["chainstart", "byzantium", "istanbul", "berlin", "london", "cancun", "osaka"];

/** The lines of each transaction. */
async function stockTraces(block: TestBlock): Promise<string[][]> {
  const traces: string[][] = [];
  let lines: string[] | undefined;
  await runOnce(block, ({ events, evm }) => {
    events.on("beforeTx", () => {
      lines = [];
      traces.push(lines);
    });
    events.on("afterTx", () => {
      lines = undefined;
    });
    evm.events?.on("step", (step) => lines?.push(stepLine(step)));
    evm.events?.on("beforeMessage", (message) => lines?.push(callLine(message)));
    evm.events?.on("afterMessage", (result) => lines?.push(endLine(result)));
  });
  return traces;
}

async function braidTraces(
  block: TestBlock,
  source = block.source(),
): Promise<{ traces: string[][]; transactions: TracedTransaction[] }> {
  const traces: string[][] = block.input.transactions.map(() => []);
  const transactions = await executorWith(2).trace({
    ...inputOf(block, { source }),
    tracer: (index) => {
      const lines: string[] = [];
      traces[index] = lines;
      return {
        step: (step) => void lines.push(stepLine(step)),
        beforeMessage: (message) => void lines.push(callLine(message)),
        afterMessage: (result) => void lines.push(endLine(result)),
      };
    },
  });
  return { traces, transactions };
}

/** The random block of the seed, or of the next one that is valid: a delegated sender may lose its ether before its own transaction comes. */
async function tracedBlock(fork: Fork, seed: number): Promise<{ block: TestBlock; expected: string[][] }> {
  const block = await randomBlock(fork, seed);
  try {
    return { block, expected: await stockTraces(block) };
  } catch (error) {
    expect(String(error)).toContain("enough funds");
    return tracedBlock(fork, seed + 100);
  }
}

describe.each(FORKS)("%s", (fork) => {
  test.each([11, 12, 13])("random block %i has the traces of stock ethereumjs", async (seed) => {
    const { block, expected } = await tracedBlock(fork, seed);
    const { traces, transactions } = await braidTraces(block);
    for (const [i, lines] of traces.entries()) expect(lines, `transaction ${i}`).toEqual(expected[i]);
    const result = await runBraid(block, 1, { mode: "sequential" });
    for (const [i, { gasUsed, status, output, error }] of result.transactions.entries())
      expect(transactions[i]).toMatchObject({
        gasUsed,
        status,
        output,
        ...(error === undefined ? {} : { error }),
      });
    expect(transactions.map(({ logs }) => logs)).toEqual(result.receipts.map(({ logs }) => logs));
  });
});

test("a source that is asked read by read gives the same traces", async () => {
  const block = await randomBlock("prague", 14);
  const { traces } = await braidTraces(block);
  expect((await braidTraces(block, readByRead(block.source()))).traces).toEqual(traces);
});

test("a jump that fails is reported in the same words with a tracer that looks at opcodes, one that does not, and without", async () => {
  const block = new BlockBuilder("cancun");
  block.fund(keyed(0));
  // PUSH1 0, JUMP: there is no JUMPDEST.
  const contract = block.contract(plainAddress(5), Uint8Array.of(0x60, 0x00, 0x56));
  block.send({ from: keyed(0), to: contract, gasLimit: 100_000 });
  const built = await block.build();
  const untraced = await runBraid(built, 1, { mode: "sequential" });
  const heard: (string | undefined)[] = [untraced.transactions[0]?.error];
  const afterMessage = ({ execResult }: TraceResult) => void heard.push(execResult.exceptionError?.error);
  for (const tracer of [{ afterMessage }, { afterMessage, step: () => {} }]) {
    const [transaction] = await executorWith(1).trace({ ...inputOf(built), tracer: () => tracer });
    heard.push(transaction?.error);
  }
  expect(heard).toEqual(Array(5).fill("invalid JUMP"));
});

describe("what is traced, and what it costs others", () => {
  async function twoCalls(): Promise<TestBlock> {
    const block = new BlockBuilder("cancun");
    block.fund(keyed(0), keyed(1));
    const contract = block.contract(plainAddress(5), TOOL);
    for (const from of [keyed(0), keyed(1), keyed(0)])
      block.send({ from, to: contract, data: tool.increment(1), gasLimit: 200_000 });
    return block.build();
  }

  test("only transactions that have a tracer are stepped through, and none behind the last is run", async () => {
    const block = await twoCalls();
    const seen: number[] = [];
    let steps = 0;
    const transactions = await executorWith(1).trace({
      ...inputOf(block),
      tracer: (index) => {
        seen.push(index);
        return index === 1 ? { step: () => void steps++ } : undefined;
      },
      last: 1,
    });
    expect(seen).toEqual([0, 1]);
    expect(transactions).toHaveLength(2);
    expect(steps).toBeGreaterThan(10);
  });

  test("a block beside it has its result, and an invalid transaction is reported", async () => {
    const block = await randomBlock("shanghai", 15);
    const print = fingerprint(await runBraid(block, 1, { mode: "sequential" }));
    const [{ traces }, result] = await Promise.all([braidTraces(block), runBraid(block, 2)]);
    expect(traces.flat().length).toBeGreaterThan(0);
    expect(fingerprint(result)).toBe(print);
    const builder = new BlockBuilder("cancun");
    builder.fund(keyed(0));
    builder.send({ from: keyed(0), to: plainAddress(1), nonce: 7 });
    await expect(braidTraces(await builder.build())).rejects.toMatchObject({
      code: "BRAID_TX_NONCE_TOO_HIGH",
      data: { transactionIndex: 0 },
    });
  });

  test("what a tracer throws is what the trace rejects with, and the next one is not touched by it", async () => {
    const block = await twoCalls();
    const reason = new RangeError("enough");
    const fail = (): never => {
      throw reason;
    };
    for (const tracer of [
      { step: fail },
      { beforeMessage: fail },
      { afterMessage: async () => fail() },
      undefined,
    ]) {
      const failing = executorWith(1).trace({ ...inputOf(block), tracer: () => tracer ?? fail() });
      await expect(failing).rejects.toBe(reason);
    }
    expect((await braidTraces(block)).traces).toEqual(await stockTraces(block));
  });
});
