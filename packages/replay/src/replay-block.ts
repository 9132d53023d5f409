// Replays one block: executes it as often as asked, checks every result, and finds out where a wrong one went wrong.
import type { BlockResult } from "@braid/executor";
import { bytesToHex } from "@braid/primitives";
import type { BlockSource, LoadedBlock } from "./block-file.ts";
import { type BlockExecutor, BlockRunner, type Run, type RunOptions } from "./block-runner.ts";
import { compareResults } from "./compare.ts";
import { compareWithStock } from "./compare-stock.ts";
import { type Difference, describeDifference, type Reference } from "./difference.ts";
import { describeError, messageOf } from "./errors.ts";
import type { OpenedState } from "./parent-state.ts";
import { type BlockReport, emptyReport, median, megagasPerSecond } from "./report.ts";
import type { StockBaseline } from "./stock-baseline.ts";
import { verifyBlock } from "./verify.ts";

/** A block's report, and the result to go on from: undefined when there is none that can be trusted. */
export interface BlockOutcome {
  report: BlockReport;
  result?: BlockResult;
}

/** Thrown errors become verdicts; only the abort of `options.signal` is thrown on. */
export async function replayBlock(
  executor: BlockExecutor,
  file: BlockSource,
  block: LoadedBlock,
  state: OpenedState,
  stock: StockBaseline,
  options: RunOptions,
): Promise<BlockOutcome> {
  const report: BlockReport = {
    ...emptyReport(file.path),
    number: Number(block.number),
    hash: bytesToHex(block.hash),
    fork: block.fork,
    transactions: block.input.transactions.length,
    ...(block.unknownUncles > 0 ? { unknownUncles: block.unknownUncles } : {}),
  };
  const runner = new BlockRunner(executor, block, state, options);
  let last: Run;
  try {
    last = await repeat(runner, report, options);
  } catch (error) {
    options.signal?.throwIfAborted();
    return { report: await failedReport(report, error, runner) };
  }
  report.gasUsed = Number(last.result.gasUsed);
  report.mgasPerSecond = megagasPerSecond(report.gasUsed, report.ms);
  report.statistics = last.result.statistics;
  if (options.baseline) await timeBaseline(report, last.result, runner, stock, options.repeat);
  if (report.differences.length > 0) {
    const located = await locate(runner, last.result, stock, report);
    if (located !== undefined) report.differences.unshift(located);
    report.verdict = "mismatch";
    return { report };
  }
  report.verdict = "ok";
  return { report, result: last.result };
}

/**
 * All repetitions; fills times, checks and differences into the report, and gives the last run, or the first one that is wrong.
 * When times are compared with another side's, a first run is checked but not timed: the other side is warm too.
 */
async function repeat(runner: BlockRunner, report: BlockReport, options: RunOptions): Promise<Run> {
  const times = {
    total: [] as number[],
    execute: [] as number[],
    root: [] as number[],
    sequential: [] as number[],
  };
  const check = (run: Run): Run => {
    const { checked, differences } = verifyBlock(runner.block, run.result, run.stateRoot);
    report.checked = checked;
    report.differences = differences;
    return run;
  };
  let last = options.compare || options.baseline ? check(await runner.run(runner.mode)) : undefined;
  for (let index = 0; index < options.repeat && report.differences.length === 0; index += 1) {
    // Alternating which side goes first, so that neither always finds the machine in the other's state.
    const sequentialFirst = options.compare && index % 2 === 0 ? await runner.run("sequential") : undefined;
    last = check(await runner.run(runner.mode));
    times.total.push(last.executeMs + last.rootMs);
    times.execute.push(last.executeMs);
    times.root.push(last.rootMs);
    if (!options.compare) continue;
    const sequential = sequentialFirst ?? (await runner.run("sequential"));
    times.sequential.push(sequential.executeMs + sequential.rootMs);
    const difference = compareResults(last.result, sequential.result);
    if (difference !== undefined) report.differences.unshift(difference);
  }
  if (last === undefined) throw new RangeError("repeat must be at least 1");
  report.runs = times.total;
  report.ms = median(times.total);
  report.executeMs = median(times.execute);
  report.rootMs = median(times.root);
  if (times.sequential.length > 0 && report.ms > 0) {
    report.sequentialMs = median(times.sequential);
    report.speedup = report.sequentialMs / report.ms;
  }
  return last;
}

/** A block that cannot be executed is an error; one that only the parallel run cannot execute is a mismatch. */
async function failedReport(report: BlockReport, error: unknown, runner: BlockRunner): Promise<BlockReport> {
  const failure = describeError(error);
  report.error = failure;
  // A node that does not answer says nothing about the execution, and would not answer the second one either.
  if (runner.mode === "sequential" || failure.code.startsWith("BRAID_RPC_")) return report;
  let expected: string;
  try {
    await runner.run("sequential");
    expected = "a result";
  } catch (sequentialError) {
    const { code, message } = describeError(sequentialError);
    if (code === failure.code) return report;
    expected = `${code} (${message})`;
  }
  report.verdict = "mismatch";
  report.differences = [
    { against: "sequential", field: "outcome", expected, actual: `${failure.code} (${failure.message})` },
  ];
  return report;
}

/** Where a result that does not fit its header went wrong: against the sequential run, and when that is the same, against stock ethereumjs. */
async function locate(
  runner: BlockRunner,
  result: BlockResult,
  stock: StockBaseline,
  report: BlockReport,
): Promise<Difference | undefined> {
  if (report.differences.some(({ against }) => against === "sequential")) return undefined;
  const agreesWith: Reference[] = [];
  report.agreesWith = agreesWith;
  try {
    if (runner.mode === "parallel") {
      const difference = compareResults(result, (await runner.run("sequential")).result);
      if (difference !== undefined) return difference;
      agreesWith.push("sequential");
    }
    const difference = compareWithStock(result, (await stock.prepare(runner)).result);
    if (difference !== undefined) return difference;
    agreesWith.push("stock");
  } catch (error) {
    // The verdict stands without it; a run that throws has its say in the report.
    report.baselineError ??= messageOf(error);
  }
  return undefined;
}

async function timeBaseline(
  report: BlockReport,
  ours: BlockResult,
  runner: BlockRunner,
  stock: StockBaseline,
  repetitions: number,
): Promise<void> {
  try {
    const { result, run } = await stock.prepare(runner);
    const times: number[] = [];
    for (let index = 0; index < repetitions; index += 1) times.push(await run());
    report.baselineMs = median(times);
    report.baselineSpeedup = report.baselineMs / report.ms;
    const difference = compareWithStock(ours, result);
    if (difference !== undefined) report.baselineError = describeDifference(difference);
  } catch (error) {
    report.baselineError = messageOf(error);
  }
}
