// Before a block runs: prefetches what its transactions will read, and places estimates where writes are expected.

import type { Kernel } from "@braid/kernel";
import { bytesToHex } from "@braid/primitives";
import type { StateSource } from "@braid/state";
import type { BlockContext } from "../block/block-context.ts";
import type { HintOptions } from "../block/block-input.ts";
import { InvalidTransactionError } from "../errors.ts";
import type { FlatCache } from "../state/flat-cache.ts";
import { decodeTransaction, type Transaction } from "../transaction/transaction.ts";
import { functionKey } from "./call-target.ts";
import { type HintLocation, type HintMemory, locationId } from "./hint-memory.ts";

const ALL_HINTS: HintOptions = { accessLists: true, facts: true, learned: true };
const NO_HINTS: HintOptions = { accessLists: false, facts: false, learned: false };

/** The options that `hints` stands for. */
export function hintOptions(hints: boolean | Partial<HintOptions> | undefined): HintOptions {
  if (hints === undefined || hints === true) return ALL_HINTS;
  return hints === false ? NO_HINTS : { ...ALL_HINTS, ...hints };
}

/**
 * Fetches from a source that answers one by one what the block is going to read, all at once instead of one miss at a time.
 * A failed prefetch means nothing: the read itself will fail again if it is really made.
 */
export async function prefetch(
  cache: FlatCache,
  source: StateSource,
  transactions: Uint8Array[],
  context: BlockContext,
  memory: HintMemory,
  options: HintOptions,
): Promise<void> {
  const accounts = new Map<string, Uint8Array>();
  const slots: { address: Uint8Array; slot: Uint8Array }[] = [];
  if (options.facts) accounts.set(bytesToHex(context.coinbase), context.coinbase);
  for (const raw of transactions) {
    const target = decodeOrSkip(raw);
    if (target === undefined) continue;
    if (options.facts && target.to !== undefined) accounts.set(bytesToHex(target.to), target.to);
    if (options.accessLists) {
      for (const entry of target.accessList) {
        accounts.set(bytesToHex(entry.address), entry.address);
        for (const slot of entry.slots) slots.push({ address: entry.address, slot });
      }
    }
    const key = options.learned ? functionKey(raw) : undefined;
    if (key === undefined) continue;
    for (const { address, slot } of memory.expect(key)) {
      if (slot === undefined) accounts.set(bytesToHex(address), address);
      else slots.push({ address, slot });
    }
  }
  await Promise.allSettled([...accounts.values()].map((address) => cache.fetchAccount(source, address)));
  await Promise.allSettled(slots.map(({ address, slot }) => cache.fetchSlot(source, address, slot)));
}

/** A malformed transaction makes the block invalid; whoever executes it says so with its index. */
function decodeOrSkip(raw: Uint8Array): Transaction | undefined {
  try {
    return decodeTransaction(raw);
  } catch (error) {
    if (error instanceof InvalidTransactionError) return undefined;
    throw error;
  }
}

/**
 * Places an estimate for each expected write that another transaction of the block is expected to make too, and ties each of
 * these transactions to the one before it: whoever executes that one goes on with this one.
 */
export function placeEstimates(kernel: Kernel, keys: (string | undefined)[], memory: HintMemory): void {
  const expected = new Map<string, { at: HintLocation; units: number[] }>();
  for (const [i, key] of keys.entries()) {
    if (key === undefined) continue;
    for (const at of memory.expect(key)) {
      const id = locationId(at);
      const found = expected.get(id);
      if (found === undefined) expected.set(id, { at, units: [i + 1] });
      else found.units.push(i + 1);
    }
  }
  const latest = new Map<number, number>();
  for (const { at, units } of expected.values()) {
    if (units.length < 2) continue;
    const location = locationOf(kernel, at);
    if (location === 0) return;
    for (const [i, unit] of units.entries()) {
      kernel.hintEstimate(location, unit);
      const before = units[i - 1];
      if (before !== undefined) latest.set(unit, Math.max(before, latest.get(unit) ?? 0));
    }
  }
  for (const [unit, before] of latest) kernel.setUnitAfter(unit, before);
}

/** The location in the multi-version memory; 0 when the arena is full. */
function locationOf(kernel: Kernel, { address, slot }: HintLocation): number {
  kernel.u8.set(address, kernel.scratch);
  const record = kernel.account();
  if (record === 0) return 0;
  if (slot === undefined) return kernel.nonceLocation(record);
  kernel.u8.set(slot, kernel.scratch);
  return kernel.slot(record);
}
