// A client's connection as the server, the dispatcher and the methods see it.

import { setMaxListeners } from "node:events";
import type { RpcConnection } from "./dispatcher.ts";

/** A connection that lives until `end`. */
export class Connection implements RpcConnection {
  readonly #end = new AbortController();
  /** Closes the socket. */
  readonly close: () => void;
  /** Where the client is: what comes from one place has its part together. Undefined: it is one of its own. */
  readonly place: string | undefined;
  notify?: (method: string, params: unknown) => void;
  /** Requests that have no answer yet. */
  underWay = 0;
  /** Milliseconds since the process began; when it asked or was told something last. */
  lastActive = performance.now();

  constructor(close: () => void = () => {}, place?: string) {
    this.close = close;
    this.place = place;
    // Each request that is under way listens.
    setMaxListeners(0, this.#end.signal);
  }

  /** From here on things can be sent that nobody has asked for. */
  listenWith(send: (text: string) => void): void {
    this.notify = (method, params) => send(JSON.stringify({ jsonrpc: "2.0", method, params }));
  }

  /** Does something for the client, which is not idle until then. */
  async serve<T>(action: () => Promise<T>): Promise<T> {
    this.underWay++;
    try {
      return await action();
    } finally {
      this.underWay--;
      this.lastActive = performance.now();
    }
  }

  get closed(): AbortSignal {
    return this.#end.signal;
  }

  end(): void {
    this.#end.abort();
  }
}
