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

/** When an inline pool first ran something in this turn of the event loop; undefined: none has. */
let since: number | undefined;

/** Has the event loop waited long enough for its next turn? */
function isOver(): boolean {
  if (since === undefined) {
    since = performance.now();
    setImmediate(() => {
      since = undefined;
    });
  }
  return performance.now() - since >= BREATHE_MS;
}

/** Those who wait for a turn of the event loop, the first one first. */
const waiting: (() => void)[] = [];

/** Each turn belongs to one: who comes with something new each time, a call after the other, would always be before a block that goes on. */
async function giveTurns(): Promise<void> {
  while (waiting.length > 0) {
    await nextTurn();
    waiting[0]?.();
    waiting.shift();
  }
}

function waitForTurn(): Promise<void> {
  return new Promise((resolve) => {
    waiting.push(resolve);
    if (waiting.length === 1) void giveTurns();
  });
}

function breathe(): Promise<void> | undefined {
  return isOver() ? waitForTurn() : undefined;
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
    try {
      // Not before those who have waited already.
      if (waiting.length > 0 || isOver()) await waitForTurn();
      return await runShare(this.#kernel, this.#source, this.#engines, task, { breathe });
    } finally {
      this.#source.disconnect();
    }
  }

  async destroy(): Promise<void> {}
}
