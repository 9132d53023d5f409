// A conformance run: the files are handed out to worker processes, and what they find is told in the order of the files.

import { availableParallelism } from "node:os";
import { BaseError } from "@braid/primitives";
import { type FixtureFile, listFixtures } from "./fixture-files.ts";
import { InOrder } from "./in-order.ts";
import type { FromWorker, Job, WorkerOptions } from "./messages.ts";
import { type CaseReport, type ConformanceTotals, count, noTotals } from "./reports.ts";
import type { RunFileOptions } from "./run-file.ts";
import { WorkerProcess } from "./worker-process.ts";

export interface ConformanceOptions extends RunFileOptions {
  /** Worker processes; default: one for each core. */
  jobs?: number;
  /** A worker whose resident size has grown beyond it is replaced when its case is done; default 700 MiB, of which 300 are taken at the start. */
  maxWorkerBytes?: number;
  /** How long one case may take, in milliseconds; default ten minutes. */
  caseTimeLimitMs?: number;
  /** Only files for which it answers true; their number counts from 0. */
  chooseFile?: (file: string, number: number) => boolean;
  /** Reports come in the order of files and cases, as soon as all before them are there. */
  onCase?: (report: CaseReport, progress: ConformanceProgress) => void;
  /** Ends the run at once; what was found is in the report. */
  signal?: AbortSignal;
}

export interface ConformanceProgress {
  totals: ConformanceTotals;
  /** Which file the case is of, from 0, and of how many. */
  file: number;
  files: number;
}

export interface ConformanceReport {
  /** Those that did not pass, in order. All of them go through `onCase`. */
  notPassed: CaseReport[];
  totals: ConformanceTotals;
  /** How many cases each fork has. */
  forks: Map<string, number>;
  /** True when the signal ended it. */
  interrupted: boolean;
}

const CASE_TIME_LIMIT_MS = 600_000;
/** Two workers stay below 2 GB together. */
const MAX_WORKER_BYTES = 700 * 2 ** 20;
/** A file of more than this is run in parts, so that the last one does not keep a single worker busy. Each part reads the whole file. */
const PART_BYTES = 4 * 2 ** 20;

/**
 * Runs everything under the paths. What cannot be read, a case that crashes its worker and one that takes too long are reports like others.
 *
 * @throws ConformanceWorkerError when no worker process can be started.
 */
export async function runConformance(
  paths: string[],
  options: ConformanceOptions,
): Promise<ConformanceReport> {
  const { chooseFile = () => true, onCase, signal } = options;
  const files = (await listFixtures(paths)).filter(({ path }, number) => chooseFile(path, number));
  const report: ConformanceReport = {
    notPassed: [],
    totals: noTotals(),
    forks: new Map(),
    interrupted: false,
  };
  await new Run(files, options, (one, file) => {
    count(report.totals, one.verdict);
    if (one.verdict !== "passed") report.notPassed.push(one);
    if (one.fork !== "") report.forks.set(one.fork, (report.forks.get(one.fork) ?? 0) + 1);
    onCase?.(one, { totals: report.totals, file, files: files.length });
  }).finish();
  report.interrupted = signal?.aborted === true;
  return report;
}

/** A job with the number of its file. */
interface QueuedJob extends Job {
  number: number;
  /** Some case of it has a report: the file can be read. */
  isRead: boolean;
}

/** A worker and what it is doing. */
interface Slot {
  worker: WorkerProcess | undefined;
  ready: boolean;
  job: QueuedJob | undefined;
  /** The case at work. */
  begun: { number: number; name: string; fork: string } | undefined;
}

class Run {
  readonly #options: ConformanceOptions;
  readonly #workerOptions: WorkerOptions;
  readonly #queue: QueuedJob[] = [];
  readonly #reports: InOrder;
  readonly #slots: Slot[];
  readonly #finished: Promise<void>;
  #resolve: () => void = () => {};
  #reject: (error: Error) => void = () => {};
  #over = false;

  constructor(
    files: FixtureFile[],
    options: ConformanceOptions,
    tell: (report: CaseReport, file: number) => void,
  ) {
    const { modes, filter = "", maxFileBytes, jobs = availableParallelism() } = options;
    const { maxWorkerBytes = MAX_WORKER_BYTES } = options;
    this.#options = options;
    this.#workerOptions = {
      modes,
      filter,
      maxWorkerBytes,
      ...(maxFileBytes === undefined ? {} : { maxFileBytes }),
    };
    const parts = files.map(({ bytes }) => Math.min(jobs, Math.max(1, Math.ceil(bytes / PART_BYTES))));
    this.#reports = new InOrder(parts, tell);
    for (const [number, { path, error }] of files.entries()) {
      if (error === undefined) {
        for (let part = 0; part < (parts[number] ?? 1); part++)
          this.#queue.push({ number, file: path, part, parts: parts[number] ?? 1, from: 0, isRead: false });
        continue;
      }
      const reason = `${error.code}: ${error.message}`;
      if (path.includes(filter))
        this.#reports.add(number, 0, { file: path, name: "", fork: "", verdict: "error", reason });
      this.#reports.finishPart(number);
    }
    this.#slots = Array.from({ length: Math.min(jobs, this.#queue.length) }, () => ({
      worker: undefined,
      ready: false,
      job: undefined,
      begun: undefined,
    }));
    this.#finished = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  /** Starts the workers; resolves when all is done, or the signal has ended it. */
  async finish(): Promise<void> {
    const { signal } = this.#options;
    const stop = (): void => {
      this.#reports.flush();
      this.#end();
    };
    signal?.addEventListener("abort", stop);
    try {
      if (signal?.aborted) stop();
      else if (this.#slots.length === 0) this.#end();
      else for (const slot of this.#slots) this.#start(slot);
      await this.#finished;
    } finally {
      signal?.removeEventListener("abort", stop);
    }
  }

  #end(error?: Error): void {
    if (this.#over) return;
    this.#over = true;
    for (const { worker } of this.#slots) worker?.kill();
    if (error === undefined) this.#resolve();
    else this.#reject(error);
  }

  #start(slot: Slot): void {
    slot.ready = false;
    slot.worker = new WorkerProcess(
      this.#workerOptions,
      this.#options.caseTimeLimitMs ?? CASE_TIME_LIMIT_MS,
      {
        onMessage: (message) => this.#handle(slot, message),
        onEnd: (reason) => this.#handleDeath(slot, reason),
      },
    );
  }

  #handle(slot: Slot, message: FromWorker): void {
    if (this.#over) return;
    const { job } = slot;
    if (message.type === "ready") {
      slot.ready = true;
      this.#giveWork(slot);
    } else if (message.type === "begin") {
      slot.begun = message;
    } else if (message.type === "report") {
      slot.begun = undefined;
      if (job === undefined) return;
      this.#reports.add(job.number, message.number, message.report);
      slot.job = { ...job, from: message.number + 1, isRead: true };
    } else {
      slot.job = undefined;
      if (job !== undefined) {
        if (message.isDone) this.#reports.finishPart(job.number);
        else this.#queue.unshift(job);
      }
      if (message.retire) {
        slot.worker?.kill();
        slot.worker = undefined;
      }
      this.#giveWork(slot);
    }
  }

  #giveWork(slot: Slot): void {
    const job = this.#queue[0];
    if (job === undefined) {
      slot.worker?.kill();
      slot.worker = undefined;
      if (this.#slots.every(({ worker }) => worker === undefined)) this.#end();
    } else if (slot.worker === undefined) {
      this.#start(slot);
    } else {
      this.#queue.shift();
      slot.job = job;
      slot.worker.run(job);
    }
  }

  #handleDeath(slot: Slot, reason: string): void {
    if (this.#over) return;
    const { job, begun, ready } = slot;
    slot.worker = undefined;
    slot.job = undefined;
    slot.begun = undefined;
    if (!ready) {
      // With fewer workers it goes on; without any it cannot.
      if (this.#slots.some(({ worker }) => worker !== undefined)) return;
      this.#reports.flush();
      this.#end(new ConformanceWorkerError(reason));
      return;
    }
    if (job !== undefined) this.#blame(job, begun, reason);
    this.#giveWork(slot);
  }

  /** The case that was at work has failed, or the file cannot be read; what is left of the job is for the next worker. */
  #blame(job: QueuedJob, begun: Slot["begun"], reason: string): void {
    const { file, number } = job;
    if (begun !== undefined) {
      const { name, fork } = begun;
      this.#reports.add(number, begun.number, { file, name, fork, verdict: "failed", reason });
      this.#queue.unshift({ ...job, from: begun.number + 1, isRead: true });
    } else if (job.isRead) {
      this.#queue.unshift(job);
    } else {
      this.#reports.add(number, firstCase(job), { file, name: "", fork: "", verdict: "error", reason });
      this.#reports.finishPart(number);
    }
  }
}

/** The first case that is the job's. */
function firstCase({ from, part, parts }: Job): number {
  return from + ((((part - from) % parts) + parts) % parts);
}

/** No worker process can be started. Code BRAID_CONFORMANCE_WORKER. */
export class ConformanceWorkerError extends BaseError {
  constructor(reason: string) {
    super(
      "BRAID_CONFORMANCE_WORKER",
      `A worker process does not start: ${reason}. Try fewer of them with --jobs 1.`,
      { data: { reason } },
    );
  }
}
