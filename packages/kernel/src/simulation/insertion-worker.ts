// A thread of the insertion test: puts the same keys as the other threads at the same time, and reports where each one is.

import { parentPort, workerData } from "node:worker_threads";
import { Kernel } from "../kernel.ts";
import type { StressWorkerData } from "./stress-worker.ts";

const { shared, instance }: StressWorkerData = workerData;
const kernel = Kernel.attach(shared, instance);
const { exports, scratch, u8, u32 } = kernel;

parentPort?.on("message", (count: number) => {
  const places: number[] = [];
  for (let i = 0; i < count; i++) {
    u8.fill(0, scratch, scratch + 128);
    u32[scratch >>> 2] = i;
    const flat = kernel.flatPutAccount(scratch, true, true, BigInt(i), scratch + 64, scratch + 96);
    const record = kernel.account();
    const code = exports.addCode(exports.newCode(scratch, 20)) >>> 0;
    const blockCode = exports.addBlockCode(exports.newBlockCode(scratch, 20)) >>> 0;
    const flatSlot = kernel.flatPutSlot(flat, scratch, scratch + 64);
    const location = kernel.slot(record);
    // Every thread writes the location as a unit of its own: the list has to keep all of them, in order.
    places.push(flat, record, code, blockCode, flatSlot, location);
  }
  for (let i = 0; i < count; i++) {
    kernel.beginIncarnation();
    u32[scratch >>> 2] = i;
    kernel.writeDelta(places[5] ?? 0);
    kernel.publishAll(i * shared.maxWorkers + instance - 1, 0);
  }
  parentPort?.postMessage(places);
});
