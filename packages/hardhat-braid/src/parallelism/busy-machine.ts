// Whether others used the machine's cores while something was measured: then it took longer than it has to.

import { cpus } from "node:os";

/** What is left over for others, of one core; and what the clocks cannot tell (milliseconds). */
const SHARE = 0.1;
const CLOCK_MS = 10;

interface Times {
  all: number;
  idle: number;
  own: number;
}

/** One stretch of time after the other. */
export class BusyMachine {
  readonly #cores: number;
  #before: Times = timesNow();

  /** @param cores as many as what is measured uses. */
  constructor(cores: number) {
    this.#cores = cores;
  }

  begin(): void {
    this.#before = timesNow();
  }

  /** Since the beginning: were there fewer cores for this process than it uses? */
  wasBusy(): boolean {
    const { all, idle, own } = timesNow();
    const before = this.#before;
    const elapsed = (all - before.all) / cpus().length;
    const left = idle - before.idle + own - before.own;
    return left < elapsed * (this.#cores - SHARE) - CLOCK_MS;
  }
}

/** Milliseconds: of all cores, of those the idle ones, and of this process. */
function timesNow(): Times {
  let [all, idle] = [0, 0];
  for (const { times } of cpus()) {
    idle += times.idle;
    all += times.idle + times.user + times.nice + times.sys + times.irq;
  }
  const { user, system } = process.cpuUsage();
  return { all, idle, own: (user + system) / 1000 };
}
