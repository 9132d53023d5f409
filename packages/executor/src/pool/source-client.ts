// A worker's side of the state source: requests for what the shared cache lacks, answered by the main thread.

import type { MessagePort } from "node:worker_threads";
import type { MissHandler } from "../engines/engine.ts";
import type { SourceRead } from "../state/check-answer.ts";
import type { SourceReply } from "./task.ts";

type Pending = { resolve: (reply: SourceReply) => void; reject: (error: Error) => void };

/** A read has failed. Why is known on the main thread alone; `failure` is the number that it has there. */
export class ReadFailure extends Error {
  readonly failure: number;
  constructor(failure: number) {
    super("a read of the state source failed");
    this.failure = failure;
  }
}

export class SourceClient implements MissHandler {
  #port: MessagePort | undefined;
  #nextId = 0;
  readonly #pending = new Map<number, Pending>();
  readonly #blockHashes = new Map<bigint, Uint8Array>();

  /** Uses the port of a block's task. Block hashes of earlier blocks are forgotten. */
  connect(port: MessagePort): void {
    this.#port = port;
    this.#blockHashes.clear();
    port.on("message", (reply: SourceReply) => {
      const pending = this.#pending.get(reply.id);
      this.#pending.delete(reply.id);
      if (reply.failure === undefined) pending?.resolve(reply);
      else pending?.reject(new ReadFailure(reply.failure));
    });
  }

  disconnect(): void {
    this.#port?.close();
    this.#port = undefined;
    this.#pending.clear();
  }

  #ask(read: SourceRead): Promise<SourceReply> {
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve, reject });
      this.#port?.postMessage({ id, read });
    });
  }

  async fetchAccount(address: Uint8Array): Promise<void> {
    await this.#ask({ kind: "account", address });
  }

  async fetchSlot(address: Uint8Array, slot: Uint8Array): Promise<void> {
    await this.#ask({ kind: "slot", address, slot });
  }

  async fetchCode(codeHash: Uint8Array): Promise<void> {
    await this.#ask({ kind: "code", codeHash });
  }

  async blockHash(number: bigint): Promise<Uint8Array> {
    let hash = this.#blockHashes.get(number);
    if (hash === undefined) {
      hash = (await this.#ask({ kind: "blockHash", number })).hash;
      if (hash === undefined) throw new Error("the main thread gave no block hash");
      this.#blockHashes.set(number, hash);
    }
    return hash;
  }
}
