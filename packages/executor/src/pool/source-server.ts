// The main thread's side of the state source: answers what workers ask, through the shared cache.

import { MessageChannel, type MessagePort } from "node:worker_threads";
import { serializeError } from "@braid/primitives";
import type { StateSource } from "@braid/state";
import { ExecutionError } from "../errors.ts";
import type { FlatCache } from "../state/flat-cache.ts";
import type { SourceReply, SourceRequest } from "./task.ts";

export class SourceServer {
  readonly #cache: FlatCache;
  readonly #source: StateSource;
  readonly #ports: MessagePort[] = [];
  /** Rejects when nobody wants answers any more. */
  readonly #abandoned = Promise.withResolvers<never>();

  constructor(cache: FlatCache, source: StateSource) {
    this.#cache = cache;
    this.#source = source;
    // Without a request that waits for it, abandoning is no error.
    this.#abandoned.promise.catch(() => {});
  }

  /** A port for one worker. */
  open(): MessagePort {
    const { port1, port2 } = new MessageChannel();
    port1.on("message", (request: SourceRequest) => {
      void this.#answer(request).then((reply) => port1.postMessage(reply));
    });
    this.#ports.push(port1);
    return port2;
  }

  async #answer(request: SourceRequest): Promise<SourceReply> {
    const { id } = request;
    try {
      const hash = await Promise.race([this.#fetch(request), this.#abandoned.promise]);
      return hash === undefined ? { id } : { id, hash };
    } catch (error) {
      return { id, error: serializeError(error) };
    }
  }

  /** Puts what is asked for into the cache, or gives the block hash. */
  async #fetch(request: SourceRequest): Promise<Uint8Array | undefined> {
    if (request.kind === "blockHash") return this.#source.getBlockHash(request.number);
    if (request.kind === "account") await this.#cache.fetchAccount(this.#source, request.address);
    else if (request.kind === "slot")
      await this.#cache.fetchSlot(this.#source, request.address, request.slot);
    else await this.#cache.fetchCode(this.#source, request.codeHash);
    return undefined;
  }

  /** Answers all open requests with an error, because a source may take for ever: the workers that wait for it must end. */
  abandon(): void {
    this.#abandoned.reject(new ExecutionError("BRAID_ABORTED", "The execution was cancelled."));
  }

  close(): void {
    for (const port of this.#ports) port.close();
  }
}
