// For tests: the differential heart. One block on stock ethereumjs, on Braid sequentially, and on Braid in parallel with 1, 2,
// 3 and 8 workers several times; everything that execution determines must be the same everywhere.

import { bytesToHex, serializeError } from "@braid/primitives";
import { type BegunStore, MemoryStateStore, StateChanges } from "@braid/state";
import { runOnce } from "@braid/stock/run-once";
import type { TestBlock } from "@braid/testing/block-builder";
import type { RunBlockResult } from "@ethereumjs/vm";
import { afterAll, expect } from "vitest";
import type { ExecuteBlockInput } from "../block/block-input.ts";
import type { CallResult } from "../call.ts";
import { DEFAULT_ENGINE, ENGINE_NAMES } from "../engines/registry.ts";
import { Executor } from "../executor.ts";
import type { BlockResult } from "../result/block-result.ts";

/** Also one that was built elsewhere. */
export type AnyBlock = Omit<TestBlock, "signers"> & Partial<Pick<TestBlock, "signers">>;

export const WORKER_COUNTS = [1, 2, 3, 8] as const;

const executors = new Map<string, Executor>();
const stores = new WeakMap<AnyBlock, BegunStore>();

/** The file's executor with so many workers, on the default engine or that of a name; it ends with the file's tests. */
export function executorWith(workers: number, engine?: string): Executor {
  const key = `${workers} ${engine}`;
  let executor = executors.get(key);
  if (executor === undefined) {
    if (executors.size === 0)
      afterAll(async () => {
        await Promise.all([...executors.values()].map((one) => one.close()));
        executors.clear();
      });
    executor = new Executor({ workers, ...(engine === undefined ? {} : { engine }) });
    executors.set(key, executor);
  }
  return executor;
}

/** Does the same on each engine. Gives what all give, or throws what all throw: code, message and data are the same. */
export async function onAll<Result>(run: (engine: string) => Promise<Result>): Promise<Result[]> {
  const ends: PromiseSettledResult<Result>[] = [];
  for (const engine of ENGINE_NAMES) ends.push(...(await Promise.allSettled([run(engine)])));
  const failures = ends.map((end) => {
    if (end.status === "fulfilled") return "";
    const { stack: _, ...error } = serializeError(end.reason);
    return asText(error);
  });
  expect(new Set(failures).size, failures.join(" | ")).toBe(1);
  return ends.map((end) => {
    if (end.status === "rejected") throw end.reason;
    return end.value;
  });
}

/** What a call comes to, without what only tells how: the engine, the order and repetition of what was read and written. */
export function plainCall({ engine: _, reads, writes, ...rest }: CallResult): object {
  return {
    ...rest,
    reads: reads && [...new Set(reads.map(asText))].sort(),
    writes: writes?.map(asText).sort(),
  };
}

/** Executes a block on Braid; pre-Byzantium receipts get their state roots. */
export async function runBraid(
  block: AnyBlock,
  workers: number,
  more: Partial<ExecuteBlockInput> = {},
): Promise<BlockResult> {
  return executorWith(workers).executeBlock(inputOf(block, more));
}

/** A block as the executor takes it, forced onto the parallel path. */
export function inputOf(block: AnyBlock, more: Partial<ExecuteBlockInput> = {}): ExecuteBlockInput {
  return {
    block: block.input,
    chain: block.chain,
    source: block.source(),
    mode: "parallel",
    force: true,
    ...(block.chain.rulesAt(block.input.header).byzantium
      ? {}
      : { intermediateRoots: (changes: StateChanges) => rootAfter(block, changes) }),
    ...more,
  };
}

const show = (bytes: Uint8Array | undefined): string => (bytes === undefined ? "none" : bytesToHex(bytes));

/** What the oracle and Braid both tell of a block, as plain data. */
export interface Outcome {
  gasUsed: bigint;
  receiptsRoot: string;
  logsBloom: string;
  stateRoot: string;
  requestsHash: string;
  requests: string[];
  transactions: object[];
}

/** All exceptional halts are one: which of two reasons comes first is nobody's rule. */
function endOf(error: string | undefined): "success" | "revert" | "halt" {
  if (error === undefined) return "success";
  return error === "revert" ? "revert" : "halt";
}

export function outcomeOfStock(run: RunBlockResult): Outcome {
  return {
    gasUsed: run.gasUsed,
    receiptsRoot: show(run.receiptsRoot),
    logsBloom: show(run.logsBloom),
    stateRoot: show(run.stateRoot),
    requestsHash: show(run.requestsHash),
    // ethereumjs lists empty requests too, which count for nothing (EIP-7685).
    requests: (run.requests ?? []).filter(({ bytes }) => bytes.length > 1).map(({ bytes }) => show(bytes)),
    transactions: run.receipts.map((receipt, i) => {
      const result = run.results[i];
      return {
        status: "status" in receipt ? receipt.status : undefined,
        stateRoot: "stateRoot" in receipt ? show(receipt.stateRoot) : undefined,
        cumulativeGasUsed: receipt.cumulativeBlockGasUsed,
        logsBloom: show(receipt.bitvector),
        logs: receipt.logs.map(([address, topics, data]) =>
          [show(address), ...topics.map(show), show(data)].join(" "),
        ),
        gasUsed: result?.totalGasSpent,
        end: endOf(result?.execResult.exceptionError?.error),
        output: show(result?.execResult.returnValue),
        createdAddress: show(result?.createdAddress?.bytes),
      };
    }),
  };
}

/** The state root after some changes on top of the block's pre-state. */
function rootAfter(block: AnyBlock, changes: StateChanges): Uint8Array {
  let store = stores.get(block);
  if (store === undefined) {
    store = MemoryStateStore.fromFlat(block.pre);
    stores.set(block, store);
  }
  return store.prepare(store.head.hash, changes).root;
}

export async function outcomeOfBraid(block: AnyBlock, result: BlockResult): Promise<Outcome> {
  return {
    gasUsed: result.gasUsed,
    receiptsRoot: show(result.receiptsRoot),
    logsBloom: show(result.logsBloom),
    stateRoot: show(rootAfter(block, result.stateChanges)),
    requestsHash: show(result.requestsHash),
    requests: (result.requests ?? []).map(show),
    transactions: result.receipts.map((receipt, i) => {
      const transaction = result.transactions[i];
      return {
        status: receipt.status,
        stateRoot: receipt.stateRoot === undefined ? undefined : show(receipt.stateRoot),
        cumulativeGasUsed: receipt.cumulativeGasUsed,
        logsBloom: show(receipt.logsBloom),
        logs: receipt.logs.map(({ address, topics, data }) =>
          [show(address), ...topics.map(show), show(data)].join(" "),
        ),
        gasUsed: transaction?.gasUsed,
        end: endOf(transaction?.error),
        output: show(transaction?.output),
        createdAddress: show(transaction?.createdAddress),
      };
    }),
  };
}

/** Everything in a result but times and counts of work: two of the same block must be equal. PERF: decodes the access sets. */
export function fingerprint(result: BlockResult): string {
  const { statistics: _, transactions, receipts, stateChanges, ...rest } = result;
  // Throws when they are not in order, or not in their one form.
  StateChanges.decode(stateChanges.bytes);
  const accounts = [...stateChanges.accounts].map(([address, account]) => [
    address,
    { ...account, storage: [...account.storage] },
  ]);
  const codes = [...stateChanges.codes];
  const accesses = transactions.map(({ executions: __, reads, writes, ...transaction }) => ({
    ...transaction,
    // What is recorded twice says no more: an opcode that begins again after state was fetched looks again.
    reads: [...new Set(reads.map(asText))].sort(),
    writes: writes.map(asText).sort(),
  }));
  return asText({ rest, receipts, accounts, codes, accesses });
}

function asText(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) => {
    if (typeof part === "bigint") return `${part}n`;
    if (part instanceof Uint8Array) return bytesToHex(part);
    return part;
  });
}

export interface AgreeOptions {
  /** Parallel runs for each number of workers. */
  repeat?: number;
  workers?: readonly number[];
  /** Where stock is known to be wrong: what is right instead. */
  correct?: (expected: Outcome) => void;
}

export interface Agreement {
  /** The sequential run's. */
  result: BlockResult;
  expected: Outcome;
  /** Over all parallel runs: incarnations that were executed more than once, for whatever reason. */
  reexecutions: number;
}

/** On engines that are not the default. */
export const otherWays = ENGINE_NAMES.filter((engine) => engine !== DEFAULT_ENGINE).flatMap(
  (engine) =>
    [
      [engine, 0, "sequential"],
      [engine, 3, "parallel"],
    ] as const,
);

/** Fails unless all ways to execute the block agree. */
export async function assertAllAgree(block: AnyBlock, options: AgreeOptions = {}): Promise<Agreement> {
  const { repeat = 3, workers = WORKER_COUNTS, correct } = options;
  const expected = outcomeOfStock(await runOnce(block));
  correct?.(expected);
  const result = await runBraid(block, 1, { mode: "sequential" });
  expect(await outcomeOfBraid(block, result)).toEqual(expected);
  const print = fingerprint(result);
  expect(fingerprint(await runBraid(block, 0)), "on the caller's thread").toBe(print);
  for (const [engine, count, mode] of otherWays) {
    const other = await runBraid(block, count, { mode, engine });
    if (fingerprint(other) === print) continue;
    expect(await outcomeOfBraid(block, other), `the ${engine} engine, ${mode}`).toEqual(expected);
    expect(JSON.parse(fingerprint(other)), `the ${engine} engine, ${mode}`).toEqual(JSON.parse(print));
  }
  let reexecutions = 0;
  for (const count of workers) {
    for (let round = 0; round < repeat; round++) {
      const parallel = await runBraid(block, count);
      reexecutions += parallel.statistics.reexecutions;
      if (fingerprint(parallel) === print) continue;
      // The oracle's view first: it tells best what went wrong.
      expect(await outcomeOfBraid(block, parallel), `${count} workers, round ${round}`).toEqual(expected);
      expect(JSON.parse(fingerprint(parallel)), `${count} workers, round ${round}`).toEqual(
        JSON.parse(print),
      );
    }
  }
  return { result, expected, reexecutions };
}

/** Fails unless the block is invalid in the same way however it is executed. Gives the error of the sequential run. */
export async function assertAllReject(
  block: AnyBlock,
  options: Pick<AgreeOptions, "repeat" | "workers"> = {},
): Promise<unknown> {
  const { repeat = 3, workers = WORKER_COUNTS } = options;
  const sequential = await rejection(block, 1, { mode: "sequential" });
  // Code, message and data; errors as such compare by message alone.
  const print = JSON.stringify(sequential);
  for (const [engine, count, mode] of otherWays)
    expect(JSON.stringify(await rejection(block, count, { mode, engine })), `${engine}, ${mode}`).toBe(print);
  for (const count of workers)
    for (let round = 0; round < repeat; round++)
      expect(JSON.stringify(await rejection(block, count, { mode: "parallel" }))).toBe(print);
  return sequential;
}

async function rejection(
  block: AnyBlock,
  workers: number,
  more: Pick<ExecuteBlockInput, "mode" | "engine">,
): Promise<unknown> {
  try {
    await runBraid(block, workers, more);
  } catch (error) {
    return error;
  }
  throw new Error(`a block that should be invalid was executed (${more.mode}, ${workers} workers)`);
}
