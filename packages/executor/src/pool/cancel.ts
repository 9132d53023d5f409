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
