// What a finished incarnation accessed, changed or not: what a block access list names (EIP-7928). Layout: ACCESSES_*.

import { ACCESSES_ACCOUNT_COUNT, ACCESSES_LISTS, ACCESSES_SLOT_COUNT, type Kernel } from "@braid/kernel";
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
  const start = kernel.alloc(ACCESSES_LISTS + 4 * (accounts.size + slots.size));
  if (start === 0) return 0;
  const { u32 } = kernel;
  const firstAccount = (start + ACCESSES_LISTS) >>> 2;
  let at = firstAccount;
  // An account that was only warmed is neither.
  for (const entry of accounts.values()) if (marked ? entry.accessed : entry.loaded) u32[at++] = entry.record;
  u32[(start + ACCESSES_ACCOUNT_COUNT) >>> 2] = at - firstAccount;
  const firstSlot = at;
  for (const slot of slots.values()) if (slot.loaded) u32[at++] = slot.location;
  u32[(start + ACCESSES_SLOT_COUNT) >>> 2] = at - firstSlot;
  return start;
}
