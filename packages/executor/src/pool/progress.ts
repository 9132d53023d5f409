// Live progress: the main thread looks at the kernel's counters now and then, the workers know nothing of it.

import type { Kernel } from "@braid/kernel";
import type { ExecuteBlockInput } from "../block/block-input.ts";

const INTERVAL_MS = 50;

/**
 * Reports to `onProgress` until the returned function is called, and once more then. What `onProgress` throws ends the reports, and is
 * thrown by that function: out of a timer it would end the process.
 */
export function watchProgress(
  kernel: Kernel,
  { onProgress }: Pick<ExecuteBlockInput, "onProgress">,
): () => void {
  if (onProgress === undefined) return () => {};
  // Before the first and behind the last transaction are the block's prologue and its epilogue.
  const transactions = kernel.unitCount - 2;
  const report = (): void => {
    const { committed, executions, aborts } = kernel.progress();
    onProgress({
      committed: Math.min(transactions, Math.max(0, committed - 1)),
      transactions,
      executions,
      aborts,
    });
  };
  let failure: { error: unknown } | undefined;
  const timer = setInterval(() => {
    try {
      report();
    } catch (error) {
      clearInterval(timer);
      failure = { error };
    }
  }, INTERVAL_MS);
  return () => {
    clearInterval(timer);
    if (failure !== undefined) throw failure.error;
    report();
  };
}
