// The net writes of a finished incarnation, handed to the kernel's write log: what ended where it began is no write.

import type { Kernel } from "@braid/kernel";
import { equalBytes } from "@braid/primitives";
import { writeU256 } from "../../../records/words.ts";
import type { AccountEntry, SlotEntry } from "./entries.ts";

const MASK_256 = (1n << 256n) - 1n;

/** Logs one write for each location that changed: balances as a delta unless they were set. */
export function collectWrites(
  kernel: Kernel,
  accounts: Iterable<AccountEntry>,
  slots: Iterable<SlotEntry>,
): void {
  const index = kernel.scratch >>> 3;
  for (const entry of accounts) {
    if (entry.nonce !== undefined && entry.nonce !== entry.nonceBase) {
      writeU256(kernel.u64, index, entry.nonce);
      kernel.writeValue(kernel.nonceLocation(entry.record));
    }
    if (entry.balanceSet !== undefined) {
      const balance = entry.balanceSet + entry.balanceDelta;
      if (!entry.balanceObserved || balance !== entry.balanceBase) {
        writeU256(kernel.u64, index, balance & MASK_256);
        kernel.writeValue(kernel.balanceLocation(entry.record));
      }
    } else if (entry.balanceDelta !== 0n) {
      writeU256(kernel.u64, index, entry.balanceDelta & MASK_256);
      kernel.writeDelta(kernel.balanceLocation(entry.record));
    }
    if (
      entry.codeHash !== undefined &&
      (entry.codeHashBase === undefined || !equalBytes(entry.codeHash, entry.codeHashBase))
    ) {
      kernel.u8.set(entry.codeHash, kernel.scratch);
      kernel.writeValue(kernel.codeHashLocation(entry.record));
    }
    if (entry.destroyed && !(entry.created && !entry.hasStorageBase)) {
      writeU256(kernel.u64, index, 1n);
      kernel.writeValue(kernel.storageResetLocation(entry.record));
    }
  }
  for (const slot of slots) {
    if (!slot.loaded || slot.value === slot.original || slot.account.destroyed) continue;
    writeU256(kernel.u64, index, slot.value);
    kernel.writeValue(slot.location);
  }
}
