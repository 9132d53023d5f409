// Threads that insert the same keys at the same time: each key gets one record, and no entry of a location is lost.

import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { expect, test } from "vitest";
import { Kernel } from "./kernel.ts";
import { ACCOUNT_LIST_NEXT, ACCOUNT_SLOTS, ENTRY_NEXT, ENTRY_UNIT, SLOT_LIST_NEXT } from "./layout.ts";
import type { StressWorkerData } from "./simulation/stress-worker.ts";

const THREADS = 3;
const COUNT = 1500;

test("each key has one record, each unit one entry", async () => {
  // Few buckets: the heads are contended.
  const kernel = Kernel.create({ maxWorkers: THREADS, bucketBits: 3 });
  const workers = Array.from({ length: THREADS }, (_, i) => {
    const workerData: StressWorkerData = { shared: kernel.shared, instance: i + 1 };
    return new Worker(new URL("./simulation/insertion-worker.ts", import.meta.url), { workerData });
  });
  await Promise.all(workers.map((worker) => once(worker, "online")));
  const word = (at: number) => kernel.u32[at >>> 2] ?? 0;
  for (let round = 0; round < 4; round++) {
    kernel.resetState();
    kernel.resetBlock(COUNT * THREADS);
    const answers = workers.map((worker) => once(worker, "message"));
    for (const worker of workers) worker.postMessage(COUNT);
    const places: number[][] = (await Promise.all(answers)).map(([list]) => list);
    for (const list of places) expect(list).toEqual(places[0]);
    const records = places[0] ?? [];
    expect(new Set(records).size).toBe(6 * COUNT);
    expect([kernel.accountCount(), kernel.slotCount()]).toEqual([COUNT, COUNT]);
    let slots = 0;
    for (let record = kernel.collectAccounts(); record !== 0; record = word(record + ACCOUNT_LIST_NEXT)) {
      for (let slot = word(record + ACCOUNT_SLOTS); slot !== 0; slot = word(slot + SLOT_LIST_NEXT)) slots++;
    }
    expect(slots).toBe(COUNT);
    const units: number[] = [];
    for (let entry = word(records[5] ?? 0); entry !== 0; entry = word(entry + ENTRY_NEXT)) {
      units.push(word(entry + ENTRY_UNIT));
    }
    expect(units).toEqual(Array.from({ length: COUNT * THREADS }, (_, i) => COUNT * THREADS - 1 - i));
  }
  await Promise.all(workers.map((worker) => worker.terminate()));
});
