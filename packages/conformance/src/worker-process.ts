// The leading process's side of one worker: starts it, gives it jobs, and notices when it dies or no longer answers.

import { type ChildProcess, fork } from "node:child_process";
import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import type { FromWorker, Job, ToWorker, WorkerOptions } from "./messages.ts";

const WORKER = fileURLToPath(new URL(`./worker${extname(import.meta.url)}`, import.meta.url));
/** Loading the EVM and starting threads takes a second, on a busy machine ten. */
const START_LIMIT_MS = 120_000;
/** Of what a dying worker writes, only the end is told. */
const STDERR_CHARACTERS = 600;

export interface WorkerListener {
  onMessage(message: FromWorker): void;
  /** It is gone, for a reason that a sentence can end with. Nothing follows. */
  onEnd(reason: string): void;
}

/** A process that runs one job at a time. */
export class WorkerProcess {
  readonly #child: ChildProcess;
  readonly #listener: WorkerListener;
  readonly #timeLimitMs: number;
  #timer: NodeJS.Timeout | undefined;
  #stderr = "";
  #reason: string | undefined;
  #ended = false;

  /** `timeLimitMs`: how long it may be silent while it has a job. */
  constructor(options: WorkerOptions, timeLimitMs: number, listener: WorkerListener) {
    this.#listener = listener;
    this.#timeLimitMs = timeLimitMs;
    // No execArgv: how this process was started (a test runner, a debugger) is not for the workers.
    this.#child = fork(WORKER, { execArgv: [], stdio: ["ignore", "ignore", "pipe", "ipc"] });
    this.#child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-STDERR_CHARACTERS);
    });
    this.#child.on("message", (message: FromWorker) => {
      if (message.type === "ready" || message.type === "free") clearTimeout(this.#timer);
      else this.#watch(this.#timeLimitMs);
      listener.onMessage(message);
    });
    this.#child.on("error", (error) => this.#end(error.message));
    // "close" and not "exit": by then all that it wrote has come.
    this.#child.on("close", (code, signal) => {
      const how = signal === null ? `ended with code ${code}` : `was ended by ${signal}`;
      const last = this.#stderr.trim();
      this.#end(this.#reason ?? `its process ${how}${last === "" ? "" : `: ${last}`}`);
    });
    this.#send({ type: "setup", options });
    this.#watch(START_LIMIT_MS);
  }

  run(job: Job): void {
    this.#send({ type: "job", job });
    this.#watch(this.#timeLimitMs);
  }

  /** Ends it; the listener hears nothing any more. */
  kill(): void {
    this.#ended = true;
    clearTimeout(this.#timer);
    this.#child.kill("SIGKILL");
  }

  #send(message: ToWorker): void {
    // When it cannot be sent the process is gone, which "close" tells.
    this.#child.send(message, () => {});
  }

  /** The next message must come within the time. */
  #watch(limitMs: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#reason = `it took longer than ${limitMs / 1000} s`;
      this.#child.kill("SIGKILL");
    }, limitMs);
  }

  #end(reason: string): void {
    if (this.#ended) return;
    this.#ended = true;
    clearTimeout(this.#timer);
    this.#listener.onEnd(reason);
  }
}
