// What learned hints foresee, and what they cost: swaps through a router over 50 pools by users who were never seen, and mainnet's blocks,
// each after those before it. With hints and without take turns. And what a block in which each transaction depends on the one before it costs on two workers, in
// terms of its time in order, on both engines.
//
//   npx -y pnpm@12 bench:hints [--rounds 10]
import { parseArgs } from "node:util";
import { Executor } from "@braid/executor";
import { dependentSwaps, prepareState, sealBlocks, swaps } from "@braid/workloads";
import { type BenchBlock, mainnetOrigins, newSource, openBlock } from "./blocks.ts";
import { describeEnvironment, formatEnvironment } from "./environment.ts";
import type { DependentRow, HintsMeasurement, HintsRow } from "./measurements.ts";
import { writeResult } from "./results.ts";
import { hintsTable } from "./tables.ts";

const POOLS = 50;
const BLOCKS = 8;
const SWAPS = 200;
/** They take turns, in an order that changes. */
const SIDES = ["learned", "without"] as const;

const { values } = parseArgs({ options: { rounds: { type: "string", default: "10" } } });
const rounds = Number(values.rounds);
const environment = describeEnvironment("bench:hints");

async function swapBlocks(pools: number): Promise<BenchBlock[]> {
  const workload = await prepareState({ senders: BLOCKS * SWAPS, pools });
  const make = pools === 1 ? dependentSwaps : swaps;
  const all = make(workload, BLOCKS * SWAPS, pools);
  const blocks: BenchBlock[] = [];
  for (let first = 0; first < all.length; first += SWAPS) {
    // All of them stand on the same state: nobody swaps twice.
    const bundle = await sealBlocks(workload, [all.slice(first, first + SWAPS)], "swaps");
    blocks.push(await openBlock({ kind: "bundle", name: `swaps ${first}`, bundle }));
  }
  return blocks;
}

async function mainnetBlocks(): Promise<BenchBlock[]> {
  const blocks: BenchBlock[] = [];
  for (const origin of await mainnetOrigins()) blocks.push(await openBlock(origin));
  return blocks.filter(({ block }) => block.input.transactions.length >= 100);
}

/** An executor that knows nothing runs the blocks one after the other; the first one of them teaches only. */
async function measure(name: string, blocks: BenchBlock[]): Promise<HintsRow> {
  const row: HintsRow = {
    name,
    blocks: blocks.length - 1,
    predicted: 0,
    hits: 0,
    contended: 0,
    learned: { ms: [], aborts: 0 },
    without: { ms: [], aborts: 0 },
  };
  // The first round warms up.
  for (let round = -1; round < rounds; round++) {
    for (let i = 0; i < SIDES.length; i++) {
      const side = SIDES[(i + round + 1) % SIDES.length] as (typeof SIDES)[number];
      const executor = new Executor({ workers: 2 });
      let ms = 0;
      for (const [index, block] of blocks.entries()) {
        const { statistics } = await executor.executeBlock({
          block: block.block.input,
          chain: block.block.chain,
          source: newSource(block),
          hints: { learned: side === "learned" },
        });
        if (index === 0 || round < 0) continue;
        ms += statistics.phases.total;
        row[side].aborts += statistics.aborts;
        if (side === "without") continue;
        row.predicted += statistics.hints.predicted;
        row.hits += statistics.hints.hits;
        row.contended += statistics.hints.contended;
      }
      if (round >= 0) row[side].ms.push(ms);
      await executor.close();
    }
  }
  console.error(name);
  return row;
}

const WAYS = {
  inOrder: { mode: "sequential", workers: 1, hints: false },
  without: { mode: "parallel", workers: 2, hints: false },
  learned: { mode: "parallel", workers: 2, hints: true },
} as const;

/** All swaps on one pool, a block after the other; the executors of each way have seen those before it. */
async function measureDependent(engine: string, blocks: BenchBlock[]): Promise<DependentRow> {
  const row: DependentRow = { engine, inOrder: [], without: [], learned: [], inVain: 0 };
  const ways = Object.keys(WAYS) as (keyof typeof WAYS)[];
  const [inOrder, without, learned] = [1, 2, 3].map(() => new Executor({ workers: 2 })) as [
    Executor,
    Executor,
    Executor,
  ];
  const executors = { inOrder, without, learned };
  // The first round warms up.
  for (let round = -1; round < rounds; round++)
    for (const [index, block] of blocks.entries())
      for (let i = 0; i < ways.length; i++) {
        const way = ways[(i + index + round + 1) % ways.length] as keyof typeof WAYS;
        const { statistics } = await executors[way].executeBlock({
          block: block.block.input,
          chain: block.block.chain,
          source: newSource(block),
          engine,
          ...WAYS[way],
        });
        if (round < 0) continue;
        row[way].push(statistics.phases.total);
        if (way === "without") row.inVain += (statistics.aborts + statistics.suspensions) / rounds;
      }
  for (const executor of Object.values(executors)) await executor.close();
  console.error(`dependent swaps, ${engine}`);
  return row;
}

const onePool = await swapBlocks(1);
const measurement: HintsMeasurement = {
  environment,
  dependent: [await measureDependent("ethereumjs", onePool), await measureDependent("wasm", onePool)],
  rows: [
    await measure(`${SWAPS} swaps, ${POOLS} pools`, await swapBlocks(POOLS)),
    await measure(`${SWAPS} swaps, 1 pool`, onePool),
    await measure("mainnet, blocks of 100 or more transactions", await mainnetBlocks()),
  ],
};
console.log(formatEnvironment(environment));
console.log(hintsTable(measurement));
console.log(`written to ${writeResult("hints", measurement)}`);
