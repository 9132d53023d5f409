// What a finished incarnation accessed, changed or not: what a block access list names (EIP-7928).
//
// In the block arena: account count u32 | slot count u32 | account records u32 each | slot locations u32 each.

import type { Kernel } from "@braid/kernel";
import type { AccountEntry, SlotEntry } from "./entries.ts";

/**
 * Writes the list; returns its ptr, 0 when the arena is full. A reverted frame's accesses count: they were made.
 *
 * @param marked the fork says what an access to an account is (EIP-7928), and the engine has marked them; before, it is
 *   having been looked at.
 */
export function collectAccesses(
  kernel: Kernel,
  accounts: ReadonlyMap<number, AccountEntry>,
  slots: ReadonlyMap<number, SlotEntry>,
  marked: boolean,
): number {
  const start = kernel.alloc(8 + 4 * (accounts.size + slots.size));
  if (start === 0) return 0;
  const { u32 } = kernel;
  const counts = start >>> 2;
  let at = counts + 2;
  // An account that was only warmed is neither.
  for (const entry of accounts.values()) if (marked ? entry.accessed : entry.loaded) u32[at++] = entry.record;
  u32[counts] = at - counts - 2;
  const firstSlot = at;
  for (const slot of slots.values()) if (slot.loaded) u32[at++] = slot.location;
  u32[counts + 1] = at - firstSlot;
  return start;
}
