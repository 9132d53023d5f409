// The replay loop over real files, with prepared results: what is right is ok, what is wrong is found, placed and counted, and nothing stops the rest.
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BlockResult } from "@braid/executor";
import { BaseError } from "@braid/primitives";
import { chainOf, decodeBlock, encodeBlock, type Header, hashHeader } from "@braid/protocol";
import { stateChangesOf } from "@braid/state";
import { makeTransferChain, RECEIVER_ADDRESS, type TransferChain } from "@braid/testing/transfer-chain";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Bundle, encodeBundle } from "./bundle.ts";
import { type ReplayEvent, type ReplayOptions, replay } from "./replay.ts";
import type { ReplaySummary } from "./report.ts";
import { blockOf, CannedExecutor, type Tamper } from "./testing/canned-executor.ts";

let folder: string;
let chain: TransferChain;
let file: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "braid-replay-"));
  chain = await makeTransferChain(3);
  file = join(folder, "chain.braid");
  await writeFile(file, encodeBundle(chain.bundle));
});
afterAll(() => rm(folder, { recursive: true }));

function run(options: ReplayOptions & { tamper?: Tamper; paths?: string[] } = {}): Promise<ReplaySummary> {
  const { tamper, paths = [file], ...rest } = options;
  return replay(paths, { executor: new CannedExecutor(chain, tamper), ...rest });
}

async function variant(name: string, change: Partial<Bundle>): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, encodeBundle({ ...chain.bundle, ...change }));
  return path;
}

/** Changes only what the parallel runs give. */
const inParallel =
  (change: (result: BlockResult) => void): Tamper =>
  (result, { mode }) => {
    if (mode === "parallel") change(result);
  };

describe("a chain that is right", () => {
  test("is ok, with everything checked and the totals added up", async () => {
    const { blocks, totals, interrupted } = await run();
    expect(blocks.map(({ number, verdict, fork }) => [number, verdict, fork])).toEqual(
      [1, 2, 3].map((number) => [number, "ok", "cancun"]),
    );
    for (const { checked } of blocks)
      expect(checked).toEqual(["gasUsed", "blobGasUsed", "logsBloom", "receiptsRoot", "stateRoot"]);
    expect(totals).toMatchObject({
      files: 1,
      blocks: 3,
      ok: 3,
      mismatch: 0,
      error: 0,
      transactions: 9,
      gasUsed: 9 * 21_000,
      executions: 9,
    });
    expect(interrupted).toBe(false);
  });

  test("is timed against the sequential run and stock ethereumjs, as often as asked", async () => {
    const executor = new CannedExecutor(chain);
    const { blocks, totals } = await replay([file], { executor, compare: true, baseline: true, repeat: 3 });
    expect(executor.inputs.map(({ mode }) => mode).filter((mode) => mode === "parallel")).toHaveLength(12);
    expect(executor.inputs.map(({ mode }) => mode).filter((mode) => mode === "sequential")).toHaveLength(9);
    for (const { verdict, runs, baselineError, baselineMs, sequentialMs } of blocks) {
      expect({ verdict, baselineError, runs: runs.length }).toEqual({
        verdict: "ok",
        baselineError: undefined,
        runs: 3,
      });
      expect(baselineMs).toBeGreaterThan(0);
      expect(sequentialMs).toBeGreaterThan(0);
    }
    expect(totals.baselineSpeedup).toBeGreaterThan(0);
    expect(totals.speedup).toBeGreaterThan(0);
  });

  test("is told as events in order", async () => {
    const events: string[] = [];
    const onEvent = (event: ReplayEvent): void => {
      events.push(
        event.type === "report"
          ? `report ${event.report.number}`
          : event.type === "block"
            ? `block ${event.number}`
            : event.type,
      );
    };
    await run({ onEvent });
    expect(events).toEqual([
      "files",
      "file",
      "block 1",
      "report 1",
      "executed",
      "block 2",
      "report 2",
      "executed",
      "block 3",
      "report 3",
      "executed",
    ]);
  });

  test("hands the options on to the executor", async () => {
    const executor = new CannedExecutor(chain);
    await replay([file], { executor, mode: "sequential", workers: 3, hints: false });
    for (const { mode, workers, hints } of executor.inputs)
      expect({ mode, workers, hints }).toEqual({ mode: "sequential", workers: 3, hints: false });
  });
});

describe("a result that is wrong", () => {
  test("in gas is a mismatch, placed at the transaction by the sequential run, and ends its chain", async () => {
    const tamper = inParallel((result) => {
      result.gasUsed += 5n;
      const transaction = result.transactions[1];
      if (transaction !== undefined) transaction.gasUsed += 5n;
    });
    const { blocks, totals } = await run({ tamper });
    expect(blocks).toHaveLength(1);
    expect(blocks[0]?.verdict).toBe("mismatch");
    expect(blocks[0]?.differences[0]).toEqual({
      against: "sequential",
      field: "gasUsed",
      transactionIndex: 1,
      expected: "21000",
      actual: "21005",
    });
    expect(blocks[0]?.differences[1]).toMatchObject({ against: "header", field: "gasUsed" });
    expect(totals).toMatchObject({ ok: 0, mismatch: 1 });
  });

  test("in the state is placed at the account", async () => {
    const tamper = inParallel((result) => {
      const accounts = new Map(result.stateChanges.accounts);
      const account = accounts.get(RECEIVER_ADDRESS);
      if (account?.balance === undefined) return;
      accounts.set(RECEIVER_ADDRESS, { ...account, balance: account.balance + 1n });
      result.stateChanges = stateChangesOf({ accounts });
    });
    const { blocks } = await run({ tamper });
    expect(blocks[0]?.differences[0]).toMatchObject({
      against: "sequential",
      field: "balance",
      address: RECEIVER_ADDRESS,
      expected: "1000",
      actual: "1001",
    });
    expect(blocks[0]?.differences[1]).toMatchObject({ against: "header", field: "stateRoot" });
  });

  test("in both modes is placed by stock ethereumjs", async () => {
    const tamper: Tamper = (result) => {
      const receipt = result.receipts[2];
      if (receipt !== undefined) receipt.cumulativeGasUsed += 1n;
      result.receiptsRoot = new Uint8Array(32);
    };
    for (const baseline of [true, false]) {
      const { blocks } = await run({ tamper, baseline, paths: [file] });
      expect(blocks[0]?.verdict).toBe("mismatch");
      // Recording for the baseline needs an executor that reads; the canned one does not.
      if (baseline) {
        expect(blocks[0]?.differences[0]).toEqual({
          against: "stock",
          field: "cumulativeGasUsed",
          transactionIndex: 2,
          expected: "63000",
          actual: "63001",
        });
      }
      expect(blocks[0]?.differences.at(-1)).toMatchObject({ against: "header", field: "receiptsRoot" });
    }
  });

  test("that everyone else agrees with says so", async () => {
    const { state, blocks: all } = chain.bundle;
    const [first] = all;
    if (first === undefined || state.kind !== "complete")
      throw new Error("the chain has blocks over a complete state");
    // The header promises another state root; nothing else is wrong.
    const block = first.slice();
    const root = Buffer.from(block).indexOf(decodeBlock(first, chainOf(chain.bundle.chain)).header.stateRoot);
    block[root] = (block[root] ?? 0) ^ 1;
    const bundle: Bundle = { ...chain.bundle, blocks: [block] };
    const path = await variant("promise.braid", { blocks: [block] });
    const executor = new CannedExecutor({ bundle, results: chain.results });
    const { blocks } = await replay([path], { executor, baseline: true });
    expect(blocks[0]).toMatchObject({
      verdict: "mismatch",
      agreesWith: ["sequential", "stock"],
      differences: [{ against: "header", field: "stateRoot" }],
    });
  });

  test("that no header shows is found by --compare", async () => {
    const tamper = inParallel((result) => {
      const transaction = result.transactions[0];
      if (transaction !== undefined) transaction.output = Uint8Array.of(1);
    });
    const [{ blocks: plain }, { blocks: compared }] = [
      await run({ tamper }),
      await run({ tamper, compare: true }),
    ];
    expect(plain[0]?.verdict).toBe("ok");
    expect(compared[0]?.verdict).toBe("mismatch");
    expect(compared[0]?.differences).toEqual([
      { against: "sequential", field: "output", transactionIndex: 0, expected: "0x", actual: "0x01" },
    ]);
  });

  test("in one repetition of many is found", async () => {
    let runs = 0;
    const tamper: Tamper = (result) => {
      runs += 1;
      if (runs === 3) result.logsBloom = new Uint8Array(256).fill(1);
    };
    const { blocks } = await run({ tamper, repeat: 4 });
    expect(blocks[0]?.verdict).toBe("mismatch");
  });

  test("as an error that the sequential run does not have is a mismatch, and otherwise an error", async () => {
    const fail = (): never => {
      throw new BaseError("BRAID_TX_NONCE_TOO_LOW", "nonce too low", { data: { transactionIndex: 1 } });
    };
    const { blocks: wrong } = await run({ tamper: inParallel(fail) });
    expect(wrong[0]).toMatchObject({
      verdict: "mismatch",
      error: { code: "BRAID_TX_NONCE_TOO_LOW" },
      differences: [{ field: "outcome" }],
    });
    const { blocks: invalid } = await run({ tamper: fail });
    expect(invalid[0]).toMatchObject({
      verdict: "error",
      differences: [],
      error: { code: "BRAID_TX_NONCE_TOO_LOW", data: { transactionIndex: 1 } },
    });
  });
});

describe("a file that cannot be replayed", () => {
  test("is one error with its code, and the other files still run", async () => {
    const truncated = join(folder, "truncated.braid");
    await writeFile(truncated, encodeBundle(chain.bundle).subarray(0, 500));
    const { blocks, totals } = await run({ paths: [truncated, join(folder, "absent"), file] });
    expect(blocks.map(({ verdict, error }) => error?.code ?? verdict)).toEqual([
      "BRAID_FILE_UNREADABLE",
      "BRAID_FILE_TRUNCATED",
      "ok",
      "ok",
      "ok",
    ]);
    expect(totals).toMatchObject({ files: 3, blocks: 3, ok: 3, error: 2 });
  });

  test("has a state that is not the one before its first block", async () => {
    const { state } = chain.bundle;
    if (state.kind !== "complete") throw new Error("the chain has a complete state");
    const richer = state.pre.accounts.map((entry) => ({
      ...entry,
      account: entry.account && { ...entry.account, balance: 7n },
    }));
    const wrongState = await variant("state.braid", {
      state: { ...state, pre: { ...state.pre, accounts: richer } },
    });
    const wrongRoot = await variant("root.braid", { state: { ...state, stateRoot: new Uint8Array(32) } });
    const second = await variant("second.braid", { blocks: chain.bundle.blocks.slice(1) });
    const { blocks } = await run({ paths: [wrongState, wrongRoot, second] });
    expect(blocks.map(({ error }) => error?.code)).toEqual(Array(3).fill("BRAID_PARENT_STATE_MISMATCH"));
  });

  test("has blocks that do not follow one another", async () => {
    const [first, , third] = chain.bundle.blocks;
    if (first === undefined || third === undefined) throw new Error("the chain has three blocks");
    const gap = await variant("gap.braid", { blocks: [first, third] });
    const { blocks } = await run({ paths: [gap] });
    expect(blocks.map(({ error }) => error?.code)).toEqual(["BRAID_BROKEN_CHAIN"]);
  });

  test("has blocks whose transactions are not those of the header", async () => {
    const damaged = chain.bundle.blocks.map((block) => block.slice());
    const block = damaged[0];
    if (block === undefined) throw new Error("the chain has blocks");
    // The last bytes of a block are the empty lists of uncles and withdrawals; before them stands the last signature.
    block[block.length - 4] = (block[block.length - 4] ?? 0) ^ 1;
    const path = await variant("damaged.braid", { blocks: damaged });
    const { blocks } = await run({ paths: [path] });
    expect(blocks.map(({ error }) => error?.code)).toEqual(["BRAID_BLOCK_WRONG_TRANSACTIONS_ROOT"]);
  });

  /** The chain's blocks with one header changed, and those behind it made to follow. */
  function withHeader(index: number, change: Partial<Header>): Uint8Array[] {
    const rules = chainOf(chain.bundle.chain);
    let parentHash: Uint8Array | undefined;
    return chain.bundle.blocks.map((rlp, i) => {
      const block = decodeBlock(rlp, rules);
      const header = { ...block.header, ...(parentHash === undefined ? {} : { parentHash }) };
      if (i === index) Object.assign(header, change);
      if (i >= index) parentHash = hashHeader(header);
      return encodeBlock({ ...block, header });
    });
  }

  test.each<[string, number, Partial<Header>, string]>([
    [
      "the base fee that does not follow from its parent",
      1,
      { baseFeePerGas: 3n },
      "BRAID_BLOCK_WRONG_BASE_FEE",
    ],
    ["no later timestamp than its parent", 2, { timestamp: 0n }, "BRAID_BLOCK_TIMESTAMP_NOT_LATER"],
    [
      "a gas limit out of bounds of the parent's in the file",
      0,
      { gasLimit: 1_000_000n },
      "BRAID_BLOCK_GAS_LIMIT_OUT_OF_BOUNDS",
    ],
    ["a difficulty after the Merge", 0, { difficulty: 1n }, "BRAID_BLOCK_WRONG_DIFFICULTY"],
  ])("has a block with %s", async (_what, index, change, code) => {
    const path = await variant("header.braid", { blocks: withHeader(index, change) });
    const { blocks } = await run({ paths: [path] });
    expect(blocks.map(({ error }) => error?.code)).toEqual([code]);
  });

  test("has a header that nobody can judge without its parent: it is executed", async () => {
    const [changed] = withHeader(0, { gasLimit: 29_000_000n });
    const { parentHeader: _, ...bundle } = chain.bundle;
    const path = join(folder, "orphan.braid");
    await writeFile(path, encodeBundle({ ...bundle, blocks: [changed as Uint8Array] }));
    const executor = new CannedExecutor({
      bundle: { ...bundle, blocks: [changed as Uint8Array] },
      results: chain.results,
    });
    const { blocks } = await replay([path], { executor });
    expect(blocks.map(({ verdict }) => verdict)).toEqual(["ok"]);
  });

  test("is a directory without any block", async () => {
    const empty = await mkdtemp(join(folder, "empty-"));
    await writeFile(join(empty, "README.md"), "# nothing\n");
    // A folder whose name begins with the other's is not in it.
    const full = `${empty}-full`;
    await mkdir(full);
    await writeFile(join(full, "chain.braid"), encodeBundle(chain.bundle));
    const { blocks, skippedFiles } = await run({ paths: [empty, full] });
    expect(blocks.map(({ verdict, error }) => error?.code ?? verdict)).toEqual([
      "ok",
      "ok",
      "ok",
      "BRAID_NOTHING_TO_REPLAY",
    ]);
    expect(skippedFiles).toHaveLength(1);
  });
});

describe("an abort", () => {
  test("ends the replay with the blocks so far", async () => {
    const abort = new AbortController();
    const onEvent = (event: ReplayEvent): void => {
      if (event.type === "report" && event.report.number === 2) abort.abort();
    };
    const { blocks, interrupted } = await run({ signal: abort.signal, onEvent });
    expect(blocks.map(({ number }) => number)).toEqual([1, 2]);
    expect(interrupted).toBe(true);
  });

  test("in the middle of a block drops that block", async () => {
    const abort = new AbortController();
    const tamper: Tamper = (_result, input) => {
      if (blockOf(input).header.number === 2n) abort.abort();
      input.signal?.throwIfAborted();
    };
    const { blocks, interrupted } = await run({ signal: abort.signal, tamper });
    expect(blocks.map(({ number, verdict }) => [number, verdict])).toEqual([[1, "ok"]]);
    expect(interrupted).toBe(true);
  });
});
