// A worker: takes jobs of the runs whose blocks it can read, replays them, and writes their rows, until it is told to stop.
import { setTimeout as sleep } from "node:timers/promises";
import { Executor } from "@braid/executor";
import { BaseError } from "@braid/primitives";
import { isFinalCode, type RpcClient } from "@braid/remote";
import { type BlockExecutor, fileReport, replay } from "@braid/replay";
import { Database } from "../database/database.ts";
import { QueueError } from "../errors.ts";
import { openRuns } from "../runs/find-run.ts";
import { noteIfDone } from "../runs/results.ts";
import { type JobData, jobId, type Run, WORKER_PREFIX } from "../runs/run.ts";
import { openSource } from "../sources/open-source.ts";
import { type Source, unavailable } from "../sources/source.ts";
import type { ResultRow } from "../table/columns.ts";
import { RowCollector, workerName } from "../table/row-collector.ts";
import { handBack, settle } from "./settle.ts";

/** How often a worker without work looks for some. */
const IDLE_MS = 500;
/** How often a worker without work looks whether runs are done, which counts their rows: who watches a run does so too. */
const NOTE_MS = 10_000;
/** How often the worker says that it lives; after HEARTBEAT_SECONDS of silence its job is given to another one. */
const HEARTBEAT_MS = 2_500;
/** How long a source that has failed is tried before the worker ends. */
const SOURCE_PATIENCE_MS = 120_000;
const SOURCE_WAIT_MS = 5_000;
/** After so long a run that this worker could not read is tried again: a disk may have been mounted. */
const REFUSED_MS = 30_000;
/** A job that was taken so often, without a word of how it went, ends the processes that take it. */
const MOST_TAKEN = 5;
/** What is left to do after the end was asked for has this long for the database. */
const LAST_WORDS_MS = 10_000;

export interface WorkerOptions {
  url: string;
  /** Braid's version. */
  braid: string;
  /** Threads that execute; default: one for each core. */
  threads?: number;
  /** Of the node that blocks are read from, for runs over a node. */
  client?: RpcClient;
  /** Ends the worker after the item at work. */
  signal: AbortSignal;
  onEvent?: (event: WorkerEvent) => void;
}

export type WorkerEvent =
  /** The worker takes jobs from now on. */
  | { type: "ready"; database: string; worker: string }
  /** The database went away, or is back. */
  | { type: "connection"; lost: string | undefined }
  /** The blocks of a run cannot be read here: it is left to others. */
  | { type: "refused"; run: string; reason: string }
  /** What the blocks are read from has failed, and is tried again. */
  | { type: "source"; run: string; reason: string }
  /** An item was taken. */
  | { type: "taken"; run: string; item: string }
  /** An item is done. `late`: another worker was faster, and its rows are those of the table. */
  | { type: "done"; run: string; item: string; rows: readonly ResultRow[]; late: boolean };

/**
 * Works until the signal; the item at work is ended first.
 *
 * @throws QueueError, for a database that cannot be used, and BRAID_SOURCE_UNAVAILABLE for a source that fails for long; WorkerStartError.
 */
export async function work(options: WorkerOptions): Promise<void> {
  const patience = new Patience(options.signal);
  try {
    const database = await Database.open(options.url, {
      applicationName: `${WORKER_PREFIX}${workerName()}`,
      signal: patience.signal,
      onConnection: (lost) => options.onEvent?.({ type: "connection", lost }),
    });
    const executor = new Executor(options.threads === undefined ? {} : { workers: options.threads });
    try {
      await executor.warmUp();
      options.onEvent?.({ type: "ready", database: database.name, worker: workerName() });
      await new Worker(database, executor, options, patience).run();
    } finally {
      await executor.close();
      await database.close();
    }
  } catch (error) {
    // What could not be written is done again by another worker.
    if (!patience.signal.aborted) throw error;
  }
}

/** How long a database that is gone is waited for: for ever, until the end is asked for. */
class Patience {
  readonly #controller = new AbortController();
  readonly #stop: AbortSignal;
  #busy = false;

  constructor(stop: AbortSignal) {
    this.#stop = stop;
    if (stop.aborted) this.#controller.abort();
    stop.addEventListener("abort", () => {
      if (!this.#busy) this.#controller.abort();
    });
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** While an item is at work, its end is waited for. */
  begin(): void {
    this.#busy = true;
  }

  /** It is replayed, and only to be written. */
  conclude(): void {
    if (this.#stop.aborted) setTimeout(() => this.#controller.abort(), LAST_WORDS_MS).unref();
  }

  end(): void {
    this.#busy = false;
  }
}

interface TakenJob {
  data: JobData;
  /** Times that it was taken before. */
  taken: number;
}

class Worker {
  readonly #database: Database;
  readonly #executor: BlockExecutor;
  readonly #options: WorkerOptions;
  readonly #patience: Patience;
  readonly #sources = new Map<string, Source>();
  /** Runs that cannot be read here, and when to try again. */
  readonly #refused = new Map<string, number>();
  #notedAt = Number.NEGATIVE_INFINITY;

  constructor(database: Database, executor: BlockExecutor, options: WorkerOptions, patience: Patience) {
    this.#database = database;
    this.#executor = executor;
    this.#options = options;
    this.#patience = patience;
  }

  async run(): Promise<void> {
    const { signal } = this.#options;
    while (!signal.aborted) {
      const found = await this.#next();
      if (found === undefined) {
        await sleep(IDLE_MS, undefined, { signal }).catch(() => {});
        continue;
      }
      this.#patience.begin();
      await this.#handle(found.run, found.job);
      this.#patience.end();
    }
  }

  /** A job of the oldest run that has one and can be read here. */
  async #next(): Promise<{ run: Run; job: TakenJob } | undefined> {
    const runs = await openRuns(this.#database);
    for (const run of runs) {
      if (!(await this.#canRead(run))) continue;
      const job = await this.#take(run.name);
      if (job !== undefined) return { run, job };
    }
    if (performance.now() - this.#notedAt > NOTE_MS) {
      this.#notedAt = performance.now();
      for (const { name } of runs) await noteIfDone(this.#database, name);
    }
    return undefined;
  }

  async #take(run: string): Promise<TakenJob | undefined> {
    const { boss } = this.#database;
    const [job] = await this.#database.patiently(async () =>
      // Before its submitter has made the queue, and after its end.
      (await boss.getQueue(run)) === null ? [] : await boss.fetch<JobData>(run, { includeMetadata: true }),
    );
    return job === undefined ? undefined : { data: job.data, taken: job.retryCount };
  }

  async #canRead({ name, source }: Run): Promise<boolean> {
    if (this.#sources.has(name)) return true;
    const refusedUntil = this.#refused.get(name);
    if (refusedUntil !== undefined && performance.now() < refusedUntil) return false;
    try {
      this.#sources.set(name, await openSource(source, this.#options.client));
      this.#refused.delete(name);
      return true;
    } catch (error) {
      if (!(error instanceof QueueError)) throw error;
      // Once is enough to be told.
      if (refusedUntil === undefined)
        this.#options.onEvent?.({ type: "refused", run: name, reason: error.message });
      this.#refused.set(name, performance.now() + REFUSED_MS);
      return false;
    }
  }

  async #handle(run: Run, { data, taken }: TakenJob): Promise<void> {
    const { onEvent } = this.#options;
    const { name: item } = data;
    onEvent?.({ type: "taken", run: run.name, item });
    const heartbeat = this.#beat(run.name, item);
    try {
      const rows =
        taken >= MOST_TAKEN ? this.#failed(run, item, abandoned(taken)) : await this.#replay(run, data);
      this.#patience.conclude();
      const late = !(await settle(this.#database, run.name, item, rows));
      onEvent?.({ type: "done", run: run.name, item, rows, late });
    } catch (error) {
      if (error instanceof QueueError && error.code === "BRAID_SOURCE_UNAVAILABLE")
        await handBack(this.#database, run.name, data);
      throw error;
    } finally {
      clearInterval(heartbeat);
    }
  }

  /** Says that the job is in hands. A beat that does not arrive is followed by another one. */
  #beat(run: string, item: string): NodeJS.Timeout {
    const { boss } = this.#database;
    return setInterval(() => void boss.touch(run, jobId(run, item)).catch(() => {}), HEARTBEAT_MS);
  }

  /** The rows of an item; waits for a source that has failed, but not for ever. */
  async #replay(run: Run, data: JobData): Promise<ResultRow[]> {
    const giveUp = performance.now() + SOURCE_PATIENCE_MS;
    for (;;) {
      try {
        return await this.#replayOnce(run, data);
      } catch (error) {
        if (!(error instanceof QueueError) || error.code !== "BRAID_SOURCE_UNAVAILABLE") throw error;
        const { signal } = this.#options;
        if (signal.aborted || performance.now() > giveUp) throw error;
        this.#options.onEvent?.({ type: "source", run: run.name, reason: error.message });
        await sleep(SOURCE_WAIT_MS, undefined, { signal }).catch(() => {});
      }
    }
  }

  /** Throws QueueError BRAID_SOURCE_UNAVAILABLE for what is no fault of the item. */
  async #replayOnce(run: Run, { name: item, named }: JobData): Promise<ResultRow[]> {
    const { maxFileBytes, ...options } = run.options;
    const source = this.#sources.get(run.name);
    if (source === undefined) throw new TypeError(`the run ${run.name} was not opened`);
    const collector = this.#collector(run);
    try {
      const { paths, remote, release } = await source.open(item, maxFileBytes);
      try {
        await replay(paths, {
          ...options,
          maxFileBytes,
          executor: this.#executor,
          ...(remote === undefined ? {} : { remote }),
          ...(this.#options.threads === undefined ? {} : { workers: this.#options.threads }),
          onEvent: (event) => {
            // Of a file that was fetched the name says nothing.
            if (event.type === "report") collector.add({ ...event, report: { ...event.report, file: item } });
            else collector.add(event);
          },
        });
      } finally {
        await release();
      }
    } catch (error) {
      if (error instanceof QueueError || !(error instanceof BaseError)) throw error;
      if (isFinalCode(error.code)) throw unavailable(error.message, error);
      return this.#failed(run, item, error);
    }
    const rows = collector.take();
    const gone = rows.find(({ error_code }) => error_code !== null && isFinalCode(error_code));
    if (gone !== undefined) throw unavailable(gone.error ?? "The node does not answer.");
    // A README beside the blocks.
    if (!named)
      for (const row of rows) if (row.error_code === "BRAID_FILE_UNKNOWN_FORMAT") row.verdict = "skipped";
    return rows;
  }

  #failed(run: Run, item: string, error: BaseError): ResultRow[] {
    const collector = this.#collector(run);
    collector.add({ type: "report", report: fileReport(item, error) });
    return collector.take();
  }

  #collector({ name }: Run): RowCollector {
    return new RowCollector({ run: name, braid: this.#options.braid });
  }
}

function abandoned(taken: number): QueueError {
  return new QueueError(
    "BRAID_ITEM_ABANDONED",
    `It was taken ${taken} times, and each time the worker ended or was cut off before it was done. Replay it alone to see why: it may need more memory than there is.`,
    { data: { taken } },
  );
}
