// Whether others use the machine's cores while something is measured: then it takes longer than it has to.

import { cpus } from "node:os";

/** What others may use, of one core. */
const SHARE = 0.15;
/** The clocks of the cores go in steps of 10 ms: what is shorter than this cannot be told. */
const WINDOW_MS = 150;

/** Milliseconds: of all cores together, of those the idle ones, and of this process. */
interface Times {
  all: number;
  idle: number;
  own: number;
}

export class BusyMachine {
  readonly #cores: number;
  /** The oldest one is the last that is old enough. */
  readonly #looks: Times[] = [timesNow()];

  /** @param cores as many as what is measured uses. */
  constructor(cores: number) {
    this.#cores = cores;
  }

  /** Since the last look that is some time ago: were there fewer cores for this process than it uses? */
  isBusy(): boolean {
    const now = timesNow();
    this.#looks.push(now);
    const since = (then: Times): number => (now.all - then.all) / cpus().length;
    while (this.#looks[1] !== undefined && since(this.#looks[1]) >= WINDOW_MS) this.#looks.shift();
    const [then = now] = this.#looks;
    const left = now.idle - then.idle + now.own - then.own;
    return left < since(then) * (this.#cores - SHARE);
  }
}

function timesNow(): Times {
  let [all, idle] = [0, 0];
  for (const { times } of cpus()) {
    idle += times.idle;
    all += times.idle + times.user + times.nice + times.sys + times.irq;
  }
  const { user, system } = process.cpuUsage();
  return { all, idle, own: (user + system) / 1000 };
}
