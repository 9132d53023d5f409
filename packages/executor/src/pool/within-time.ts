// A time limit for what may wait for a source: the clock that frames look at stands still then.

import { ExecutionError, timeLimitError } from "../errors.ts";

/** Longer timers end at once. */
const MAX_TIMEOUT_MS = 2 ** 31 - 1;

/** Runs an action with a signal that is aborted after so many milliseconds too. Throws ExecutionError BRAID_TIME_LIMIT then. */
export async function withinTime<Result>(
  milliseconds: number | undefined,
  signal: AbortSignal | undefined,
  action: (signal: AbortSignal | undefined) => Promise<Result>,
): Promise<Result> {
  if (milliseconds === undefined || milliseconds > MAX_TIMEOUT_MS) return action(signal);
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), milliseconds);
  try {
    return await action(signal === undefined ? late.signal : AbortSignal.any([signal, late.signal]));
  } catch (error) {
    const isLate = late.signal.aborted && signal?.aborted !== true;
    if (isLate && error instanceof ExecutionError && error.code === "BRAID_ABORTED")
      throw timeLimitError(milliseconds);
    throw error;
  } finally {
    clearTimeout(timer);
  }
}
