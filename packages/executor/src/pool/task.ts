// What crosses between the main thread and its workers: one task a worker and block, and requests for state that the
// shared cache lacks. Everything else goes through shared memory.

import type { MessagePort } from "node:worker_threads";
import type { KernelShared } from "@braid/kernel";
import type { SerializedError } from "@braid/primitives";
import type { EngineBlock } from "../engines/engine.ts";

/** What a worker gets once, when it starts: cloning the kernel's module takes longer than a small block. */
export interface WorkerSetup {
  shared: KernelShared;
  /** One 32-bit counter: a starting worker takes the next instance number of the kernel from it and keeps it. */
  instances: SharedArrayBuffer;
}

export interface WorkerTask extends EngineBlock {
  /** Its name; see engines/registry.ts. */
  engine: string;
  mode: "parallel" | "sequential";
  /** How many tasks the block has. */
  workers: number;
  /** For what the shared cache lacks. */
  port: MessagePort;
}

/** Why a worker halted the block. */
export interface WorkerFailure {
  unit: number;
  error: SerializedError;
}

export interface WorkerReport {
  failure?: WorkerFailure;
  /** Milliseconds until the last sender was recovered, and from then on. */
  recoverMs: number;
  executeMs: number;
  /** Milliseconds spent waiting for work. */
  idleMs: number;
}

/** Runs workers' tasks: piscina, or workers without threads. */
export interface TaskPool {
  run(task: WorkerTask, options: { transferList: MessagePort[] }): Promise<WorkerReport>;
  destroy(): Promise<void>;
}

/** Asks the main thread to put something into the shared cache. */
export type SourceRequest = { id: number } & (
  | { kind: "account"; address: Uint8Array }
  | { kind: "slot"; address: Uint8Array; slot: Uint8Array }
  | { kind: "code"; codeHash: Uint8Array }
  | { kind: "blockHash"; number: bigint }
);

/** The answer: done, a block hash, or why the source failed. */
export interface SourceReply {
  id: number;
  hash?: Uint8Array;
  error?: SerializedError;
}
