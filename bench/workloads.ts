// Every family of contracts at three levels of contention: what two workers gain over one, with hints and without, and what is executed in vain.
//
//   npx -y pnpm@12 bench:workloads [--rounds 2] [--transactions 80] [--users 40] [--things 5] [--only amm,amm-parallel] [--engine wasm]
import { parseArgs } from "node:util";
import { type BlockResult, type ExecuteBlockInput, Executor } from "@braid/executor";
import { chainOf } from "@braid/protocol";
import { loadBlock, openParentState } from "@braid/replay";
import { makeWorkload, mixOf, WORKLOAD_DEFAULTS, workloadNames } from "@braid/workloads";
import { describeEnvironment, formatEnvironment } from "./environment.ts";
import {
  WORKLOAD_HINTS,
  WORKLOAD_WORKERS,
  type WorkloadRow,
  type WorkloadRun,
  type WorkloadsMeasurement,
} from "./measurements.ts";
import { writeResult } from "./results.ts";
import { workloadsTable } from "./tables.ts";

/** Zipf's exponents. */
const LEVELS = [0, 1, 2.5];
/** Blocks of the same level from which hints are learned, before the one that is measured. */
const LESSONS = 2;

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "2" },
    transactions: { type: "string", default: "80" },
    users: { type: "string", default: "40" },
    things: { type: "string", default: "5" },
    only: { type: "string" },
    engine: { type: "string", default: "ethereumjs" },
  },
});
const rounds = Number(values.rounds);
const transactions = Number(values.transactions);
const environment = describeEnvironment("bench:workloads");
/** Kept open: the threads of all that come later are theirs, with compiled code. */
const executors = WORKLOAD_WORKERS.map((workers) => new Executor({ workers }));
const rows: WorkloadRow[] = [];

for (const name of values.only?.split(",") ?? workloadNames()) {
  const bundle = await makeWorkload({
    ...WORKLOAD_DEFAULTS,
    seed: `bench/${name}`,
    mix: mixOf([name]),
    users: Number(values.users),
    things: Number(values.things),
    transactions: [transactions, transactions],
    blocks: LEVELS.length * (LESSONS + 1),
    contention: LEVELS.flatMap((level) => Array.from({ length: LESSONS + 1 }, () => level)),
  });
  const chain = chainOf(bundle.chain);
  const { state: parentState } = bundle;
  if (parentState.kind === "witness") throw new Error("a workload brings its whole state");
  const blocks = bundle.blocks.map((rlp) => loadBlock(rlp, chain));
  const state = openParentState({ path: name, chain, blocks, blockHashes: bundle.blockHashes, parentState });
  for (const [number, contention] of LEVELS.entries()) {
    const lessons: ExecuteBlockInput[] = [];
    for (let i = 0; i <= LESSONS; i++) {
      const block = blocks[number * (LESSONS + 1) + i];
      if (block === undefined) throw new Error("the workload has a block for each");
      const input: ExecuteBlockInput = {
        block: block.input,
        chain,
        source: state.open().source,
        engine: values.engine,
        force: true,
      };
      if (i < LESSONS) lessons.push(input);
      else rows.push(await measure(name, contention, input, lessons));
      const [first] = executors as [Executor];
      await state.advance(block, (await first.executeBlock({ ...input, hints: false })).stateChanges);
    }
  }
  console.error(name);
}
for (const executor of executors) await executor.close();

/** All ways in turn, in an order that changes. */
async function measure(
  name: string,
  contention: number,
  input: ExecuteBlockInput,
  lessons: readonly ExecuteBlockInput[],
): Promise<WorkloadRow> {
  const [one] = executors as [Executor];
  const { accessList, receipts } = await one.executeBlock(input);
  const ways = WORKLOAD_WORKERS.flatMap((workers) => WORKLOAD_HINTS.map((hints) => ({ workers, hints })));
  const runs: WorkloadRun[] = ways.map((way) => ({ ...way, ms: [], aborts: [], reexecutions: [] }));
  const inOrder: number[] = [];
  for (let round = -1; round < rounds; round++) {
    const base = await execute(1, { hints: false, mode: "sequential" }, {}, input, lessons);
    if (round >= 0) inOrder.push(base.ms);
    for (let i = 0; i < runs.length; i++) {
      const run = runs[(i + round + runs.length) % runs.length] as WorkloadRun; // in bounds
      const how = { hints: run.hints === "learned", mode: "parallel" } as const;
      const more = run.hints === "access list" ? { accessList, hints: true } : {};
      const { ms, result } = await execute(run.workers, how, more, input, lessons);
      if (round < 0) continue;
      const { aborts, reexecutions, hints } = result.statistics;
      run.ms.push(ms);
      run.aborts.push(aborts);
      run.reexecutions.push(reexecutions);
      if (run.hints === "learned") [run.precision, run.recall] = [hints.precision, hints.recall];
    }
  }
  const failed = receipts.filter(({ status }) => status === 0).length;
  return { name, contention, transactions: receipts.length, failed, inOrder, runs };
}

/** A block once, on an executor that has seen the blocks before it and not this one: that is what its cache holds and its hints know. */
async function execute(
  workers: number,
  how: Pick<ExecuteBlockInput, "hints" | "mode">,
  more: Pick<ExecuteBlockInput, "hints" | "accessList">,
  input: ExecuteBlockInput,
  lessons: readonly ExecuteBlockInput[],
): Promise<{ ms: number; result: BlockResult }> {
  const executor = new Executor({ workers });
  try {
    for (const lesson of lessons) await executor.executeBlock({ ...lesson, ...how });
    const start = performance.now();
    const result = await executor.executeBlock({ ...input, ...how, ...more });
    return { ms: performance.now() - start, result };
  } finally {
    await executor.close();
  }
}

const measurement: WorkloadsMeasurement = { environment, rounds, engine: values.engine, rows };
console.log(formatEnvironment(environment));
console.log(workloadsTable(measurement));
if (values.only === undefined && values.engine === "ethereumjs")
  console.log(`written to ${writeResult("workloads", measurement)}`);
