// Which transactions of a block had to wait for which, and where: read off what each one read and wrote in the end. It is the same whoever
// executes the block, however often and on however many threads.

import type { AccessField, TransactionResult } from "@braid/executor";
import { bytesToHex, type Hex } from "@braid/primitives";

/** What of a transaction's result says what it depends on. */
export type Accesses = Pick<TransactionResult, "sender" | "gasUsed" | "reads" | "writes">;

/** A value that one transaction wrote and a later one looked at. */
export interface Conflict {
  address: Hex;
  field: AccessField;
  /** Of a storage slot. */
  slot?: Hex;
  /** Transactions that wrote what others looked at, and those that looked, in order. */
  writers: number[];
  readers: number[];
  /** It lies on the longest way. */
  critical: boolean;
}

export interface Dependencies {
  /** For each transaction the ones whose writes it looked at, in order. */
  dependsOn: number[][];
  /** The chain of transactions, each waiting for the one before, with the most gas. */
  longest: number[];
  /** Its gas: no number of threads can do with less, one after the other. */
  longestGas: bigint;
  /** Locations that made somebody wait; those that made the most gas wait come first. */
  conflicts: Conflict[];
}

interface Location {
  address: Hex;
  field: AccessField;
  slot: Hex | undefined;
  /** Whoever reads the value depends on these: on the last one that set it, and those that added to it since. */
  writers: number[];
  /** The value after them, as far as anybody has looked at it. */
  value: bigint | undefined;
  conflict: { writers: Set<number>; readers: Set<number>; gas: bigint } | undefined;
}

/** One transaction waits for another one. */
interface Wait {
  on: number;
  at: Location;
}

/** Goes through the transactions in the block's order. PERF: one step for each read and write. */
export function findDependencies(transactions: readonly Accesses[]): Dependencies {
  const locations = new Locations();
  /** Gas of the longest way that ends with each transaction. */
  const ends: bigint[] = [];
  const before: (Wait | undefined)[] = [];
  const dependsOn = transactions.map((transaction, index) => {
    const waits = locations.read(transaction, index);
    const longest = waits.reduce<Wait | undefined>(
      (best, wait) => (best === undefined || gasAt(ends, wait.on) > gasAt(ends, best.on) ? wait : best),
      undefined,
    );
    before.push(longest);
    ends.push(transaction.gasUsed + (longest === undefined ? 0n : gasAt(ends, longest.on)));
    locations.write(transaction, index);
    return [...new Set(waits.map(({ on }) => on))].sort((a, b) => a - b);
  });
  const last = ends.reduce((best, gas, index) => (gas > gasAt(ends, best) ? index : best), 0);
  const { longest, critical } = wayTo(last, before);
  return {
    dependsOn,
    longest: transactions.length === 0 ? [] : longest,
    longestGas: gasAt(ends, last),
    conflicts: locations.conflicts(critical),
  };
}

function gasAt(ends: readonly bigint[], index: number): bigint {
  return ends[index] ?? 0n;
}

/** The chain that ends with a transaction, and where its links are. */
function wayTo(
  last: number,
  before: readonly (Wait | undefined)[],
): { longest: number[]; critical: Set<Location> } {
  const longest = [last];
  const critical = new Set<Location>();
  for (let wait = before[last]; wait !== undefined; wait = before[wait.on]) {
    longest.unshift(wait.on);
    critical.add(wait.at);
  }
  return { longest, critical };
}

class Locations {
  readonly #known = new Map<string, Location>();

  /** Whom a transaction waits for. */
  read({ sender, gasUsed, reads }: Accesses, index: number): Wait[] {
    const own = bytesToHex(sender);
    const waits: Wait[] = [];
    for (const { address, field, slot, min, max } of reads) {
      // That a value is within bounds ("the balance covers it") is foreseen, and so is a sender's own nonce.
      if (min !== max || (field === "nonce" && address === own)) continue;
      const at = this.#at(address, field, slot);
      for (const on of at.writers) waits.push({ on, at });
      if (at.writers.length > 0) noteConflict(at, index, gasUsed);
      at.value = min;
    }
    return waits;
  }

  write({ writes }: Accesses, index: number): void {
    for (const { address, field, slot, value, delta } of writes) {
      const at = this.#at(address, field, slot);
      if (delta !== undefined) {
        if (delta === 0n) continue;
        at.writers.push(index);
        at.value = undefined;
      } else if (value !== at.value) {
        // Who writes what was there makes nobody wait.
        at.writers = [index];
        at.value = value;
      }
    }
  }

  conflicts(critical: ReadonlySet<Location>): Conflict[] {
    const found = [...this.#known.values()].flatMap((at) =>
      at.conflict === undefined ? [] : [{ at, conflict: at.conflict }],
    );
    found.sort((a, b) => (a.conflict.gas < b.conflict.gas ? 1 : a.conflict.gas > b.conflict.gas ? -1 : 0));
    return found.map(({ at, conflict }) => ({
      address: at.address,
      field: at.field,
      ...(at.slot === undefined ? {} : { slot: at.slot }),
      writers: [...conflict.writers].sort((a, b) => a - b),
      readers: [...conflict.readers],
      critical: critical.has(at),
    }));
  }

  #at(address: Hex, field: AccessField, slot: Hex | undefined): Location {
    const key = `${address} ${field} ${slot ?? ""}`;
    let at = this.#known.get(key);
    if (at === undefined) {
      at = { address, field, slot, writers: [], value: undefined, conflict: undefined };
      this.#known.set(key, at);
    }
    return at;
  }
}

function noteConflict(at: Location, reader: number, gas: bigint): void {
  at.conflict ??= { writers: new Set(), readers: new Set(), gas: 0n };
  for (const writer of at.writers) at.conflict.writers.add(writer);
  at.conflict.readers.add(reader);
  at.conflict.gas += gas;
}
