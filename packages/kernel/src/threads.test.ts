// Real threads under stress: the simulated blocks of the interleavings, with nobody deciding who runs next.

import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { Random } from "@braid/primitives";
import { afterAll, expect, test } from "vitest";
import { Kernel } from "./kernel.ts";
import { HALT_CANCELLED, HALT_WORKER_DIED, STEP_DONE, STEP_HALTED, WORD_LOCK } from "./layout.ts";
import type { StressWorkerData } from "./simulation/stress-worker.ts";
import { checkBlock, prepareBlock, virtualWorker } from "./simulation/virtual-worker.ts";

const THREADS = 4;
const BLOCKS = 200;
const main = Kernel.create({ blockArenaBytes: 64 << 20, stateArenaBytes: 1 << 20, maxWorkers: THREADS + 1 });
const workers = Array.from({ length: THREADS }, (_, i) => startWorker(i + 1));

function startWorker(instance: number): Worker {
  const workerData: StressWorkerData = { shared: main.shared, instance };
  return new Worker(new URL("./simulation/stress-worker.ts", import.meta.url), { workerData });
}

afterAll(async () => {
  await Promise.all(workers.map((worker) => worker.terminate()));
});

/** Lets `count` threads work on the block; answers how each of them ended. */
async function runThreads(seed: number, count: number): Promise<number[]> {
  const chosen = workers.slice(0, count);
  const ends = chosen.map((worker) => once(worker, "message"));
  for (const worker of chosen) worker.postMessage(seed);
  return (await Promise.all(ends)).map(([code]) => code);
}

test("threads come to the sequential result", async () => {
  const only = process.env.BRAID_SEED;
  const first = only === undefined ? 1_000_000 : Number(only);
  let aborts = 0;
  for (let seed = first; seed < first + (only === undefined ? BLOCKS : 1); seed++) {
    const random = new Random(seed);
    const units = 100 + random.below(500);
    prepareBlock(main, seed, units);
    const ends = await runThreads(seed, 2 + random.below(THREADS - 1));
    if (!ends.includes(STEP_DONE)) expect.fail(`BRAID_SEED=${seed}: the threads ended with ${ends}`);
    const problem = checkBlock(main, seed, units);
    if (problem !== undefined) expect.fail(`BRAID_SEED=${seed}: ${problem}`);
    aborts += main.progress().aborts;
  }
  expect(aborts).toBeGreaterThan(0);
});

test("a halt reaches every thread, also those that wait for a lock that nobody frees", async () => {
  prepareBlock(main, 7, 100);
  // As if a worker had died inside the scheduler's critical section.
  Atomics.store(main.u32, WORD_LOCK >>> 2, 1);
  const ends = runThreads(7, THREADS);
  setTimeout(() => main.halt(HALT_WORKER_DIED, 0), 30);
  expect(await ends).toEqual(Array.from({ length: THREADS }, () => STEP_HALTED));
  expect(main.haltReason).toBe(HALT_WORKER_DIED);
});

test("a block that was interrupted anywhere is completed alone", async () => {
  let interrupted = 0;
  for (let seed = 2_000_000; seed < 2_000_030; seed++) {
    const units = 3000;
    prepareBlock(main, seed, units);
    const ends = runThreads(seed, 2);
    // Spinning, because the block is over within a few turns of the event loop.
    while (main.commitIndex() < (seed * 91) % units);
    main.halt(HALT_CANCELLED, 0);
    await ends;
    if (main.commitIndex() < units) interrupted++;
    main.recoverAfterDeath();
    expect(main.haltReason).toBe(0);
    completeAlone(seed);
    const problem = checkBlock(main, seed, units);
    if (problem !== undefined) expect.fail(`seed ${seed}: ${problem}`);
  }
  expect(interrupted).toBeGreaterThan(0);
});

function completeAlone(seed: number): void {
  const alone = virtualWorker(main, seed, new Random(seed), () => main.exports.step());
  let step = alone.next();
  while (!step.done) step = alone.next();
}

test("a thread that is killed in mid-block costs nothing but time", async () => {
  const units = 3000;
  for (let seed = 3_000_000; seed < 3_000_008; seed++) {
    const victim = startWorker(THREADS + 1);
    await once(victim, "online");
    prepareBlock(main, seed, units);
    const survivor = runThreads(seed, 1);
    victim.postMessage(seed);
    while (main.commitIndex() < (seed * 91) % units);
    await victim.terminate();
    main.halt(HALT_WORKER_DIED, 0);
    await survivor;
    main.recoverAfterDeath();
    completeAlone(seed);
    const problem = checkBlock(main, seed, units);
    if (problem !== undefined) expect.fail(`seed ${seed}: ${problem}`);
  }
});
