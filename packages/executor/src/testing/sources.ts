// For tests: state sources that answer one read at a time, late, or not at all.

import { BaseError } from "@braid/primitives";
import type { SourceAccount, StateAnswer, StateKey, StateSource } from "@braid/state";

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

/** A source over another one that does as it is told at each read: the number of the read among all, and what it is of. */
export class ScriptedSource implements StateSource {
  readonly #source: StateSource;
  readonly #script: (kind: ReadKind, number: number, what: Uint8Array | bigint) => unknown;
  #reads = 0;

  /** `script` gives "answer" (what the other source says), or a promise of it, "never" or what is answered instead; or it throws. */
  constructor(
    source: StateSource,
    script: (kind: ReadKind, number: number, what: Uint8Array | bigint) => unknown,
  ) {
    this.#source = source;
    this.#script = script;
  }

  async #read<T>(kind: ReadKind, what: Uint8Array | bigint, read: () => T | Promise<T>): Promise<T> {
    const instead = await this.#script(kind, this.#reads++, what);
    if (instead === "never") return new Promise<T>(() => {});
    return instead === "answer" ? read() : (instead as T);
  }

  getAccount(address: Uint8Array): Promise<SourceAccount | undefined> {
    return this.#read("account", address, () => this.#source.getAccount(address));
  }

  getStorage(address: Uint8Array, slot: Uint8Array): Promise<bigint> {
    return this.#read("storage", slot, () => this.#source.getStorage(address, slot));
  }

  getCode(codeHash: Uint8Array): Promise<Uint8Array> {
    return this.#read("code", codeHash, () => this.#source.getCode(codeHash));
  }

  getBlockHash(number: bigint): Promise<Uint8Array> {
    return this.#read("blockHash", number, () => this.#source.getBlockHash(number));
  }
}

/** A source that answers many keys at once, one call at a time: remembers the sizes of the calls. */
export class BatchSource extends IntermittentSource {
  readonly batches: number[] = [];

  async getMany(keys: StateKey[]): Promise<StateAnswer[]> {
    this.batches.push(keys.length);
    return Promise.allSettled(
      keys.map(({ address, slot }) =>
        slot === undefined ? this.getAccount(address) : this.getStorage(address, slot),
      ),
    );
  }
}
