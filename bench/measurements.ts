// What the benchmarks write to bench/results, and the report reads.
import type { Environment } from "./environment.ts";

/** The sides that take turns. `known`: senders are known beforehand, nothing is recovered. */
export const SIDES = ["stock", "stock known", "two", "two known", "one", "sequential"] as const;
export type Side = (typeof SIDES)[number];

export interface MeasuredBlock {
  name: string;
  group: "mainnet" | "workload";
  fork: string;
  transactions: number;
  gas: number;
  /** Milliseconds, one for each round. */
  ms: Record<Side, number[]>;
  aborts: number;
}

export interface StockMeasurement {
  environment: Environment;
  rounds: number;
  blocks: MeasuredBlock[];
}

export interface MemoryMeasurement {
  environment: Environment;
  /** MiB resident after each repetition, after a garbage collection of the main thread. */
  resident: number[];
  /** MiB, the highest ever. */
  peak: number;
  /** MiB that a repetition adds, by least squares over the second half. */
  growth: number;
}

export interface SmallBlock {
  kind: string;
  transactions: number;
  /** Milliseconds, one for each round. */
  sequential: number[];
  parallel: number[];
}

export interface SmallBlocksMeasurement {
  environment: Environment;
  blocks: SmallBlock[];
}

export interface ProfileRow {
  group: string;
  /** Milliseconds of the workers together. */
  ms: number;
}

export interface ProfileMeasurement {
  environment: Environment;
  rounds: number;
  rows: ProfileRow[];
}

export interface ScalingBlock {
  name: string;
  transactions: number;
  /** Milliseconds, one for each round. */
  ms: { sequential: number[]; one: number[]; two: number[] };
}

export interface ScalingMeasurement {
  environment: Environment;
  rounds: number;
  blocks: ScalingBlock[];
}
