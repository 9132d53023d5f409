// Reading a store from a thread beside the one that writes it: no message, a look-up is a read of shared memory.
import { statSync } from "node:fs";
import type { StateHandle } from "../state-source.ts";
import { type StoredState, UnknownBlockError } from "../store/state-store.ts";
import { StoredBlockState } from "../store/stored-state.ts";
import { storeErrorOf } from "./store-error.ts";
import { Tables } from "./tables.ts";

/** A state that was opened in this thread. */
export interface OpenState {
  state: StoredState;
  /** Ends the reading: as long as it lasts, nothing that the state needs can be written over. */
  close(): void;
}

/** Opened stores that no state reads now: opening one takes milliseconds. By the file, because a folder may be made anew. */
const idle = new Map<string, Tables[]>();

/**
 * Opens the state behind a handle, at once. The store must be open in this process. Throws UnknownBlockError when the block is not kept
 * any more, and StoreError.
 */
export function openState({ path, block: hash }: StateHandle): OpenState {
  try {
    const { dev, ino } = statSync(path);
    const key = `${dev} ${ino} ${path}`;
    const free = idle.get(key) ?? [];
    idle.set(key, free);
    const tables = free.pop() ?? new Tables(path, { readOnly: true });
    tables.refresh();
    const block = tables.block(hash);
    const close = (): void => {
      tables.release();
      free.push(tables);
    };
    if (block === undefined) {
      close();
      throw new UnknownBlockError(hash);
    }
    return { state: new StoredBlockState(tables, block), close };
  } catch (error) {
    throw storeErrorOf(error, path);
  }
}
