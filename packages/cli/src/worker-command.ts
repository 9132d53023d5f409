// `braid worker`: its options, and from them to an exit code.
import type { WorkerEvent } from "@braid/queue";
import { type Command, Option } from "commander";
import { ExitCode } from "./exit-code.ts";
import { formatCount, plural } from "./format.ts";
import { parseCount } from "./parse-count.ts";
import { ProgressBar } from "./progress-bar.ts";
import { isQueueUrl, namedQueue } from "./queue-url.ts";
import { addNodeOptions, connectTo, type RpcFlags } from "./rpc-options.ts";

interface WorkerFlags extends Pick<RpcFlags, "rpc" | "timeout" | "concurrency"> {
  queue?: string;
  workers?: number;
  quiet?: boolean;
}

const HELP = `
A worker takes the blocks of all runs that it can read: those in folders that are at the same place on its machine, those
on S3-compatible storage (keys, region and endpoint as for Amazon's tools: AWS_ACCESS_KEY_ID, AWS_REGION,
AWS_ENDPOINT_URL_S3, ...), and those of a node when it is given one. Whatever dies, each block has its result once: what a
worker had at work when it was killed is taken by another one after ten seconds or so.

Ctrl-C ends it after the file or block at work; a second one at once.

Exit codes:
  0    it was told to end
  1    the queue, or what blocks are read from, cannot be used
  2    the command line is wrong

Examples:
  braid worker --queue postgres://user@host/database
  braid worker --rpc http://localhost:8545                 (the queue's URL in BRAID_QUEUE_URL)
  braid worker                                             the queue that braid replay --queue has made in this folder
`;

/** Adds the command; `finish` gets its exit code. */
export function addWorkerCommand(program: Command, version: string, finish: (code: ExitCode) => void): void {
  const command = program
    .command("worker")
    .summary("replay the blocks of a queue, beside other workers on any machines")
    .description("Replay the blocks that braid replay --queue has put into a queue, until it is told to end.")
    .option(
      "--queue <url>",
      "the Postgres with the queue (default: BRAID_QUEUE_URL, or the one that was made in this folder)",
    )
    .addOption(
      new Option("--workers <count>", "threads that execute (default: one for each core)").argParser(
        parseCount,
      ),
    );
  addNodeOptions(command)
    .option("--quiet", "print nothing but what is wrong")
    .addHelpText("after", HELP)
    .action(async (flags: WorkerFlags) => {
      if (flags.queue !== undefined && !isQueueUrl(flags.queue))
        command.error("error: --queue takes the URL of a Postgres (postgres://...)");
      else finish(await run(flags, version));
    });
}

async function run(flags: WorkerFlags, version: string): Promise<ExitCode> {
  const stop = new AbortController();
  const bar = new ProgressBar(process.stderr, flags.quiet !== true);
  const show = new WorkerOutput(bar, flags.quiet === true);
  const end = (): void => {
    // A second Ctrl-C does not wait: what was at work is done again by another worker.
    if (stop.signal.aborted) process.exit(ExitCode.Interrupted);
    stop.abort();
    show.ending();
  };
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, end);
  try {
    const { localUrl, work } = await import("@braid/queue");
    const url = namedQueue(flags.queue) ?? (await localUrl());
    const { rpc = "", workers } = flags;
    const node = rpc === "" ? undefined : await connectTo(rpc, flags, new AbortController().signal);
    await work({
      url,
      braid: version,
      signal: stop.signal,
      ...(workers === undefined ? {} : { threads: workers }),
      ...(node === undefined ? {} : { client: node.client }),
      onEvent: (event) => show.event(event),
    });
    show.ended();
    return ExitCode.Ok;
  } finally {
    bar.clear();
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.off(signal, end);
  }
}

/** What is wrong goes to the standard error output, a line on the terminal says how much was done. */
class WorkerOutput {
  readonly #bar: ProgressBar;
  readonly #quiet: boolean;
  #items = 0;
  #blocks = 0;
  #gas = 0;
  #ms = 0;

  constructor(bar: ProgressBar, quiet: boolean) {
    this.#bar = bar;
    this.#quiet = quiet;
  }

  event(event: WorkerEvent): void {
    if (event.type === "ready")
      this.#say(
        `worker ${event.worker} takes blocks from ${event.database}; Ctrl-C ends it after the one at work`,
      );
    else if (event.type === "connection")
      this.#warn(event.lost === undefined ? "the database is back" : `the database is gone: ${event.lost}`);
    else if (event.type === "refused") this.#warn(`run ${event.run} is left to others: ${event.reason}`);
    else if (event.type === "source") this.#warn(`run ${event.run}: ${event.reason} Trying again.`);
    else if (event.type === "done") this.#done(event);
    else this.#bar.update(0, `${this.#totals()}  ${event.item}`);
  }

  ending(): void {
    this.#bar.print("braid: ending after what is at work; Ctrl-C again ends at once");
  }

  ended(): void {
    this.#say(this.#totals());
  }

  #done({ rows, late, item }: Extract<WorkerEvent, { type: "done" }>): void {
    if (late) this.#warn(`${item}: another worker was faster`);
    else {
      this.#items++;
      for (const row of rows) {
        if (row.block !== null) this.#blocks++;
        this.#gas += row.gas ?? 0;
        this.#ms += row.time_ms ?? 0;
        if (row.verdict === "mismatch" || row.verdict === "error")
          this.#warn(`${item}${row.block === null ? "" : `, block ${row.block}`}: ${row.verdict}`);
      }
    }
    this.#bar.update(0, this.#totals());
  }

  #totals(): string {
    const speed = this.#ms === 0 ? 0 : this.#gas / this.#ms / 1000;
    return `${plural(this.#blocks, "block")} in ${plural(this.#items, "item")}, ${formatCount(this.#gas)} gas, ${formatCount(speed)} Mgas/s`;
  }

  #say(text: string): void {
    this.#bar.clear();
    if (!this.#quiet) process.stdout.write(`${text}\n`);
  }

  #warn(text: string): void {
    this.#bar.print(`braid: ${text}`);
  }
}
