// Traces of every transaction of mainnet blocks: struct logs and trees of calls are those of stock @ethereumjs/vm run in order, and what the traced
// transactions came to is what they come to in the block that runs in parallel beside them. `pnpm test:stress` takes all blocks of the fixtures.
import { basename, join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import {
  type BlockResult,
  type ExecuteBlockInput,
  Executor,
  SeededExecutor,
  type TracedTransaction,
  type TraceResult,
  type Tracer,
} from "@braid/executor";
import { type BlockFile, listFiles, loadBlockFile, openParentState, RecordingSource } from "@braid/replay";
import { runOnce, type StockInput } from "@braid/stock/run-once";
import { afterAll, describe, expect, test } from "vitest";
import { MAINNET_FOLDER, SHIPPED_BLOCKS } from "../../scripts/ship-mainnet-blocks.ts";
import { FIXTURES, isPresent } from "./fixture-files.ts";
import { type Place, TraceDigest } from "./trace-digest.ts";
import { structLogTracer } from "./tracers.ts";

const STRESS = Number(process.env.BRAID_STRESS ?? 0) > 0;

/** What the normal run takes beside the shipped blocks: larger ones, and forks that those do not have. */
const SELECTION: Record<string, string[]> = {
  "mainnet-blocks": ["2179522", "4330482", "8889776", "12047794", "15752489", "19934116"].map(
    (number) => `${number}.json.gz`,
  ),
  "mainnet-witness": ["1-18884864.json.gz", "1-22188088.json.gz"],
};

/** Each with what runs the block while it traces. A trace goes in order on the caller's thread, whatever the executor. */
const WAYS = [0, 2, 3].map((workers) => {
  const executor = new Executor({ workers });
  return {
    name: `${workers} workers`,
    tracing: executor,
    beside: workers === 0 ? new SeededExecutor({ workers: 3, seed: 8 }) : executor,
  };
});
afterAll(() => Promise.all(WAYS.flatMap(({ tracing, beside }) => [tracing.close(), beside.close()])));

/** The input of the file's only block, on a state that was not used yet. */
function inputOf(file: BlockFile): ExecuteBlockInput {
  const [block] = file.blocks;
  if (block === undefined || file.blocks.length > 1) throw new Error("the files have one block each");
  const { source } = openParentState(file).open();
  return { block: block.input, chain: block.chain, source, mode: "parallel", force: true };
}

async function stockInputOf(file: BlockFile): Promise<StockInput> {
  const [block] = file.blocks;
  if (block === undefined) throw new Error("the file has a block");
  const { chain, fork, input } = block;
  if (file.parentState.kind !== "witness")
    return { chain, fork, input, pre: file.parentState.pre, blockHashes: file.blockHashes };
  const source = new RecordingSource(openParentState(file).open().source);
  await executorAt(0).tracing.executeBlock({ ...inputOf(file), source });
  return { chain, fork, input, pre: await source.preState(), blockHashes: source.blockHashes };
}

function executorAt(index: number): (typeof WAYS)[number] {
  return WAYS[index % WAYS.length] as (typeof WAYS)[number]; // there are three
}

async function traceStock(input: StockInput, wanted?: Place): Promise<TraceDigest> {
  const digest = new TraceDigest(wanted);
  let transactions = 0;
  await runOnce(input, ({ events, evm }) => {
    let tracer: Tracer | undefined;
    events.on("beforeTx", () => {
      tracer = digest.tracerOf(transactions++);
    });
    events.on("afterTx", () => {
      tracer = undefined;
    });
    evm.events?.on("step", (step) => tracer?.step?.(step));
    evm.events?.on("beforeMessage", (message) => tracer?.beforeMessage?.(message));
    evm.events?.on("newContract", (contract) => tracer?.newContract?.(contract));
    evm.events?.on("afterMessage", (result) => tracer?.afterMessage?.(withoutPlace(result)));
  });
  return digest;
}

/** ethereumjs's handlers say where a jump failed ("invalid JUMP at <code hash>/<address>:<pc>"); Braid says what failed, and its step before that where. */
function withoutPlace({ createdAddress, execResult }: TraceResult): TraceResult {
  const { exceptionError, ...rest } = execResult;
  if (exceptionError === undefined) return { createdAddress, execResult };
  return {
    createdAddress,
    execResult: {
      ...rest,
      exceptionError: { error: exceptionError.error.replace(/^invalid JUMP at .*/, "invalid JUMP") },
    },
  };
}

type Tracers = Place["tracer"][];

/** With the call tracer alone a transaction runs on another loop than with struct logs. */
async function traceBraid(
  executor: Executor,
  file: BlockFile,
  tracers: Tracers,
  wanted?: Place,
): Promise<{ digest: TraceDigest; transactions: TracedTransaction[] }> {
  const digest = new TraceDigest(wanted);
  const { block, chain, source } = inputOf(file);
  const tracer = (index: number) =>
    tracers.includes("struct logs") ? digest.tracerOf(index) : digest.callTracerOf(index);
  return { transactions: await executor.trace({ block, chain, source, tracer }), digest };
}

/** What a transaction came to, without how often it was tried. */
function endOf({
  sender,
  status,
  gasUsed,
  error,
  output,
  createdAddress,
}: BlockResult["transactions"][number]) {
  return { sender, status, gasUsed, error, output, createdAddress };
}

async function expectTracesOfStock(file: BlockFile, ways: typeof WAYS): Promise<void> {
  const stock = await stockInputOf(file);
  const expected = await traceStock(stock);
  expect(expected.size).toMatchObject({
    transactions: stock.input.transactions.length,
    calls: stock.input.transactions.length,
  });
  for (const { name, tracing, beside } of ways) {
    for (const tracers of [["struct logs", "calls"], ["calls"]] satisfies Tracers[]) {
      const [{ digest, transactions }, block] = await Promise.all([
        traceBraid(tracing, file, tracers),
        beside.executeBlock(inputOf(file)),
      ]);
      const place = digest.firstDifference(expected, tracers);
      if (place !== undefined) {
        const [again, stockAgain] = [
          await traceBraid(tracing, file, tracers, place),
          await traceStock(stock, place),
        ];
        expect({ ...place, is: again.digest.excerpt }, name).toEqual({ ...place, is: stockAgain.excerpt });
        expect.fail(`${JSON.stringify(place)} differed once, and not when it was traced again`);
      }
      expect(transactions.map(endOf), name).toEqual(block.transactions.map(endOf));
      expect(
        transactions.map(({ logs }) => logs),
        name,
      ).toEqual(block.receipts.map(({ logs }) => logs));
    }
  }
}

describe("traces of the shipped mainnet blocks are those of stock @ethereumjs/vm", () => {
  test.each(SHIPPED_BLOCKS.map((block, i) => ({ ...block, i })))(
    "$number: $why",
    async ({ number, i }) => {
      const file = await loadBlockFile(join(MAINNET_FOLDER, `${number}.braid`));
      await expectTracesOfStock(file, STRESS ? WAYS : [executorAt(i)]);
    },
    300_000,
  );
});

for (const [folder, selection] of Object.entries(SELECTION)) {
  describe.skipIf(!isPresent(folder))(`traces of ${folder} (needs BRAID_FIXTURES)`, async () => {
    const files = isPresent(folder) ? await listFiles(join(FIXTURES, folder)) : [];
    const paths = files.map(({ path }) => path).filter((path) => path.endsWith(".json.gz"));
    const chosen = paths.filter((path) => STRESS || selection.includes(basename(path)));

    test.each(chosen.map((path, i) => ({ path, i, name: basename(path) })))(
      "$name",
      async ({ path, i }) => {
        await expectTracesOfStock(await loadBlockFile(path), STRESS ? WAYS : [executorAt(i)]);
      },
      600_000,
    );

    test("the selection is there", () => {
      expect(paths.filter((path) => selection.includes(basename(path)))).toHaveLength(selection.length);
    });
  });
}

test("the struct logs of 30 million gas stream: nothing of an opcode is kept once it was traced", async () => {
  setFlagsFromString("--expose-gc");
  const collectGarbage = runInNewContext("gc") as () => void;
  const file = await loadBlockFile(join(MAINNET_FOLDER, "13217637.braid"));
  const { block, chain, source } = inputOf(file);
  const EVERY = 20_000;
  const seen: WeakRef<Uint8Array>[] = [];
  const alive: number[] = [];
  let steps = 0;
  let words = 0;
  const logs = structLogTracer(({ stack }) => {
    words += stack.length;
  });
  await executorAt(0).tracing.trace({
    block,
    chain,
    source,
    tracer: () => ({
      step: async (step) => {
        await logs.step?.(step);
        if (steps++ % EVERY !== 0) return;
        seen.push(new WeakRef(step.memory));
        // What a weak reference was made for stays until the event loop goes round.
        await setImmediate();
        collectGarbage();
        alive.push(seen.filter((memory) => memory.deref() !== undefined).length);
      },
    }),
  });
  expect(steps).toBeGreaterThan(300_000);
  expect(words).toBeGreaterThan(3_000_000);
  expect(Math.max(...alive)).toBeLessThanOrEqual(2);
}, 120_000);
