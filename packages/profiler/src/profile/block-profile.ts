// What was measured of a block: plain data that survives JSON, and that the simulator, the ranking and the reports are made from.

import type { AccessField } from "@braid/executor";
import type { Hex } from "@braid/primitives";

/** A value that units read and write. */
export interface ProfileLocation {
  address: Hex;
  field: AccessField;
  /** Of a storage slot: 32 bytes. */
  slot?: Hex;
  /** Its value before the block. */
  before: Hex;
}

/** The unit saw a value from `min` to `max`; without `max` it looked at the value itself. */
export interface ProfileRead {
  /** Index among the profile's locations. */
  location: number;
  min: Hex;
  max?: Hex;
  /** The protocol's own check of a sender, which speculation takes for granted until the commit. */
  assumed?: true;
}

/** What the unit left behind: a value, or for a balance what was added to it. */
export interface ProfileWrite {
  location: number;
  value?: Hex;
  /** Signed, in decimal. */
  delta?: string;
  /** The value is the one before plus something that does not depend on it. */
  adds?: Addition;
}

export interface Addition {
  /** What is added, modulo 2^256. */
  by: Hex;
  /**
   * How that is known. "seems": the unit was run again on other values of the location, and added the same, with the same result in everything else.
   * Another value might still show a difference.
   */
  how: "seems";
}

/** One unit of the block. Times are milliseconds, medians over the runs. */
export interface UnitProfile {
  kind: "prologue" | "transaction" | "epilogue";
  /** Of a transaction: its hash, sender, receiver (none for a creation), and the first four bytes of its data. */
  hash?: Hex;
  from?: Hex;
  to?: Hex;
  selector?: Hex;
  status?: 0 | 1;
  gasUsed: number;
  /** Recovering the sender and decoding, executing, hashing the receipt. */
  recoverMs: number;
  executeMs: number;
  settleMs: number;
  /** In the order in which the unit came to them. */
  reads: ProfileRead[];
  writes: ProfileWrite[];
}

/** A block that was measured, running in order. */
export interface BlockProfile {
  version: 1;
  number: number;
  transactions: number;
  gasUsed: number;
  /** How often it was run. */
  runs: number;
  /** The whole of it in order, and what of that the main thread does while no worker runs: prepares, loads the state, collects the result. */
  sequentialMs: number;
  mainThreadMs: number;
  locations: ProfileLocation[];
  /** Addresses in the transactions' data, each once: the keys of mappings are often among them. */
  arguments: Hex[];
  /** What comes before the transactions, the transactions, what comes behind them. */
  units: UnitProfile[];
}

/** The name of a location: stable, and what `--without` takes: an address, and a slot or a field behind a colon. */
export function locationKey({ address, field, slot }: Omit<ProfileLocation, "before">): string {
  return `${address}:${slot ?? field}`;
}
