// A worker without a thread: it runs blocks on the thread of who asks for them, by the code of the others. A block of a few transactions
// is done before a thread has been woken.

import { setImmediate as nextTurn } from "node:timers/promises";
import type { Kernel } from "@braid/kernel";
import type { EngineRegistry } from "../engines/registry.ts";
import { runShare } from "./share.ts";
import { SourceClient } from "./source-client.ts";
import type { BlockTask, SourceAnswers, TaskPool, WorkerReport } from "./task.ts";
import { WorkerEngines } from "./worker-engines.ts";

/** Milliseconds after which whatever else the thread has to do gets its turn. */
const BREATHE_MS = 8;

export class InlinePool implements TaskPool {
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

  async run(task: BlockTask, server: SourceAnswers): Promise<WorkerReport> {
    this.#source.connectDirectly(server);
    try {
      let since = performance.now();
      return await runShare(this.#kernel, this.#source, this.#engines, task, {
        breathe: () => {
          if (performance.now() - since < BREATHE_MS) return undefined;
          return nextTurn(undefined).then(() => {
            since = performance.now();
          });
        },
      });
    } finally {
      this.#source.disconnect();
    }
  }

  async destroy(): Promise<void> {}
}
