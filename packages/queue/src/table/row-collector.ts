// Rows of the table out of what happens during a replay.
import { hostname } from "node:os";
import { type BlockReport, describeDifference, type ReplayEvent } from "@braid/replay";
import type { ResultRow } from "./columns.ts";
import { hottestLocations } from "./hottest.ts";

/** More differences of one block than these say nothing new. */
const TOLD_DIFFERENCES = 6;

/** What rows say besides what was replayed. */
export interface RowContext {
  run: string | null;
  /** Braid's version. */
  braid: string;
}

/** What calls itself so in the table. */
export function workerName(): string {
  return `${hostname()}:${process.pid}`;
}

/** Listens to a replay, and keeps a row for each report. */
export class RowCollector {
  readonly #context: RowContext;
  readonly #parts = new Map<string, number>();
  #rows: ResultRow[] = [];

  constructor(context: RowContext) {
    this.#context = context;
  }

  /** Give it all events of the replay, in their order. */
  add(event: ReplayEvent): void {
    if (event.type === "report") {
      const { file } = event.report;
      const part = this.#parts.get(file) ?? 0;
      this.#parts.set(file, part + 1);
      this.#rows.push(rowOf(event.report, part, this.#context));
    } else if (event.type === "executed") {
      // It follows the block's report.
      const row = this.#rows.at(-1);
      if (row !== undefined) row.hottest = hottestLocations(event.result);
    }
  }

  /** The rows since the last time. */
  take(): ResultRow[] {
    const rows = this.#rows;
    this.#rows = [];
    return rows;
  }
}

function rowOf(report: BlockReport, part: number, { run, braid }: RowContext): ResultRow {
  const { statistics, error, differences } = report;
  const ran = report.runs.length > 0;
  const told = differences.slice(0, TOLD_DIFFERENCES).map(describeDifference);
  return {
    run,
    item: report.file,
    part,
    block: report.number,
    hash: report.hash,
    fork: report.fork,
    transactions: report.transactions,
    gas: ran ? report.gasUsed : null,
    verdict: report.verdict,
    time_ms: ran ? report.ms : null,
    execute_ms: ran ? report.executeMs : null,
    root_ms: ran ? report.rootMs : null,
    mgas_per_second: ran ? report.mgasPerSecond : null,
    sequential_ms: report.sequentialMs ?? null,
    speedup: report.speedup ?? null,
    ethereumjs_ms: report.baselineMs ?? null,
    ethereumjs_speedup: report.baselineSpeedup ?? null,
    mode: statistics?.mode ?? null,
    threads: statistics?.workers ?? null,
    executions: statistics?.executions ?? null,
    aborts: statistics?.aborts ?? null,
    hottest: null,
    checked: report.checked,
    difference: told.length === 0 ? null : printable(told.join("\n")),
    error_code: error?.code ?? null,
    error: error === undefined ? null : printable(error.message),
    worker: workerName(),
    braid,
    finished_at: new Date().toISOString(),
  };
}

/** What a node or a file says may hold what no database takes as text. */
function printable(text: string): string {
  return text.replaceAll("\0", "\u{fffd}").toWellFormed();
}
