// What can be wrong with a store on disk, and what to do about it.
import { BaseError } from "@braid/primitives";

export type StoreErrorCode =
  /** The npm package lmdb is not there. */
  | "BRAID_STORE_UNAVAILABLE"
  /** The folder holds something else. */
  | "BRAID_STORE_FOREIGN"
  /** The folder was made by a version of Braid that keeps its data otherwise. */
  | "BRAID_STORE_VERSION"
  /** The folder keeps all blocks, and should be pruned. */
  | "BRAID_STORE_HISTORY"
  /** Something has the folder open. */
  | "BRAID_STORE_IN_USE"
  /** The data is damaged. */
  | "BRAID_STORE_CORRUPT"
  /** The disk, a quota or a file's greatest size is full, or the disk fails. What was committed before is as it was. */
  | "BRAID_STORE_FULL"
  /** Reading or writing failed. */
  | "BRAID_STORE_FAILED"
  | "BRAID_STORE_CLOSED";

/** A store on disk cannot do what it should. */
export class StoreError extends BaseError {
  constructor(code: StoreErrorCode, message: string, data: Record<string, unknown> = {}, cause?: unknown) {
    super(code, message, cause === undefined ? { data } : { data, cause });
  }
}

/**
 * ENOSPC, EFBIG, EDQUOT on Linux and macOS, LMDB's own MDB_MAP_FULL, and EIO: what LMDB says when the system wrote a part of what it
 * should, which is how a disk fills up.
 */
const FULL_CODES = new Set<unknown>([28, 27, 122, 69, -30792, 5, "ENOSPC", "EFBIG", "EDQUOT"]);
/** MDB_PAGE_NOTFOUND, MDB_CORRUPTED, MDB_VERSION_MISMATCH, MDB_INVALID, MDB_BAD_DBI. */
const CORRUPT_CODES = new Set<unknown>([-30797, -30796, -30794, -30793, -30780]);

/** What LMDB throws, as a StoreError; errors of Braid stay what they are. */
export function storeErrorOf(error: unknown, path: string): BaseError {
  if (error instanceof BaseError) return error;
  const code = typeof error === "object" && error !== null && "code" in error ? error.code : undefined;
  const reason = error instanceof Error ? error.message : String(error);
  const data = { path, reason, code };
  if (FULL_CODES.has(code))
    return new StoreError(
      "BRAID_STORE_FULL",
      `The store in ${path} cannot be written: there is no room left, or the disk fails (${reason}). What was committed before is safe; make room and try again.`,
      data,
      error,
    );
  if (CORRUPT_CODES.has(code)) return corrupt(path, reason, error);
  return new StoreError("BRAID_STORE_FAILED", `The store in ${path} failed: ${reason}.`, data, error);
}

export function corrupt(path: string, reason: string, cause?: unknown): StoreError {
  return new StoreError(
    "BRAID_STORE_CORRUPT",
    `The store in ${path} is damaged: ${reason}. Restore the folder from a copy, or delete it and import the blocks again.`,
    { path, reason },
    cause,
  );
}
