// The scheduler's interleavings, deterministically: several instances over one memory in one thread, a seeded generator decides
// after every call into the kernel who runs next. BRAID_SEED=n replays one schedule; BRAID_SCHEDULES=n runs as many.

import { Random } from "@braid/primitives";
import { expect, test } from "vitest";
import { Kernel } from "./kernel.ts";
import { STEP_DONE } from "./layout.ts";
import { roomOf } from "./simulation/program.ts";
import {
  checkBlock,
  prepareBlock,
  type Requests,
  virtualFetcher,
  virtualWorker,
} from "./simulation/virtual-worker.ts";

const MAX_WORKERS = 5;
const MAX_STEPS = 100_000;
const main = Kernel.create({
  blockArenaBytes: 4 << 20,
  stateArenaBytes: 1 << 20,
  maxWorkers: MAX_WORKERS,
  bucketBits: 2,
  hashSeed: 1n,
});
const instances = Array.from({ length: MAX_WORKERS }, (_, i) => Kernel.attach(main.shared, i + 1));

interface Schedule {
  units: number;
  /** How each worker that ended did so. */
  ends: number[];
  problem: string | undefined;
}

interface ScheduleOptions {
  /** The block is built of what it has room for. */
  building?: boolean;
  /** Units wait for state that somebody else fetches. */
  requests?: Requests;
}

/** Lets the workers of one schedule run until all have ended, or for `maxSteps` steps. */
function runWorkers(
  seed: number,
  maxSteps: number,
  { building = false, requests }: ScheduleOptions = {},
): Schedule {
  const random = new Random(seed);
  const units = 2 + random.below(9);
  const count = 1 + random.below(MAX_WORKERS);
  prepareBlock(main, seed, units, building ? roomOf(seed, units) : undefined);
  const running = instances.slice(0, count).map((kernel) => ({
    steps: virtualWorker(kernel, seed, random, () => kernel.exports.step(), { building, requests }),
    // Some workers are much slower than others: they sleep through whole incarnations.
    weight: 1 + random.below(random.below(2) === 0 ? 3 : 30),
    idle: false,
  }));
  const ends: number[] = [];
  const slowness = 1 + random.below(12);
  let fetcher: Generator<unknown, void> | undefined;
  for (let step = 0; running.length > 0; step++) {
    if (step >= maxSteps) return { units, ends, problem: "the workers go round in circles" };
    if (requests !== undefined && (requests.length > 0 || fetcher !== undefined)) {
      const wanted = running.every((other) => other.idle);
      if (wanted || random.below(slowness) === 0) {
        fetcher ??= virtualFetcher(main, random, requests);
        if (fetcher.next().done === true) fetcher = undefined;
        for (const other of running) other.idle = false;
        continue;
      }
    }
    let ticket = random.below(running.reduce((sum, worker) => sum + worker.weight, 0));
    const index = running.findIndex((worker) => {
      ticket -= worker.weight;
      return ticket < 0;
    });
    const worker = running[index];
    if (worker === undefined) throw new Error("no worker was picked");
    const { done, value } = worker.steps.next();
    if (done) {
      ends.push(value);
      running.splice(index, 1);
    } else if (value === "idle") {
      worker.idle = true;
      // A step without work changes nothing: when everyone found none since the last change, nobody ever will.
      const isAnswered = fetcher === undefined && (requests === undefined || requests.length === 0);
      if (isAnswered && running.every((other) => other.idle))
        return { units, ends, problem: "all workers wait for ever" };
      continue;
    }
    for (const other of running) other.idle = false;
  }
  return { units, ends, problem: ends.includes(STEP_DONE) ? undefined : `the workers ended with ${ends}` };
}

const only = process.env.BRAID_SEED;
const FIRST = only === undefined ? 1 : Number(only);
const SCHEDULES = only === undefined ? Number(process.env.BRAID_SCHEDULES ?? 20_000) : 1;

/** Runs all schedules (or the one of BRAID_SEED); the first problem ends it, with the seed that replays it. */
function explore(runSchedule: (seed: number) => string | undefined): void {
  for (let seed = FIRST; seed < FIRST + SCHEDULES; seed++) {
    const problem = runSchedule(seed);
    if (problem !== undefined) expect.fail(`BRAID_SEED=${seed} replays this: ${problem}`);
  }
}

test("every schedule comes to the sequential result", () => {
  let aborts = 0;
  let suspensions = 0;
  explore((seed) => {
    const { units, problem } = runWorkers(seed, MAX_STEPS);
    const progress = main.progress();
    aborts += progress.aborts;
    suspensions += progress.suspensions;
    return problem ?? checkBlock(main, seed, units);
  });
  if (only !== undefined) return;
  // The schedules would prove little if nothing ever conflicted.
  expect(aborts).toBeGreaterThan(SCHEDULES / 5);
  expect(suspensions).toBeGreaterThan(SCHEDULES / 5);
});

test("a block that is built comes to what building it in order gives, whatever is left out", () => {
  let leftOut = 0;
  explore((seed) => {
    const { units, problem } = runWorkers(seed, MAX_STEPS, { building: true });
    for (let unit = 0; unit < units; unit++) if (main.isLeftOut(unit)) leftOut++;
    return problem ?? checkBlock(main, seed, units, roomOf(seed, units));
  });
  if (only === undefined) expect(leftOut).toBeGreaterThan(SCHEDULES);
});

test("a block that is built is completed by one when all workers die at once", () => {
  explore((seed) => {
    const { units } = runWorkers(seed, new Random(~seed).below(300), { building: true });
    main.recoverAfterDeath();
    const alone = virtualWorker(main, seed, new Random(seed), () => main.exports.step(), { building: true });
    let step = alone.next();
    while (!step.done) step = alone.next();
    return checkBlock(main, seed, units, roomOf(seed, units));
  });
});

test("when all workers die at once, anywhere, one completes the block", () => {
  let interrupted = 0;
  explore((seed) => {
    const { units, problem } = runWorkers(seed, new Random(~seed).below(300));
    if (problem !== undefined) interrupted++;
    main.recoverAfterDeath();
    const alone = virtualWorker(main, seed, new Random(seed), () => main.exports.step());
    let step = alone.next();
    while (!step.done) step = alone.next();
    return checkBlock(main, seed, units);
  });
  if (only === undefined) expect(interrupted).toBeGreaterThan(SCHEDULES / 2);
});

test("units that wait for state are run when it is there, whoever is slow", () => {
  let misses = 0;
  explore((seed) => {
    const { units, problem } = runWorkers(seed, MAX_STEPS, { requests: [] });
    misses += main.progress().misses;
    return problem ?? checkBlock(main, seed, units);
  });
  if (only === undefined) expect(misses).toBeGreaterThan(SCHEDULES);
});

test("a block that is built comes to the same when units wait for state", () => {
  explore((seed) => {
    const { units, problem } = runWorkers(seed, MAX_STEPS, { building: true, requests: [] });
    return problem ?? checkBlock(main, seed, units, roomOf(seed, units));
  });
});

test("answers that come after all workers have died change nothing for the one who completes the block", () => {
  explore((seed) => {
    const requests: Requests = [];
    const { units } = runWorkers(seed, new Random(~seed).below(300), { requests });
    main.recoverAfterDeath();
    const late = requests.splice(0);
    const alone = virtualWorker(main, seed, new Random(seed), () => main.exports.step(), { requests });
    let step = alone.next();
    for (let steps = 0; !step.done; steps++) {
      if (steps > MAX_STEPS) return "the one who is left goes round in circles";
      const [next] = late.splice(0, 1);
      if (next !== undefined) main.unpark(next.unit, false);
      if (step.value === "idle")
        for (const _ of virtualFetcher(instances[1] as Kernel, new Random(seed), requests));
      step = alone.next();
    }
    return checkBlock(main, seed, units);
  });
});
