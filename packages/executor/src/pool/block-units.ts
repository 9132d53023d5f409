// The units of one block in one worker: recovers senders, and runs incarnations on the block's engine, or on the fallback when that
// engine does not support a unit.

import { type Kernel, SENDER_KNOWN } from "@braid/kernel";
import type { EngineBlock, UnitEnd, UnitExecutor } from "../engines/engine.ts";
import { InvalidTransactionError, type TransactionErrorCode } from "../errors.ts";
import { markUnsupported } from "../records/outcome.ts";
import { recoverSender } from "../transaction/recover-sender.ts";
import { decodeTransaction } from "../transaction/transaction.ts";
import type { UnitRunner } from "./candidates.ts";

const MAX_U64 = (1n << 64n) - 1n;

export class BlockUnits implements UnitRunner {
  readonly #kernel: Kernel;
  readonly #block: EngineBlock;
  readonly #encodings: Uint8Array;
  readonly #engine: UnitExecutor;
  readonly #beginFallback: (() => Promise<UnitExecutor>) | undefined;
  #fallback: UnitExecutor | undefined;

  /** @param beginFallback makes the engine ready that runs what `engine` does not support; undefined when `engine` runs everything. */
  constructor(
    kernel: Kernel,
    block: EngineBlock,
    engine: UnitExecutor,
    beginFallback: (() => Promise<UnitExecutor>) | undefined,
  ) {
    this.#kernel = kernel;
    this.#block = block;
    this.#encodings = new Uint8Array(block.transactions);
    this.#engine = engine;
    this.#beginFallback = beginFallback;
  }

  #isTransaction(unit: number): boolean {
    return unit > 0 && unit < this.#block.offsets.length;
  }

  #encoding(unit: number): Uint8Array {
    const { offsets } = this.#block;
    return this.#encodings.subarray(offsets[unit - 1], offsets[unit]);
  }

  /** Recovers a unit's sender into the kernel's table. A transaction that cannot be decoded or has no sender is reported when it is executed. */
  recover(unit: number): void {
    if (this.#kernel.senderStatus(unit) === SENDER_KNOWN) return;
    try {
      const sender = recoverSender(this.#encoding(unit), this.#block.context.rules);
      if (sender !== undefined) this.#kernel.setSender(unit, sender);
    } catch (error) {
      if (!(error instanceof InvalidTransactionError)) throw error;
    }
  }

  tellLimits(unit: number): void {
    if (!this.#isTransaction(unit)) return;
    try {
      const { gasLimit, blobVersionedHashes } = decodeTransaction(this.#encoding(unit));
      this.#kernel.setUnitGasLimit(unit, gasLimit < MAX_U64 ? gasLimit : MAX_U64);
      this.#kernel.setUnitBlobs(unit, blobVersionedHashes.length);
    } catch (error) {
      // It is reported when it is executed.
      if (!(error instanceof InvalidTransactionError)) throw error;
    }
  }

  /** Runs one incarnation; see UnitExecutor.executeUnit. It never ends as "unsupported". */
  async execute(unit: number, head: boolean): Promise<UnitEnd> {
    if (this.#isTransaction(unit)) this.recover(unit);
    this.tellLimits(unit);
    let end = await this.#engine.executeUnit(unit, head);
    if (end.kind === "unsupported") end = await this.#restart(unit, head);
    return end.kind === "failed" ? { kind: "failed", error: withIndex(end.error, unit) } : end;
  }

  /** Whatever the other engine has logged is forgotten when the fallback begins the incarnation. */
  async #restart(unit: number, head: boolean): Promise<UnitEnd> {
    this.#fallback ??= await this.#beginFallback?.();
    const end = await this.#fallback?.executeUnit(unit, head);
    if (end === undefined || end.kind === "unsupported")
      return { kind: "failed", error: new Error("the engine that runs everything does not run this unit") };
    if (end.kind === "done") markUnsupported(this.#kernel, unit);
    return end;
  }
}

/** Adds the transaction's index to an error about it. */
function withIndex(error: unknown, unit: number): unknown {
  if (!(error instanceof InvalidTransactionError)) return error;
  return new InvalidTransactionError(
    error.code as TransactionErrorCode,
    `Transaction ${unit - 1}: ${error.message}`,
    { ...error.data, transactionIndex: unit - 1 },
  );
}
