// While a block is being built its transactions are candidates: one that cannot be part of it, as the head, is left out.

import { ADMITTED, type Kernel } from "@braid/kernel";
import { InvalidTransactionError } from "@braid/protocol";
import type { UnitEnd } from "../engines/engine.ts";
import { leaveOut, refusal } from "../records/left-out.ts";

/** What runs units: an engine, or an engine over candidates. */
export interface UnitRunner {
  /** Lays out the unit's transaction, if it has one: its record, its sender, its limits. What is wrong with it is reported when it is executed. */
  prepare(unit: number): void;
  execute(unit: number, head: boolean): UnitEnd | Promise<UnitEnd>;
}

/** An engine's units as candidates of the block that is being built. */
export class CandidateUnits implements UnitRunner {
  readonly #kernel: Kernel;
  readonly #units: UnitRunner;

  constructor(kernel: Kernel, units: UnitRunner) {
    this.#kernel = kernel;
    this.#units = units;
  }

  prepare(unit: number): void {
    this.#units.prepare(unit);
  }

  execute(unit: number, head: boolean): UnitEnd | Promise<UnitEnd> {
    if (!head) return this.#units.execute(unit, head);
    // Room comes first: a full block does not execute what is left of a pool, and the reason does not depend on who was tried before.
    this.#units.prepare(unit);
    const refused = this.#refusal(unit);
    if (refused !== undefined) return this.#leaveOut(unit, refused);
    const end = this.#units.execute(unit, head);
    return end instanceof Promise ? end.then((known) => this.#end(unit, known)) : this.#end(unit, end);
  }

  #end(unit: number, end: UnitEnd): UnitEnd {
    return end.kind === "failed" && end.error instanceof InvalidTransactionError
      ? this.#leaveOut(unit, end.error)
      : end;
  }

  #refusal(unit: number): InvalidTransactionError | undefined {
    const admission = this.#kernel.admission(unit);
    return admission === ADMITTED ? undefined : refusal(unit, admission);
  }

  #leaveOut(unit: number, reason: InvalidTransactionError): UnitEnd {
    return leaveOut(this.#kernel, unit, reason) ? { kind: "done" } : { kind: "fault" };
  }
}
