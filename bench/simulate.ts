// The simulator against what it foretells: blocks of mainnet, the shipped DeFi chain and workloads, in order, on one worker and on two, and the same in
// virtual time. What it foretells is made from the runs in order, which take turns with the others. It goes over all blocks again and again until its time is
// up. Two constants, what workers cost each other and what the second one costs at the beginning, are fitted to some of the blocks; the error is that of the others.
//
//   npx -y pnpm@12 bench:simulate [--minutes 4.5] [--every 2] [--only 15199017,19932703] [--engine wasm]
//
// --every: which of the mainnet and DeFi blocks, in their order; 1 is all of them.
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { Executor } from "@braid/executor";
import {
  type BlockProfile,
  measureBlock,
  SCHEDULER_COSTS,
  type SchedulerCosts,
  Simulator,
} from "@braid/profiler";
import { type LoadedBlock, loadBlockFile, openParentState } from "@braid/replay";
import type { StateSource } from "@braid/state";
import { mainnetOrigins, newSource, openBlock, workloadOrigins } from "./blocks.ts";
import { describeEnvironment, formatEnvironment } from "./environment.ts";
import type { SimulatedBlock, SimulateMeasurement } from "./measurements.ts";
import { quietly } from "./quiet.ts";
import { writeResult } from "./results.ts";
import { LEAST_MS, simulateTable } from "./simulate-table.ts";
import { median } from "./statistics.ts";

const SHIPPED = fileURLToPath(new URL("../packages/cli/data/defi-chain.braid", import.meta.url));
/** Over all blocks, before anything is timed: each thread compiles for itself. */
const WARM_UP_PASSES = 2;
const LEAST_PASSES = 3;
/** How often a run is made again that others disturb; and how many that nobody disturbed stand for themselves. */
const ATTEMPTS = 3;
const ENOUGH_UNDISTURBED = 3;
/** Blocks with fewer transactions run in order, whatever is foretold. */
const MIN_TRANSACTIONS = 10;
/** Of each group, one of so many blocks is what the constants are fitted to. */
const FITTED_SHARE = 4;
const SHARINGS = Array.from({ length: 31 }, (_, i) => 1 + 0.02 * i);
const HAND_OVERS = [0, 0.03, 0.06, 0.1, 0.15, 0.2, 0.3];
const WORKERS = { one: 1, two: 2 } as const;
type Side = keyof typeof WORKERS;

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "4.5" },
    every: { type: "string", default: "2" },
    only: { type: "string", default: "" },
    engine: { type: "string" },
  },
});
const only = values.only === "" ? [] : values.only.split(",");
const environment = describeEnvironment("bench:simulate");
const executor = new Executor({ workers: 2 });
const simulator = new Simulator();

interface Run<Value> {
  value: Value;
  disturbed: boolean;
}

/** A block, and all that was measured of it. */
interface Measured {
  job: Job;
  isFitted: boolean;
  profiles: Run<BlockProfile>[];
  runs: Record<Side, Run<{ ms: number; inVain: number }>[]>;
}

/** The block once in each way, in an order that changes. */
async function measure({ job, profiles, runs }: Measured, pass: number): Promise<void> {
  const { block, source } = job;
  const input = { block: block.input, chain: block.chain, source, engine: values.engine };
  const ways = [
    async () => {
      const { result, disturbed } = await quietly(
        () => measureBlock(executor, input, { runs: 1, additions: false }),
        ATTEMPTS,
      );
      profiles.push({ value: result, disturbed });
    },
    ...(Object.keys(WORKERS) as Side[]).map((side) => async () => {
      const execute = () =>
        executor.executeBlock({
          ...input,
          mode: "parallel",
          workers: WORKERS[side],
          force: true,
          hints: false,
        });
      const { result, disturbed } = await quietly(async () => {
        // Waiting for a quiet moment has let the caches go.
        await execute();
        return execute();
      }, ATTEMPTS);
      const { phases, aborts, suspensions } = result.statistics;
      runs[side].push({ value: { ms: phases.total, inVain: aborts + suspensions }, disturbed });
    }),
  ];
  for (const way of [...ways.slice(pass % ways.length), ...ways.slice(0, pass % ways.length)]) await way();
}

/** What nobody disturbed, when that is enough. */
function undisturbed<Value>(runs: readonly Run<Value>[]): Value[] {
  const quiet = runs.filter(({ disturbed }) => !disturbed);
  return (quiet.length >= ENOUGH_UNDISTURBED ? quiet : runs).map(({ value }) => value);
}

/** A block as it is: medians of its runs. */
interface Summary {
  job: Job;
  isFitted: boolean;
  profile: BlockProfile;
  ms: SimulatedBlock["ms"];
  inVain: number;
  disturbed: number;
}

function summarize({ job, isFitted, profiles, runs }: Measured): Summary {
  const profile = joined(undisturbed(profiles));
  const over = (side: Side): number => median(undisturbed(runs[side]).map(({ ms }) => ms));
  return {
    job,
    isFitted,
    profile,
    ms: { sequential: profile.sequentialMs, one: over("one"), two: over("two") },
    inVain: median(undisturbed(runs.two).map(({ inVain }) => inVain)),
    disturbed: [...profiles, ...runs.one, ...runs.two].filter(({ disturbed }) => disturbed).length,
  };
}

/** The constants with which the blocks that they are fitted to come out best. */
function fit(blocks: readonly Summary[]): SchedulerCosts {
  let best = { error: Number.POSITIVE_INFINITY, costs: SCHEDULER_COSTS };
  if (blocks.length === 0) return best.costs;
  for (const sharing of SHARINGS)
    for (const handOver of HAND_OVERS) {
      const costs: SchedulerCosts = { ...SCHEDULER_COSTS, sharing, handOver };
      const error = blocks.reduce((sum, { profile, ms }) => {
        const { totalMs } = simulator.run(profile, { workers: 2, costs });
        return sum + Math.log(totalMs / ms.two) ** 2;
      }, 0);
      if (error < best.error) best = { error, costs };
    }
  return best.costs;
}

function simulated(
  { job, isFitted, profile, ms, inVain, disturbed }: Summary,
  costs: SchedulerCosts,
): SimulatedBlock {
  const [one, two] = [1, 2].map((workers) => simulator.run(profile, { workers, costs }));
  return {
    group: job.group,
    name: job.name,
    transactions: profile.transactions,
    isFitted,
    ms,
    simulatedMs: { sequential: profile.sequentialMs, one: one?.totalMs ?? 0, two: two?.totalMs ?? 0 },
    disturbed,
    inVain,
    simulatedInVain: (two?.aborts ?? 0) + (two?.suspensions ?? 0),
    speedups: simulator
      .scale(profile, [4, 8, 16, 32, 64], { costs })
      .simulations.map(({ workers, speedup }) => ({ workers, speedup })),
  };
}

/** One profile of many: each time is the median of those of the runs. */
function joined(profiles: readonly BlockProfile[]): BlockProfile {
  const [first] = profiles;
  if (first === undefined) throw new RangeError("no rounds");
  const over = (of: (profile: BlockProfile) => number): number => median(profiles.map(of));
  const units = first.units.map((unit, i) => ({
    ...unit,
    recoverMs: over(({ units: all }) => all[i]?.recoverMs ?? 0),
    executeMs: over(({ units: all }) => all[i]?.executeMs ?? 0),
    settleMs: over(({ units: all }) => all[i]?.settleMs ?? 0),
  }));
  const mainThreadMs = over((profile) => profile.mainThreadMs);
  const sequentialMs = over((profile) => profile.sequentialMs);
  // As measureBlock does it: what is left out of the units' medians belongs to all.
  const sum = units.reduce((total, unit) => total + unit.recoverMs + unit.executeMs + unit.settleMs, 0);
  const factor = (sequentialMs - mainThreadMs) / sum;
  for (const unit of units) {
    unit.recoverMs *= factor;
    unit.executeMs *= factor;
    unit.settleMs *= factor;
  }
  return { ...first, runs: profiles.length, units, mainThreadMs, sequentialMs };
}

interface Job {
  group: SimulatedBlock["group"];
  name: string;
  block: LoadedBlock;
  /** The state before it, which all of its runs share: what is compared is running, not loading. */
  source: StateSource;
}

/** Blocks that are worth running in parallel. */
async function openJobs(): Promise<Job[]> {
  const jobs: Job[] = [];
  for (const [group, origins] of [
    ["mainnet", await mainnetOrigins(only)],
    ["workload", only.length === 0 ? await workloadOrigins() : []],
  ] as const) {
    for (const origin of origins) {
      const opened = await openBlock(origin);
      if (opened.block.input.transactions.length >= MIN_TRANSACTIONS)
        jobs.push({ group, name: opened.name, block: opened.block, source: newSource(opened) });
    }
  }
  const every = Number(values.every);
  const mainnet = jobs.filter(({ group }) => group === "mainnet");
  const chosen = jobs.filter((job) => job.group !== "mainnet" || mainnet.indexOf(job) % every === 0);
  if (only.length === 0) {
    const file = await loadBlockFile(SHIPPED, {});
    const state = openParentState(file);
    for (const [i, block] of file.blocks.entries()) {
      const { source } = state.open();
      if (i % every === 0) chosen.push({ group: "DeFi chain", name: String(block.number), block, source });
      const { stateChanges } = await executor.executeBlock({
        block: block.input,
        chain: block.chain,
        source,
      });
      await state.advance(block, stateChanges);
    }
  }
  return chosen;
}

const jobs = await openJobs();
for (let pass = 0; pass < WARM_UP_PASSES; pass++)
  for (const { block, source } of jobs)
    await executor.executeBlock({
      block: block.input,
      chain: block.chain,
      source,
      engine: values.engine,
      force: true,
      hints: false,
    });
const measured = jobs.map((job): Measured => {
  const place = jobs.filter(({ group }) => group === job.group).indexOf(job);
  return { job, isFitted: place % FITTED_SHARE === 0, profiles: [], runs: { one: [], two: [] } };
});
const deadline = performance.now() + 60_000 * Number(values.minutes);
let passes = 0;
for (; passes < LEAST_PASSES || performance.now() < deadline; passes++) {
  // What is begun after the least of passes may end in their middle.
  for (const one of measured)
    if (passes < LEAST_PASSES || performance.now() < deadline) await measure(one, passes);
  console.error(`pass ${passes + 1}, ${((deadline - performance.now()) / 1000).toFixed(0)} s left`);
}
await executor.close();
const summaries = measured.map(summarize);
const costs = fit(summaries.filter(({ isFitted, ms }) => isFitted && ms.sequential >= LEAST_MS));
const blocks = summaries.map((one) => simulated(one, costs));
const { sharing, handOver } = costs;
const measurement: SimulateMeasurement = { environment, passes, sharing, handOver, blocks };
console.log(formatEnvironment(environment));
console.log(simulateTable(measurement));
if (only.length === 0 && values.engine === undefined)
  console.log(`written to ${writeResult("simulate", measurement)}`);
