// Clients that wait, each in a line of its own, and whose turn it is: the one's that has used least so far.

import type { Usage } from "./usage.ts";

interface Line {
  waiting: (() => void)[];
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

  runningOf(client: object): number {
    return this.#lines.get(client)?.running ?? 0;
  }

  /** Resolves when it is this one's turn; it runs then. */
  wait(client: object): Promise<void> {
    this.#waiting++;
    const { waiting } = this.#of(client);
    return new Promise((resolve) => waiting.push(resolve));
  }

  /** One of the client's runs without having waited. */
  begin(client: object): void {
    this.#of(client).running++;
  }

  /** One that has run has ended. */
  end(client: object): void {
    const line = this.#of(client);
    line.running--;
    this.#drop(client, line);
  }

  /** Lets the next one run, of the clients of whom fewer than `most` run. False when there is none. PERF: looks at every client that waits. */
  next(most: number): boolean {
    let chosen: Line | undefined;
    let least = Number.POSITIVE_INFINITY;
    for (const [client, line] of this.#lines) {
      if (line.waiting.length === 0 || line.running >= most) continue;
      const level = this.#usage.level(client);
      if (level >= least) continue;
      chosen = line;
      least = level;
    }
    const begin = chosen?.waiting.shift();
    if (chosen === undefined || begin === undefined) return false;
    this.#waiting--;
    chosen.running++;
    begin();
    return true;
  }

  #of(client: object): Line {
    let line = this.#lines.get(client);
    if (line === undefined) {
      line = { waiting: [], running: 0 };
      this.#lines.set(client, line);
    }
    return line;
  }

  #drop(client: object, { waiting, running }: Line): void {
    if (running === 0 && waiting.length === 0) this.#lines.delete(client);
  }
}
