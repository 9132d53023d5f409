// Clients that wait, each in a line of its own, and whose turn it is: the one's of which least is under way, and then the one's that has had least.

import { comesFirst, type Payer } from "@braid/primitives";
import type { RpcConnection } from "./dispatcher.ts";
import type { Usage } from "./usage.ts";

/** Of a client's connection, what is looked at here. */
export type Client = Pick<RpcConnection, "place">;

interface Waiting {
  begin: () => void;
  refuse: (reason: unknown) => void;
}

interface Line {
  payer: Payer;
  waiting: Waiting[];
  /** What of the client is under way. */
  running: number;
}

export class Lines {
  readonly #usage: Usage;
  readonly #lines = new Map<object, Line>();
  #waiting = 0;

  constructor(usage: Usage) {
    this.#usage = usage;
  }

  /** How many wait, of all clients. */
  get waiting(): number {
    return this.#waiting;
  }

  runningOf(client: Client): number {
    return this.#lines.get(client)?.running ?? 0;
  }

  /** Resolves when it is this one's turn; it runs then. Rejects when it is refused. */
  wait(client: Client): Promise<void> {
    this.#waiting++;
    const { waiting } = this.#of(client);
    return new Promise((begin, refuse) => waiting.push({ begin, refuse }));
  }

  /** One of the client's runs without having waited. */
  begin(client: Client): void {
    this.#of(client).running++;
  }

  /** One that has run has ended. */
  end(client: Client): void {
    const line = this.#of(client);
    line.running--;
    this.#drop(client, line);
  }

  /** Lets the next one run, of the clients that may with what they have under way. False when there is none. PERF: looks at every client that waits. */
  next(may: (running: number) => boolean): boolean {
    let chosen: Line | undefined;
    for (const line of this.#lines.values()) {
      if (line.waiting.length === 0 || !may(line.running)) continue;
      const less = line.running - (chosen?.running ?? Number.POSITIVE_INFINITY);
      if (chosen === undefined || less < 0 || (less === 0 && comesFirst(line.payer, chosen.payer)))
        chosen = line;
    }
    const waiting = chosen?.waiting.shift();
    if (chosen === undefined || waiting === undefined) return false;
    this.#waiting--;
    chosen.running++;
    waiting.begin();
    return true;
  }

  /** Refuses the last one of the longest line; of lines that are as long, of the client that has had most. PERF: looks at every client. */
  refuseOne(reason: unknown): void {
    let longest: [client: object, line: Line] | undefined;
    for (const entry of this.#lines) {
      const [length, most] = [entry[1].waiting.length, longest?.[1].waiting.length ?? 0];
      const isLonger =
        length > most || (length > 0 && length === most && comesFirst(longest?.[1].payer, entry[1].payer));
      if (isLonger) longest = entry;
    }
    const refused = longest?.[1].waiting.pop();
    if (longest === undefined || refused === undefined) return;
    this.#waiting--;
    this.#drop(...longest);
    refused.refuse(reason);
  }

  #of(client: Client): Line {
    let line = this.#lines.get(client);
    if (line === undefined) {
      line = { payer: this.#usage.of(client), waiting: [], running: 0 };
      this.#lines.set(client, line);
    }
    return line;
  }

  #drop(client: object, { waiting, running }: Line): void {
    if (running === 0 && waiting.length === 0) this.#lines.delete(client);
  }
}
