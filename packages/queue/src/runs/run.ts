// A run: a range of blocks that was put into the queue, how it is replayed, and how it is called.
import { createHash, randomBytes } from "node:crypto";
import type { Mode } from "@braid/replay";
import { QueueError } from "../errors.ts";
import type { Item, SourceSpec } from "../sources/source.ts";

/** How the blocks are replayed, on whatever machine: plain data. */
export interface RunOptions {
  mode: Mode;
  /** Default: the executor's. */
  engine?: string;
  hints: boolean;
  compare: boolean;
  baseline: boolean;
  repeat: number;
  maxFileBytes: number;
}

export interface Run {
  name: string;
  source: SourceSpec;
  options: RunOptions;
  /** Undefined until all are in the queue. */
  items: number | undefined;
  done: boolean;
}

export interface Submission {
  name: string;
  source: SourceSpec;
  options: RunOptions;
  items: AsyncIterable<Item>;
  /** Braid's version. */
  braid: string;
  signal: AbortSignal;
  onProgress?: (items: number) => void;
}

/** Sums over the rows of a run. Times are milliseconds. */
export interface RunTotals {
  /** Of those that were put into the queue, how many are done. */
  items: number;
  blocks: number;
  ok: number;
  mismatch: number;
  error: number;
  skipped: number;
  transactions: number;
  gas: number;
  ms: number;
  executions: number;
  aborts: number;
  sequentialMs?: number;
  speedup?: number;
  ethereumjsMs?: number;
  ethereumjsSpeedup?: number;
}

/** What connections are called, before the process's own name. */
export const WORKER_PREFIX = "braid worker ";
export const SUBMITTER_PREFIX = "braid replay ";

/** Also what pg-boss takes as a queue's name. */
const NAME = /^[\w][\w.-]{0,59}$/;

/** Throws QueueError BRAID_RUN_UNKNOWN for what can be no run's name. */
export function checkName(name: string): string {
  if (NAME.test(name)) return name;
  throw new QueueError(
    "BRAID_RUN_UNKNOWN",
    `"${name}" is no name for a run: take up to 60 letters, digits, "-", "_" and ".".`,
    { data: { name } },
  );
}

/** The time, and a little that makes it unlike another one of the same second. */
export function newName(now = new Date()): string {
  const time = now.toISOString().slice(0, 19).replaceAll(":", "").replace("T", "-");
  return `${time}-${randomBytes(2).toString("hex")}`;
}

/** The same item of the same run has the same job, however often it is put into the queue. */
export function jobId(run: string, item: string): string {
  const hash = createHash("sha256").update(`${run}\0${item}`).digest();
  // A UUID of version 8: made as its maker likes.
  hash[6] = ((hash[6] ?? 0) & 0x0f) | 0x80;
  hash[8] = ((hash[8] ?? 0) & 0x3f) | 0x80;
  const hex = hash.toString("hex");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join(
    "-",
  );
}

/** What a job holds. */
export type JobData = Item;
