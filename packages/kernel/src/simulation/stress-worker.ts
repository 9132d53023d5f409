// A thread of the stress test: works on one simulated block after the other, at full speed.

import { parentPort, workerData } from "node:worker_threads";
import { Random } from "@braid/primitives";
import { Kernel } from "../kernel.ts";
import type { KernelShared } from "../memory-map.ts";
import { virtualWorker } from "./virtual-worker.ts";

/** What the thread is started with. */
export interface StressWorkerData {
  shared: KernelShared;
  instance: number;
}

const { shared, instance }: StressWorkerData = workerData;
const kernel = Kernel.attach(shared, instance);

parentPort?.on("message", (seed: number) => {
  const worker = virtualWorker(kernel, seed, new Random(seed ^ instance), () => kernel.next());
  let step = worker.next();
  while (!step.done) {
    if (step.value === "idle") kernel.idleWait(5);
    step = worker.next();
  }
  parentPort?.postMessage(step.value);
});
