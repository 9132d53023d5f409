// How the ethereumjs EVM announces its events: to one tracer, or to nobody.

import type { EVM } from "@ethereumjs/evm";
import type { Tracer } from "../../../block/tracer.ts";

type Topic = keyof Tracer;
type Handler = (data: unknown) => void | Promise<void>;

const DONE: Promise<void> = Promise.resolve();
const LISTENS = (): void => {};

/** Replaces how `evm` announces its events: to one tracer, or to nobody. */
export class TracerSlot {
  readonly #evm: EVM;
  #tracer: Tracer | undefined;

  constructor(evm: EVM) {
    this.#evm = evm;
    // PERF: announcing two events with each message call, to nobody, takes longer than many a call.
    Reflect.set(evm, "_emit", (topic: Topic, data: unknown) => {
      if (this.#tracer === undefined) return DONE;
      return (this.#tracer[topic] as Handler | undefined)?.call(this.#tracer, data) ?? DONE;
    });
  }

  /** Somebody wants to see each opcode. */
  get steps(): boolean {
    return this.#tracer?.step !== undefined;
  }

  set(tracer: Tracer | undefined): void {
    this.#tracer = tracer;
    // The interpreter makes its step events only when somebody has asked for them.
    this.#evm.events.off("step", LISTENS);
    if (this.steps) this.#evm.events.on("step", LISTENS);
  }
}
