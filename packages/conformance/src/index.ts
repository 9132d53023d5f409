// Public names of @braid/conformance: Ethereum's own tests, run through Braid.

export type { StateFixture } from "./fixture-types.ts";
export { onEngine, parallel, type RunMode, SEQUENTIAL, seeded } from "./modes.ts";
export type { CaseReport, CaseVerdict, ConformanceTotals } from "./reports.ts";
export {
  type ConformanceOptions,
  type ConformanceProgress,
  type ConformanceReport,
  ConformanceWorkerError,
  runConformance,
} from "./run.ts";
