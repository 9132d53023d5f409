// One worker's share of a block, wherever it runs: it recovers senders, takes units from the scheduler until all are committed, then hashes
// receipts, together with the other workers of the block.

import type { Kernel } from "@braid/kernel";
import type { UnitRunner } from "./candidates.ts";
import { beginBlock, runInOrder, runParallel } from "./run-units.ts";
import type { SourceClient } from "./source-client.ts";
import type { BlockTask, WorkerReport } from "./task.ts";
import type { WorkerEngines } from "./worker-engines.ts";

/** What a worker does besides. */
export interface ShareHooks {
  /** Called when the engine is ready, before the first unit. */
  ready?: () => void;
  /** Called after each signature, and each unit that runs in order: what it answers is waited for. */
  breathe?: () => Promise<void> | undefined;
}

/** PERF: no promise when nothing has to be waited for: a small block, or a call, in order on the caller's thread. */
export function runShare(
  kernel: Kernel,
  source: SourceClient,
  engines: WorkerEngines,
  task: BlockTask,
  hooks: ShareHooks,
): WorkerReport | Promise<WorkerReport> {
  const report: WorkerReport = { recoverMs: 0, executeMs: 0, idleMs: 0 };
  const units = beginBlock(kernel, source, engines, task, report);
  const share = new Share(kernel, source, task, hooks, report);
  return units instanceof Promise ? units.then((begun) => share.run(begun)) : share.run(units);
}

class Share {
  readonly #kernel: Kernel;
  readonly #source: SourceClient;
  readonly #task: BlockTask;
  readonly #hooks: ShareHooks;
  readonly #report: WorkerReport;
  #begin = 0;

  constructor(
    kernel: Kernel,
    source: SourceClient,
    task: BlockTask,
    hooks: ShareHooks,
    report: WorkerReport,
  ) {
    this.#kernel = kernel;
    this.#source = source;
    this.#task = task;
    this.#hooks = hooks;
    this.#report = report;
  }

  run(units: UnitRunner | undefined): WorkerReport | Promise<WorkerReport> {
    if (units === undefined) return this.#report;
    this.#hooks.ready?.();
    this.#begin = performance.now();
    const pause = this.#layOut(units);
    return pause === undefined ? this.#execute(units) : this.#layOutAfter(pause, units);
  }

  /** Lays transactions out; what has to be waited for before the next one, if there are more. */
  #layOut(units: UnitRunner): Promise<void> | undefined {
    if (this.#task.calls !== undefined) return undefined;
    const kernel = this.#kernel;
    for (let unit = kernel.recoverNext(); unit >= 0; unit = kernel.recoverNext()) {
      units.prepare(unit);
      const pause = this.#hooks.breathe?.();
      if (pause !== undefined) return pause;
    }
    return undefined;
  }

  async #layOutAfter(first: Promise<void>, units: UnitRunner): Promise<WorkerReport> {
    for (let pause: Promise<void> | undefined = first; pause !== undefined; pause = this.#layOut(units))
      await pause;
    return this.#execute(units);
  }

  #execute(units: UnitRunner): WorkerReport | Promise<WorkerReport> {
    const kernel = this.#kernel;
    const { mode, until } = this.#task;
    const since = performance.now();
    this.#report.recoverMs = since - this.#begin;
    const run =
      mode === "sequential"
        ? runInOrder(kernel, units, this.#report, { until, breathe: this.#hooks.breathe })
        : runParallel(kernel, this.#source, units, this.#report);
    return run === undefined ? this.#end(since) : run.then(() => this.#end(since));
  }

  #end(since: number): WorkerReport {
    const kernel = this.#kernel;
    const { calls, context } = this.#task;
    // Before Byzantium receipts have state roots, which nobody knows here.
    if (calls === undefined && kernel.commitIndex() >= kernel.unitCount && context.rules.byzantium)
      kernel.settleReceipts();
    this.#report.executeMs = performance.now() - since;
    return this.#report;
  }
}
