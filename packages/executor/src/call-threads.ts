// Threads for calls, apart from those of blocks: a block never waits until a long call has ended. Executors share them.

import { extname } from "node:path";
import { MessageChannel } from "node:worker_threads";
import { deserializeError } from "@braid/primitives";
import type { StateSource } from "@braid/state";
import type { CallInput } from "./block/call-input.ts";
import type { CallJob, CallResult } from "./call.ts";
import { ExecutionError, WorkerStartError } from "./errors.ts";
import type { CallReport, CallTask } from "./pool/call-task.ts";
import { unlessCancelled } from "./pool/cancel.ts";
import { serveValues } from "./pool/port-source.ts";
import { ThreadMember } from "./pool/thread-group.ts";
import { WORKER_ERRORS } from "./pool/worker-errors.ts";

/** TypeScript in the working tree, JavaScript in the published package: the worker is what this file is. */
const WORKER = new URL(`./call-worker${extname(import.meta.url)}`, import.meta.url).href;

export class CallThreads {
  readonly #threads: ThreadMember;
  readonly #engine: string;

  /** @param engine the name of the one that runs the calls. Throws WorkerStartError. */
  constructor(threads: number, engine: string) {
    this.#engine = engine;
    this.#threads = new ThreadMember(WORKER, threads);
  }

  /** One of them has loaded all that it needs. */
  get areReady(): boolean {
    return this.#threads.areReady;
  }

  /** Runs calls on the thread that is free first. Who cancels does not wait; the calls end some milliseconds later. */
  async run(
    job: CallJob,
    source: StateSource,
    { signal, payer }: Pick<CallInput, "signal" | "payer">,
  ): Promise<CallResult[]> {
    await this.#threads.prepare();
    const { port1, port2 } = new MessageChannel();
    const failures = serveValues(port1, source);
    const task: CallTask<CallJob> = { job, engine: this.#engine, stateRoot: source.stateRoot, port: port2 };
    const begin = performance.now();
    const given = this.#threads.give<CallReport<CallResult>>(task, [port2]);
    const end = given.end.catch((error: unknown) => {
      throw deathOf(error);
    });
    try {
      await unlessCancelled(end, signal);
      return resultsOf(await end, failures);
    } catch (error) {
      // Whoever cancels leaves it behind.
      end.catch(() => {});
      given.withdraw();
      throw error;
    } finally {
      payer?.charge(performance.now() - begin);
      // The thread learns by it that nobody waits any more.
      port1.close();
    }
  }

  async destroy(): Promise<void> {
    await this.#threads.leave();
  }
}

function deathOf(error: unknown): unknown {
  if (error instanceof WorkerStartError) return error;
  const reason = String(error);
  return new ExecutionError(
    "BRAID_WORKER_DIED",
    `The thread that ran the calls died (${reason}); try again.`,
    {
      data: { reason },
      cause: error,
    },
  );
}

function resultsOf(report: CallReport<CallResult> | undefined, failures: unknown[]): CallResult[] {
  if (report === undefined) throw new ExecutionError("BRAID_ABORTED", "The execution was cancelled.");
  if ("results" in report) return report.results;
  if ("read" in report)
    throw failures[report.read] ?? new ExecutionError("BRAID_SOURCE_FAILED", "The state source has failed.");
  throw deserializeError(report.error, WORKER_ERRORS);
}
