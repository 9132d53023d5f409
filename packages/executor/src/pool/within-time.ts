// A time limit for what may wait for a source: the clock that frames look at stands still then.

import type { Steps } from "@braid/primitives";
import { ExecutionError, timeLimitError } from "../errors.ts";
import { throwIfCancelled } from "./cancel.ts";

/** Longer timers end at once. */
const MAX_TIMEOUT_MS = 2 ** 31 - 1;

/**
 * Runs an action with a signal that is aborted after so many milliseconds too. Throws ExecutionError BRAID_TIME_LIMIT then. PERF: the timer is
 * set when the action waits for the first time: before that nothing could hear of it.
 */
export function* withinTime<Result>(
  milliseconds: number | undefined,
  signal: AbortSignal | undefined,
  action: (signal: AbortSignal | undefined) => Steps<Result>,
): Steps<Result> {
  if (milliseconds === undefined || milliseconds > MAX_TIMEOUT_MS) return yield* action(signal);
  throwIfCancelled(signal);
  // PERF: AbortSignal.any takes as long as the rest of a small call.
  const over = new AbortController();
  const begin = performance.now();
  const steps = action(over.signal);
  const first = steps.next();
  if (first.done === true) return first.value;
  let isLate = false;
  const cancel = (): void => over.abort();
  const left = Math.max(1, milliseconds - (performance.now() - begin));
  const timer = setTimeout(() => {
    isLate = true;
    over.abort();
  }, left);
  signal?.addEventListener("abort", cancel);
  try {
    return yield* goingOn(steps, first.value);
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

/** Steps that wait for something already. */
function* goingOn<Result>(steps: Steps<Result>, first: Promise<unknown>): Steps<Result> {
  let waiting = first;
  for (;;) {
    let step: IteratorResult<Promise<unknown>, Result>;
    try {
      const value: unknown = yield waiting;
      step = steps.next(value);
    } catch (error) {
      step = steps.throw(error);
    }
    if (step.done === true) return step.value;
    waiting = step.value;
  }
}
