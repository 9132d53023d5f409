// For tests: a Postgres of their own, with connections to it that are closed in the end.
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Database } from "../database/database.ts";
import { type LocalPostgres, startLocal } from "../local/local-postgres.ts";
import type { RunOptions } from "../runs/run.ts";
import { submit } from "../runs/submit.ts";
import type { Item, SourceSpec } from "../sources/source.ts";

const RUN_OPTIONS: RunOptions = {
  mode: "parallel",
  engine: "ethereumjs",
  hints: true,
  compare: false,
  baseline: false,
  repeat: 1,
  maxFileBytes: 2 ** 28,
};

export class TestPostgres implements AsyncDisposable {
  /** For the test's files. */
  readonly folder: string;
  readonly database: Database;
  readonly #local: LocalPostgres;

  private constructor(folder: string, local: LocalPostgres, database: Database) {
    this.folder = folder;
    this.#local = local;
    this.database = database;
  }

  static async start(): Promise<TestPostgres> {
    const folder = await mkdtemp(join(tmpdir(), "braid-queue-"));
    // As root Postgres is run by another user, who must get there.
    await chmod(folder, 0o755);
    const local = await startLocal(join(folder, "postgres"));
    const signal = new AbortController().signal;
    return new TestPostgres(
      folder,
      local,
      await Database.open(local.url, { applicationName: "test", signal }),
    );
  }

  get url(): string {
    return this.#local.url;
  }

  /** The database goes away, and comes back where it was. */
  async restart(): Promise<void> {
    await this.#local.stop();
    await startLocal(join(this.folder, "postgres"));
  }

  /** A run of items over a source. */
  async submit(name: string, source: SourceSpec, items: readonly string[]): Promise<void> {
    const named = items.map((item): Item => ({ name: item, named: true }));
    await submit(this.database, {
      name,
      source,
      options: RUN_OPTIONS,
      items: iterate(named),
      braid: "test",
      signal: new AbortController().signal,
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.database.close();
    await this.#local.stop();
    await rm(this.folder, { recursive: true });
  }
}

async function* iterate(items: readonly Item[]): AsyncGenerator<Item> {
  yield* items;
}
