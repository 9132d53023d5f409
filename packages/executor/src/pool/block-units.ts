// The units of one block in one worker: lays out transactions, and runs incarnations on the block's engine, or on the fallback when that
// engine does not support a unit.

import type { Kernel } from "@braid/kernel";
import { InvalidTransactionError, type TransactionErrorCode } from "@braid/protocol";
import { FIRST_MESSAGE } from "../block/call-input.ts";
import type { EngineBlock, MissHandler, UnitEnd, UnitExecutor } from "../engines/engine.ts";
import { isNotInstalled, WorkerStartError } from "../errors.ts";
import { beginLayOut, layOutTransaction } from "../records/lay-out-transaction.ts";
import { markUnsupported } from "../records/outcome.ts";
import type { UnitRunner } from "./candidates.ts";
import { PREDICTIONS } from "./scouts.ts";

export class BlockUnits implements UnitRunner {
  readonly #kernel: Kernel;
  readonly #block: EngineBlock;
  readonly #misses: MissHandler;
  /** Somebody else may run meanwhile what a worker would wait for. */
  readonly #isParallel: boolean;
  readonly #engine: UnitExecutor;
  readonly #beginFallback: (() => UnitExecutor | Promise<UnitExecutor>) | undefined;
  #fallback: UnitExecutor | undefined;

  /**
   * @param misses what the engines ask for state.
   * @param beginFallback makes the engine ready that runs what `engine` does not support; undefined when `engine` runs everything.
   */
  constructor(
    kernel: Kernel,
    block: EngineBlock & { mode: "parallel" | "sequential" },
    misses: MissHandler,
    engine: UnitExecutor,
    beginFallback: (() => UnitExecutor | Promise<UnitExecutor>) | undefined,
  ) {
    this.#kernel = kernel;
    this.#block = block;
    this.#misses = misses;
    this.#isParallel = block.mode === "parallel";
    this.#engine = engine;
    this.#beginFallback = beginFallback;
    beginLayOut(kernel, block.context);
  }

  /** The place of a unit's transaction, or message, among the others. */
  #indexOf(unit: number): number {
    return this.#block.calls === undefined ? unit - 1 : unit - FIRST_MESSAGE;
  }

  prepare(unit: number): void {
    try {
      this.#layOut(unit);
    } catch (error) {
      if (!(error instanceof InvalidTransactionError)) throw error;
    }
  }

  /** False when the arena is full. */
  #layOut(unit: number): boolean {
    const isTransaction = this.#block.calls === undefined && unit > 0 && unit < this.#kernel.unitCount - 1;
    return !isTransaction || layOutTransaction(this.#kernel, unit, this.#block.context);
  }

  /** Runs one incarnation; see UnitExecutor.executeUnit. It never ends as "unsupported". */
  execute(unit: number, head: boolean): UnitEnd | Promise<UnitEnd> {
    try {
      if (!this.#layOut(unit)) return { kind: "fault" };
    } catch (error) {
      return head
        ? { kind: "failed", error: withIndex(error, this.#indexOf(unit)) }
        : { kind: "suspended", blockingUnit: -1 };
    }
    // What runs as the head alone is what the others wait for, or has failed to read before: it waits itself.
    this.#misses.begin(unit, !this.#isParallel || this.#kernel.isHeadOnly(unit));
    const end = this.#engine.executeUnit(unit, head);
    return end instanceof Promise ? this.#endLater(end, unit, head) : this.#end(end, unit, head);
  }

  async #endLater(end: Promise<UnitEnd>, unit: number, head: boolean): Promise<UnitEnd> {
    return this.#end(await end, unit, head);
  }

  /** What the incarnation comes to that has ended so on the block's engine. */
  #end(end: UnitEnd, unit: number, head: boolean): UnitEnd | Promise<UnitEnd> {
    if (end.kind === "unsupported") return this.#endLater(this.#restart(unit, head), unit, head);
    if (end.kind !== "fault" && this.#misses.refused.length > 0) return this.#scoutOn(unit, head);
    return end.kind === "failed" ? { kind: "failed", error: withIndex(end.error, this.#indexOf(unit)) } : end;
  }

  /** The first scout has ended: what the unit will read, as far as this one and the others find it. */
  async #scoutOn(unit: number, head: boolean): Promise<UnitEnd> {
    for (const prediction of PREDICTIONS.slice(1)) {
      this.#misses.beginAgain(prediction);
      const end = await this.#engine.executeUnit(unit, head);
      if (end.kind === "unsupported") await this.#fallback?.executeUnit(unit, head);
      // The arena is full.
      if (end.kind === "fault") return end;
    }
    return { kind: "missing", reads: this.#misses.refused };
  }

  /** Whatever the other engine has logged is forgotten when the fallback begins the incarnation. */
  async #restart(unit: number, head: boolean): Promise<UnitEnd> {
    try {
      this.#fallback ??= await this.#beginFallback?.();
    } catch (error) {
      const reason = isNotInstalled(error) ? new WorkerStartError(error) : error;
      return head ? { kind: "failed", error: reason } : { kind: "suspended", blockingUnit: -1 };
    }
    const end = await this.#fallback?.executeUnit(unit, head);
    if (end === undefined || end.kind === "unsupported")
      return { kind: "failed", error: new Error("the engine that runs everything does not run this unit") };
    if (end.kind === "done") markUnsupported(this.#kernel, unit);
    return end;
  }
}

/** Adds the transaction's index to an error about it. */
function withIndex(error: unknown, index: number): unknown {
  if (!(error instanceof InvalidTransactionError)) return error;
  return new InvalidTransactionError(
    error.code as TransactionErrorCode,
    `Transaction ${index}: ${error.message}`,
    { ...error.data, transactionIndex: index },
  );
}
