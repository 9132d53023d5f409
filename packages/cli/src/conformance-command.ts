// `braid conformance`: its options, and from them to an exit code.
import type { ConformanceReport, RunMode } from "@braid/conformance";
import { type Command, InvalidArgumentError, Option } from "commander";
import { ExitCode } from "./exit-code.ts";
import { onInterruption } from "./interruption.ts";
import { MIB, maxFileSizeOption } from "./max-file-size.ts";
import { ProgressBar } from "./progress-bar.ts";

interface ConformanceFlags {
  filter?: string;
  mode: "both" | "parallel" | "sequential";
  workers: number[];
  seed: number;
  engine?: string;
  jobs?: number;
  timeout: number;
  maxFileSize: number;
  json?: boolean;
  quiet?: boolean;
}

const HELP = `
A path is a fixture file or a folder of them: blockchain tests, also as Engine API payloads, state tests, chains
to import (genesis.json with chain.rlp). In parallel mode every block goes through the parallel path, however small:
once on threads and once on a seeded schedule for each number of workers. State tests of one file are also stacked
in one block where they can be.

The files are shared out among processes (--jobs). A case that ends its process or takes too long has failed, a file
that cannot be read is an error, and all others run.

Exit codes:
  0    every case passed, or was skipped for the reason that is given
  1    a file or path could not be read, or there is no case in it
  2    the command line is wrong
  3    a case failed
  130  interrupted with Ctrl-C: what was found up to there is printed

Examples:
  braid conformance fixtures/state_tests fixtures/blockchain_tests
  braid conformance fixtures --filter eip7702 --mode parallel --workers 2,3,8
  braid conformance fixtures --json > report.json
`;

/** Adds the command; `finish` gets its exit code. */
export function addConformanceCommand(program: Command, finish: (code: ExitCode) => void): void {
  program
    .command("conformance")
    .summary("run Ethereum's own tests, sequentially and in parallel")
    .description("Run fixtures of execution-spec-tests through Braid's chain rules and block executor.")
    .argument("<paths...>", "fixture files, or directories of them")
    .option("--filter <text>", "only cases whose file or name contains this")
    .addOption(
      new Option("--mode <mode>", "how to execute")
        .choices(["both", "parallel", "sequential"])
        .default("both"),
    )
    .addOption(
      new Option("--workers <counts>", "numbers of workers in parallel mode")
        .argParser(parseCounts)
        .default([2, 4], "2,4"),
    )
    .addOption(
      new Option("--seed <number>", "the schedule of the seeded runs").argParser(parseSeed).default(1),
    )
    .addOption(new Option("--engine <engine>", "which EVM executes").choices(["ethereumjs", "wasm"]))
    .addOption(
      new Option("--jobs <count>", "processes that run cases (default: one for each core)").argParser(
        parseJobs,
      ),
    )
    .addOption(
      new Option("--timeout <seconds>", "a case that takes longer has failed")
        .argParser(parseSeconds)
        .default(600),
    )
    .addOption(maxFileSizeOption())
    .option("--json", "print one JSON document instead of a line for each case")
    .option("--quiet", "print only the cases that did not pass, and the totals")
    .addHelpText("after", HELP)
    .action(async (paths: string[], flags: ConformanceFlags) => {
      finish(await run(paths, flags));
    });
}

async function run(paths: string[], flags: ConformanceFlags): Promise<ExitCode> {
  const bar = new ProgressBar(process.stderr, flags.json !== true);
  const interruption = onInterruption(bar);
  try {
    // Only now: they bring the whole EVM, which `braid --help` can do without.
    const [conformance, output] = await Promise.all([
      import("@braid/conformance"),
      import("./conformance-output.ts"),
    ]);
    const json = flags.json === true ? new output.JsonDocument(process.stdout) : undefined;
    const report = await conformance.runConformance(paths, {
      modes: modesOf(flags, conformance),
      ...(flags.filter === undefined ? {} : { filter: flags.filter }),
      ...(flags.jobs === undefined ? {} : { jobs: flags.jobs }),
      caseTimeLimitMs: flags.timeout * 1000,
      maxFileBytes: flags.maxFileSize * MIB,
      signal: interruption.signal,
      onCase: (one, { totals, file, files }) => {
        if (json !== undefined) json.add(one);
        else if (flags.quiet !== true || one.verdict !== "passed") {
          bar.clear();
          process.stdout.write(`${output.describeCase(one)}\n`);
        }
        bar.update(file / files, `file ${file + 1}/${files}  ${output.summaryLine(totals)}`);
      },
    });
    bar.clear();
    if (json === undefined) process.stdout.write(output.formatTotals(report));
    else json.end(report);
    return exitCodeOf(report);
  } finally {
    interruption.release();
  }
}

function modesOf(
  { mode, workers, seed, engine }: ConformanceFlags,
  {
    parallel,
    SEQUENTIAL,
    seeded,
    onEngine,
  }: Pick<typeof import("@braid/conformance"), "parallel" | "SEQUENTIAL" | "seeded" | "onEngine">,
): RunMode[] {
  const modes = [
    ...(mode === "parallel" ? [] : [SEQUENTIAL]),
    ...(mode === "sequential" ? [] : workers.flatMap((count) => [parallel(count), seeded(count, seed)])),
  ];
  return engine === undefined ? modes : modes.map((one) => onEngine(engine, one));
}

function exitCodeOf({ totals, forks, interrupted }: ConformanceReport): ExitCode {
  if (interrupted) return ExitCode.Interrupted;
  if (totals.failed > 0) return ExitCode.Mismatch;
  if (totals.errors > 0) return ExitCode.Failure;
  if (forks.size > 0) return ExitCode.Ok;
  process.stderr.write("braid: no cases were found\n");
  return ExitCode.Failure;
}

function parseJobs(value: string): number {
  const count = Number(value);
  if (/^\d+$/.test(value) && count >= 1 && count <= 256) return count;
  throw new InvalidArgumentError("It must be a whole number from 1 to 256.");
}

function parseSeconds(value: string): number {
  const seconds = Number(value);
  if (/^\d+$/.test(value) && seconds >= 1 && seconds <= 1_000_000) return seconds;
  throw new InvalidArgumentError("It must be a whole number from 1 to 1000000.");
}

function parseCounts(value: string): number[] {
  const counts = value.split(",").map(Number);
  if (counts.every((count) => Number.isInteger(count) && count >= 1 && count <= 64)) return counts;
  throw new InvalidArgumentError("It must be whole numbers from 1 to 64, separated by commas.");
}

function parseSeed(value: string): number {
  const seed = Number(value);
  if (Number.isInteger(seed) && seed >= 0 && seed < 2 ** 31) return seed;
  throw new InvalidArgumentError("It must be a whole number from 0 to 2147483647.");
}
