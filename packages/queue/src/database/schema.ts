// The tables of Braid in the database: runs, and the results that SQL can ask.
import type { Db } from "pg-boss";
import { QueueError } from "../errors.ts";
import { COLUMNS } from "../table/columns.ts";

/** Counts up when the tables, or what jobs and runs hold, change their form. */
const VERSION = 1;

/** Any number, the same in all versions of Braid: who holds this lock makes the tables. */
const LOCK = 0x62726169;

/** Makes the tables where they are not; must run in a transaction. Throws QueueError BRAID_QUEUE_VERSION. */
export async function ensureTables(db: Db): Promise<void> {
  await db.executeSql(`SELECT pg_advisory_xact_lock(${LOCK})`);
  const { rows } = await db.executeSql("SELECT to_regclass('braid.version')::text AS found");
  if (rows[0]?.found === null) {
    for (const statement of STATEMENTS) await db.executeSql(statement);
    return;
  }
  const { rows: versions } = await db.executeSql("SELECT version FROM braid.version");
  const [found] = versions.map(({ version }) => Number(version));
  if (found !== VERSION)
    throw new QueueError(
      "BRAID_QUEUE_VERSION",
      `The tables in the database are of another version of Braid (version ${found} of them, this one has ${VERSION}). Use the same version of Braid on all machines, or another database.`,
      { data: { found, expected: VERSION } },
    );
}

const STATEMENTS = [
  "CREATE SCHEMA IF NOT EXISTS braid",
  "CREATE TABLE braid.version (version integer NOT NULL)",
  `INSERT INTO braid.version VALUES (${VERSION})`,
  `CREATE TABLE braid.runs (
    run text PRIMARY KEY,
    source jsonb NOT NULL,
    options jsonb NOT NULL,
    items integer,
    braid text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    done_at timestamptz
  )`,
  comment("TABLE braid.runs", "a range of blocks that was put into the queue"),
  comment("COLUMN braid.runs.source", "where the blocks are read from; nothing secret"),
  comment("COLUMN braid.runs.items", "files, objects or blocks of the run; null until all are in the queue"),
  `CREATE TABLE braid.results (
    ${COLUMNS.map(({ name, postgres }) => `"${name}" ${postgres}`).join(",\n    ")},
    PRIMARY KEY (run, item, part),
    FOREIGN KEY (run) REFERENCES braid.runs ON DELETE CASCADE
  )`,
  "CREATE INDEX results_block ON braid.results (block)",
  "CREATE INDEX results_problem ON braid.results (run) WHERE verdict IN ('mismatch', 'error')",
  comment(
    "TABLE braid.results",
    "one row for each replayed block of a run, or for an item that could not be read",
  ),
  ...COLUMNS.map(({ name, about }) => comment(`COLUMN braid.results."${name}"`, about)),
];

function comment(on: string, text: string): string {
  return `COMMENT ON ${on} IS '${text.replaceAll("'", "''")}'`;
}
