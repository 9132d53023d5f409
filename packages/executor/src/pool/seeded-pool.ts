// Workers without threads: they take turns on one thread in an order that a seed chooses, so that a schedule that found a
// defect can be had again. They run the code of real workers on instances of the kernel of their own.
//
// A turn is one call into the scheduler, one whole incarnation, or one published location; what lies between the turns of
// one worker is where the others get in.

import { setImmediate as nextTurn } from "node:timers/promises";
import { type Kernel, PUBLISH_FAULT, PUBLISH_MORE, StepCode } from "@braid/kernel";
import { Random, type Steps, wait } from "@braid/primitives";
import type { EngineRegistry } from "../engines/registry.ts";
import { beginBlock, fail, runInOrder } from "./run-units.ts";
import { SourceClient } from "./source-client.ts";
import {
  type BlockTask,
  begun,
  type CallersPool,
  type GivenTask,
  type SourceAnswers,
  type WorkerReport,
} from "./task.ts";
import { WorkerEngines } from "./worker-engines.ts";

/** In one of so many turns the event loop has its own, in which the source may answer while somebody is in the middle of something. */
const TURNS = 16;

interface SeededWorker {
  kernel: Kernel;
  source: SourceClient;
  engines: WorkerEngines;
}

interface Waiting {
  task: BlockTask;
  server: SourceAnswers;
  resolve: (report: WorkerReport) => void;
  reject: (error: unknown) => void;
}

/** One worker in the middle of a block. */
interface Running extends Waiting {
  report: WorkerReport;
  turns: AsyncGenerator<void, void>;
}

export class SeededPool implements CallersPool {
  readonly #workers: SeededWorker[];
  readonly #random: Random;
  #waiting: Waiting[] = [];

  /** @param kernels one instance for each worker. */
  constructor(kernels: Kernel[], engines: EngineRegistry, seed: number) {
    this.#workers = kernels.map((kernel) => {
      const source = new SourceClient(kernel);
      return { kernel, source, engines: new WorkerEngines(kernel, source, engines) };
    });
    this.#random = new Random(seed);
  }

  /** All tasks of a block are given in one go; they begin together. */
  run(task: BlockTask, server: SourceAnswers): GivenTask<WorkerReport> {
    return begun(this.#give(task, server));
  }

  runHere(task: BlockTask, server: SourceAnswers): Steps<WorkerReport> {
    return wait(this.#give(task, server));
  }

  #give(task: BlockTask, server: SourceAnswers): Promise<WorkerReport> {
    const { promise, resolve, reject } = Promise.withResolvers<WorkerReport>();
    this.#waiting.push({ task, server, resolve, reject });
    if (this.#waiting.length === 1) queueMicrotask(() => void this.#runAll());
    return promise;
  }

  readonly areReady = true;
  readonly isShutOut = false;

  async prepare(): Promise<void> {}

  async destroy(): Promise<void> {}

  async #runAll(): Promise<void> {
    const waiting = this.#waiting;
    this.#waiting = [];
    let running: Running[] = [];
    try {
      running = waiting.map((one, i) => this.#start(one, this.#workers[i] as SeededWorker));
      const busy = [...running];
      while (busy.length > 0) {
        const index = this.#random.below(busy.length);
        const { done } = await (busy[index] as Running).turns.next();
        if (done === true) busy.splice(index, 1);
      }
      for (const { resolve, report } of running) resolve(report);
    } catch (error) {
      for (const { reject } of waiting) reject(error);
    } finally {
      for (const { source } of this.#workers) source.disconnect();
    }
  }

  #start(one: Waiting, worker: SeededWorker): Running {
    const { task, server } = one;
    worker.source.connectDirectly(server);
    const report: WorkerReport = { recoverMs: 0, executeMs: 0, idleMs: 0 };
    return { ...one, report, turns: turnsOf(worker, task, report, this.#random) };
  }
}

/** A worker's way through a block, as run-units.ts has it, with a yield wherever another one may get in. */
async function* turnsOf(
  { kernel, source, engines }: SeededWorker,
  task: BlockTask,
  report: WorkerReport,
  random: Random,
): AsyncGenerator<void, void> {
  const units = await beginBlock(kernel, source, engines, task, report);
  if (units === undefined) return;
  if (task.mode === "sequential") return runInOrder(kernel, units, report);
  const asks = !task.cacheHoldsAll && task.handle === undefined;
  for (;;) {
    yield;
    if (asks && random.below(TURNS) === 0) await nextTurn();
    const step = kernel.next();
    if (step === StepCode.Idle) {
      // Answers come with the event loop's turns.
      if (asks) await nextTurn();
      continue;
    }
    if (step !== StepCode.Execute) return;
    const unit = kernel.taskUnit();
    const incarnation = kernel.taskIncarnation();
    const head = kernel.taskIsHead();
    yield;
    const end = await units.execute(unit, head);
    yield;
    if (end.kind === "done") {
      let more = kernel.exports.publishBegin(unit, incarnation);
      while (more === PUBLISH_MORE) {
        yield;
        more = kernel.exports.publishNext();
      }
      yield;
      if (more === PUBLISH_FAULT) return;
      const flags = kernel.exports.publishEnd(unit);
      yield;
      kernel.finishExecution(unit, incarnation, flags);
    } else if (end.kind === "suspended") {
      if (end.blockingUnit >= 0) kernel.suspend(unit, incarnation, end.blockingUnit);
      else kernel.retryAtHead(unit, incarnation);
    } else if (end.kind === "missing") {
      kernel.park(unit, incarnation);
      yield;
      source.fetchFor(unit, end.reads);
    } else if (end.kind === "failed") {
      return fail(kernel, unit, end.error, report);
    } else return;
  }
}
