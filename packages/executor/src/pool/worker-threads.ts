// The worker threads of an executor, on piscina: they are there as long as they can be started, and a task never waits for one that
// cannot.

import { extname } from "node:path";
import type { Kernel } from "@braid/kernel";
import { Piscina } from "piscina";
import { WorkerStartError } from "../errors.ts";
import {
  type BlockTask,
  type SourceAnswers,
  type TaskPool,
  WORKERS_LOADED,
  WORKERS_STARTED,
  type WorkerReport,
  type WorkerSetup,
  type WorkerTask,
} from "./task.ts";

/** TypeScript in the working tree, JavaScript in the published package: the worker is what this file is. */
const WORKER = new URL(`./worker${extname(import.meta.url)}`, import.meta.url).href;
/** Instances of the kernel for each worker: one that replaces a dead worker takes a new one. They cost half a megabyte of address space each. */
export const INSTANCES_PER_WORKER = 6;
/** All workers may die in a block, and what goes on without them: below this many left, all of them start anew before the next block. */
const INSTANCES_PER_BLOCK = 3;

/** One generation of threads. */
interface Threads {
  piscina: Piscina;
  counters: Int32Array<SharedArrayBuffer>;
  /** One of them has ended. */
  ended: boolean;
}

export class WorkerThreads implements TaskPool {
  readonly #kernel: Kernel;
  readonly #count: number;
  #threads: Threads;
  /** What ends the tasks that have not ended. */
  readonly #rejects = new Set<(error: unknown) => void>();

  /** `kernel` has INSTANCES_PER_WORKER instances for each of the `count` workers. Throws WorkerStartError. */
  constructor(kernel: Kernel, count: number) {
    this.#kernel = kernel;
    this.#count = count;
    this.#threads = this.#start();
  }

  #start(): Threads {
    const counters = new Int32Array(new SharedArrayBuffer(8));
    const setup: WorkerSetup = { shared: this.#kernel.shared, counters: counters.buffer };
    const piscina = startPiscina(this.#count, setup);
    const threads: Threads = { piscina, counters, ended: false };
    let idleError: unknown;
    // The error of a thread that has no task: without a listener it would end the process.
    piscina.on("error", (error) => {
      idleError = error;
      setImmediate(() => {
        idleError = undefined;
      });
    });
    piscina.on("workerDestroy", () => {
      threads.ended = true;
      // Piscina replaces a thread that has ended, but not one that has not even started; the tasks that wait would do so for ever.
      // Not at once: a task that the thread had is rejected with the thread's own error first.
      setImmediate(() => {
        if (piscina.threads.length === 0) this.#rejectAll(idleError);
      });
    });
    return threads;
  }

  #rejectAll(idleError: unknown): void {
    const error =
      idleError === undefined
        ? new Error("the threads have ended while they started")
        : new WorkerStartError(idleError);
    for (const reject of this.#rejects) reject(error);
    this.#rejects.clear();
  }

  /** Before a block. When none is left, and after many deaths, the threads start anew: then all instances of the kernel are free again. */
  async prepare(): Promise<void> {
    const { piscina, counters } = this.#threads;
    const left = this.#count * INSTANCES_PER_WORKER - Atomics.load(counters, WORKERS_STARTED);
    if (piscina.threads.length > 0 && left >= this.#count * INSTANCES_PER_BLOCK) return;
    await piscina.destroy();
    this.#threads = this.#start();
  }

  run(block: BlockTask, server: SourceAnswers): Promise<WorkerReport> {
    const threads = this.#threads;
    const { promise, resolve, reject } = Promise.withResolvers<WorkerReport>();
    const fail = (error: unknown): void => reject(explain(threads, error));
    this.#rejects.add(fail);
    const port = server.open();
    const task: WorkerTask = { ...block, port };
    threads.piscina
      .run(task, { transferList: [port] })
      .then(resolve, fail)
      .finally(() => this.#rejects.delete(fail));
    return promise;
  }

  async destroy(): Promise<void> {
    await this.#threads.piscina.destroy();
  }
}

/** The death of a thread before any has loaded what it needs is none of the block's. */
function explain({ ended, counters }: Threads, error: unknown): unknown {
  if (error instanceof WorkerStartError || !ended || Atomics.load(counters, WORKERS_LOADED) > 0) return error;
  return new WorkerStartError(error);
}

function startPiscina(workers: number, setup: WorkerSetup): Piscina {
  try {
    return new Piscina({
      filename: WORKER,
      minThreads: workers,
      maxThreads: workers,
      concurrentTasksPerWorker: 1,
      workerData: setup,
    });
  } catch (error) {
    throw new WorkerStartError(error);
  }
}
