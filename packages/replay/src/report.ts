// What a replay tells about a block and about all of them. Plain JSON values: `braid replay --json` prints these objects.

import type { Statistics } from "@braid/executor";
import type { ResultField } from "@braid/protocol";
import type { Difference, Reference } from "./difference.ts";
import { describeError, type ErrorReport } from "./errors.ts";

/** "ok": all that could be checked fits. "mismatch": executed, but a result does not fit. "error": could not be loaded or executed. */
export type Verdict = "ok" | "mismatch" | "error";

/** One block of a file; or, with `number: null`, a file that could not be loaded. Times are milliseconds, medians over the repetitions. */
export interface BlockReport {
  file: string;
  number: number | null;
  hash: string | null;
  fork: string | null;
  transactions: number;
  gasUsed: number;
  verdict: Verdict;
  /** Execution and state root. */
  ms: number;
  /** Each repetition's `ms`, in order. */
  runs: number[];
  executeMs: number;
  /** Computing the state root; 0 for a flat pre-state, which has none. */
  rootMs: number;
  mgasPerSecond: number;
  /** With --compare: the same on one thread without speculation. */
  sequentialMs?: number;
  /** With --baseline: stock @ethereumjs/vm, signatures and tries included, the building of the parent's tries not. */
  baselineMs?: number;
  /** How many times as fast as the sequential run, and as the baseline. */
  speedup?: number;
  baselineSpeedup?: number;
  /** What was compared with the header. */
  checked: ResultField[];
  /** What does not fit, the most telling first; empty when all does. */
  differences: Difference[];
  /** With a mismatch: which other runs of the block gave the same result. When stock ethereumjs did, the file's state is the likely culprit. */
  agreesWith?: Reference[];
  error?: ErrorReport;
  /** Why there is no `baselineMs` although it was asked for, or where the baseline's result is another one. */
  baselineError?: string;
  /** Uncles known only by hash, whose rewards are therefore not part of the result. */
  unknownUncles?: number;
  /** How the last repetition was executed. */
  statistics?: Statistics;
}

/** Sums over all blocks. `ms`, `gasUsed` and `transactions` count blocks that were executed. */
export interface ReplayTotals {
  files: number;
  blocks: number;
  ok: number;
  mismatch: number;
  error: number;
  transactions: number;
  gasUsed: number;
  ms: number;
  mgasPerSecond: number;
  executions: number;
  aborts: number;
  sequentialMs?: number;
  baselineMs?: number;
  speedup?: number;
  baselineSpeedup?: number;
  /** From start to end, loading and comparing included. */
  wallMs: number;
  /** The largest resident size of the process so far. */
  maxRssBytes: number;
}

/** All that a replay found. */
export interface ReplaySummary {
  blocks: BlockReport[];
  totals: ReplayTotals;
  /** Files of a directory that hold no blocks and were passed over. */
  skippedFiles: string[];
  /** True when it was told to stop before the end. */
  interrupted: boolean;
}

/** The report of something that could not be executed, all numbers zero. */
export function emptyReport(file: string): BlockReport {
  return {
    file,
    number: null,
    hash: null,
    fork: null,
    transactions: 0,
    gasUsed: 0,
    verdict: "error",
    ms: 0,
    runs: [],
    executeMs: 0,
    rootMs: 0,
    mgasPerSecond: 0,
    checked: [],
    differences: [],
  };
}

/** The report of something that could not be loaded, and why. */
export function fileReport(file: string, error: unknown): BlockReport {
  return { ...emptyReport(file), error: describeError(error) };
}

/** Adds up reports. */
export function totalsOf(blocks: readonly BlockReport[], wallMs: number): ReplayTotals {
  const executed = blocks.filter((block) => block.runs.length > 0);
  const sum = (select: (block: BlockReport) => number): number =>
    executed.reduce((total, block) => total + select(block), 0);
  const count = (verdict: Verdict): number => blocks.filter((block) => block.verdict === verdict).length;
  const gasUsed = sum((block) => block.gasUsed);
  const ms = sum((block) => block.ms);
  return {
    files: new Set(blocks.map((block) => block.file)).size,
    blocks: blocks.filter((block) => block.number !== null).length,
    ok: count("ok"),
    mismatch: count("mismatch"),
    error: count("error"),
    transactions: sum((block) => block.transactions),
    gasUsed,
    ms,
    mgasPerSecond: megagasPerSecond(gasUsed, ms),
    executions: sum((block) => block.statistics?.executions ?? 0),
    aborts: sum((block) => block.statistics?.aborts ?? 0),
    ...comparedTotals(executed, "sequentialMs", "speedup"),
    ...comparedTotals(executed, "baselineMs", "baselineSpeedup"),
    wallMs,
    maxRssBytes: process.resourceUsage().maxRSS * 1024,
  };
}

/** Millions of gas a second; 0 when nothing took any time. */
export function megagasPerSecond(gas: number, ms: number): number {
  return ms === 0 ? 0 : gas / ms / 1000;
}

/** The middle of some numbers; of an even count, the mean of the two in the middle. 0 of none. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((left, right) => left - right);
  const upper = sorted[sorted.length >> 1] ?? 0;
  const lower = sorted[(sorted.length - 1) >> 1] ?? 0;
  return (lower + upper) / 2;
}

/** The speed-up over the blocks that were timed both ways, and the other side's time. */
function comparedTotals(
  blocks: readonly BlockReport[],
  other: "sequentialMs" | "baselineMs",
  speedup: "speedup" | "baselineSpeedup",
): Partial<ReplayTotals> {
  let theirs = 0;
  let ours = 0;
  for (const block of blocks) {
    const time = block[other];
    if (time === undefined) continue;
    theirs += time;
    ours += block.ms;
  }
  return ours === 0 ? {} : { [other]: theirs, [speedup]: theirs / ours };
}
