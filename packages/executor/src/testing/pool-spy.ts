// For tests: a hold on the threads and the kernel of executors that are made after `spyOnPools`, to break them at a chosen moment.

import { Kernel } from "@braid/kernel";
import { Piscina } from "piscina";
import { vi } from "vitest";

export interface PoolSpy {
  /** A task has been started. */
  hasPool(): boolean;
  /** The pool that ran the latest task. */
  pool(): Piscina;
  /** All that have run tasks. */
  readonly pools: ReadonlySet<Piscina>;
  /** How many tasks have been started. */
  tasks(): number;
  /** The kernel of the executor that was made last. */
  kernel(): Kernel;
  /** The tasks that are started next fail as if the worker had thrown: one `true` a task. */
  failNext(failures: boolean[]): void;
  /** Resolves as soon as so many units are committed and a task has been started. */
  committed(units: number): Promise<void>;
}

// A second spy must reach these, and not the first one.
const create = Kernel.create.bind(Kernel);
const run = Piscina.prototype.run;

export function spyOnPools(): PoolSpy {
  let pool: Piscina | undefined;
  const pools = new Set<Piscina>();
  let tasks = 0;
  let kernel: Kernel | undefined;
  let failures: boolean[] = [];
  vi.spyOn(Kernel, "create").mockImplementation((options) => {
    kernel = create(options);
    return kernel;
  });
  vi.spyOn(Piscina.prototype, "run").mockImplementation(function (this: Piscina, ...args) {
    pool = this;
    pools.add(this);
    tasks++;
    return failures.shift() === true
      ? Promise.reject(new Error("this worker throws"))
      : run.apply(this, args);
  });
  const known = <T>(value: T | undefined): T => {
    if (value === undefined) throw new Error("no executor has run yet");
    return value;
  };
  return {
    hasPool: () => pool !== undefined,
    pool: () => known(pool),
    pools,
    tasks: () => tasks,
    kernel: () => known(kernel),
    failNext: (next) => {
      failures = next;
    },
    committed: async (units) => {
      while (
        pool === undefined ||
        kernel === undefined ||
        kernel.commitIndex() < units ||
        kernel.progress().executions === 0
      )
        await new Promise((resolve) => setImmediate(resolve));
    },
  };
}
