// The end of a job: its rows and its completion in one transaction, so that each is there once whatever dies.
import type { Db } from "pg-boss";
import type { Database } from "../database/database.ts";
import { codeOf } from "../database/transient.ts";
import { type JobData, jobId } from "../runs/run.ts";
import { COLUMNS, type ResultRow } from "../table/columns.ts";

const LIST = COLUMNS.map(({ name }) => `"${name}"`).join(", ");
/** The rows come as one JSON value: a bundle may hold thousands of blocks. */
const INSERT = `INSERT INTO braid.results (${LIST}) SELECT ${LIST} FROM jsonb_populate_recordset(NULL::braid.results, $1::jsonb)`;
/** Postgres's codes for a key that is there already, and for a run that is not. */
const TOO_LATE = new Set<string | undefined>(["23505", "23503"]);

/**
 * Writes the rows of a job. False when there are rows already, or no run any more: this worker was thought dead, and another one was faster. Completing the job locks it
 * until the transaction ends, so of two workers with one job the second sees the first one's rows; where there is no job any more, the table's key
 * lets only one of them through.
 */
export async function settle(
  database: Database,
  run: string,
  item: string,
  rows: readonly ResultRow[],
): Promise<boolean> {
  const { boss } = database;
  return await database.patiently(async () => {
    // The queue goes away when its run is done. Not asked in the transaction: that has one connection, and this takes another one.
    const queued = (await boss.getQueue(run)) !== null;
    try {
      return await database.transaction(async (db) => {
        // Also a job that waits to be taken again: what has come of it is there now.
        if (queued) await boss.complete(run, jobId(run, item), null, { db, includeQueued: true });
        if (await hasRows(db, run, item)) return false;
        await db.executeSql(INSERT, [JSON.stringify(rows)]);
        return true;
      });
    } catch (error) {
      if (TOO_LATE.has(codeOf(error))) return false;
      throw error;
    }
  });
}

/** Gives a job back, to be taken by another worker at once, as if nobody had taken it. */
export async function handBack(database: Database, run: string, data: JobData): Promise<void> {
  const { boss } = database;
  const id = jobId(run, data.name);
  await database.patiently(() =>
    database.transaction(async (db) => {
      if (await hasRows(db, run, data.name)) return;
      await boss.deleteJob(run, id, { db });
      await boss.insert(run, [{ id, data, priority: 1 }], { db });
    }),
  );
}

async function hasRows(db: Db, run: string, item: string): Promise<boolean> {
  const { rows } = await db.executeSql("SELECT 1 FROM braid.results WHERE run = $1 AND item = $2 LIMIT 1", [
    run,
    item,
  ]);
  return rows.length > 0;
}
