// All open sockets, of which there are so many and no more: whoever comes when there is no room takes the place of one that has been silent for long.

import type { Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { Connection } from "./connection.ts";

/** Groups of an IPv6 address that name a network (RFC 4291 section 2.5.4). */
const NETWORK_GROUPS = 4;
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
    const place = placeOf(socket.remoteAddress);
    if (this.#open.size >= this.#most && !this.#makeRoom(place)) return undefined;
    const connection = new Connection(() => socket.destroy(), place);
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
  #makeRoom(place: string | undefined): boolean {
    const chosen = this.#longestSilent(performance.now() - SILENT_MS) ?? this.#ofLargestPlace(place);
    if (chosen === undefined) return false;
    this.#open.delete(chosen[0]);
    chosen[1].close();
    return true;
  }

  /** Of those that wait for nothing and were silent since then. */
  #longestSilent(since: number): [socket: object, connection: Connection] | undefined {
    let silent: [socket: object, connection: Connection] | undefined;
    for (const entry of this.#open) {
      const { underWay, lastActive } = entry[1];
      if (underWay > 0 || lastActive >= since) continue;
      silent = entry;
      since = lastActive;
    }
    return silent;
  }

  /** The newest one of the place that most come from, as long as that has more than the place of who comes would have. */
  #ofLargestPlace(place: string | undefined): [socket: object, connection: Connection] | undefined {
    const counts = new Map<string | undefined, number>();
    for (const { place: one } of this.#open.values()) counts.set(one, (counts.get(one) ?? 0) + 1);
    const [largest, most] = [...counts].reduce((a, b) => (b[1] > a[1] ? b : a), [place, 0]);
    if (most <= (counts.get(place) ?? 0) + 1) return undefined;
    return [...this.#open].findLast(([, connection]) => connection.place === largest);
  }
}

/** An address of IPv4, or the network of one of IPv6: who has one of these has all its addresses. Undefined for a socket without an address. */
export function placeOf(address: string | undefined): string | undefined {
  if (address === undefined) return undefined;
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined || !address.includes(":")) return mapped ?? address;
  const [head = "", tail] = address.split("%")[0]?.split("::") ?? [];
  const groups = head === "" ? [] : head.split(":");
  const missing = tail === undefined ? 0 : 8 - groups.length - (tail === "" ? 0 : tail.split(":").length);
  const all = [...groups, ...Array<string>(missing).fill("0"), ...(tail ?? "").split(":")];
  return all.slice(0, NETWORK_GROUPS).join(":");
}
