// A time limit for what may wait for a source: the clock that frames look at stands still then.

import { ExecutionError, timeLimitError } from "../errors.ts";
import { throwIfCancelled } from "./cancel.ts";

/** Longer timers end at once. */
const MAX_TIMEOUT_MS = 2 ** 31 - 1;

/** Runs an action with a signal that is aborted after so many milliseconds too. Throws ExecutionError BRAID_TIME_LIMIT then. */
export async function withinTime<Result>(
  milliseconds: number | undefined,
  signal: AbortSignal | undefined,
  action: (signal: AbortSignal | undefined) => Promise<Result>,
): Promise<Result> {
  if (milliseconds === undefined || milliseconds > MAX_TIMEOUT_MS) return action(signal);
  throwIfCancelled(signal);
  // PERF: AbortSignal.any takes as long as the rest of a small call.
  const over = new AbortController();
  let isLate = false;
  const cancel = (): void => over.abort();
  const timer = setTimeout(() => {
    isLate = true;
    over.abort();
  }, milliseconds);
  signal?.addEventListener("abort", cancel);
  try {
    return await action(over.signal);
  } catch (error) {
    if (
      isLate &&
      signal?.aborted !== true &&
      error instanceof ExecutionError &&
      error.code === "BRAID_ABORTED"
    )
      throw timeLimitError(milliseconds);
    throw error;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", cancel);
  }
}
