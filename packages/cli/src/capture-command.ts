// `braid capture`: its options, and from them to an exit code.
import type { CaptureSummary } from "@braid/replay";
import type { Command } from "commander";
import { ExitCode } from "./exit-code.ts";
import { onInterruption } from "./interruption.ts";
import { ProgressBar } from "./progress-bar.ts";
import { addRpcOptions, connectTo, type RpcFlags } from "./rpc-options.ts";

interface CaptureFlags extends RpcFlags {
  block: string;
  output: string;
  witness?: boolean;
  json?: boolean;
  quiet?: boolean;
}

const HELP = `
Each block becomes one bundle, <number>.braid, with all the state that its execution reads, and is replayed before it
counts as captured. One that does not reproduce its header is kept aside in .mismatch. What is there already is skipped:
a capture that was stopped goes on where it was.

How the state is had depends on what the node offers: debug_executionWitness, else a prestateTracer and what it leaves
out, else reads while the block is executed. Old blocks need an archive node.

Exit codes:
  0    every block is there
  1    a block could not be captured
  2    the command line is wrong
  3    a block does not reproduce its header
  130  interrupted with Ctrl-C

Examples:
  braid capture --rpc http://localhost:8545 --block latest -o blocks
  braid capture --block 18000000..18000099 -o blocks --witness     (the URL in BRAID_RPC_URL)
  braid capture --rpc http://localhost:8545 --genesis genesis.json --block list.txt -o blocks
`;

/** Adds the command; `finish` gets its exit code. */
export function addCaptureCommand(program: Command, version: string, finish: (code: ExitCode) => void): void {
  const command = program
    .command("capture")
    .summary("fetch blocks and their state from a node, for replaying them anywhere")
    .description("Capture blocks from a node over JSON-RPC into bundles that replay without it.");
  addRpcOptions(command, { blocks: false })
    .requiredOption(
      "--block <blocks>",
      'a number, a range (a..b), "latest", a hash, or a file with some of these, one a line',
    )
    .requiredOption("-o, --output <folder>", "where the bundles go")
    .option("--witness", "with trie nodes, so that the state root is checked too")
    .option("--json", "print one JSON document instead of a line for each block")
    .option("--quiet", "print nothing but what is wrong")
    .addHelpText("after", HELP)
    .action(async (flags: CaptureFlags) => {
      if (flags.rpc === undefined || flags.rpc === "")
        command.error("error: name the node with --rpc <url>, or in the environment as BRAID_RPC_URL");
      else finish(await run(flags.rpc, flags, version));
    });
}

async function run(url: string, flags: CaptureFlags, version: string): Promise<ExitCode> {
  const { json = false, quiet = false, witness = false } = flags;
  const bar = new ProgressBar(process.stderr, !quiet);
  const interruption = onInterruption(bar);
  const start = performance.now();
  try {
    // Only now: they bring the whole EVM, which `braid --help` can do without.
    const output = await import("./capture-output.ts");
    const { captureBlocks, selectBlocks } = await import("@braid/replay");
    const blocks = await selectBlocks(flags.block);
    const { client, chain } = await connectTo(url, flags, interruption.signal);
    let fresh = 0;
    const summary = await captureBlocks({
      client,
      blocks,
      folder: flags.output,
      witness,
      signal: interruption.signal,
      ...(chain === undefined ? {} : { chain }),
      onEvent: ({ outcome, done, count }) => {
        for (const line of output.describeProblem(outcome)) bar.print(line);
        if (!json && !quiet && output.isDone(outcome)) {
          bar.clear();
          process.stdout.write(`${output.describeOutcome(outcome)}\n`);
        }
        // What was there already says nothing about how long the others take.
        if (outcome.verdict !== "skipped") fresh += 1;
        const text = output.progressText(done, count, fresh, performance.now() - start);
        bar.update(done / count, text);
      },
    });
    bar.clear();
    const ms = performance.now() - start;
    if (json) process.stdout.write(`${output.formatJson(summary, client, { version, ms })}\n`);
    else if (!quiet) process.stdout.write(`${output.formatTotals(summary, client, ms)}\n`);
    return exitCodeOf(summary);
  } catch (error) {
    if (interruption.signal.aborted) return ExitCode.Interrupted;
    throw error;
  } finally {
    interruption.release();
  }
}

/** A wrong result weighs more than a block that could not be had. */
function exitCodeOf({ outcomes, interrupted, stopped }: CaptureSummary): ExitCode {
  if (interrupted) return ExitCode.Interrupted;
  if (outcomes.some(({ verdict }) => verdict === "mismatch")) return ExitCode.Mismatch;
  const failed = stopped !== undefined || outcomes.some(({ verdict }) => verdict === "error");
  return failed ? ExitCode.Failure : ExitCode.Ok;
}
