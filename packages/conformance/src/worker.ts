// A worker of a conformance run: a process of its own, so that a case that crashes, hangs or eats memory takes only itself along.

import { Executors } from "./executors.ts";
import type { FromWorker, Job, ToWorker, WorkerOptions } from "./messages.ts";
import { runFile } from "./run-file.ts";

/** A replacement takes a second: a file that is large by itself must not ask for one at each case. */
const CASES_BEFORE_RETIRING = 100;

let options: WorkerOptions;
let executors: Executors;
let cases = 0;

function tell(message: FromWorker): void {
  // Without a listener an error here would end the process; when nobody listens any more, "disconnect" does.
  process.send?.(message, () => {});
}

function isGrown(): boolean {
  return cases >= CASES_BEFORE_RETIRING && process.memoryUsage.rss() > options.maxWorkerBytes;
}

async function run(job: Job): Promise<void> {
  for await (const event of runFile(job.file, options, executors, job)) {
    tell(event);
    if (event.type !== "report") continue;
    cases++;
    if (isGrown()) {
      tell({ type: "free", isDone: false, retire: true });
      return;
    }
  }
  tell({ type: "free", isDone: true, retire: isGrown() });
}

// Ctrl-C reaches every process of the terminal; who leads the run decides what ends.
process.on("SIGINT", () => {});
process.on("disconnect", () => process.exit());
process.on("message", (message: ToWorker) => {
  if (message.type === "job") {
    run(message.job).catch((error: unknown) => {
      // Ends the process with the error on its stderr, which becomes the reason of the case.
      setImmediate(() => {
        throw error;
      });
    });
    return;
  }
  options = message.options;
  executors = new Executors(options.modes);
  tell({ type: "ready" });
});
