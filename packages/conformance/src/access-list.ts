// A fixture's block access list against the one that Braid has built.

import { bytesToHex } from "@braid/primitives";
import type { BlockAccessList } from "@braid/protocol";

/** The fixtures' form of a list, with all numbers in their shortest form. */
interface FixtureAccount {
  address: string;
  nonceChanges: { blockAccessIndex: string; postNonce: string }[];
  balanceChanges: { blockAccessIndex: string; postBalance: string }[];
  codeChanges: { blockAccessIndex: string; newCode: string }[];
  storageChanges: { slot: string; slotChanges: { blockAccessIndex: string; postValue: string }[] }[];
  storageReads: string[];
}

const hex = (value: number | bigint | string): string => `0x${BigInt(value).toString(16)}`;

/** The first difference, or undefined. */
export function compareAccessLists(fixture: unknown, list: BlockAccessList): string | undefined {
  return firstDifference((fixture as FixtureAccount[]).map(normalize), list.map(toFixture), "access list");
}

function toFixture(account: BlockAccessList[number]): FixtureAccount {
  return {
    address: account.address,
    nonceChanges: account.nonceChanges.map(({ index, value }) => ({
      blockAccessIndex: hex(index),
      postNonce: hex(value),
    })),
    balanceChanges: account.balanceChanges.map(({ index, value }) => ({
      blockAccessIndex: hex(index),
      postBalance: hex(value),
    })),
    codeChanges: account.codeChanges.map(({ index, value }) => ({
      blockAccessIndex: hex(index),
      newCode: bytesToHex(value),
    })),
    storageChanges: account.storageChanges.map(({ slot, changes }) => ({
      slot: hex(slot),
      slotChanges: changes.map(({ index, value }) => ({
        blockAccessIndex: hex(index),
        postValue: hex(value),
      })),
    })),
    storageReads: account.storageReads.map(hex),
  };
}

/** Fixtures write numbers with leading zeros. */
function normalize(account: FixtureAccount): FixtureAccount {
  return {
    address: account.address,
    nonceChanges: account.nonceChanges.map((change) => ({
      blockAccessIndex: hex(change.blockAccessIndex),
      postNonce: hex(change.postNonce),
    })),
    balanceChanges: account.balanceChanges.map((change) => ({
      blockAccessIndex: hex(change.blockAccessIndex),
      postBalance: hex(change.postBalance),
    })),
    codeChanges: account.codeChanges.map((change) => ({
      blockAccessIndex: hex(change.blockAccessIndex),
      newCode: change.newCode,
    })),
    storageChanges: account.storageChanges.map(({ slot, slotChanges }) => ({
      slot: hex(slot),
      slotChanges: slotChanges.map((change) => ({
        blockAccessIndex: hex(change.blockAccessIndex),
        postValue: hex(change.postValue),
      })),
    })),
    storageReads: account.storageReads.map(hex),
  };
}

function firstDifference(expected: unknown, found: unknown, path: string): string | undefined {
  if (typeof expected !== "object" || typeof found !== "object" || expected === null || found === null)
    return expected === found ? undefined : `${path}: ${String(found)} instead of ${String(expected)}`;
  const keys = new Set([...Object.keys(expected), ...Object.keys(found)]);
  for (const key of keys) {
    const [left, right] = [
      (expected as Record<string, unknown>)[key],
      (found as Record<string, unknown>)[key],
    ];
    const difference = firstDifference(left, right, `${path}.${key}`);
    if (difference !== undefined) return difference;
  }
  return undefined;
}
