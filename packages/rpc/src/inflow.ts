// Back-pressure: of a client that sends faster than it is answered nothing more is read for the time being.

import type { Buffered } from "./buffered.ts";
import type { Connection } from "./connection.ts";
import type { RpcLimits } from "./limits.ts";

export class Inflow {
  readonly #connection: Connection;
  readonly #limits: Pick<RpcLimits, "bodyBytes" | "waitingPerConnection">;
  readonly #buffered: Buffered;
  readonly #socket: { pause(): void; resume(): void };
  #bytes = 0;
  #isPaused = false;

  constructor(
    connection: Connection,
    limits: Pick<RpcLimits, "bodyBytes" | "waitingPerConnection">,
    buffered: Buffered,
    socket: { pause(): void; resume(): void },
  ) {
    this.#connection = connection;
    this.#limits = limits;
    this.#buffered = buffered;
    this.#socket = socket;
  }

  /** Is nothing read at present? */
  get isPaused(): boolean {
    return this.#isPaused;
  }

  /** Does something with a request; it is kept until that has ended. */
  async serve(text: string, action: () => Promise<void>): Promise<void> {
    const release = this.#buffered.hold(this.#connection, text.length);
    this.#bytes += text.length;
    const served = this.#connection.serve(action);
    if (!this.#isPaused && this.#isFull(1)) {
      this.#isPaused = true;
      this.#socket.pause();
    }
    try {
      await served;
    } finally {
      release();
      this.#bytes -= text.length;
      // Not one by one: there and back costs more than a request.
      if (this.#isPaused && !this.#isFull(2)) {
        this.#isPaused = false;
        this.#socket.resume();
      }
    }
  }

  #isFull(parts: number): boolean {
    const { bodyBytes, waitingPerConnection } = this.#limits;
    return this.#connection.underWay > waitingPerConnection / parts || this.#bytes > bodyBytes / parts;
  }
}
