// A place of its own for work that goes on beside the blocks of an executor: a kernel with its cache of a parent state, and nothing but the
// caller's thread to run on. What is read here throws nothing out of the cache of the blocks.

import { Kernel, type KernelOptions } from "@braid/kernel";
import type { Payer, Steps } from "@braid/primitives";
import { ENGINES } from "./engines/registry.ts";
import type { ExecutorResources } from "./execute-block.ts";
import { HintMemory } from "./hints/hint-memory.ts";
import { InlinePool } from "./pool/inline-pool.ts";
import { Turns } from "./pool/turns.ts";
import { FlatCache } from "./state/flat-cache.ts";

/** PERF: calls are many and small: what has to be emptied for each is kept small too. */
export const CALL_ARENAS = { blockArenaBytes: 128 << 20, stateArenaBytes: 64 << 20, bucketBits: 14 };

export interface LaneOptions
  extends Pick<KernelOptions, "blockArenaBytes" | "stateArenaBytes" | "bucketBits"> {
  /** The name of the engine that runs what names none. */
  engine: string;
}

export class Lane {
  readonly #resources: ExecutorResources;
  /** One after the other: they share the kernel. */
  readonly #turns = new Turns();

  constructor({ engine, ...arenas }: LaneOptions) {
    const kernel = Kernel.create({ ...arenas, maxWorkers: 1 });
    const pool = new InlinePool(Kernel.attach(kernel.shared, 1), ENGINES);
    this.#resources = {
      kernel,
      cache: new FlatCache(kernel),
      hints: new HintMemory(),
      pool,
      inline: pool,
      workers: 0,
      singleClient: true,
      engine,
      engines: ENGINES,
    };
  }

  /** Does something with the lane when it is free, and nobody waits who has had less; who cancels does not wait. */
  run<Result>(
    signal: AbortSignal | undefined,
    action: (resources: ExecutorResources) => Steps<Result>,
    payer?: Payer,
  ): Steps<Result> {
    return this.#turns.run(signal, () => action(this.#resources), payer);
  }

  /** How many it would wait for who comes now. */
  ahead(payer: Payer | undefined): number {
    return this.#turns.ahead(payer);
  }

  /** Resolves when all that was begun has ended. */
  idle(): Promise<void> {
    return this.#turns.idle();
  }
}

/** What has run for so many milliseconds is long: the next one need not wait until it has ended. */
const LONG_MS = 50;
/** As many long ones go on beside the one that has the place. */
const MOST_LONG = 4;

/** A lane, and more of them as long as what runs in it takes long: one after the other, what ends soon never waits for what does not. */
export class Lanes {
  readonly #options: LaneOptions;
  readonly #turns = new Turns();
  readonly #free: Lane[] = [];
  #long = 0;

  constructor(options: LaneOptions) {
    this.#options = options;
  }

  /** As Lane.run. */
  run<Result>(
    signal: AbortSignal | undefined,
    action: (resources: ExecutorResources) => Steps<Result>,
    payer?: Payer,
  ): Steps<Result> {
    return this.#turns.run(signal, (leave) => this.#inLane(signal, action, leave), payer);
  }

  *#inLane<Result>(
    signal: AbortSignal | undefined,
    action: (resources: ExecutorResources) => Steps<Result>,
    leave: () => void,
  ): Steps<Result> {
    const lane = this.#free.pop() ?? new Lane(this.#options);
    let isLong = false;
    const watch = setInterval(() => {
      if (isLong || this.#long >= MOST_LONG) return;
      isLong = true;
      this.#long++;
      leave();
    }, LONG_MS);
    try {
      return yield* lane.run(signal, action);
    } finally {
      clearInterval(watch);
      if (isLong) this.#long--;
      this.#free.push(lane);
    }
  }

  /** Resolves when all that was begun has ended. */
  idle(): Promise<void> {
    return this.#turns.idle();
  }
}
