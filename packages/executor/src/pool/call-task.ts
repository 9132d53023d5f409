// What crosses between the main thread and the threads that run calls.

import type { MessagePort } from "node:worker_threads";
import type { SerializedError } from "@braid/primitives";
import type { SourceRead } from "../state/check-answer.ts";

/** Calls for a thread. `Job` is what the thread's code takes; this layer only carries it. */
export interface CallTask<Job> {
  job: Job;
  /** The name of the engine that runs an executor's calls. */
  engine: string;
  /** The identity of the state, when its root is known. */
  stateRoot: Uint8Array | undefined;
  /** For what the thread's cache lacks. */
  port: MessagePort;
}

/** Asks for a value of the state, or for the changes that lead to it from another one. */
export type ValueRequest = { id: number } & ({ read: SourceRead } | { changesSince: Uint8Array });

/** The answer, or the number of the failure, which stays with whoever has the source. */
export type ValueReply = { id: number } & ({ value: unknown } | { failure: number });

/** How a thread's calls ended. */
export type CallReport<Result> = { results: Result[] } | { error: SerializedError } | { read: number };
