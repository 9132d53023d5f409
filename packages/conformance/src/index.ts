// Public names of @braid/conformance: Ethereum's own tests, run through Braid.

export { parallel, type RunMode, SEQUENTIAL, seeded } from "./modes.ts";
export { networkCommon, UnknownNetworkError } from "./networks.ts";
export {
  type CaseReport,
  type ConformanceOptions,
  type ConformanceProgress,
  type ConformanceReport,
  type ConformanceTotals,
  runConformance,
} from "./run.ts";
