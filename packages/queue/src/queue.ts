// The queue as who fills it and watches it sees it: runs, their totals, their rows.
import { Database } from "./database/database.ts";
import type { DatabaseOptions } from "./database/options.ts";
import { countConnected, noteIfDone, problemsOfRun, totalsOfRun, writeResults } from "./runs/results.ts";
import type { Run, RunTotals, Submission } from "./runs/run.ts";
import { runToGoOnWith, submit } from "./runs/submit.ts";
import type { ResultRow } from "./table/columns.ts";
import type { ResultFile } from "./table/result-file.ts";

/**
 * All methods wait for a database that is gone for a while, until the signal. They throw QueueError BRAID_QUEUE_FAILED for what it refuses, and
 * the signal's reason.
 */
export class Queue implements AsyncDisposable {
  readonly #database: Database;

  private constructor(database: Database) {
    this.#database = database;
  }

  /** Connects. Throws QueueError BRAID_QUEUE_URL, BRAID_QUEUE_UNREACHABLE, BRAID_QUEUE_VERSION. */
  static async open(url: string, options: DatabaseOptions): Promise<Queue> {
    return new Queue(await Database.open(url, options));
  }

  /** Host, port and database: what may be seen of the URL. */
  get name(): string {
    return this.#database.name;
  }

  /** Makes a run and its jobs, or goes on with making them. Throws QueueError BRAID_RUN_EXISTS; what the items throw. */
  submit(submission: Submission): Promise<Run> {
    return submit(this.#database, submission);
  }

  /** A run that was submitted before. Throws QueueError BRAID_RUN_UNKNOWN, BRAID_RUN_INCOMPLETE. */
  run(name: string): Promise<Run> {
    return runToGoOnWith(this.#database, name);
  }

  totals(run: string): Promise<RunTotals> {
    return totalsOfRun(this.#database, run);
  }

  /** The rows with a mismatch or an error, by their blocks. */
  problems(run: string, limit: number): Promise<ResultRow[]> {
    return problemsOfRun(this.#database, run, limit);
  }

  /** Notes when all items of a run have their rows. True when it is done. */
  noteIfDone(run: string): Promise<boolean> {
    return noteIfDone(this.#database, run);
  }

  /** Processes of one kind that are connected to the database now: WORKER_PREFIX, SUBMITTER_PREFIX. */
  countConnected(prefix: string): Promise<number> {
    return countConnected(this.#database, prefix);
  }

  /** Writes all rows of a run, and finishes the file. */
  writeResults(run: string, file: ResultFile): Promise<void> {
    return writeResults(this.#database, run, file);
  }

  /** Any statement over braid.runs and braid.results. */
  query<Row>(text: string, values: unknown[] = []): Promise<Row[]> {
    return this.#database.query(text, values);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#database.close();
  }
}
