// A worker's side of the state source: what the shared cache lacks it reads itself where every thread can read the state; else it
// asks the main thread. While it waits it could run other units, so an incarnation that need not be waited for is refused what it reads, and
// goes on as a scout (see MissHandler); then the unit is parked, and the main thread makes it ready when all answers are in the cache.

import type { MessagePort } from "node:worker_threads";
import type { Kernel } from "@braid/kernel";
import type { MissHandler } from "../engines/engine.ts";
import { idOf, type SourceRead } from "../state/check-answer.ts";
import { LocalReader } from "../state/local-reader.ts";
import { MAX_REFUSED, MAX_STEPS, PREDICTIONS } from "./scouts.ts";
import type { BlockTask, SourceAnswers, SourceReply, SourceRequest, WorkerTask } from "./task.ts";

type Pending = { resolve: (reply: SourceReply) => void; reject: (error: Error) => void };

/** A read has failed. Why is known on the main thread alone; `failure` is the number that it has there. */
export class ReadFailure extends Error {
  readonly failure: number;
  constructor(failure: number) {
    super("a read of the state source failed");
    this.failure = failure;
  }
}

/** A scout has done enough. */
class ScoutedSignal extends Error {}

type Send = (request: SourceRequest) => void;

export class SourceClient implements MissHandler {
  readonly #local: LocalReader;
  #send: Send | undefined;
  #port: MessagePort | undefined;
  /** The source is on this thread. */
  #server: SourceAnswers | undefined;
  #nextId = 0;
  waitedMs = 0;
  #unit = 0;
  #mayWait = true;
  readonly #refused = new Set<string>();
  #refusedReads: SourceRead[] = [];
  /** Of those, how many the scouts before the present one were refused. */
  #refusedBefore = 0;
  #steps = 0;
  prediction: bigint = PREDICTIONS[0];
  /** Units and the block hashes that they were refused: the main thread has them when such a unit starts again. */
  readonly #asked = new Set<string>();
  readonly #pending = new Map<number, Pending>();
  readonly #blockHashes = new Map<bigint, Uint8Array>();

  /** @param kernel the worker's instance. */
  constructor(kernel: Kernel) {
    this.#local = new LocalReader(kernel);
  }

  /** Opens the block's state, where a thread can do that. Throws UnknownBlockError, StoreError. */
  open({ handle }: BlockTask): void {
    if (handle !== undefined) this.#local.open(handle);
  }

  /** Uses the port of a block's task. Block hashes of earlier blocks are forgotten. */
  connect({ port }: WorkerTask): void {
    this.#begin((request) => port.postMessage(request));
    this.#port = port;
    port.on("message", (reply: SourceReply) => this.#settle(reply));
  }

  /** As connect, where the source is on this thread. */
  connectDirectly(server: SourceAnswers): void {
    this.#begin(async (request) => {
      const reply = await server.answer(request);
      if (reply !== undefined) this.#settle(reply);
    });
    this.#server = server;
  }

  #begin(send: Send): void {
    this.#send = send;
    this.waitedMs = 0;
    this.begin(0, true);
    // PERF: see VersionedState.begin.
    if (this.#asked.size > 0) this.#asked.clear();
    if (this.#blockHashes.size > 0) this.#blockHashes.clear();
  }

  #settle(reply: SourceReply): void {
    const pending = this.#pending.get(reply.id);
    this.#pending.delete(reply.id);
    if (reply.failure === undefined) pending?.resolve(reply);
    else pending?.reject(new ReadFailure(reply.failure));
  }

  disconnect(): void {
    this.#local.close();
    this.#port?.close();
    this.#port = undefined;
    this.#server = undefined;
    this.#send = undefined;
    if (this.#pending.size > 0) this.#pending.clear();
  }

  begin(unit: number, mayWait: boolean): void {
    this.#unit = unit;
    this.#mayWait = mayWait;
    if (this.#refusedReads.length > 0) {
      this.#refused.clear();
      this.#refusedReads = [];
    }
    this.beginAgain(PREDICTIONS[0]);
  }

  beginAgain(prediction: bigint): void {
    this.prediction = prediction;
    this.#refusedBefore = this.#refusedReads.length;
    this.#steps = 0;
  }

  get refused(): readonly SourceRead[] {
    return this.#refusedReads;
  }

  spend(steps: number): void {
    if (this.#refusedReads.length === 0) return;
    this.#steps += steps;
    if (this.#steps > MAX_STEPS) throw new ScoutedSignal();
  }

  /** Asks for what a parked unit needs; the main thread unparks it. */
  fetchFor(unit: number, reads: readonly SourceRead[]): void {
    for (const read of reads) if (read.kind === "blockHash") this.#asked.add(`${unit} ${read.number}`);
    this.#send?.({ unit, reads });
  }

  expect(read: SourceRead): void {
    if (!this.#isFull) this.#add(read);
  }

  #refuse(read: SourceRead): void {
    if (this.#isFull) throw new ScoutedSignal();
    this.#add(read);
  }

  get #isFull(): boolean {
    return this.#refusedReads.length - this.#refusedBefore >= MAX_REFUSED;
  }

  #add(read: SourceRead): void {
    const id = idOf(read);
    if (this.#refused.has(id)) return;
    this.#refused.add(id);
    this.#refusedReads.push(read);
  }

  async #ask(read: SourceRead): Promise<SourceReply> {
    const id = this.#nextId++;
    const { promise, resolve, reject } = Promise.withResolvers<SourceReply>();
    this.#pending.set(id, { resolve, reject });
    const since = performance.now();
    this.#send?.({ id, read });
    try {
      return await promise;
    } finally {
      this.waitedMs += performance.now() - since;
    }
  }

  fetchAccount(address: Uint8Array): boolean | Promise<boolean> {
    if (!this.#local.isOpen) return this.#fetch({ kind: "account", address });
    this.#local.fetchAccount(address);
    return true;
  }

  fetchSlot(address: Uint8Array, slot: Uint8Array): boolean | Promise<boolean> {
    if (!this.#local.isOpen) return this.#fetch({ kind: "slot", address, slot });
    this.#local.fetchSlot(address, slot);
    return true;
  }

  fetchCode(codeHash: Uint8Array): boolean | Promise<boolean> {
    if (!this.#local.isOpen) return this.#fetch({ kind: "code", codeHash });
    this.#local.fetchCode(codeHash);
    return true;
  }

  #fetch(read: SourceRead): boolean | Promise<boolean> {
    if (!this.#mayWait) {
      this.#refuse(read);
      return false;
    }
    return this.#server?.putAtOnce(read) === true || this.#ask(read).then(() => true);
  }

  async blockHash(number: bigint): Promise<Uint8Array> {
    if (this.#local.isOpen) return this.#local.blockHash(number);
    const known = this.#blockHashes.get(number);
    if (known !== undefined) return known;
    const read: SourceRead = { kind: "blockHash", number };
    if (!this.#mayWait && !this.#asked.has(`${this.#unit} ${number}`)) {
      this.#refuse(read);
      return new Uint8Array(32);
    }
    const { hash } = await this.#ask(read);
    if (hash === undefined) throw new Error("the main thread gave no block hash");
    this.#blockHashes.set(number, hash);
    return hash;
  }
}
