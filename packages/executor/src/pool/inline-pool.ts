// A worker without a thread: it runs blocks on the thread of who asks for them, by the code of the others. A block of a few transactions
// is done before a thread has been woken.

import { setImmediate as nextTurn } from "node:timers/promises";
import type { Kernel } from "@braid/kernel";
import type { EngineRegistry } from "../engines/registry.ts";
import { runShare } from "./share.ts";
import { SourceClient } from "./source-client.ts";
import {
  type BlockTask,
  begun,
  type GivenTask,
  type SourceAnswers,
  type TaskPool,
  type WorkerReport,
} from "./task.ts";
import { WorkerEngines } from "./worker-engines.ts";

/** Milliseconds after which whatever else the thread has to do gets its turn: for all inline pools of a thread together. */
const BREATHE_MS = 8;

/** When the event loop had its last turn, as far as inline pools know. */
let since = 0;
/** Tasks of all inline pools that have not ended. */
let running = 0;
/** The event loop's next turn, when somebody waits for it. */
let turn: Promise<void> | undefined;

/** Waits until the event loop has had its turn, and there is time left after those who waited before. */
async function waitForTurn(): Promise<void> {
  while (performance.now() - since >= BREATHE_MS) {
    turn ??= nextTurn().then(() => {
      since = performance.now();
      turn = undefined;
    });
    await turn;
  }
}

function breathe(): Promise<void> | undefined {
  return performance.now() - since < BREATHE_MS ? undefined : waitForTurn();
}

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

  readonly isShutOut = false;

  run(task: BlockTask, server: SourceAnswers): GivenTask<WorkerReport> {
    return begun(this.#run(task, server));
  }

  async #run(task: BlockTask, server: SourceAnswers): Promise<WorkerReport> {
    this.#source.connectDirectly(server);
    if (running++ === 0) since = performance.now();
    try {
      return await runShare(this.#kernel, this.#source, this.#engines, task, { breathe });
    } finally {
      running--;
      this.#source.disconnect();
    }
  }

  async destroy(): Promise<void> {}
}
