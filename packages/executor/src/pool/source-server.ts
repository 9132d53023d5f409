// The main thread's side of the state source: answers what the workers of a run ask, through the shared cache.

import { MessageChannel, type MessagePort } from "node:worker_threads";
import type { SourceRead } from "../state/check-answer.ts";
import type { StateReader } from "../state/state-reader.ts";
import { ABANDONED, type SourceAnswers, type SourceReply, type SourceRequest } from "./task.ts";

/** Makes a parked unit ready: what it needs is there, or could not be had. */
export type Unpark = (unit: number, failed: boolean) => void;

export class SourceServer implements SourceAnswers {
  readonly #reader: StateReader;
  readonly #unpark: Unpark;
  readonly #ports: MessagePort[] = [];
  /** What reads have failed with: it stays here, as it was thrown, and workers know it by its number. */
  readonly #failures: unknown[] = [];
  /** Resolves when nobody wants answers any more. */
  readonly #abandoned = Promise.withResolvers<typeof ABANDONED>();
  #isAbandoned = false;

  constructor(reader: StateReader, unpark: Unpark) {
    this.#reader = reader;
    this.#unpark = unpark;
  }

  /** A port for one worker. */
  open(): MessagePort {
    const { port1, port2 } = new MessageChannel();
    port1.on("message", (request: SourceRequest) => {
      void this.answer(request).then((reply) => {
        if (reply !== undefined) port1.postMessage(reply);
      });
    });
    this.#ports.push(port1);
    return port2;
  }

  putAtOnce(read: SourceRead): boolean {
    return !this.#isAbandoned && this.#reader.putAtOnce(read);
  }

  async answer(request: SourceRequest): Promise<SourceReply | undefined> {
    if ("id" in request) return this.#reply(request.id, request.read);
    await this.#fetchFor(request.unit, request.reads);
    return undefined;
  }

  /**
   * The first read is needed: when it has failed it is asked for again by the unit, as the head. The others a scout has found, whose predictions
   * may have been wrong.
   */
  async #fetchFor(unit: number, reads: readonly SourceRead[]): Promise<void> {
    const [first] = await Promise.allSettled(reads.map((read) => this.#fetch(read)));
    const failed = first?.status === "rejected";
    // By now the kernel may have another block.
    if (!this.#isAbandoned) this.#unpark(unit, failed);
  }

  async #reply(id: number, read: SourceRead): Promise<SourceReply> {
    if (this.#isAbandoned) return { id, failure: ABANDONED };
    try {
      const answer = await Promise.race([this.#fetch(read), this.#abandoned.promise]);
      if (answer === ABANDONED) return { id, failure: ABANDONED };
      return answer === undefined ? { id } : { id, hash: answer };
    } catch (error) {
      return { id, failure: this.#failures.push(error) - 1 };
    }
  }

  /** Puts what is asked for into the cache, or gives the block hash. */
  async #fetch(read: SourceRead): Promise<Uint8Array | undefined> {
    if (read.kind === "blockHash") return this.#reader.blockHash(read.number);
    if (read.kind === "account") await this.#reader.fetchAccount(read.address);
    else if (read.kind === "slot") await this.#reader.fetchSlot(read.address, read.slot);
    else await this.#reader.fetchCode(read.codeHash);
    return undefined;
  }

  /** What the read with this number failed with. */
  failure(number: number): unknown {
    return this.#failures[number];
  }

  /** Answers all requests, those to come too, with ABANDONED: a source may take for ever, and the workers that wait for it must end. */
  abandon(): void {
    this.#isAbandoned = true;
    this.#abandoned.resolve(ABANDONED);
  }

  /** When the workers have ended. */
  close(): void {
    this.#isAbandoned = true;
    for (const port of this.#ports) port.close();
  }
}
