// A state that is far away, with what was read of it at hand: that is answered at once, and the rest is asked for once.
import { bytesToHex } from "@braid/primitives";
import type { SourceAccount, StateAnswer, StateKey, StateSource } from "../state-source.ts";

/** Slots that stay in memory, some 200 MB. Then all are given up, to be read again where they are needed. */
const MOST_SLOTS = 1_000_000;

/** Accounts and codes that were read once stay at hand: a pool looks at its senders without waiting. */
export class KnownSource implements StateSource {
  readonly #source: StateSource;
  readonly #accounts = new Map<string, SourceAccount | undefined>();
  readonly #slots = new Map<string, bigint>();
  readonly #codes = new Map<string, Uint8Array>();
  readonly #hashes = new Map<string, Uint8Array>();
  readonly #asked = new Map<string, Promise<unknown>>();

  constructor(source: StateSource) {
    this.#source = source;
  }

  getAccount(address: Uint8Array): SourceAccount | undefined | Promise<SourceAccount | undefined> {
    return this.#read(this.#accounts, bytesToHex(address), () => this.#source.getAccount(address.slice()));
  }

  getStorage(address: Uint8Array, slot: Uint8Array): bigint | Promise<bigint> {
    if (this.#slots.size >= MOST_SLOTS) this.#slots.clear();
    const key = bytesToHex(address) + bytesToHex(slot);
    return this.#read(this.#slots, key, () => this.#source.getStorage(address.slice(), slot.slice()));
  }

  getCode(codeHash: Uint8Array): Uint8Array | Promise<Uint8Array> {
    return this.#read(this.#codes, bytesToHex(codeHash), () => this.#source.getCode(codeHash.slice()));
  }

  getBlockHash(number: bigint): Uint8Array | Promise<Uint8Array> {
    return this.#read(this.#hashes, String(number), () => this.#source.getBlockHash(number));
  }

  #read<T>(known: Map<string, T>, key: string, ask: () => T | Promise<T>): T | Promise<T> {
    const value = known.get(key);
    // An account that does not exist is known as undefined.
    if (value !== undefined || known.has(key)) return value as T;
    const asked = this.#asked.get(key) as Promise<T> | undefined;
    if (asked !== undefined) return asked;
    const answer = ask();
    if (!(answer instanceof Promise)) {
      known.set(key, answer);
      return answer;
    }
    const settled = answer
      .then((late) => {
        known.set(key, late);
        return late;
      })
      .finally(() => this.#asked.delete(key));
    this.#asked.set(key, settled);
    return settled;
  }
}

/** Many reads of a source that answers some at once; the late ones wait together. */
export function readMany(
  source: StateSource,
  keys: readonly StateKey[],
): StateAnswer[] | Promise<StateAnswer[]> {
  const answers = keys.map(({ address, slot }) => {
    try {
      return slot === undefined ? source.getAccount(address) : source.getStorage(address, slot);
    } catch (error) {
      return Promise.reject(error);
    }
  });
  if (answers.some((answer) => answer instanceof Promise)) return Promise.allSettled(answers);
  return answers.map((value) => ({ status: "fulfilled", value: value as Awaited<typeof value> }));
}

/** What `use` makes of a value: at once when the value is there, else later. */
export function whenThere<T, U>(value: T | Promise<T>, use: (value: T) => U | Promise<U>): U | Promise<U> {
  return value instanceof Promise ? value.then(use) : use(value);
}
