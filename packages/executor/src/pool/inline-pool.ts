// A worker without a thread: it runs blocks on the thread of who asks for them, by the code of the others. A block of a few transactions
// is done before a thread has been woken.

import { HALT_NONE, type Kernel } from "@braid/kernel";
import { promised, Slices, type Steps, wait } from "@braid/primitives";
import type { EngineRegistry } from "../engines/registry.ts";
import { ExecutionError } from "../errors.ts";
import { runShare } from "./share.ts";
import { SourceClient } from "./source-client.ts";
import {
  type BlockTask,
  begun,
  type CallersPool,
  type GivenTask,
  type SourceAnswers,
  type WorkerReport,
} from "./task.ts";
import { WorkerEngines } from "./worker-engines.ts";

export class InlinePool implements CallersPool {
  readonly #kernel: Kernel;
  readonly #source: SourceClient;
  readonly #engines: WorkerEngines;

  /** @param kernel an instance that nobody else uses. */
  constructor(kernel: Kernel, engines: EngineRegistry) {
    this.#kernel = kernel;
    this.#source = new SourceClient(kernel);
    this.#engines = new WorkerEngines(kernel, this.#source, engines);
  }

  async prepare(): Promise<void> {}

  readonly areReady = true;
  readonly isShutOut = false;

  run(task: BlockTask, server: SourceAnswers): GivenTask<WorkerReport> {
    return begun(promised(this.runHere(task, server)));
  }

  *runHere({ payer, ...task }: BlockTask, server: SourceAnswers): Steps<WorkerReport> {
    const source = this.#source;
    source.connectDirectly(server);
    const slices = new Slices({ payer, idleMs: () => source.waitedMs });
    const breathe = (): Promise<void> | undefined => slices.pause();
    // In the middle of a unit, which would go on for as long as its gas lasts.
    const inUnit = (): Promise<void> | undefined => breathe()?.then(() => this.#throwIfHalted());
    try {
      const turn = slices.begin();
      if (turn !== undefined) yield* wait(turn);
      return yield* wait(
        runShare(this.#kernel, source, this.#engines, { ...task, breathe: inUnit }, { breathe }),
      );
    } finally {
      slices.end();
      source.disconnect();
    }
  }

  #throwIfHalted(): void {
    if (this.#kernel.haltReason !== HALT_NONE)
      throw new ExecutionError("BRAID_ABORTED", "The execution was cancelled.");
  }

  async destroy(): Promise<void> {}
}
