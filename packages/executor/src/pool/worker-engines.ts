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
  /** A promise until it is loaded. */
  readonly #engines = new Map<string, Engine | Promise<Engine>>();

  constructor(kernel: Kernel, misses: MissHandler, registry: EngineRegistry) {
    this.#kernel = kernel;
    this.#misses = misses;
    this.#registry = registry;
  }

  get(name: string): Engine | Promise<Engine> {
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
    const engine = (await load())(this.#kernel, this.#misses);
    this.#engines.set(name, engine);
    return engine;
  }

  /** The units of a block on the engine that the task names. PERF: no promise when the engine is loaded and begins a block without one. */
  begin(task: BlockTask): UnitRunner | Promise<UnitRunner> {
    const engine = this.#beginOn(task.engine, task);
    return engine instanceof Promise
      ? engine.then((units) => this.#unitsOf(task, units))
      : this.#unitsOf(task, engine);
  }

  #beginOn(name: string, task: BlockTask): UnitExecutor | Promise<UnitExecutor> {
    const engine = this.get(name);
    return engine instanceof Promise
      ? engine.then((loaded) => loaded.beginBlock(task))
      : engine.beginBlock(task);
  }

  #unitsOf(task: BlockTask, engine: UnitExecutor): UnitRunner {
    const fallback = task.engine === FALLBACK_ENGINE ? undefined : () => this.#beginOn(FALLBACK_ENGINE, task);
    const units = new BlockUnits(this.#kernel, task, this.#misses, engine, fallback);
    return task.building ? new CandidateUnits(this.#kernel, units) : units;
  }
}
