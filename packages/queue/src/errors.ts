// What can be wrong with a queue, its runs and the table of results, and what to do about it.
import { BaseError } from "@braid/primitives";

export type QueueErrorCode =
  /** What was given is no URL of a Postgres. */
  | "BRAID_QUEUE_URL"
  /** The database does not answer, or lets nobody in. */
  | "BRAID_QUEUE_UNREACHABLE"
  /** The database refused a statement. */
  | "BRAID_QUEUE_FAILED"
  /** The tables were made by a version of Braid that keeps them otherwise. */
  | "BRAID_QUEUE_VERSION"
  /** An optional npm package is not installed. */
  | "BRAID_QUEUE_MISSING_PACKAGE"
  /** The Postgres of this machine cannot be made or started. */
  | "BRAID_QUEUE_LOCAL"
  /** There is no such run. */
  | "BRAID_RUN_UNKNOWN"
  /** There is a run of this name already, with other blocks or options. */
  | "BRAID_RUN_EXISTS"
  /** Who put the run's blocks into the queue was stopped before all were in it. */
  | "BRAID_RUN_INCOMPLETE"
  /** A worker cannot reach what a run's blocks are read from. */
  | "BRAID_SOURCE_UNAVAILABLE"
  /** Workers took it again and again, and none was left to say how it went. */
  | "BRAID_ITEM_ABANDONED"
  /** The name of a file of results has no ending that is known. */
  | "BRAID_RESULTS_FORMAT"
  /** The file of results cannot be written. */
  | "BRAID_RESULTS_FILE";

/** Neither message nor data nor cause hold more of a URL than its host and what it names. */
export class QueueError extends BaseError {
  declare readonly code: QueueErrorCode;

  constructor(
    code: QueueErrorCode,
    message: string,
    options: { data?: Record<string, unknown>; cause?: unknown } = {},
  ) {
    super(code, message, options);
  }
}

/** The error of an optional package that is not there, or does not run here. */
export function missingPackage(name: string, purpose: string, cause: unknown): QueueError {
  return new QueueError(
    "BRAID_QUEUE_MISSING_PACKAGE",
    `${purpose} needs the npm package ${name}, which is not installed or does not run on ${process.platform} ${process.arch}. Install it beside Braid: npm install ${name}`,
    { data: { package: name, platform: process.platform, arch: process.arch }, cause },
  );
}
