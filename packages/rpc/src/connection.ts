// A client's connection as the dispatcher and the methods see it.

import { setMaxListeners } from "node:events";
import type { RpcConnection } from "./dispatcher.ts";

/** A connection that lives until `end`. */
export class Connection implements RpcConnection {
  readonly #end = new AbortController();
  readonly notify?: (method: string, params: unknown) => void;

  /** @param send sends a text, where the transport can do so unasked. */
  constructor(send?: (text: string) => void) {
    // Each request that is under way listens.
    setMaxListeners(0, this.#end.signal);
    if (send !== undefined)
      this.notify = (method, params) => send(JSON.stringify({ jsonrpc: "2.0", method, params }));
  }

  get closed(): AbortSignal {
    return this.#end.signal;
  }

  end(): void {
    this.#end.abort();
  }
}
