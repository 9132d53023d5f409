// What an engine is: it runs units over shared memory. Everything above it (scheduler, versions, hints, commit, receipts, results)
// is the same for all engines; below it an engine is free.

import type { Kernel } from "@braid/kernel";
import type { CallUnits } from "../block/call-input.ts";
import type { TracerOf } from "../block/guard-tracers.ts";
import type { PreparedBlock } from "../block/prepare-block.ts";
import type { SourceRead } from "../state/check-answer.ts";

/** A block as an engine gets it. */
export interface EngineBlock extends PreparedBlock {
  /** The cache holds all that the source has: what it lacks does not exist. */
  cacheHoldsAll: boolean;
  /** The block is being built: its transactions are candidates, and those that cannot be part of it are left out. */
  building: boolean;
  /** Who looks on while a transaction (by its index) runs. Functions do not cross to threads: only where the block runs on the caller's. */
  tracer?: TracerOf;
  /** Milliseconds that code may run, not counting those in which it waits for the source; then it ends with ExecutionError BRAID_TIME_LIMIT. Only in order. */
  timeLimitMs?: number | undefined;
  /**
   * Lets others have the thread, where it has an event loop that somebody waits for: undefined as long as there is time, else code goes on when
   * the promise resolves. It rejects when nobody waits for the block any more. As a tracer it does not cross to threads.
   */
  breathe?: () => Promise<void> | undefined;
  /** Messages instead of a block's transactions: see block/call-input.ts. */
  calls?: CallUnits;
}

/** How an incarnation ended. `suspended` names the unit to wait for, -1 for all lower ones. */
export type UnitEnd =
  | { kind: "done" }
  | { kind: "suspended"; blockingUnit: number }
  /** It needs what the source has to be asked for, and does not wait for it: it starts again when that is in the cache. The first one it needs for certain. */
  | { kind: "missing"; reads: readonly SourceRead[] }
  /** An arena is full: the kernel has halted the block. */
  | { kind: "fault" }
  /** What is wrong is the block or its state source; only the head can tell. */
  | { kind: "failed"; error: unknown }
  /** Not a matter for this engine: the unit starts again on the one that runs everything (FALLBACK_ENGINE). */
  | { kind: "unsupported" };

/** One engine of one worker. */
export interface Engine {
  /** Makes ready for a block: called when the blocks before it have ended. */
  beginBlock(block: EngineBlock): UnitExecutor | Promise<UnitExecutor>;
}

/** An engine in a block. */
export interface UnitExecutor {
  /**
   * Runs one incarnation: unit 0 is the block's prologue, 1 to n are its transactions, n + 1 is its epilogue. What was read and written
   * goes into the kernel's logs, accesses and outcome into records of the block arena (kernel/src/layout.ts).
   * `head`: everything below is committed, what is read is final. While speculating nothing that goes wrong means anything: the unit
   * then waits for its turn as head.
   */
  executeUnit(unit: number, head: boolean): UnitEnd | Promise<UnitEnd>;
}

/**
 * Fetches from the state source what the shared cache lacks.
 *
 * An incarnation that must not wait is refused what the source has to be asked for, and goes on as a **scout**: with a prediction in place of what it
 * lacks, and only to find out what else it will read, so that all of it is fetched at one time. Whatever a scout does, it has ended as "missing".
 */
export interface MissHandler {
  /** Before each incarnation. */
  begin(unit: number, mayWait: boolean): void;
  /** Before the incarnation runs as a scout once more, with another prediction. What it was refused before stays. */
  beginAgain(prediction: bigint): void;
  /** What was refused since `begin`, each read once. */
  readonly refused: readonly SourceRead[];
  /** What a scout takes a slot for that is not there, of 256 bits. */
  readonly prediction: bigint;
  /** A scout may need this too. */
  expect(read: SourceRead): void;
  /** An opcode, or what takes as long as `steps` of them, is about to run. Throws when a scout has done enough. */
  spend(steps: number): void;
  /** Milliseconds of the block in which somebody waited for the source. */
  readonly waitedMs: number;
  /**
   * True when the account is in the cache, false for a scout; at once where the source has it at hand. Throws or rejects when the source fails,
   * and when a scout was refused enough.
   */
  fetchAccount(address: Uint8Array): boolean | Promise<boolean>;
  /** As fetchAccount, for a slot and its account. */
  fetchSlot(address: Uint8Array, slot: Uint8Array): boolean | Promise<boolean>;
  /** As fetchAccount, for a code. */
  fetchCode(codeHash: Uint8Array): boolean | Promise<boolean>;
  /** The hash of an earlier block (32 bytes); for a scout anything. */
  blockHash(number: bigint): Promise<Uint8Array>;
}

/** Makes a worker's engine over its instance of the kernel. */
export type EngineFactory = (kernel: Kernel, misses: MissHandler) => Engine;
