// The last share of a worker in a block: when all units are committed, the gas of each receipt is known, and the workers hash the
// receipts together. The main thread does the rest of the receipts trie, and what a worker that died has left undone.

import type { Kernel } from "@braid/kernel";
import { encodeReceiptParts, orderedTrieLeaf } from "@braid/protocol";
import type { PreparedBlock } from "../block/prepare-block.ts";
import { includedUnits } from "../records/left-out.ts";
import { readReceiptParts, settleOutcome } from "../records/outcome.ts";
import { recordedType } from "../records/transaction-record.ts";

/** Hashes receipts as long as there are some that nobody has taken. Before Byzantium they lack the state roots, so there is nothing to do. */
export function settleReceipts(kernel: Kernel, block: PreparedBlock): void {
  if (!block.context.rules.byzantium) return;
  // Left out units have no receipt, and no place among those that have.
  const units = includedUnits(kernel).slice(1, -1);
  const count = units.length;
  let cumulativeGasUsed = 0n;
  let counted = 0;
  for (let unit = kernel.settleNext(); unit >= 0; unit = kernel.settleNext()) {
    if (kernel.isLeftOut(unit)) continue;
    let last = -1;
    while (last < unit) {
      last = units[counted++] as number;
      cumulativeGasUsed += readReceiptParts(kernel, last).gasUsed;
    }
    const { status, logsBloom, logs } = readReceiptParts(kernel, unit);
    const type = recordedType(kernel, kernel.transactionPtr(unit));
    const receipt = encodeReceiptParts({ type, status, cumulativeGasUsed, logsBloom, encodedLogs: logs });
    settleOutcome(kernel, unit, orderedTrieLeaf(counted - 1, count, receipt));
  }
}
