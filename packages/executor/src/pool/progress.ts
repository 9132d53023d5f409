// Live progress: the main thread looks at the kernel's counters now and then, the workers know nothing of it.

import type { Kernel } from "@braid/kernel";
import type { ExecuteBlockInput } from "../block/block-input.ts";

const INTERVAL_MS = 50;

/** Reports to `onProgress` until the returned function is called, and once more then. */
export function watchProgress(kernel: Kernel, { block, onProgress }: ExecuteBlockInput): () => void {
  if (onProgress === undefined) return () => {};
  const transactions = block.transactions.length;
  const report = (): void => {
    const { committed, executions, aborts } = kernel.progress();
    // Unit 0 is the block's prologue.
    onProgress({
      committed: Math.min(transactions, Math.max(0, committed - 1)),
      transactions,
      executions,
      aborts,
    });
  };
  const timer = setInterval(report, INTERVAL_MS);
  return () => {
    clearInterval(timer);
    report();
  };
}
