// A worker's engines: each is made when it is first asked for, and kept for the blocks to come.

import type { Kernel } from "@braid/kernel";
import type { Engine, MissHandler, UnitExecutor } from "../engines/engine.ts";
import { type EngineRegistry, FALLBACK_ENGINE } from "../engines/registry.ts";
import { BlockUnits } from "./block-units.ts";
import { CandidateUnits, type UnitRunner } from "./candidates.ts";
import type { BlockTask } from "./task.ts";

export class WorkerEngines {
  readonly #kernel: Kernel;
  readonly #misses: MissHandler;
  readonly #registry: EngineRegistry;
  readonly #engines = new Map<string, Promise<Engine>>();

  constructor(kernel: Kernel, misses: MissHandler, registry: EngineRegistry) {
    this.#kernel = kernel;
    this.#misses = misses;
    this.#registry = registry;
  }

  get(name: string): Promise<Engine> {
    let engine = this.#engines.get(name);
    if (engine === undefined) {
      engine = this.#make(name);
      this.#engines.set(name, engine);
    }
    return engine;
  }

  async #make(name: string): Promise<Engine> {
    const load = this.#registry[name];
    if (load === undefined) throw new Error(`a task for the engine ${name}, which no worker has`);
    return (await load())(this.#kernel, this.#misses);
  }

  /** The units of a block on the engine that the task names. */
  async begin(task: BlockTask): Promise<UnitRunner> {
    const on = async (name: string): Promise<UnitExecutor> => (await this.get(name)).beginBlock(task);
    const fallback = task.engine === FALLBACK_ENGINE ? undefined : () => on(FALLBACK_ENGINE);
    const units = new BlockUnits(this.#kernel, task, this.#misses, await on(task.engine), fallback);
    return task.building ? new CandidateUnits(this.#kernel, units) : units;
  }
}
