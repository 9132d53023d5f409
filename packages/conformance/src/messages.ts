// What the process that leads a run and its workers tell each other.

import type { CaseEvent, FilePart, RunFileOptions } from "./run-file.ts";

/** A file to run, or a part of its cases. */
export interface Job extends FilePart {
  file: string;
}

/** How a worker is set up. */
export interface WorkerOptions extends RunFileOptions {
  /** From this resident size on it asks to be replaced. */
  maxWorkerBytes: number;
}

export type ToWorker = { type: "setup"; options: WorkerOptions } | { type: "job"; job: Job };

export type FromWorker =
  | { type: "ready" }
  | CaseEvent
  /** It is free. Of a job that is not done the rest is for somebody else. `retire`: this worker has grown, end it. */
  | { type: "free"; isDone: boolean; retire: boolean };
