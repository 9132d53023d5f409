// The connection to the database: jobs by pg-boss, statements of our own, and patience with a database that is gone for a while.
import { setTimeout as sleep } from "node:timers/promises";
import { type Db, PgBoss } from "pg-boss";
import { QueueError } from "../errors.ts";
import type { DatabaseOptions } from "./options.ts";
import { ensureTables } from "./schema.ts";
import { codeOf, isPassing, waitBefore } from "./transient.ts";

/** Where pg-boss keeps its jobs: apart from those that another program may have in the database. */
const JOBS_SCHEMA = "braid_jobs";
/** How often lost jobs are looked for. Each look counts the queues' jobs. */
const SUPERVISE_SECONDS = 5;
/** One that the database answers; the totals of a long run take seconds. */
const STATEMENT_TIMEOUT_MS = 120_000;
/** How long one that does not answer is tried at the beginning: it may be starting, or the URL may be wrong. */
const OPEN_MS = 10_000;

export class Database {
  /** Host, port and database: what may be seen of the URL. */
  readonly name: string;
  readonly boss: PgBoss;
  readonly #db: Db;
  readonly #options: DatabaseOptions;
  #lost = false;

  private constructor(name: string, boss: PgBoss, options: DatabaseOptions) {
    this.name = name;
    this.boss = boss;
    this.#db = boss.getDb();
    this.#options = options;
  }

  /**
   * Connects, and makes the tables where they are not.
   *
   * @throws QueueError BRAID_QUEUE_URL, BRAID_QUEUE_UNREACHABLE, BRAID_QUEUE_VERSION, BRAID_QUEUE_FAILED; the signal's reason.
   */
  static async open(url: string, options: DatabaseOptions): Promise<Database> {
    const name = nameOf(url);
    const settings = {
      connectionString: url,
      application_name: options.applicationName.slice(0, 63),
      schema: JOBS_SCHEMA,
      max: 4,
      schedule: false,
      superviseIntervalSeconds: SUPERVISE_SECONDS,
      monitorIntervalSeconds: SUPERVISE_SECONDS,
      // Both are the driver's: a machine that has vanished must be noticed.
      keepAlive: true,
      query_timeout: STATEMENT_TIMEOUT_MS,
    };
    const giveUp = performance.now() + OPEN_MS;
    for (let attempt = 0; ; attempt++) {
      const boss = new PgBoss(settings);
      // What it does in the background it does again; what we ask for, we are told by the call.
      boss.on("error", () => {});
      try {
        await boss.start();
        const database = new Database(name, boss, options);
        await database.transaction((db) => ensureTables(db));
        return database;
      } catch (error) {
        await boss.stop({ graceful: false }).catch(() => {});
        options.signal.throwIfAborted();
        if (error instanceof QueueError) throw error;
        if (!isPassing(error) || performance.now() > giveUp) throw unreachable(name, error);
      }
      await sleep(waitBefore(attempt), undefined, { signal: options.signal });
    }
  }

  /** One statement; tried until the database has answered. Must come to the same when it is made twice. */
  async query<Row>(text: string, values: unknown[] = []): Promise<Row[]> {
    return await this.patiently(async () => (await this.#db.executeSql(text, values)).rows as Row[]);
  }

  /**
   * Makes something against the database, and makes it again when the database went away meanwhile: it must come to the same then.
   *
   * @throws QueueError BRAID_QUEUE_FAILED; the signal's reason.
   */
  async patiently<T>(work: () => Promise<T>): Promise<T> {
    const { signal } = this.#options;
    for (let attempt = 0; ; attempt++) {
      try {
        const result = await work();
        this.#tell(undefined);
        return result;
      } catch (error) {
        if (error instanceof QueueError) throw error;
        if (!isPassing(error)) throw failed(this.name, error);
        signal.throwIfAborted();
        this.#tell(reasonOf(error));
        await sleep(waitBefore(attempt), undefined, { signal });
      }
    }
  }

  /** All of the statements or none. Rolls back when `work` throws. */
  async transaction<T>(work: (db: Db) => Promise<T>): Promise<T> {
    const transaction = await this.#db.beginTransaction?.();
    if (transaction === undefined) throw new TypeError("pg-boss has no transactions over its own pool");
    try {
      const result = await work(transaction.db);
      await transaction.commit();
      return result;
    } catch (error) {
      await transaction.rollback();
      throw error;
    }
  }

  async close(): Promise<void> {
    // Nothing of ours runs in pg-boss's workers, so there is nothing to wait for.
    await this.boss.stop({ graceful: false }).catch(() => {});
  }

  #tell(lost: string | undefined): void {
    if ((lost !== undefined) === this.#lost) return;
    this.#lost = lost !== undefined;
    this.#options.onConnection?.(lost);
  }
}

/** Throws QueueError BRAID_QUEUE_URL, without the URL: it may hold a password. */
function nameOf(text: string): string {
  const url = URL.parse(text);
  if (url === null || (url.protocol !== "postgres:" && url.protocol !== "postgresql:"))
    throw new QueueError(
      "BRAID_QUEUE_URL",
      "The queue's URL is none of a Postgres: give one like postgres://user:password@host:5432/database.",
    );
  return `${url.host === "" ? "localhost" : url.host}${url.pathname}`;
}

function unreachable(name: string, cause: unknown): QueueError {
  return new QueueError(
    "BRAID_QUEUE_UNREACHABLE",
    `The database ${name} cannot be used: ${reasonOf(cause)}. Check the URL, and that the database runs and lets this user make schemas.`,
    { data: { database: name, reason: reasonOf(cause), code: codeOf(cause) } },
  );
}

function failed(name: string, cause: unknown): QueueError {
  return new QueueError("BRAID_QUEUE_FAILED", `The database ${name} says: ${reasonOf(cause)}`, {
    data: { database: name, code: codeOf(cause) },
  });
}

/** Of several addresses that were tried there is no message, but a code. */
function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message === "" ? (codeOf(error) ?? "no reason") : message.replaceAll(/\s+/g, " ");
}
