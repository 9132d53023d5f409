// Runs as the database has them.
import type { Database } from "../database/database.ts";
import type { SourceSpec } from "../sources/source.ts";
import type { Run, RunOptions } from "./run.ts";

interface RunRow {
  run: string;
  source: SourceSpec;
  options: RunOptions;
  items: number | null;
  done: boolean;
}

const SELECT = "SELECT run, source, options, items, done_at IS NOT NULL AS done FROM braid.runs";

function runOf({ run, source, options, items, done }: RunRow): Run {
  return { name: run, source, options, items: items ?? undefined, done };
}

export async function findRun(database: Database, name: string): Promise<Run | undefined> {
  const [row] = await database.query<RunRow>(`${SELECT} WHERE run = $1`, [name]);
  return row === undefined ? undefined : runOf(row);
}

/** Those with blocks that are not done, the oldest first. */
export async function openRuns(database: Database): Promise<Run[]> {
  const rows = await database.query<RunRow>(`${SELECT} WHERE done_at IS NULL ORDER BY created_at, run`);
  return rows.map(runOf);
}
