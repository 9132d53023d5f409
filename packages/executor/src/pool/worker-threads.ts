// The worker threads of an executor: a group of them, shared with others.

import { extname } from "node:path";
import type { Kernel } from "@braid/kernel";
import type { BlockTask, GivenTask, SourceAnswers, TaskPool, WorkerReport, WorkerTask } from "./task.ts";
import { SLOTS_PER_THREAD, ThreadMember } from "./thread-group.ts";

/** TypeScript in the working tree, JavaScript in the published package: the worker is what this file is. */
const WORKER = new URL(`./worker${extname(import.meta.url)}`, import.meta.url).href;

/** Instances of the kernel that a group of so many threads takes: 1 and those that follow. */
export function threadInstances(threads: number): number {
  return threads * SLOTS_PER_THREAD;
}

export class WorkerThreads implements TaskPool {
  readonly #kernel: Kernel;
  readonly #count: number;
  #threads: ThreadMember | undefined;

  /** `kernel` has threadInstances(count). The threads start with the first block that is prepared for. */
  constructor(kernel: Kernel, count: number) {
    this.#kernel = kernel;
    this.#count = count;
  }

  /** Starts the threads before there is a block for them. Throws WorkerStartError. */
  start(): ThreadMember {
    this.#threads ??= new ThreadMember(WORKER, this.#count);
    return this.#threads;
  }

  async prepare(): Promise<void> {
    await this.start().prepare();
  }

  run(block: BlockTask, server: SourceAnswers): GivenTask<WorkerReport> {
    const port = server.open();
    const task: WorkerTask = { ...block, shared: this.#kernel.shared, port };
    return this.start().give(task, [port]);
  }

  get areReady(): boolean {
    return this.#threads?.areReady ?? false;
  }

  get isShutOut(): boolean {
    return this.#threads?.isShutOut ?? false;
  }

  async destroy(): Promise<void> {
    await this.#threads?.leave();
  }
}
