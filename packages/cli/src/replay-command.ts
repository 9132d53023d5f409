// `braid replay`: its options, and from them to an exit code.
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { BlockReport, ReplayEvent } from "@braid/replay";
import { type Command, Option } from "commander";
import { type ExitCode, replayExitCode } from "./exit-code.ts";
import { formatCount, plural } from "./format.ts";
import { onInterruption } from "./interruption.ts";
import { MIB, maxFileSizeOption } from "./max-file-size.ts";
import { parseCount } from "./parse-count.ts";
import { ProgressBar } from "./progress-bar.ts";
import { isQueueUrl } from "./queue-url.ts";
import { ResultsOfReplay } from "./results-of-replay.ts";
import { addRpcOptions, type RpcFlags, remoteBlocks, remoteMistake, withoutRpc } from "./rpc-options.ts";

/** What comes with Braid: a chain of DeFi traffic, and blocks of mainnet. */
const SHIPPED_BLOCKS = fileURLToPath(new URL("../data", import.meta.url));

export interface ReplayFlags extends RpcFlags {
  mode: "parallel" | "sequential";
  engine?: string;
  workers?: number;
  hints: boolean;
  accessList?: string;
  compare?: boolean;
  baseline?: boolean;
  repeat: number;
  maxFileSize: number;
  /** True without a URL. */
  queue?: string | true;
  run?: string;
  out?: string;
  json?: boolean;
  quiet?: boolean;
}

/** Adds the command; `finish` gets its exit code. */
export function addReplayCommand(program: Command, version: string, finish: (code: ExitCode) => void): void {
  const command = program.command("replay");
  command
    .summary("re-execute blocks in parallel and check every result")
    .description(
      "Re-execute blocks on all cores and check each result against the block's header: gas, receipts root,\n" +
        "bloom, and where the state allows it the state root and the requests hash.",
    )
    .argument(
      "[paths...]",
      "files, or directories of files: Braid bundles (.braid), blocks with a pre-state,\nblocks with a witness; without paths, the DeFi chain and the mainnet blocks that come\nwith Braid",
    )
    .addOption(
      new Option("--mode <mode>", "how to execute").choices(["parallel", "sequential"]).default("parallel"),
    )
    .addOption(
      new Option("--workers <count>", "threads that execute (default: one for each core)").argParser(
        parseCount,
      ),
    )
    .addOption(new Option("--engine <engine>", "which EVM executes").choices(["ethereumjs", "wasm"]))
    .option("--hints", "predict what transactions will touch (default)")
    .option("--no-hints", "do not predict")
    .option(
      "--access-list <path>",
      "use the lists that braid access-list wrote, a file or a folder, as hints",
    )
    .option("--compare", "also run every block sequentially, compare everything, show the speed-up")
    .option("--baseline", "also run every block on stock @ethereumjs/vm, show the speed-up")
    .addOption(
      new Option("--repeat <count>", "execute every block so often; times are medians")
        .argParser(parseCount)
        .default(1),
    )
    .addOption(maxFileSizeOption())
    .option("--out <file>", "write the table of results to a .parquet, .csv or .jsonl file")
    .option(
      "--queue [url]",
      "leave the blocks to the workers (braid worker) on a Postgres, and show the totals; without a URL\nthe one in BRAID_QUEUE_URL, or else one that is made here",
    )
    .option("--run <name>", "with --queue: what the run is called, or which one to go on with")
    .option("--json", "print one JSON document instead of the table")
    .option("--quiet", "print nothing but what is wrong")
    .addHelpText("after", HELP)
    .action(async (paths: string[], flags: ReplayFlags) => {
      const mistake = remoteMistake(paths, flags, command);
      if (mistake !== undefined) command.error(`error: ${mistake}`);
      if (flags.compare === true && flags.mode === "sequential")
        command.error("error: --compare compares a parallel run: leave out --mode sequential");
      const queueMistake = mistakeOfQueue(paths, flags);
      if (queueMistake !== undefined) command.error(`error: ${queueMistake}`);
      const named = paths.length > 0 || flags.block !== undefined;
      if (!named && !existsSync(SHIPPED_BLOCKS)) {
        command.error(
          "error: the blocks that come with Braid are not there: name a file or directory to replay",
        );
      }
      if (flags.queue === undefined)
        finish(await runReplay(named ? paths : [SHIPPED_BLOCKS], flags, version));
      else {
        const { replayOverQueue } = await import("./replay-over-queue.ts");
        // A run that has a name may be one to go on with.
        const blocks = named || flags.run !== undefined ? paths : [SHIPPED_BLOCKS];
        finish(await replayOverQueue(blocks, flags, version));
      }
    });
  addRpcOptions(command, { blocks: true });
}

const HELP = `
Exit codes:
  0    every block matches
  1    a file or block could not be replayed
  2    the command line is wrong
  3    a result does not match
  130  interrupted with Ctrl-C

Examples:
  braid replay                                 the blocks that come with Braid
  braid replay --compare --baseline block.json.gz
  braid replay blocks/ --workers 2 --repeat 5 --json > report.json
  braid replay --rpc http://localhost:8545 --block 18000000..18000009 --cache answers
  braid replay blocks/ --compare --out results.parquet
  braid replay s3://bucket/blocks --queue postgres://user@host/database    and, on any machines, braid worker
  braid replay blocks/ --queue                 the same on this machine alone, which makes a Postgres
`;

/** What is wrong with a command line that uses the queue, or should. */
function mistakeOfQueue(paths: readonly string[], flags: ReplayFlags): string | undefined {
  const { queue, run, workers, accessList, cache } = flags;
  const objects = paths.filter((path) => path.startsWith("s3://")).length;
  if (queue === undefined) {
    if (objects > 0) return "blocks on S3-compatible storage are replayed over the queue: add --queue <url>";
    return run === undefined ? undefined : "--run goes with --queue";
  }
  // What is there may be the folder that was meant as a path, or hold a password.
  if (queue !== true && !isQueueUrl(queue))
    return "--queue takes the URL of a Postgres (postgres://...): write the paths before it, and --queue last for a Postgres that is made here";
  if (objects > 0 && paths.length > 1) return "name one s3:// prefix, and nothing else, for one run";
  if (workers !== undefined)
    return "how many threads execute is each worker's choice: braid worker --workers";
  if (accessList !== undefined)
    return "--access-list does not go with --queue: workers do not have the lists";
  return cache === undefined ? undefined : "--cache does not go with --queue";
}

async function runReplay(paths: string[], flags: ReplayFlags, version: string): Promise<ExitCode> {
  const { json = false, quiet = false, maxFileSize, out, ...options } = withoutRpc(flags);
  const bar = new ProgressBar(process.stderr, !quiet);
  const interruption = onInterruption(bar);
  try {
    // Only now: they bring the whole EVM, which `braid --help` can do without.
    // One after the other: Node 22.13 fails on two imports at once that have modules in common.
    const output = await import("./replay-output.ts");
    const { readAccessLists, replay } = await import("@braid/replay");
    const results = out === undefined ? undefined : await ResultsOfReplay.create(out, version);
    const lists =
      options.accessList === undefined ? {} : { accessLists: await readAccessLists(options.accessList) };
    const summary = await replay(paths, {
      ...options,
      ...lists,
      ...(await remoteBlocks(flags, interruption.signal)),
      maxFileBytes: maxFileSize * MIB,
      signal: interruption.signal,
      onEvent: showProgress(bar, output.describeProblem, results),
    });
    bar.clear();
    await results?.finish();
    if (json) process.stdout.write(`${output.formatJson(summary, options, version)}\n`);
    else if (!quiet) process.stdout.write(`${output.formatSummary(summary, process.stdout).join("\n")}\n`);
    return replayExitCode(summary);
  } finally {
    interruption.release();
  }
}

/** Problems are told as they are found, whatever else is printed; the rest is the bar. */
function showProgress(
  bar: ProgressBar,
  describe: (report: BlockReport) => string[],
  results: ResultsOfReplay | undefined,
): (event: ReplayEvent) => void {
  let position = { index: 0, files: 1, blocks: 1, done: 0, text: "" };
  const draw = (blockFraction: number, tail: string): void => {
    const { index, files, blocks, done, text } = position;
    bar.update((index + (done + blockFraction) / blocks) / files, `${text}${tail}`);
  };
  return (event) => {
    results?.add(event);
    if (event.type === "file")
      position = { ...position, index: event.index, files: event.files, blocks: event.blocks, done: 0 };
    else if (event.type === "block") {
      const count =
        position.files > 1
          ? `file ${position.index + 1}/${position.files}`
          : `block ${position.done + 1}/${position.blocks}`;
      position.text = `${count}  ${event.number} (${event.fork})`;
      draw(0, `  ${plural(event.transactions, "transaction")}`);
    } else if (event.type === "progress") {
      const { committed, transactions } = event;
      draw(
        committed / Math.max(transactions, 1),
        `  ${formatCount(committed)}/${plural(transactions, "transaction")}`,
      );
    } else if (event.type === "report") {
      position.done += 1;
      for (const line of describe(event.report)) bar.print(line);
    }
  };
}
