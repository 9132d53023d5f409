// Threads for calls, apart from those of blocks: a block never waits until a long call has ended.

import { extname } from "node:path";
import { MessageChannel } from "node:worker_threads";
import { deserializeError } from "@braid/primitives";
import type { StateSource } from "@braid/state";
import { Piscina } from "piscina";
import type { CallJob, CallResult } from "./call.ts";
import { ExecutionError, WorkerStartError } from "./errors.ts";
import type { CallReport, CallTask } from "./pool/call-task.ts";
import { unlessCancelled } from "./pool/cancel.ts";
import { serveValues } from "./pool/port-source.ts";
import { WORKER_ERRORS } from "./pool/worker-errors.ts";

/** TypeScript in the working tree, JavaScript in the published package: the worker is what this file is. */
const WORKER = new URL(`./call-worker${extname(import.meta.url)}`, import.meta.url).href;

export class CallThreads {
  readonly #piscina: Piscina;

  constructor(threads: number) {
    this.#piscina = new Piscina({ filename: WORKER, minThreads: threads, maxThreads: threads });
    // Without a listener the error of a thread that has no task would end the process; a task is told by its own rejection.
    this.#piscina.on("error", () => {});
  }

  /** Runs calls on the thread that is free first. Who cancels does not wait; the calls end by their gas limit. */
  async run(job: CallJob, source: StateSource, signal: AbortSignal | undefined): Promise<CallResult[]> {
    const { port1, port2 } = new MessageChannel();
    const failures = serveValues(port1, source);
    const task: CallTask<CallJob> = { job, stateRoot: source.stateRoot, port: port2 };
    try {
      const running: Promise<CallReport<CallResult>> = this.#piscina.run(task, { transferList: [port2] });
      // Whoever cancels leaves it behind.
      running.catch(() => {});
      await unlessCancelled(running, signal);
      return resultsOf(await running, failures);
    } catch (error) {
      if (error instanceof Error && error.message.includes("Cannot find")) throw new WorkerStartError(error);
      throw error;
    } finally {
      port1.close();
    }
  }

  async destroy(): Promise<void> {
    await this.#piscina.destroy();
  }
}

function resultsOf(report: CallReport<CallResult>, failures: unknown[]): CallResult[] {
  if ("results" in report) return report.results;
  if ("read" in report)
    throw failures[report.read] ?? new ExecutionError("BRAID_SOURCE_FAILED", "The state source has failed.");
  throw deserializeError(report.error, WORKER_ERRORS);
}
