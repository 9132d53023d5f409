// `braid replay --queue`: puts the blocks into the queue, shows what has become of them, and writes the table.
import { hostname } from "node:os";
import type { Item, LocalPostgres, Queue, Run, RunTotals, SourceSpec } from "@braid/queue";
import { ExitCode } from "./exit-code.ts";
import { formatCount } from "./format.ts";
import { onInterruption } from "./interruption.ts";
import { MIB } from "./max-file-size.ts";
import { ProgressBar } from "./progress-bar.ts";
import { namedQueue } from "./queue-url.ts";
import type { ReplayFlags } from "./replay-command.ts";
import { connectTo } from "./rpc-options.ts";

type Queues = typeof import("@braid/queue");

/** How often the totals are asked for; less often when the database takes long for them. */
const POLL_MS = 1_000;
const POLL_SHARE = 10;
/** More problems than these are in the table. */
const SHOWN_PROBLEMS = 20;
/** After so long without a worker it is said how to start one. */
const LONELY_MS = 3_000;

export async function replayOverQueue(
  paths: string[],
  flags: ReplayFlags,
  version: string,
): Promise<ExitCode> {
  const bar = new ProgressBar(process.stderr, flags.quiet !== true);
  const interruption = onInterruption(bar, ["SIGINT", "SIGTERM"]);
  const start = performance.now();
  try {
    const queues = await import("@braid/queue");
    const file = flags.out === undefined ? undefined : await queues.ResultFile.create(flags.out);
    try {
      await using opened = await Opened.open(queues, flags, interruption.signal, bar);
      const { queue } = opened;
      const watch = new Watch(queues, queue, flags, bar, interruption.signal);
      const run = await theRun(queues, queue, paths, flags, version, interruption.signal, watch);
      const totals = await watch.untilDone(run);
      if (file !== undefined) await queue.writeResults(run.name, file);
      const { describeRun, runJson } = await import("./queue-output.ts");
      bar.clear();
      if (flags.json === true) process.stdout.write(`${runJson(run, totals, version)}\n`);
      else if (flags.quiet !== true)
        process.stdout.write(`${describeRun(run, totals, performance.now() - start).join("\n")}\n`);
      return exitCodeOf(totals);
    } catch (error) {
      await file?.discard();
      throw error;
    }
  } catch (error) {
    if (!interruption.signal.aborted) throw error;
    return ExitCode.Interrupted;
  } finally {
    interruption.release();
  }
}

/** The queue, and the Postgres of this machine if it is that one. */
class Opened implements AsyncDisposable {
  readonly queue: Queue;
  readonly #queues: Queues;
  readonly #local: LocalPostgres | undefined;

  private constructor(queues: Queues, queue: Queue, local: LocalPostgres | undefined) {
    this.#queues = queues;
    this.queue = queue;
    this.#local = local;
  }

  static async open(
    queues: Queues,
    flags: ReplayFlags,
    signal: AbortSignal,
    bar: ProgressBar,
  ): Promise<Opened> {
    const url = namedQueue(flags.queue);
    const local = url === undefined ? await queues.startLocal() : undefined;
    try {
      const queue = await queues.Queue.open(url ?? local?.url ?? "", {
        applicationName: `${queues.SUBMITTER_PREFIX}${hostname()}:${process.pid}`,
        signal,
        onConnection: (lost) =>
          bar.print(
            lost === undefined ? "braid: the database is back" : `braid: the database is gone: ${lost}`,
          ),
      });
      return new Opened(queues, queue, local);
    } catch (error) {
      await local?.stop();
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // The last one puts the light out.
    const others = this.#local === undefined ? 0 : await this.#others();
    await this.queue[Symbol.asyncDispose]();
    if (others === 0) await this.#local?.stop();
  }

  async #others(): Promise<number> {
    try {
      return (await this.queue.countConnected(this.#queues.SUBMITTER_PREFIX)) - 1;
    } catch {
      // It is gone already.
      return 0;
    }
  }
}

/** The run that the command line means: a new one, or one to go on with. */
async function theRun(
  queues: Queues,
  queue: Queue,
  paths: string[],
  flags: ReplayFlags,
  version: string,
  signal: AbortSignal,
  watch: Watch,
): Promise<Run> {
  const { run: name = queues.newName() } = flags;
  if (paths.length === 0 && flags.block === undefined) return await queue.run(name);
  watch.begin(name);
  const { source, items } = await blocksOf(queues, paths, flags, signal);
  const { mode, engine, hints = true, compare = false, baseline = false, repeat, maxFileSize } = flags;
  return await queue.submit({
    name,
    source,
    items,
    options: {
      mode,
      ...(engine === undefined ? {} : { engine }),
      hints,
      compare,
      baseline,
      repeat,
      maxFileBytes: maxFileSize * MIB,
    },
    braid: version,
    signal,
    onProgress: (count) => watch.submitted(count),
  });
}

async function blocksOf(
  queues: Queues,
  paths: string[],
  flags: ReplayFlags,
  signal: AbortSignal,
): Promise<{ source: SourceSpec; items: AsyncIterable<Item> }> {
  if (flags.block !== undefined) {
    const { selectBlocks } = await import("@braid/replay");
    const blocks = await selectBlocks(flags.block);
    const { client, chain } = await connectTo(flags.rpc ?? "", flags, signal);
    const source = await queues.nodeSpecOf(client, chain);
    return { source, items: queues.selectedBlocks(client, source.chain, blocks) };
  }
  const objects = queues.s3SpecOf(paths[0] ?? "");
  if (objects !== undefined) return { source: objects, items: queues.listedObjects(objects, signal) };
  const absolute = queues.absolutePaths(paths);
  return { source: { kind: "files", paths: absolute }, items: queues.listedFiles(absolute, signal) };
}

/** Shows how a run goes on. */
class Watch {
  readonly #queues: Queues;
  readonly #queue: Queue;
  readonly #flags: ReplayFlags;
  readonly #bar: ProgressBar;
  readonly #signal: AbortSignal;
  readonly #shown = new Set<string>();
  #lonelySince: number | undefined = performance.now();

  constructor(queues: Queues, queue: Queue, flags: ReplayFlags, bar: ProgressBar, signal: AbortSignal) {
    this.#queues = queues;
    this.#queue = queue;
    this.#flags = flags;
    this.#bar = bar;
    this.#signal = signal;
  }

  /** Its name is what it is found by again. */
  begin(run: string): void {
    this.#note(`run ${run} on ${this.#queue.name}`);
  }

  submitted(items: number): void {
    this.#bar.update(0, `${formatCount(items)} put into the queue`);
  }

  /** Throws the signal's reason. What is in the queue stays there. */
  async untilDone(run: Run): Promise<RunTotals> {
    const { setTimeout: sleep } = await import("node:timers/promises");
    const { progressText } = await import("./queue-output.ts");
    const start = performance.now();
    let first: number | undefined;
    try {
      for (;;) {
        const asked = performance.now();
        const totals = await this.#queue.totals(run.name);
        await this.#showProblems(run, totals);
        // What was there before says nothing about how long the others take.
        first ??= totals.items;
        const done = totals.items === run.items && (await this.#queue.noteIfDone(run.name));
        if (done) return totals;
        const workers = await this.#countWorkers();
        const fresh = totals.items - first;
        const text = progressText(run, totals, workers, fresh, performance.now() - start);
        this.#bar.update(totals.items / Math.max(run.items ?? 0, 1), text);
        const wait = Math.max(POLL_MS, (performance.now() - asked) * POLL_SHARE);
        await sleep(wait, undefined, { signal: this.#signal });
      }
    } catch (error) {
      if (this.#signal.aborted)
        this.#note(
          `interrupted: what is in the queue stays there; go on with braid replay --queue${typeof this.#flags.queue === "string" ? " <url>" : ""} --run ${run.name}`,
        );
      throw error;
    }
  }

  async #countWorkers(): Promise<number> {
    const workers = await this.#queue.countConnected(this.#queues.WORKER_PREFIX);
    if (workers > 0) this.#lonelySince = undefined;
    else if (this.#lonelySince !== undefined && performance.now() - this.#lonelySince > LONELY_MS) {
      this.#lonelySince = undefined;
      this.#note(
        "no worker is there yet: start some, here or on other machines, with braid worker --queue <url>",
      );
    }
    return workers;
  }

  async #showProblems(run: Run, { mismatch, error }: RunTotals): Promise<void> {
    const count = Math.min(mismatch + error, SHOWN_PROBLEMS);
    if (count <= this.#shown.size) return;
    const { describeRow } = await import("./queue-output.ts");
    for (const row of await this.#queue.problems(run.name, SHOWN_PROBLEMS)) {
      const key = `${row.part} ${row.item}`;
      if (this.#shown.has(key)) continue;
      this.#shown.add(key);
      for (const line of describeRow(row)) this.#bar.print(line);
    }
  }

  #note(text: string): void {
    if (this.#flags.quiet !== true) this.#bar.print(`braid: ${text}`);
  }
}

/** A wrong result weighs more than a file that could not be replayed; nothing but other files is a mistake of who named them. */
function exitCodeOf({ ok, mismatch, error }: RunTotals): ExitCode {
  if (mismatch > 0) return ExitCode.Mismatch;
  return error > 0 || ok === 0 ? ExitCode.Failure : ExitCode.Ok;
}
