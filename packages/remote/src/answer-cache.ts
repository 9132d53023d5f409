// What nodes answered about blocks, kept on disk, so that nothing is asked twice. A block's hash stands for all of it and its state: what is
// filed under it never changes.

import { bytesToHex, type Hex } from "@braid/primitives";
import { LmdbStateStore, type RecordChange } from "@braid/state";
import { keccak256 } from "./keccak.ts";

/** Answers that are written together. */
const BATCH = 1_000;
/** Milliseconds that an answer waits for others. */
const GATHER_MS = 100;

/** A folder of answers: entries of an LMDB store that has no states. */
export class AnswerCache {
  readonly #store: LmdbStateStore;
  /** Not written yet. */
  readonly #fresh = new Map<Hex, RecordChange>();
  #gathering: NodeJS.Timeout | undefined;
  #written: Promise<void> = Promise.resolve();
  #closed = false;

  private constructor(store: LmdbStateStore) {
    this.#store = store;
  }

  /** Throws StoreError: the package lmdb is not there, or the folder is something else, or in use. */
  static async open(path: string): Promise<AnswerCache> {
    return new AnswerCache(await LmdbStateStore.open(path));
  }

  /** What was answered to a question about a block (32 bytes); undefined when that is not known. */
  get(block: Uint8Array, question: string): unknown {
    const key = keyOf(block, question);
    const value = this.#fresh.get(bytesToHex(key))?.value ?? this.#store.record(key);
    return value === undefined ? undefined : JSON.parse(new TextDecoder().decode(value));
  }

  /** Keeps an answer, which is JSON. */
  put(block: Uint8Array, question: string, answer: unknown): void {
    // What comes in after the end has nobody who waits for it.
    if (this.#closed) return;
    const key = keyOf(block, question);
    this.#fresh.set(bytesToHex(key), { key, value: new TextEncoder().encode(JSON.stringify(answer)) });
    if (this.#fresh.size >= BATCH) this.#write();
    else this.#gathering ??= setTimeout(() => this.#write(), GATHER_MS);
  }

  /** Forgets all that was answered about a block: some of it was wrong. */
  async forget(block: Uint8Array): Promise<void> {
    this.#write();
    await this.#written;
    const gone: RecordChange[] = [];
    for (const [key] of this.#store.records({ from: block })) {
      if (Buffer.compare(key.subarray(0, block.length), block) !== 0) break;
      gone.push({ key: key.slice(), value: undefined });
    }
    await this.#store.write(gone);
  }

  /** Writes what is not written yet. Rejects with StoreError when something could not be. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#write();
    try {
      await this.#written;
    } finally {
      await this.#store.close();
    }
  }

  #write(): void {
    clearTimeout(this.#gathering);
    this.#gathering = undefined;
    if (this.#fresh.size === 0) return;
    const batch = [...this.#fresh];
    const write = this.#store.write(batch.map(([, record]) => record)).then(() => {
      for (const [key, record] of batch) if (this.#fresh.get(key) === record) this.#fresh.delete(key);
    });
    // Who closes the cache is told.
    write.catch(() => {});
    this.#written = Promise.all([this.#written, write]).then(() => {});
    this.#written.catch(() => {});
  }
}

function keyOf(block: Uint8Array, question: string): Uint8Array {
  return Buffer.concat([block, keccak256(new TextEncoder().encode(question))]);
}
