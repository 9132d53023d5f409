// The main thread's reads of a state source for one run of a block, kept in the shared cache. A source may be slow, silent or wrong:
// reads are bounded in number and in time, what is asked for twice is read once, and what comes too late is dropped.

import { equalBytes } from "@braid/primitives";
import { EMPTY_CODE_HASH, type StateAnswer, type StateKey, type StateSource } from "@braid/state";
import { ExecutionError } from "../errors.ts";
import {
  checkAccount,
  checkBlockHash,
  checkCode,
  checkSlot,
  idOf,
  readData,
  readText,
  type SourceRead,
} from "./check-answer.ts";
import type { FlatCache } from "./flat-cache.ts";

/** Calls that a source has to answer at one time: for what is prefetched, and for units that lack something. */
const MAX_CALLS = 64;
/** Keys of one getMany: providers limit the calls of a JSON-RPC batch to some hundred. */
const MAX_KEYS = 100;

/** Longer timers end at once. */
const MAX_TIMEOUT_MS = 2 ** 31 - 1;

/** A read that a source does not answer at once. */
interface Asked {
  id: string;
  answer: Promise<unknown>;
}

/** A read that somebody waits for. */
interface Pending {
  id: string;
  read: SourceRead;
  promise: Promise<unknown>;
  resolve: (value: unknown) => void;
  reject: (error: unknown) => void;
}

export class StateReader {
  readonly #cache: FlatCache;
  readonly #source: StateSource;
  /** Milliseconds; none above MAX_TIMEOUT_MS. */
  readonly #timeout: number;
  /** Reads until the source has answered them, be it after their time. */
  readonly #pending = new Map<string, Pending>();
  readonly #blockHashes = new Map<bigint, Uint8Array>();
  /** Reads that have not begun, from #next on. */
  #queue: Pending[] = [];
  #next = 0;
  #calls = 0;
  readonly #timers = new Set<NodeJS.Timeout>();
  #batching: NodeJS.Immediate | undefined;
  #closed = false;
  #asked: Asked | undefined;

  /** `cache` mirrors `source` until `close`. */
  constructor(cache: FlatCache, source: StateSource, timeoutMs: number) {
    this.#cache = cache;
    this.#source = source;
    this.#timeout = timeoutMs;
  }

  /**
   * Resolves when the account is in the cache. Rejects with the source's own error, or ExecutionError; a failed read is never "absent". Whoever
   * looks at a contract runs it nearly always: of a source that is far away its code is fetched too.
   */
  async fetchAccount(address: Uint8Array): Promise<void> {
    if (this.#cache.hasAccount(address)) return;
    const codeHash = await this.#read({ kind: "account", address });
    if (codeHash === undefined || this.#source.getMany === undefined) return;
    // Who needs it asks for it again.
    await this.fetchCode(codeHash as Uint8Array).catch(() => {});
  }

  /** As fetchAccount, for a slot and its account. */
  async fetchSlot(address: Uint8Array, slot: Uint8Array): Promise<void> {
    if (this.#cache.hasSlot(address, slot)) return;
    const [, value] = await Promise.all([
      this.fetchAccount(address),
      this.#read({ kind: "slot", address, slot }),
    ]);
    if (!this.#closed) this.#cache.putSlot(address, slot, value as bigint);
  }

  /** As fetchAccount, for a code. */
  async fetchCode(codeHash: Uint8Array): Promise<void> {
    if (!this.#cache.hasCode(codeHash)) await this.#read({ kind: "code", codeHash });
  }

  /**
   * Puts into the cache what a source that is not far away has at hand, with a slot its account. False when it has to be waited for: then it is to
   * be fetched at once.
   */
  putAtOnce(read: SourceRead): boolean {
    if (this.#closed || this.#source.getMany !== undefined || this.#pending.size > 0) return false;
    if (read.kind === "slot" && !this.#cache.hasAccount(read.address))
      if (!this.putAtOnce({ kind: "account", address: read.address })) return false;
    let answer: unknown;
    try {
      answer = this.#askOne(read);
      if (!(answer instanceof Promise)) {
        const value = this.#keep(read, answer);
        if (read.kind === "slot") this.#cache.putSlot(read.address, read.slot, value as bigint);
        return true;
      }
    } catch (error) {
      answer = Promise.reject(error);
    }
    this.#asked = { id: idOf(read), answer: answer as Promise<unknown> };
    return false;
  }

  /** The hash of an earlier block (32 bytes). */
  async blockHash(number: bigint): Promise<Uint8Array> {
    const known = this.#blockHashes.get(number);
    return known ?? ((await this.#read({ kind: "blockHash", number })) as Uint8Array);
  }

  /** Ends all that is under way: no call to the source begins any more, and no answer gets into the cache. */
  close(): void {
    this.#closed = true;
    clearImmediate(this.#batching);
    for (const timer of this.#timers) clearTimeout(timer);
    for (const { reject } of this.#pending.values()) reject(tooLate());
  }

  #read(read: SourceRead): Promise<unknown> {
    if (this.#closed) return Promise.reject(tooLate());
    const id = idOf(read);
    const same = this.#pending.get(id);
    if (same !== undefined) return same.promise;
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    // Whoever asked may have left.
    promise.catch(() => {});
    const pending = { id, read, promise, resolve, reject };
    this.#pending.set(id, pending);
    this.#queue.push(pending);
    // Reads that arrive together go in one call: those that other workers' messages bring in this turn of the event loop.
    if (this.#source.getMany === undefined) this.#begin();
    else this.#batching ??= setImmediate(() => this.#begin());
    return promise;
  }

  /** Begins as many calls as may be under way. */
  #begin(): void {
    this.#batching = undefined;
    while (this.#calls < MAX_CALLS && !this.#closed) {
      const batch = this.#takeBatch();
      if (batch.length === 0) return;
      void this.#call(batch);
    }
  }

  /** What goes into the next call: several accounts and slots where the source takes many, else one read. */
  #takeBatch(): Pending[] {
    const limit = this.#source.getMany === undefined ? 1 : MAX_KEYS;
    const begin = this.#next;
    let end = begin;
    while (end < this.#queue.length && end - begin < limit && isKey(this.#queue[end] as Pending)) end++;
    // A code or a block hash goes alone.
    if (end === begin) end++;
    const batch = this.#queue.slice(begin, end);
    this.#next = end;
    if (end >= this.#queue.length) {
      this.#queue = [];
      this.#next = 0;
    }
    return batch;
  }

  async #call(batch: Pending[]): Promise<void> {
    this.#calls++;
    const timer = this.#startTimer(batch);
    const answers = await this.#ask(batch);
    if (this.#closed) return;
    // A call that has run out of time is not counted any more.
    if (timer === undefined || this.#timers.delete(timer)) this.#calls--;
    clearTimeout(timer);
    for (const [i, pending] of batch.entries()) {
      this.#pending.delete(pending.id);
      this.#settle(pending, answers[i] as PromiseSettledResult<unknown>);
    }
    this.#begin();
  }

  /** After its time a read has failed for those who wait for it, and for those who ask for it until the source answers after all. */
  #startTimer(batch: Pending[]): NodeJS.Timeout | undefined {
    if (this.#timeout > MAX_TIMEOUT_MS) return undefined;
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      this.#calls--;
      for (const { read, reject } of batch) reject(timedOut(read, this.#timeout));
      // What waits for its turn would only wait as long again.
      const first = (batch[0] as Pending).read;
      for (const { id, reject } of this.#queue.splice(this.#next)) {
        this.#pending.delete(id);
        reject(timedOut(first, this.#timeout));
      }
    }, this.#timeout);
    this.#timers.add(timer);
    return timer;
  }

  /** Never rejects; gives as many answers as there are reads. */
  async #ask(batch: Pending[]): Promise<PromiseSettledResult<unknown>[]> {
    try {
      const [only] = batch;
      if (batch.length === 1 && only !== undefined)
        return [{ status: "fulfilled", value: await this.#askOne(only.read) }];
      const answers: unknown = await this.#source.getMany?.(batch.map(keyOf));
      return checkAnswers(answers, batch.length);
    } catch (reason) {
      return batch.map(() => ({ status: "rejected", reason }));
    }
  }

  #askOne(read: SourceRead): unknown {
    const asked = this.#asked;
    this.#asked = undefined;
    if (asked?.id === idOf(read)) return asked.answer;
    switch (read.kind) {
      case "account":
        return this.#source.getAccount(read.address);
      case "slot":
        return this.#source.getStorage(read.address, read.slot);
      case "code":
        return this.#source.getCode(read.codeHash);
      case "blockHash":
        return this.#source.getBlockHash(read.number);
    }
  }

  #settle({ read, resolve, reject }: Pending, answer: PromiseSettledResult<unknown>): void {
    if (answer.status === "rejected") {
      reject(errorOf(read, answer.reason));
      return;
    }
    try {
      resolve(this.#keep(read, answer.value));
    } catch (error) {
      reject(error);
    }
  }

  /** Checks the answer and puts it into the cache; a slot waits for its account. Of an account with a code answers its hash. */
  #keep(read: SourceRead, answer: unknown): unknown {
    switch (read.kind) {
      case "account": {
        const account = checkAccount(read, answer);
        this.#cache.putAccount(read.address, account);
        return account === undefined || equalBytes(account.codeHash, EMPTY_CODE_HASH)
          ? undefined
          : account.codeHash;
      }
      case "slot":
        return checkSlot(read, answer);
      case "code":
        return this.#cache.putCode(read.codeHash, checkCode(read, answer));
      case "blockHash": {
        const hash = checkBlockHash(read, answer);
        this.#blockHashes.set(read.number, hash);
        return hash;
      }
    }
  }
}

function isKey({ read }: Pending): boolean {
  return read.kind === "account" || read.kind === "slot";
}

function keyOf({ read }: Pending): StateKey {
  if (read.kind === "account") return { address: read.address };
  if (read.kind === "slot") return { address: read.address, slot: read.slot };
  throw new TypeError(`a ${read.kind} is no key of the state`);
}

function checkAnswers(answers: unknown, count: number): StateAnswer[] {
  const right =
    Array.isArray(answers) &&
    answers.length === count &&
    answers.every((one) => one?.status === "fulfilled" || one?.status === "rejected");
  if (right) return answers as StateAnswer[];
  throw new ExecutionError(
    "BRAID_SOURCE_FAILED",
    `The state source's getMany must give one settled answer for each of the ${count} keys. Correct the source.`,
    { data: { keys: count } },
  );
}

/** A source's own error as it is; what it threw otherwise, as the cause of one. */
function errorOf(read: SourceRead, reason: unknown): Error {
  if (reason instanceof Error) return reason;
  return new ExecutionError(
    "BRAID_SOURCE_FAILED",
    `The state source failed to read ${readText(read)}, and threw no error but ${typeof reason}.`,
    { data: readData(read), cause: reason },
  );
}

function tooLate(): ExecutionError {
  return new ExecutionError("BRAID_ABORTED", "The block ended before the state source answered.");
}

function timedOut(read: SourceRead, milliseconds: number): ExecutionError {
  return new ExecutionError(
    "BRAID_SOURCE_TIMEOUT",
    `The state source has not answered for ${readText(read)} within ${milliseconds} ms. Check the source, or raise readTimeoutMs.`,
    { data: { ...readData(read), milliseconds } },
  );
}
