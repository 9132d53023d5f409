// For tests: state sources that answer one read at a time, late, or not at all.

import { BaseError } from "@braid/primitives";
import type { SourceAccount, StateSource } from "@braid/state";

export type ReadKind = "account" | "storage" | "code" | "blockHash";

/** The same source without `preload`: whatever a block needs is asked for. */
export function readByRead(source: StateSource): StateSource {
  return new IntermittentSource(source, () => false);
}

/** A source over another one whose reads fail when `fails` says so, with the code TEST_SOURCE_DOWN. All answers are late. */
export class IntermittentSource implements StateSource {
  readonly #source: StateSource;
  readonly #fails: (kind: ReadKind, count: number) => boolean;
  /** How many reads of each kind there were. */
  readonly counts: Record<ReadKind, number> = { account: 0, storage: 0, code: 0, blockHash: 0 };

  /** `fails` is asked at each read, with its number among those of its kind, from 0 on. */
  constructor(source: StateSource, fails: (kind: ReadKind, count: number) => boolean) {
    this.#source = source;
    this.#fails = fails;
  }

  async #read<T>(kind: ReadKind, read: () => T | Promise<T>): Promise<T> {
    const count = this.counts[kind]++;
    await new Promise((resolve) => setImmediate(resolve));
    if (this.#fails(kind, count))
      throw new BaseError("TEST_SOURCE_DOWN", "the source is down", { data: { kind, count } });
    return read();
  }

  getAccount(address: Uint8Array): Promise<SourceAccount | undefined> {
    return this.#read("account", () => this.#source.getAccount(address));
  }

  getStorage(address: Uint8Array, slot: Uint8Array): Promise<bigint> {
    return this.#read("storage", () => this.#source.getStorage(address, slot));
  }

  getCode(codeHash: Uint8Array): Promise<Uint8Array> {
    return this.#read("code", () => this.#source.getCode(codeHash));
  }

  getBlockHash(number: bigint): Promise<Uint8Array> {
    return this.#read("blockHash", () => this.#source.getBlockHash(number));
  }
}
