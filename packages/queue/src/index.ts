// Public names of @braid/queue: long ranges of blocks on several machines, and the table of their results.
export type { DatabaseOptions } from "./database/options.ts";
export { QueueError, type QueueErrorCode } from "./errors.ts";
export { type LocalPostgres, localUrl, startLocal } from "./local/local-postgres.ts";
export { Queue } from "./queue.ts";
export {
  newName,
  type Run,
  type RunOptions,
  type RunTotals,
  SUBMITTER_PREFIX,
  type Submission,
  WORKER_PREFIX,
} from "./runs/run.ts";
export { absolutePaths, listedFiles } from "./sources/files.ts";
export { nodeSpecOf, selectedBlocks } from "./sources/node.ts";
export { listedObjects, s3SpecOf } from "./sources/s3.ts";
export type { Item, SourceSpec } from "./sources/source.ts";
export { COLUMNS, type HotLocation, type ResultRow } from "./table/columns.ts";
export { ResultFile } from "./table/result-file.ts";
export { RowCollector, type RowContext } from "./table/row-collector.ts";
export { type WorkerEvent, type WorkerOptions, work } from "./worker/worker.ts";
