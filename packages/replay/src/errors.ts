// The errors of loading what is to be replayed. A block that replays wrong is no error but a verdict: see verify.ts.
import { BaseError, FileError, type FileErrorCode, serializeError } from "@braid/primitives";

/** Why a file cannot be replayed. */
export type BlockFileErrorCode =
  | FileErrorCode
  /** The content is none of the formats that Braid reads. */
  | "BRAID_FILE_UNKNOWN_FORMAT"
  /** A bundle of a version that this Braid does not read. */
  | "BRAID_BUNDLE_VERSION"
  /** The chain, or a hardfork of it, is not known. */
  | "BRAID_UNKNOWN_CHAIN"
  /** The state that the file holds is not the state before its first block. */
  | "BRAID_PARENT_STATE_MISMATCH"
  /** The blocks of a chain do not follow one another. */
  | "BRAID_BROKEN_CHAIN"
  /** Where a captured block should be written lies something else. */
  | "BRAID_CAPTURE_OCCUPIED"
  /** A directory holds nothing that could be replayed. */
  | "BRAID_NOTHING_TO_REPLAY";

/** A file that cannot be replayed. The message says what was found and what to do; the file's name is added by who opened it. */
export class BlockFileError extends BaseError {
  constructor(
    code: BlockFileErrorCode,
    message: string,
    options: { data?: Record<string, unknown>; cause?: unknown } = {},
  ) {
    super(code, message, options);
  }
}

/** An error as a report tells it. */
export interface ErrorReport {
  code: string;
  message: string;
  data?: Record<string, unknown>;
}

/** A thrown error as plain data for reports; what caused it goes into `data.cause` as text, for it is often the part that explains. */
export function describeError(error: unknown): ErrorReport {
  const { code, message, data } = serializeError(error);
  const report: ErrorReport = data === undefined ? { code, message } : { code, message, data };
  if (
    error instanceof BlockFileError ||
    error instanceof FileError ||
    !(error instanceof Error) ||
    error.cause === undefined
  )
    return report;
  return { ...report, data: { ...data, cause: messageOf(error.cause) } };
}

/** The text of anything that was thrown, on one line. */
export function messageOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.replace(/\s+/g, " ").trim();
}
