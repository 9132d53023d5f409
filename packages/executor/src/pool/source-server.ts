// The main thread's side of the state source: answers what workers ask, through the shared cache.

import { MessageChannel, type MessagePort } from "node:worker_threads";
import { serializeError } from "@braid/primitives";
import type { StateSource } from "@braid/state";
import type { FlatCache } from "../state/flat-cache.ts";
import type { SourceReply, SourceRequest } from "./task.ts";

export class SourceServer {
  readonly #cache: FlatCache;
  readonly #source: StateSource;
  readonly #ports: MessagePort[] = [];

  constructor(cache: FlatCache, source: StateSource) {
    this.#cache = cache;
    this.#source = source;
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
      if (request.kind === "account") await this.#cache.fetchAccount(this.#source, request.address);
      else if (request.kind === "slot")
        await this.#cache.fetchSlot(this.#source, request.address, request.slot);
      else if (request.kind === "code") await this.#cache.fetchCode(this.#source, request.codeHash);
      else return { id, hash: await this.#source.getBlockHash(request.number) };
      return { id };
    } catch (error) {
      return { id, error: serializeError(error) };
    }
  }

  close(): void {
    for (const port of this.#ports) port.close();
  }
}
