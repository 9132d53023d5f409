// Braid against stock @ethereumjs/vm, and Braid's own sides against each other, in turn in one run.
//
// A round is a pass of stock over all blocks and several passes of Braid, the first of them not timed: what stock ethereumjs leaves
// behind in the other process (its garbage collector, cold caches) is no part of what one worker is compared with two for.
//
//   npx -y pnpm@12 bench:stock [--rounds 5] [--only 17034869,12244000] [--no-workloads]
import { setTimeout } from "node:timers/promises";
import { parseArgs } from "node:util";
import { Executor } from "@braid/executor";
import { equalBytes } from "@braid/primitives";
import {
  type BenchBlock,
  type BlockOrigin,
  mainnetOrigins,
  newSource,
  openBlock,
  workloadOrigins,
} from "./blocks.ts";
import { describeEnvironment, formatEnvironment } from "./environment.ts";
import {
  BRAID_SIDES,
  type MeasuredBlock,
  type Side,
  STOCK_SIDES,
  type StockMeasurement,
} from "./measurements.ts";
import { writeResult } from "./results.ts";
import { StockClient } from "./stock-client.ts";
import { stockTables } from "./tables.ts";

const WARM_UP_PASSES = 4;
/** Of Braid, in each round, after one that is not timed. */
const PASSES = 3;
/** Until stock's process is quiet. */
const PAUSE_MS = 1_000;

interface Contender {
  block: BenchBlock;
  senders: Uint8Array[];
  measured: MeasuredBlock;
}

/** One timed run of a side on a block. */
async function run(
  side: Side,
  index: number,
  contender: Contender,
  executor: Executor,
  stock: StockClient,
): Promise<number> {
  if (side === "stock" || side === "stock known") return stock.run(index, side === "stock known");
  const { input: block, chain } = contender.block.block;
  const source = newSource(contender.block);
  const start = performance.now();
  const result = await executor.executeBlock({
    block,
    chain,
    source,
    engine: side.startsWith("wasm") ? "wasm" : "ethereumjs",
    mode: side.endsWith("sequential") ? "sequential" : "parallel",
    workers: side.endsWith("one") ? 1 : 2,
    ...(side.endsWith("known") ? { senders: contender.senders } : {}),
  });
  const ms = performance.now() - start;
  if (side === "two") contender.measured.aborts = result.statistics.aborts;
  return ms;
}

/** Opens a block on both sides and holds their results against each other: what is wrong is not worth timing. */
async function prepare(origin: BlockOrigin, executor: Executor, stock: StockClient): Promise<Contender> {
  const block = await openBlock(origin);
  const { input, chain, fork } = block.block;
  const [theirs, ours] = [
    await stock.prepare(origin),
    await executor.executeBlock({ block: input, chain, source: newSource(block) }),
  ];
  const sameReceipts = ours.receiptsRoot === undefined || equalBytes(ours.receiptsRoot, theirs.receiptsRoot);
  if (ours.gasUsed !== theirs.gasUsed || !sameReceipts || !equalBytes(ours.logsBloom, theirs.logsBloom))
    throw new Error(`block ${block.name}: Braid and stock ethereumjs disagree`);
  const measured: MeasuredBlock = {
    name: block.name,
    group: origin.kind === "file" ? "mainnet" : "workload",
    fork,
    transactions: input.transactions.length,
    gas: Number(ours.gasUsed),
    ms: {
      stock: [],
      "stock known": [],
      two: [],
      "two known": [],
      one: [],
      sequential: [],
      "wasm two": [],
      "wasm two known": [],
      "wasm one": [],
      "wasm sequential": [],
    },
    aborts: 0,
  };
  return { block, senders: ours.transactions.map(({ sender }) => sender), measured };
}

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "5" },
    only: { type: "string", default: "" },
    "no-workloads": { type: "boolean", default: false },
  },
});
const rounds = Number(values.rounds);
if (!Number.isInteger(rounds) || rounds < 1) throw new RangeError("--rounds takes a number of at least 1");
const environment = describeEnvironment("bench:stock");
const only = values.only === "" ? [] : values.only.split(",");
const origins = [...(await mainnetOrigins(only)), ...(values["no-workloads"] ? [] : await workloadOrigins())];
const executor = new Executor({ workers: 2 });
const stock = new StockClient();
try {
  const contenders: Contender[] = [];
  for (const origin of origins) contenders.push(await prepare(origin, executor, stock));
  /** Sides take turns on each block; whoever goes first changes from block to block and from pass to pass. */
  const pass = async (sides: readonly Side[], number: number, isTimed: boolean): Promise<void> => {
    for (const [index, contender] of contenders.entries())
      for (let turn = 0; turn < sides.length; turn++) {
        const side = sides[(turn + number + index) % sides.length] as Side;
        const ms = await run(side, index, contender, executor, stock);
        if (isTimed) contender.measured.ms[side].push(ms);
      }
  };
  const passesOfBraid = async (round: number): Promise<void> => {
    await setTimeout(PAUSE_MS);
    for (let i = 0; i <= PASSES; i++) await pass(BRAID_SIDES, round + i, i > 0);
  };
  // Preparing was stock's warm-up: each of its blocks has run once. The workers' code needs more to be compiled in every worker.
  for (let i = 0; i < WARM_UP_PASSES; i++) await pass(BRAID_SIDES, i, false);
  for (let round = 0; round < rounds; round++) {
    if (round % 2 === 1) await passesOfBraid(round);
    await pass(STOCK_SIDES, round, true);
    if (round % 2 === 0) await passesOfBraid(round);
    console.error(`round ${round + 1} of ${rounds}`);
  }
  const measurement: StockMeasurement = {
    environment,
    rounds,
    passes: PASSES,
    blocks: contenders.map(({ measured }) => measured),
  };
  console.log(formatEnvironment(environment));
  console.log(stockTables(measurement));
  console.log(`written to ${writeResult("stock", measurement)}`);
} finally {
  stock.close();
  await executor.close();
}
