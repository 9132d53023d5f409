// What one transaction writes, put together before it begins: nothing of it can fail half-way.
import type { Environment, Table } from "./lmdb-module.ts";

const CHUNK_BYTES = 1 << 20;

interface Operation {
  table: Table;
  key: Uint8Array;
  /** undefined: the entry is removed. */
  value: Uint8Array | undefined;
}

/** PERF: values are copied into a few large buffers, because the writing thread gets the address of each buffer, which costs a call to find out. */
export class WriteBatch {
  readonly #operations: Operation[] = [];
  #chunk = new Uint8Array(0);
  #used = 0;

  /** The value is copied, the key is not. */
  put(table: Table, key: Uint8Array, value: Uint8Array): void {
    this.#operations.push({ table, key, value: this.#copy(value) });
  }

  remove(table: Table, key: Uint8Array): void {
    this.#operations.push({ table, key, value: undefined });
  }

  /** Writes everything in one transaction, on LMDB's own thread; nothing else may be written meanwhile. Rejects with what LMDB says. */
  async run(environment: Environment): Promise<void> {
    try {
      await environment.batch(() => this.#write());
    } catch (error) {
      throw await causeOf(error);
    }
  }

  /** Writes everything into the transaction that is running. */
  runWithin(): void {
    this.#write();
  }

  #write(): void {
    for (const { table, key, value } of this.#operations) {
      if (value === undefined) table.remove(key);
      else table.put(key, value);
    }
  }

  #copy(value: Uint8Array): Uint8Array {
    if (this.#used + value.length > this.#chunk.length) {
      this.#chunk = new Uint8Array(Math.max(CHUNK_BYTES, value.length));
      this.#used = 0;
    }
    const copy = this.#chunk.subarray(this.#used, this.#used + value.length);
    copy.set(value);
    this.#used += value.length;
    return copy;
  }
}

/** LMDB's writing thread rejects with an error that promises another one, which says what happened. */
async function causeOf(error: unknown): Promise<unknown> {
  if (!(error instanceof Error) || !("commitError" in error)) return error;
  try {
    await error.commitError;
    return error;
  } catch (cause) {
    return cause;
  }
}
