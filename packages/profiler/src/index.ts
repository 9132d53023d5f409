// Public names of @braid/profiler: measure blocks, simulate them on any number of workers, and rank what serialises them.

export {
  type Addition,
  type BlockProfile,
  locationKey,
  type ProfileLocation,
  type ProfileRead,
  type ProfileWrite,
  type UnitProfile,
} from "./profile/block-profile.ts";
export { type MeasureInput, type MeasureOptions, measureBlock, type Runner } from "./profile/measure.ts";
export {
  type Contention,
  type FunctionContention,
  type Group,
  type GroupOf,
  type Ranking,
  type RankOptions,
  rankContention,
} from "./rank/rank.ts";
export { SCHEDULER_COSTS, type SchedulerCosts } from "./simulate/costs.ts";
export {
  type CriticalPath,
  criticalPath,
  type Dependency,
  findDependencies,
} from "./simulate/critical-path.ts";
export {
  type Commit,
  type Scaling,
  type SimulateOptions,
  type Simulation,
  Simulator,
  type Timeline,
} from "./simulate/simulate.ts";
export type { Conflict, Span } from "./simulate/virtual-worker.ts";
export type { WhatIf } from "./simulate/what-if.ts";
