// A block access list (EIP-7928) as hints: all that the block reads is fetched at once, and what its transactions write is expected with its
// value, so that those behind them need not wait. It may come from anybody: what is wrong in it costs time.

import type { Kernel } from "@braid/kernel";
import { hexToBytes } from "@braid/primitives";
import type { BlockAccessList } from "@braid/protocol";
import { writeU256 } from "../records/words.ts";
import type { StateReader } from "../state/state-reader.ts";

/** Fetches every account and slot of the list, as much at once as the reader allows. A failed one will fail again if it is really read. */
export async function prefetchAccessList(reader: StateReader, list: BlockAccessList): Promise<void> {
  await Promise.allSettled(
    list.flatMap(({ address: hex, storageChanges, storageReads }) => {
      const address = hexToBytes(hex);
      const slots = [...storageReads, ...storageChanges.map(({ slot }) => slot)];
      return [
        reader.fetchAccount(address),
        ...slots.map((slot) => reader.fetchSlot(address, hexToBytes(slot))),
      ];
    }),
  );
}

/**
 * Expects the writes of the list. Its steps are the block's units: 0 the prologue, then the transactions, then the epilogue. Balances are
 * left out: fees and transfers are deltas that nobody reads. Who reads a code that is made in the block waits for it, because the code itself is not there
 * before.
 */
export function placeAccessList(kernel: Kernel, list: BlockAccessList, units: number): void {
  const value = kernel.scratch >>> 3;
  for (const { address, storageChanges, nonceChanges, codeChanges } of list) {
    if (storageChanges.length + nonceChanges.length + codeChanges.length === 0) continue;
    kernel.u8.set(hexToBytes(address), kernel.scratch);
    const record = kernel.account();
    // The arena is full, which the run will notice.
    if (record === 0) return;
    for (const { slot, changes } of storageChanges) {
      kernel.u8.set(hexToBytes(slot), kernel.scratch);
      const location = kernel.slot(record);
      if (location === 0) return;
      for (const change of changes) {
        if (change.index >= units) continue;
        writeU256(kernel.u64, value, change.value);
        kernel.hintValue(location, change.index);
      }
    }
    for (const change of nonceChanges) {
      if (change.index >= units) continue;
      writeU256(kernel.u64, value, change.value);
      kernel.hintValue(kernel.nonceLocation(record), change.index);
    }
    for (const { index } of codeChanges)
      if (index < units) kernel.hintEstimate(kernel.codeHashLocation(record), index);
  }
}
