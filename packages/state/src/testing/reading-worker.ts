// For tests: a worker thread that opens states by their handles and tells everything it reads of them.
import { parentPort } from "node:worker_threads";
import { openState } from "../lmdb/open-state.ts";
import type { StateHandle } from "../state-source.ts";
import { readAll } from "./model.ts";

/** Reads the same state so many times while it is open. */
export interface ReadingTask {
  handle: StateHandle;
  times: number;
}

parentPort?.on("message", async ({ handle, times }: ReadingTask) => {
  try {
    const { state, close } = openState(handle);
    const answers: unknown[] = [];
    for (let i = 0; i < times; i++) {
      answers.push(await readAll(state));
      if (i + 1 < times) await new Promise((resolve) => setTimeout(resolve, 1));
    }
    close();
    parentPort?.postMessage({ answers, stateRoot: state.stateRoot });
  } catch (error) {
    parentPort?.postMessage({ code: (error as { code?: string }).code });
  }
});
