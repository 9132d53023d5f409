// What is known of a run: its totals while it goes on, what went wrong, and its rows for a file.
import type { Database } from "../database/database.ts";
import { COLUMNS, type ResultRow } from "../table/columns.ts";
import type { ResultFile } from "../table/result-file.ts";
import type { RunTotals } from "./run.ts";

const TOTALS = `SELECT
  count(*) FILTER (WHERE part = 0)::integer AS items,
  count(block)::integer AS blocks,
  count(*) FILTER (WHERE verdict = 'ok')::integer AS ok,
  count(*) FILTER (WHERE verdict = 'mismatch')::integer AS mismatch,
  count(*) FILTER (WHERE verdict = 'error')::integer AS error,
  count(*) FILTER (WHERE verdict = 'skipped')::integer AS skipped,
  coalesce(sum(transactions) FILTER (WHERE gas IS NOT NULL), 0)::float8 AS transactions,
  coalesce(sum(gas), 0)::float8 AS gas,
  coalesce(sum(time_ms), 0) AS ms,
  coalesce(sum(executions), 0)::float8 AS executions,
  coalesce(sum(aborts), 0)::float8 AS aborts,
  sum(sequential_ms) AS "sequentialMs",
  sum(sequential_ms) / nullif(sum(time_ms) FILTER (WHERE sequential_ms IS NOT NULL), 0) AS speedup,
  sum(ethereumjs_ms) AS "ethereumjsMs",
  sum(ethereumjs_ms) / nullif(sum(time_ms) FILTER (WHERE ethereumjs_ms IS NOT NULL), 0) AS "ethereumjsSpeedup"
  FROM braid.results WHERE run = $1`;

export async function totalsOfRun(database: Database, run: string): Promise<RunTotals> {
  const [row] = await database.query<Record<string, number | null>>(TOTALS, [run]);
  const known = Object.entries(row ?? {}).filter(([, value]) => value !== null);
  return Object.fromEntries(known) as object as RunTotals;
}

/** The rows with a mismatch or an error, by their blocks. */
export async function problemsOfRun(database: Database, run: string, limit: number): Promise<ResultRow[]> {
  return (await selectRows(database, `verdict IN ('mismatch', 'error')`, run, limit)).map(
    (line) => JSON.parse(line) as ResultRow,
  );
}

/** Processes of one kind that are connected to the database now, whatever run they are about. */
export async function countConnected(database: Database, prefix: string): Promise<number> {
  const [row] = await database.query<{ count: number }>(
    "SELECT count(DISTINCT application_name)::integer AS count FROM pg_stat_activity WHERE starts_with(application_name, $1) AND datname = current_database()",
    [prefix],
  );
  return row?.count ?? 0;
}

/** Notes when all items of a run have their rows; its jobs are not needed any more then. True when it is done, whoever noted it. */
export async function noteIfDone(database: Database, run: string): Promise<boolean> {
  const noted = await database.query(
    `UPDATE braid.runs SET done_at = now() WHERE run = $1 AND done_at IS NULL
      AND items = (SELECT count(*) FROM braid.results WHERE run = $1 AND part = 0) RETURNING run`,
    [run],
  );
  if (noted.length > 0) {
    await database.patiently(() => database.boss.deleteQueue(run));
    return true;
  }
  const [row] = await database.query<{ done: boolean }>(
    "SELECT done_at IS NOT NULL AS done FROM braid.runs WHERE run = $1",
    [run],
  );
  return row?.done ?? true;
}

const AT_ONCE = 1_000;
const LIST = COLUMNS.map(({ name }) => `"${name}"`).join(", ");

/** All rows of a run, as one moment has them, but for files without blocks. */
export async function writeResults(database: Database, run: string, file: ResultFile): Promise<void> {
  // Sorted by the database, and fetched piece by piece: a long run does not fit into memory.
  await database.patiently(async () => {
    await file.restart();
    await database.transaction(async (db) => {
      await db.executeSql(
        `DECLARE rows NO SCROLL CURSOR FOR SELECT row_to_json(r)::text AS line FROM
          (SELECT ${LIST} FROM braid.results WHERE run = '${run}' AND verdict <> 'skipped' ORDER BY block NULLS LAST, item, part) r`,
      );
      for (;;) {
        const { rows } = await db.executeSql(`FETCH ${AT_ONCE} FROM rows`);
        if (rows.length === 0) return;
        await file.addLines(rows.map(({ line }) => String(line)));
      }
    });
  });
  await file.finish();
}

async function selectRows(database: Database, where: string, run: string, limit: number): Promise<string[]> {
  const rows = await database.query<{ line: string }>(
    `SELECT row_to_json(r)::text AS line FROM
      (SELECT ${LIST} FROM braid.results WHERE run = $1 AND ${where} ORDER BY block NULLS LAST, item, part LIMIT $2) r`,
    [run, limit],
  );
  return rows.map(({ line }) => line);
}
