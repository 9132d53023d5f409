// What crosses between the main thread and its workers: one task a worker and block, and requests for state that the
// shared cache lacks. Everything else goes through shared memory.

import type { MessagePort } from "node:worker_threads";
import type { KernelShared } from "@braid/kernel";
import type { Payer, SerializedError, Steps } from "@braid/primitives";
import type { StateHandle } from "@braid/state";
import type { EngineBlock } from "../engines/engine.ts";
import type { SourceRead } from "../state/check-answer.ts";

/** One worker's share of a block. */
export interface BlockTask extends EngineBlock {
  /** Its name; see engines/registry.ts. */
  engine: string;
  mode: "parallel" | "sequential";
  /** How many tasks the block has. */
  workers: number;
  /** Units to run, when that is not all of them. Only in order. */
  until?: number;
  /** Threads read the state themselves. */
  handle: StateHandle | undefined;
  /** Whose turn it is when several run on one thread in slices. It does not cross to threads. */
  payer?: Payer | undefined;
}

/** A task as it crosses to a thread. */
export interface WorkerTask extends BlockTask {
  /** The executor's kernel. */
  shared: KernelShared;
  /** For what the shared cache lacks, when there is no handle. */
  port: MessagePort;
}

/** Why a worker halted the block: an error, or the number of a read that failed. */
type WorkerFailure = { unit: number } & ({ error: SerializedError } | { read: number });

export interface WorkerReport {
  failure?: WorkerFailure;
  /** Milliseconds until the last sender was recovered, and from then on. */
  recoverMs: number;
  executeMs: number;
  /** Milliseconds spent waiting for work. */
  idleMs: number;
  /** Milliseconds of each unit that this worker ran in order, from its beginning until it was committed; 0 for the others. */
  unitMs?: Float64Array;
}

/** A task that was given to a pool. */
export interface GivenTask<Report> {
  /** Undefined when it was withdrawn. */
  readonly end: Promise<Report | undefined>;
  readonly hasBegun: boolean;
  /** Takes it back unless it has begun; then it has ended. Answers whether it was taken back. */
  withdraw(): boolean;
}

/** A task that begins at once. */
export function begun<Report>(end: Promise<Report>): GivenTask<Report> {
  return { end, hasBegun: true, withdraw: () => false };
}

/** Runs a block's tasks: on threads, on the caller's thread, or in turns on it. */
export interface TaskPool {
  /** Makes ready for a block: no task is running. */
  prepare(): Promise<void>;
  /** `server` answers what the task misses. */
  run(task: BlockTask, server: SourceAnswers): GivenTask<WorkerReport>;
  /** What is given begins as soon as something is free: nothing must be started or loaded before. */
  readonly areReady: boolean;
  /** Nothing of what was given can begin, because all threads are busy with the tasks of others. */
  readonly isShutOut: boolean;
  destroy(): Promise<void>;
}

/** A pool that runs tasks on the caller's thread. */
export interface CallersPool extends TaskPool {
  /** As `run`, in order and at once: it ends with the steps, or throws. */
  runHere(task: BlockTask, server: SourceAnswers): Steps<WorkerReport>;
}

/** The main thread's side of the state source, as pools use it. */
export interface SourceAnswers {
  /** A port through which a thread may ask. */
  open(): MessagePort;
  /** Never rejects. What is asked for a unit has no reply: the unit is unparked. */
  answer(request: SourceRequest): Promise<SourceReply | undefined>;
  /** Puts into the cache what a source on this thread has at hand; false when it has to be waited for. */
  putAtOnce(read: SourceRead): boolean;
}

/** Asks the main thread to put something into the shared cache, or for a block hash: for who waits for the reply, or for a parked unit. */
export type SourceRequest = { id: number; read: SourceRead } | { unit: number; reads: readonly SourceRead[] };

/** The failure of a read that nobody waits for any more: the block has been halted. */
export const ABANDONED = -1;

/** The answer: done, a block hash, or the number of the failure. */
export interface SourceReply {
  id: number;
  hash?: Uint8Array;
  failure?: number;
}
