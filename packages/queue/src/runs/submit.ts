// Puts a run's items into the queue: each once, however often it is begun again.
import { isDeepStrictEqual } from "node:util";
import { BlockFileError } from "@braid/replay";
import type { Database } from "../database/database.ts";
import { QueueError } from "../errors.ts";
import { findRun } from "./find-run.ts";
import { checkName, type JobData, jobId, type Run, type Submission } from "./run.ts";

/** How long a worker may say nothing before its job is given to another one: pg-boss takes no less. */
const HEARTBEAT_SECONDS = 10;
/** Nothing ends by itself, however long it waits or takes: 24 hours and a thousand years are as much as pg-boss takes. */
const QUEUE = {
  heartbeatSeconds: HEARTBEAT_SECONDS,
  expireInSeconds: 24 * 3600 - 1,
  retentionSeconds: 2 ** 31 - 1,
  deleteAfterSeconds: 0,
  retryLimit: 1_000_000,
  retryDelay: 0,
};
const BATCH = 1_000;

/**
 * Makes the run and its jobs. What was stopped is gone on with: a run of this name with the same blocks and options is completed.
 *
 * @throws QueueError BRAID_RUN_EXISTS, BRAID_RUN_UNKNOWN for a name that cannot be one; BlockFileError BRAID_NOTHING_TO_REPLAY; what
 *   `items` throws; the signal's reason.
 */
export async function submit(database: Database, submission: Submission): Promise<Run> {
  const { source, options, braid, signal } = submission;
  const name = checkName(submission.name);
  await database.patiently(() =>
    makeRun(database, [name, JSON.stringify(source), JSON.stringify(options), braid]),
  );
  const run = await findRun(database, name);
  if (run === undefined) throw new QueueError("BRAID_RUN_UNKNOWN", `The run ${name} was deleted just now.`);
  // As JSON they have come back: what is undefined is not there.
  const given = JSON.parse(JSON.stringify({ source, options }));
  if (!isDeepStrictEqual({ source: run.source, options: run.options }, given))
    throw new QueueError(
      "BRAID_RUN_EXISTS",
      `There is a run ${name} of other blocks or with other options. Give the same ones to go on with it, or take another name.`,
      { data: { run: name } },
    );
  if (run.items !== undefined) return run;
  await database.patiently(() => database.boss.createQueue(name, QUEUE));
  const items = await insertAll(database, name, submission);
  signal.throwIfAborted();
  if (items === 0) {
    await database.query("DELETE FROM braid.runs WHERE run = $1", [name]);
    await database.patiently(() => database.boss.deleteQueue(name));
    throw new BlockFileError(
      "BRAID_NOTHING_TO_REPLAY",
      "There are no files of blocks. Name a folder, or a prefix of a bucket, that holds some.",
    );
  }
  await database.query("UPDATE braid.runs SET items = $2 WHERE run = $1", [name, items]);
  return { ...run, items };
}

/** One submitter after the other: jobs that a deleted run has left would count as done, and go away before there is a new run. */
async function makeRun(database: Database, values: [name: string, ...others: string[]]): Promise<void> {
  const [name] = values;
  await database.transaction(async (db) => {
    await db.executeSql("SELECT pg_advisory_xact_lock(hashtext('braid.runs'), hashtext($1))", [name]);
    const { rows } = await db.executeSql("SELECT 1 FROM braid.runs WHERE run = $1", [name]);
    if (rows.length > 0) return;
    await database.boss.deleteQueue(name);
    await db.executeSql(
      "INSERT INTO braid.runs (run, source, options, braid) VALUES ($1, $2, $3, $4)",
      values,
    );
  });
}

async function insertAll(database: Database, run: string, submission: Submission): Promise<number> {
  const { signal, onProgress } = submission;
  let batch: JobData[] = [];
  let count = 0;
  const flush = async (): Promise<void> => {
    signal.throwIfAborted();
    const jobs = batch.map((data) => ({ id: jobId(run, data.name), data }));
    // What is there already stays as it is: the ids are the same.
    if (jobs.length > 0) await database.patiently(() => database.boss.insert(run, jobs));
    count += batch.length;
    batch = [];
    onProgress?.(count);
  };
  for await (const item of submission.items) {
    batch.push(item);
    if (batch.length === BATCH) await flush();
  }
  await flush();
  return count;
}

/**
 * A run whose items are all in the queue, or done.
 *
 * @throws QueueError BRAID_RUN_UNKNOWN; BRAID_RUN_INCOMPLETE when its submission was stopped.
 */
export async function runToGoOnWith(database: Database, name: string): Promise<Run> {
  const run = await findRun(database, checkName(name));
  if (run === undefined)
    throw new QueueError(
      "BRAID_RUN_UNKNOWN",
      `There is no run ${name} on ${database.name}. Name its blocks to make it.`,
      { data: { run: name } },
    );
  if (run.items === undefined)
    throw new QueueError(
      "BRAID_RUN_INCOMPLETE",
      `The run ${name} was stopped before all its blocks were in the queue. Name the same blocks again to go on with it.`,
      { data: { run: name } },
    );
  return run;
}
