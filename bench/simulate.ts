// The simulator against what it foretells: blocks of mainnet, the shipped DeFi chain and workloads, in order, on one worker and on two, and the same in
// virtual time. The profile is taken between the timed runs, so that both sides see the machine in the same state.
//
//   npx -y pnpm@12 bench:simulate [--rounds 15] [--only 15199017,19932703] [--share 0.5]
//
// --share is the quantile that stands for all rounds on both sides: 0.5 is the median; on a machine that others use too, less.
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
import { simulateTable } from "./simulate-table.ts";
import { quantile } from "./statistics.ts";

const SHIPPED = fileURLToPath(new URL("../packages/cli/data/defi-chain.braid", import.meta.url));
/** Passes over all blocks before anything is timed, on two workers: each thread compiles for itself. */
const WARM_UP_PASSES = 3;
const WARM_UP_ROUNDS = 2;
/** Blocks with fewer transactions run in order, whatever is foretold. */
const MIN_TRANSACTIONS = 10;
const SIDES = {
  sequential: { mode: "sequential", workers: 1 },
  one: { mode: "parallel", workers: 1 },
  two: { mode: "parallel", workers: 2 },
} as const;
type Side = keyof typeof SIDES;

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "15" },
    only: { type: "string", default: "" },
    share: { type: "string", default: "0.5" },
  },
});
const rounds = Number(values.rounds);
const share = Number(values.share);
const only = values.only === "" ? [] : values.only.split(",");
const environment = describeEnvironment("bench:simulate");
const executor = new Executor({ workers: 2 });
const simulator = new Simulator();
/** Without conflicts: what they take on two workers, and not in virtual time, is what the workers cost each other. */
const CALIBRATED_ON = ["ether transfers", "token transfers"];

/** A block, measured both ways. */
interface Measured {
  job: Job;
  profile: BlockProfile;
  ms: SimulatedBlock["ms"];
  aborts: number;
  disturbed: number;
}

async function measure(job: Job): Promise<Measured> {
  const { block, source } = job;
  const input = { block: block.input, chain: block.chain, source };
  const times: Record<Side, number[]> = { sequential: [], one: [], two: [] };
  const aborts: number[] = [];
  const profiles: BlockProfile[] = [];
  const names = Object.keys(SIDES) as Side[];
  let disturbed = 0;
  for (let round = 0; round < WARM_UP_ROUNDS + rounds; round++) {
    for (let i = 0; i < names.length; i++) {
      const side = names[(i + round) % names.length] as Side;
      const execute = () => executor.executeBlock({ ...input, ...SIDES[side], force: true, hints: false });
      if (round < WARM_UP_ROUNDS) {
        await execute();
        continue;
      }
      const { result, disturbed: wasDisturbed } = await quietly(async () => {
        // Waiting for a quiet moment has let the caches go.
        await execute();
        return execute();
      });
      disturbed += +wasDisturbed;
      times[side].push(result.statistics.phases.total);
      if (side === "two") aborts.push(result.statistics.aborts + result.statistics.suspensions);
    }
    if (round < WARM_UP_ROUNDS) continue;
    const { result, disturbed: wasDisturbed } = await quietly(() =>
      measureBlock(executor, input, { runs: 1, additions: false }),
    );
    profiles.push(result);
    disturbed += +wasDisturbed;
  }
  return {
    job,
    profile: joined(profiles),
    ms: {
      sequential: quantile(times.sequential, share),
      one: quantile(times.one, share),
      two: quantile(times.two, share),
    },
    aborts: quantile(aborts, 0.5),
    disturbed,
  };
}

/** How much two workers slow each other down, so that what has no conflicts takes as long as it was measured to; undefined when nothing says. */
function calibrate(measured: readonly Measured[]): number | undefined {
  const free = measured.filter(({ job }) => CALIBRATED_ON.includes(job.name));
  if (free.length === 0) return undefined;
  const ratio = (of: (one: Measured) => number): number => free.reduce((sum, one) => sum + of(one), 0);
  const wanted = ratio(({ ms }) => ms.two / ms.sequential);
  const foretold = (sharing: number): number =>
    ratio(
      ({ profile }) =>
        1 / simulator.run(profile, { workers: 2, costs: { ...SCHEDULER_COSTS, sharing } }).speedup,
    );
  let [low, high] = [1, 2];
  for (let i = 0; i < 20; i++) {
    const middle = (low + high) / 2;
    if (foretold(middle) < wanted) low = middle;
    else high = middle;
  }
  return low;
}

function simulated({ job, profile, ms, aborts, disturbed }: Measured, costs: SchedulerCosts): SimulatedBlock {
  const [one, two] = [1, 2].map((workers) => simulator.run(profile, { workers, costs }));
  const simulatedMs = {
    sequential: profile.sequentialMs,
    one: one?.totalMs ?? 0,
    two: two?.totalMs ?? 0,
  };
  const error = (side: Side): string => `${(100 * (simulatedMs[side] / ms[side] - 1)).toFixed(1)}%`;
  const simulatedAborts = (two?.aborts ?? 0) + (two?.suspensions ?? 0);
  console.error(
    `${job.name}: in order ${ms.sequential.toFixed(2)} ms, ${error("sequential")}; one ${ms.one.toFixed(2)} ms, ${error("one")}; two ${ms.two.toFixed(2)} ms, ${error("two")}; speed-up ${(ms.sequential / ms.two).toFixed(2)}, foretold ${(simulatedMs.sequential / simulatedMs.two).toFixed(2)}; in vain ${aborts}, foretold ${simulatedAborts}; ${disturbed} runs disturbed`,
  );
  return {
    group: job.group,
    name: job.name,
    transactions: profile.transactions,
    ms,
    simulatedMs,
    disturbed,
    aborts,
    simulatedAborts,
    speedups: simulator
      .scale(profile, [4, 8, 16, 32, 64], { costs })
      .simulations.map(({ workers, speedup }) => ({ workers, speedup })),
  };
}

/** One profile of many: each time is the quantile of those of the runs. */
function joined(profiles: readonly BlockProfile[]): BlockProfile {
  const [first] = profiles;
  if (first === undefined) throw new RangeError("no rounds");
  const over = (of: (profile: BlockProfile) => number): number => quantile(profiles.map(of), share);
  const units = first.units.map((unit, i) => ({
    ...unit,
    recoverMs: over(({ units: all }) => all[i]?.recoverMs ?? 0),
    executeMs: over(({ units: all }) => all[i]?.executeMs ?? 0),
    settleMs: over(({ units: all }) => all[i]?.settleMs ?? 0),
  }));
  const mainThreadMs = over((profile) => profile.mainThreadMs);
  const sequentialMs = over((profile) => profile.sequentialMs);
  // As measureBlock does it: what is left out of the units' quantiles belongs to all.
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

/** All blocks that are worth running in parallel. */
async function openJobs(): Promise<Job[]> {
  const jobs: Job[] = [];
  for (const [group, origins] of [
    ["mainnet", await mainnetOrigins(only)],
    ["workload", only.length === 0 ? await workloadOrigins() : []],
  ] as const) {
    for (const origin of origins) {
      const opened = await openBlock(origin);
      jobs.push({ group, name: opened.name, block: opened.block, source: newSource(opened) });
    }
  }
  if (only.length === 0) {
    const file = await loadBlockFile(SHIPPED, {});
    const state = openParentState(file);
    for (const block of file.blocks) {
      const { source } = state.open();
      jobs.push({ group: "DeFi chain", name: String(block.number), block, source });
      const { stateChanges } = await executor.executeBlock({
        block: block.input,
        chain: block.chain,
        source,
      });
      await state.advance(block, stateChanges);
    }
  }
  return jobs.filter(({ block }) => block.input.transactions.length >= MIN_TRANSACTIONS);
}

const jobs = await openJobs();
for (let pass = 0; pass < WARM_UP_PASSES; pass++)
  for (const { block, source } of jobs)
    await executor.executeBlock({
      block: block.input,
      chain: block.chain,
      source,
      force: true,
      hints: false,
    });
const measured: Measured[] = [];
for (const job of jobs) {
  measured.push(await measure(job));
  console.error(`measured ${job.name}`);
}
await executor.close();
const sharing = calibrate(measured) ?? SCHEDULER_COSTS.sharing;
const blocks = measured.map((one) => simulated(one, { ...SCHEDULER_COSTS, sharing }));
const measurement: SimulateMeasurement = { environment, rounds, share, sharing, blocks };
console.log(formatEnvironment(environment));
console.log(simulateTable(measurement));
console.log(`written to ${writeResult("simulate", measurement)}`);
