// A difference between two results of one block, as a value that a program can read and a sentence for people.
import type { Hex } from "@braid/primitives";

/** What a block's result was held against. */
export type Reference =
  /** The block's own header. */
  | "header"
  /** Braid's sequential run of the same block. */
  | "sequential"
  /** Stock @ethereumjs/vm. */
  | "stock";

/** The first thing that differs. Values are printable: decimal numbers, hex bytes, "none" for what is not there. */
export interface Difference {
  against: Reference;
  /** What differs: "gasUsed", "receiptsRoot", "stateRoot", "status", "logs[2].topics[0]", "balance", "storage", ... */
  field: string;
  expected: string;
  actual: string;
  /** Set when the difference belongs to one transaction: its place in the block, from 0. */
  transactionIndex?: number;
  /** Set when it is about the state. */
  address?: Hex;
  slot?: Hex;
}

const REFERENCE_NAMES: Record<Reference, string> = {
  header: "the header says",
  sequential: "the sequential run has",
  stock: "@ethereumjs/vm has",
};

/** One sentence: where, what, found and expected; long values are shortened. */
export function describeDifference(difference: Difference): string {
  const { against, field, expected, actual, transactionIndex, address, slot } = difference;
  const place = [
    transactionIndex === undefined ? undefined : `transaction ${transactionIndex}`,
    address === undefined ? undefined : `account ${address}`,
    slot === undefined ? undefined : `slot ${slot}`,
  ].filter((part) => part !== undefined);
  const where = place.length === 0 ? "" : `${place.join(", ")}: `;
  return `${where}${field} is ${shorten(actual)}, ${REFERENCE_NAMES[against]} ${shorten(expected)}`;
}

/** Hashes are shown whole; blooms, codes and outputs by their two ends. */
function shorten(value: string): string {
  if (value.length <= 80) return value;
  return `${value.slice(0, 34)}...${value.slice(-16)} (${(value.length - 2) / 2} bytes)`;
}
