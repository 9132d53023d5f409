// Public names of @braid/queue: long ranges of blocks on several machines, and the table of their results.
export { Database, type DatabaseOptions } from "./database/database.ts";
export { QueueError, type QueueErrorCode } from "./errors.ts";
export { type LocalPostgres, localUrl, startLocal } from "./local/local-postgres.ts";
export {
  countConnected,
  noteIfDone,
  problemsOfRun,
  type RunTotals,
  SUBMITTER_PREFIX,
  totalsOfRun,
  WORKER_PREFIX,
  writeResults,
} from "./runs/results.ts";
export { newName, type Run, type RunOptions } from "./runs/run.ts";
export { runToGoOnWith, type Submission, submit } from "./runs/submit.ts";
export { absolutePaths, listedFiles } from "./sources/files.ts";
export { nodeSpecOf, selectedBlocks } from "./sources/node.ts";
export { listedObjects, s3SpecOf } from "./sources/s3.ts";
export type { Item, SourceSpec } from "./sources/source.ts";
export { COLUMNS, type HotLocation, type ResultRow } from "./table/columns.ts";
export { ResultFile } from "./table/result-file.ts";
export { RowCollector, type RowContext } from "./table/row-collector.ts";
export { type WorkerEvent, type WorkerOptions, work } from "./worker/worker.ts";
