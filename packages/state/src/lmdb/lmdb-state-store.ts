// A store of states on disk.
import { type StoreOptions, TreeStateStore } from "../store/tree-state-store.ts";
import { lockFolder, prepareFolder } from "./folder.ts";
import { LmdbBackend } from "./lmdb-backend.ts";
import { loadLmdb } from "./lmdb-module.ts";
import { storeErrorOf } from "./store-error.ts";
import { Tables } from "./tables.ts";

/**
 * A StateStore in a folder, by way of the npm package lmdb. It opens at its last commit, however the process ended that made it; after a
 * power cut at a commit at most as old as the last `flush`.
 * PERF: a read of the head's state takes microseconds and one of another state some ten times as long; commits are written by a
 * thread of LMDB's own.
 */
export class LmdbStateStore extends TreeStateStore {
  /** The folder. */
  readonly path: string;

  private constructor(backend: LmdbBackend, options: StoreOptions) {
    super(backend, options);
    this.path = backend.path;
  }

  /**
   * Opens the folder's store, or makes one where there is none. `keep` given for a new folder decides that it can be pruned; how many
   * blocks are kept may differ from one opening to the next. Rejects with StoreError.
   */
  static async open(path: string, options: StoreOptions = {}): Promise<LmdbStateStore> {
    loadLmdb();
    try {
      const history = prepareFolder(path, options.keep === undefined ? "all" : "last");
      const lock = await lockFolder(path);
      try {
        const tables = new Tables(path, { readOnly: false });
        return new LmdbStateStore(new LmdbBackend(tables, history, () => lock.close()), options);
      } catch (error) {
        lock.close();
        throw error;
      }
    } catch (error) {
      throw storeErrorOf(error, path);
    }
  }
}
