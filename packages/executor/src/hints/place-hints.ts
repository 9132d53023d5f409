// Before a block runs: places estimates where writes are expected.

import type { Kernel } from "@braid/kernel";
import type { HintOptions } from "../block/block-input.ts";
import { type HintLocation, type HintMemory, locationId } from "./hint-memory.ts";

const ALL_HINTS: HintOptions = { accessLists: true, blockAccessList: true, facts: true, learned: true };
const NO_HINTS: HintOptions = { accessLists: false, blockAccessList: false, facts: false, learned: false };

/** The options that `hints` stands for. */
export function hintOptions(hints: boolean | Partial<HintOptions> | undefined): HintOptions {
  if (hints === undefined || hints === true) return ALL_HINTS;
  return hints === false ? NO_HINTS : { ...ALL_HINTS, ...hints };
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
