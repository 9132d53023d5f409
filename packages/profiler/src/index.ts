// Public names of @braid/profiler: measure blocks, simulate them on any number of workers, rank what serialises them, and show it.

export type { Group, GroupOf, LocationName } from "./names/location-name.ts";
export { type ContractLayout, type NameOf, namesOf, shortHex } from "./names/names.ts";
export type { StorageLayout } from "./names/storage-layout.ts";
export {
  type Addition,
  type BlockProfile,
  locationKey,
  type ProfileLocation,
  type ProfileRead,
  type ProfileWrite,
  type UnitProfile,
} from "./profile/block-profile.ts";
export {
  counted,
  type MeasureInput,
  type MeasureOptions,
  measureBlock,
  type Runner,
} from "./profile/measure.ts";
export { type AnalyseOptions, type Analysis, analyseBlock, commutes, findings } from "./rank/analyse.ts";
export {
  type Contention,
  type FunctionContention,
  type GroupRanking,
  type Ranking,
  type RankOptions,
  rankContention,
  rankGroups,
} from "./rank/rank.ts";
export { ChartsMissingError } from "./report/charts.ts";
export { type ReportBlock, type ReportOptions, renderReport } from "./report/render-report.ts";
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
export { locationsOf, type WhatIf } from "./simulate/what-if.ts";
