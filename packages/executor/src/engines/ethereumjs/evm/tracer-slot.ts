// How the ethereumjs EVM announces its events: to one tracer, or to nobody.

import type { EVM } from "@ethereumjs/evm";
import type { Tracer, TraceStep } from "../../../block/tracer.ts";

type Topic = keyof Tracer;
type Handler = (data: unknown) => void | Promise<void>;

const DONE: Promise<void> = Promise.resolve();
const LISTENS = (): void => {};

/** Replaces how `evm` announces its events: to one tracer, or to nobody. */
export class TracerSlot {
  readonly #evm: EVM;
  #tracer: Tracer | undefined;
  /** The byte of the opcode that runs next: ethereumjs's events have that of INVALID for all that are not defined. */
  opcode = 0;

  constructor(evm: EVM) {
    this.#evm = evm;
    // PERF: announcing two events with each message call, to nobody, takes longer than many a call.
    Reflect.set(evm, "_emit", (topic: Topic, data: unknown) => {
      if (this.#tracer === undefined) return DONE;
      if (topic === "step") (data as TraceStep).opcode.code = this.opcode;
      return (this.#tracer[topic] as Handler | undefined)?.call(this.#tracer, data) ?? DONE;
    });
  }

  /** Somebody wants to see each opcode. */
  get steps(): boolean {
    return this.#tracer?.step !== undefined;
  }

  /** The code has ended by itself. */
  async codeEnd(step: () => TraceStep): Promise<void> {
    await this.#tracer?.codeEnd?.(step());
  }

  set(tracer: Tracer | undefined): void {
    this.#tracer = tracer;
    // The interpreter makes its step events only when somebody has asked for them.
    this.#evm.events.off("step", LISTENS);
    if (this.steps) this.#evm.events.on("step", LISTENS);
  }
}
