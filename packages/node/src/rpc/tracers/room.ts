// What a trace may come to: tracers keep all that they see until the transaction has ended, and a contract can make them see gigabytes.

import { RESPONSE_TOO_LARGE, RpcError } from "@braid/rpc";

/** About as much as an answer may have; characters, of all traces of a request together. */
const MOST_CHARACTERS = 32 * 1024 * 1024;

export class Room {
  #left = MOST_CHARACTERS;

  /** So many characters more are kept. Throws RpcError -32003 when that is too much. */
  take(characters: number): void {
    this.#left -= characters;
    if (this.#left < 0)
      throw new RpcError(
        RESPONSE_TOO_LARGE,
        `the trace is larger than ${MOST_CHARACTERS} characters: set a limit, leave stack, memory or storage out, or use another tracer`,
      );
  }
}
