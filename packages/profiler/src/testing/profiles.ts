// For tests: profiles of blocks that never were.

import type { Hex } from "@braid/primitives";
import type { BlockProfile, UnitProfile } from "../profile/block-profile.ts";

const CONTRACT: Hex = `0x${"c0".repeat(20)}`;

/** A transaction of 1 ms, unless it says otherwise, that reads and writes such values at the slots with these numbers. */
export function transaction({
  ms = 1,
  reads = [],
  writes = [],
}: {
  ms?: number;
  reads?: [slot: number, value: number][];
  writes?: [slot: number, value: number][];
}): UnitProfile {
  return {
    kind: "transaction",
    hash: `0x${"00".repeat(32)}`,
    from: `0x${"f0".repeat(20)}`,
    to: CONTRACT,
    selector: "0x12345678",
    status: 1,
    gasUsed: 21_000,
    recoverMs: 0,
    executeMs: ms,
    settleMs: 0,
    reads: reads.map(([location, value]) => ({ location, min: hex(value) })),
    writes: writes.map(([location, value]) => ({ location, value: hex(value) })),
  };
}

/** A block of them over slots that are all zero. */
export function profileOf(transactions: UnitProfile[]): BlockProfile {
  const system = { gasUsed: 0, recoverMs: 0, executeMs: 0, settleMs: 0, reads: [], writes: [] };
  const units: UnitProfile[] = [
    { kind: "prologue", ...system },
    ...transactions,
    { kind: "epilogue", ...system },
  ];
  const used = units.flatMap(({ reads, writes }) => [...reads, ...writes].map(({ location }) => location));
  return {
    version: 1,
    number: 1,
    transactions: transactions.length,
    gasUsed: 21_000 * transactions.length,
    runs: 1,
    sequentialMs: units.reduce((sum, { executeMs }) => sum + executeMs, 0),
    mainThreadMs: 0,
    locations: Array.from({ length: Math.max(0, ...used) + 1 }, (_, slot) => ({
      address: CONTRACT,
      field: "storage",
      slot: `0x${slot.toString(16).padStart(64, "0")}`,
      before: "0x0",
    })),
    arguments: [],
    units,
  };
}

function hex(value: number): Hex {
  return `0x${value.toString(16)}`;
}
