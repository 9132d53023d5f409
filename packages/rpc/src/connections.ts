// All open sockets, of which there are so many and no more: whoever comes when there is no room takes the place of one that has been silent for long.

import type { Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { Connection } from "./connection.ts";

/** A client that was silent for less long may be about to ask something. */
const SILENT_MS = 1_000;

export class Connections {
  readonly #most: number;
  readonly #open = new Map<object, Connection>();

  constructor(most: number) {
    this.#most = most;
  }

  get size(): number {
    return this.#open.size;
  }

  /** The socket's connection, until it is closed; undefined when there is no room for it. */
  admit(socket: Socket): Connection | undefined {
    if (this.#open.size >= this.#most && !this.#makeRoom()) return undefined;
    const connection = new Connection(() => socket.destroy());
    this.#open.set(socket, connection);
    socket.once("close", () => {
      this.#open.delete(socket);
      connection.end();
    });
    return connection;
  }

  of(socket: object): Connection | undefined {
    return this.#open.get(socket);
  }

  /** Resolves when nobody waits for an answer any more, or when so many milliseconds have passed. */
  async untilAnswered(milliseconds: number): Promise<void> {
    const end = performance.now() + milliseconds;
    const isBusy = (): boolean => [...this.#open.values()].some(({ underWay }) => underWay > 0);
    while (isBusy() && performance.now() < end) await sleep(10);
  }

  closeAll(): void {
    for (const { close } of this.#open.values()) close();
  }

  /** PERF: looks at all connections, when there are as many as there may be. */
  #makeRoom(): boolean {
    let silent: [socket: object, connection: Connection] | undefined;
    let since = performance.now() - SILENT_MS;
    for (const [socket, connection] of this.#open) {
      if (connection.underWay > 0 || connection.lastActive >= since) continue;
      silent = [socket, connection];
      since = connection.lastActive;
    }
    if (silent === undefined) return false;
    this.#open.delete(silent[0]);
    silent[1].close();
    return true;
  }
}
