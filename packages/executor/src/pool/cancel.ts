// Cancellation by an AbortSignal.

import { ExecutionError } from "../errors.ts";

/** Throws ExecutionError BRAID_ABORTED when the signal is aborted. */
export function throwIfCancelled(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw new ExecutionError("BRAID_ABORTED", "The execution was cancelled.");
}

/** Waits for a promise, or no longer than until the signal is aborted: then throws ExecutionError BRAID_ABORTED. */
export async function unlessCancelled(
  promise: Promise<unknown>,
  signal: AbortSignal | undefined,
): Promise<void> {
  throwIfCancelled(signal);
  if (signal === undefined) {
    await promise;
    return;
  }
  const cancelled = Promise.withResolvers<void>();
  const cancel = (): void => cancelled.resolve();
  signal.addEventListener("abort", cancel);
  try {
    await Promise.race([promise, cancelled.promise]);
  } finally {
    signal.removeEventListener("abort", cancel);
  }
  throwIfCancelled(signal);
}

/** Things that are done one after the other, in the order in which they are asked for. Nothing of what came of them is kept. */
export class Turns {
  #last: Promise<void> = Promise.resolve();

  /** What is cancelled does not wait for its turn, but what comes after it waits for those before it. */
  run<Result>(signal: AbortSignal | undefined, action: () => Promise<Result>): Promise<Result> {
    const before = this.#last;
    const result = unlessCancelled(before, signal).then(action);
    this.#last = Promise.allSettled([before, result]).then(() => {});
    return result;
  }

  /** Resolves when all that was asked for has ended. */
  idle(): Promise<void> {
    return this.#last;
  }
}
