// The npm package lmdb, which is optional: what is used of it, and loading it at once, as a worker thread has to.
import { createRequire } from "node:module";
import { StoreError } from "./store-error.ts";

/** A read transaction: what is read in it is as of its beginning. */
export interface Snapshot {
  done(): void;
}

interface RangeOptions {
  start?: Uint8Array;
  end?: Uint8Array;
  reverse?: boolean;
  exclusiveStart?: boolean;
  inclusiveEnd?: boolean;
  limit?: number;
  transaction?: Snapshot;
}

/** One table: keys and values are bytes. */
export interface Table {
  /** A view that is valid until the next read of any table. Its `length` is right; methods that copy it whole are not. */
  getBinaryFast(key: Uint8Array, options?: { transaction: Snapshot }): Uint8Array | undefined;
  getRange(options: RangeOptions): Iterable<{ key: Uint8Array; value: Uint8Array }>;
  /** Outside of a transaction the value's memory must stay as it is until the write has ended. */
  put(key: Uint8Array, value: Uint8Array): unknown;
  remove(key: Uint8Array): unknown;
  getStats(): { entryCount: number };
}

export interface Environment extends Table {
  openDB(name: string, options: TableOptions): Table;
  /** Everything that the function puts and removes is one transaction of the writing thread. */
  batch(write: () => void): Promise<unknown>;
  transactionSync<T>(write: () => T): T;
  useReadTransaction(): Snapshot;
  resetReadTxn(): void;
  readonly flushed: PromiseLike<unknown>;
  close(): Promise<void>;
}

export interface TableOptions {
  encoding: "binary";
  keyEncoding: "binary";
}

export interface LmdbModule {
  open(
    options: TableOptions & {
      path: string;
      maxDbs: number;
      maxReaders: number;
      eventTurnBatching: false;
      readOnly?: boolean;
    },
  ): Environment;
}

let loaded: LmdbModule | undefined;

/** Throws StoreError BRAID_STORE_UNAVAILABLE where the package is not installed or does not run. */
export function loadLmdb(): LmdbModule {
  try {
    // As CommonJS: an import would have to be waited for.
    loaded ??= createRequire(import.meta.url)("lmdb") as LmdbModule;
    return loaded;
  } catch (cause) {
    throw new StoreError(
      "BRAID_STORE_UNAVAILABLE",
      `A store on disk needs the npm package "lmdb", which is not installed or does not run on ${process.platform} ${process.arch}. Install it beside Braid, or keep the states in memory.`,
      { platform: process.platform, arch: process.arch },
      cause,
    );
  }
}
