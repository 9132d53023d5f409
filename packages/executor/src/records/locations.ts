// Reading the multi-version memory's records where they lie, for what only the main thread does after a block.

import {
  ACCOUNT_ADDRESS,
  ACCOUNT_LIST_NEXT,
  ENTRY_DATA,
  ENTRY_NEXT,
  ENTRY_UNIT,
  type Kernel,
} from "@braid/kernel";

function word(kernel: Kernel, ptr: number): number {
  return kernel.u32[ptr >>> 2] as number;
}

/** The account records from one on, in the order in which collectAccounts has linked them. */
export function* accountRecords(kernel: Kernel, first: number): Generator<number> {
  for (let record = first; record !== 0; record = word(kernel, record + ACCOUNT_LIST_NEXT)) yield record;
}

/** A copy of an account record's 20 address bytes. */
export function recordAddress(kernel: Kernel, record: number): Uint8Array {
  return kernel.u8.slice(record + ACCOUNT_ADDRESS, record + ACCOUNT_ADDRESS + 20);
}

/** Did a unit below `end` write the location? */
export function isWritten(kernel: Kernel, location: number, end: number): boolean {
  for (let entry = word(kernel, location); entry !== 0; entry = word(kernel, entry + ENTRY_NEXT)) {
    if (word(kernel, entry + ENTRY_UNIT) < end && word(kernel, entry + ENTRY_DATA) !== 0) return true;
  }
  return false;
}

/** The units below `end` that wrote the location, ascending. */
export function writers(kernel: Kernel, location: number, end: number): number[] {
  const units: number[] = [];
  for (let entry = word(kernel, location); entry !== 0; entry = word(kernel, entry + ENTRY_NEXT)) {
    const unit = word(kernel, entry + ENTRY_UNIT);
    if (unit < end && word(kernel, entry + ENTRY_DATA) !== 0) units.push(unit);
  }
  return units.reverse();
}
