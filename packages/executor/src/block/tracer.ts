// What may look on while a transaction runs: the events of ethereumjs's EVM. It waits for whoever answers with a promise.

import type { EVMResult, InterpreterStep, Message } from "@ethereumjs/evm";
import type { Address } from "@ethereumjs/util";

/** A contract that is about to be created. */
export interface NewContract {
  address: Address;
  /** The init code. */
  code: Uint8Array;
}

/**
 * Sees a transaction's execution: each opcode before it runs, each message call (the transaction's own, calls, creations, precompiles)
 * before and after it. What it gets belongs to the engine: copy what you keep. It must change nothing.
 * PERF: with `step` a transaction takes twenty times as long, because ethereumjs's own run loop executes it.
 */
export interface Tracer {
  step?(step: InterpreterStep): void | Promise<void>;
  beforeMessage?(message: Message): void | Promise<void>;
  afterMessage?(result: EVMResult): void | Promise<void>;
  newContract?(contract: NewContract): void | Promise<void>;
}
