// Dependencies by what transactions read and wrote.

import type { ReadAccess, WriteAccess } from "@braid/executor";
import { bytesToHex, type Hex } from "@braid/primitives";
import { expect, test } from "vitest";
import { type Accesses, findDependencies } from "./dependencies.ts";

const sender = (n: number): Uint8Array => new Uint8Array(20).fill(n);
const A = bytesToHex(sender(0xaa));
const SLOT: Hex = "0x01";

const at = (field: ReadAccess["field"], address = A) =>
  ({ address, field, ...(field === "storage" ? { slot: SLOT } : {}) }) as const;
const read = (value: bigint, field: ReadAccess["field"] = "storage"): ReadAccess => ({
  ...at(field),
  min: value,
  max: value,
});
const set = (value: bigint, field: WriteAccess["field"] = "storage"): WriteAccess => ({
  ...at(field),
  value,
});
const add = (delta: bigint): WriteAccess => ({ ...at("balance"), delta });

function transaction(n: number, gasUsed: bigint, reads: ReadAccess[], writes: WriteAccess[]): Accesses {
  return { sender: sender(n), gasUsed, reads, writes };
}

test("a block without transactions has none", () => {
  expect(findDependencies([])).toEqual({ dependsOn: [], longest: [], longestGas: 0n, conflicts: [] });
});

test("who reads what another one wrote waits for it; the longest chain has the most gas", () => {
  const found = findDependencies([
    transaction(1, 10n, [read(0n)], [set(1n)]),
    transaction(2, 60n, [], []),
    transaction(3, 20n, [read(1n)], [set(2n)]),
    transaction(4, 5n, [read(2n)], []),
    transaction(5, 70n, [read(2n)], []),
  ]);
  expect(found).toEqual({
    dependsOn: [[], [], [0], [2], [2]],
    longest: [0, 2, 4],
    longestGas: 100n,
    conflicts: [
      { address: A, field: "storage", slot: SLOT, writers: [0, 2], readers: [2, 3, 4], critical: true },
    ],
  });
});

test("additions to a balance wait for nobody; who looks at it waits for all of them since it was set", () => {
  const { dependsOn, longest, conflicts } = findDependencies([
    transaction(1, 10n, [], [set(7n, "balance")]),
    transaction(2, 30n, [], [add(1n)]),
    transaction(3, 20n, [], [add(2n)]),
    transaction(4, 10n, [], [add(0n)]),
    transaction(5, 10n, [read(10n, "balance")], [add(1n)]),
    transaction(6, 10n, [read(11n, "balance")], []),
  ]);
  expect(dependsOn).toEqual([[], [], [], [], [0, 1, 2], [0, 1, 2, 4]]);
  expect(longest).toEqual([1, 4, 5]);
  expect(conflicts).toMatchObject([{ field: "balance", writers: [0, 1, 2, 4], readers: [4, 5] }]);
});

test("bounds, a sender's own nonce, and a value that was there before make nobody wait", () => {
  const range: ReadAccess = { ...at("balance"), min: 5n, max: 9n };
  const own = bytesToHex(sender(1));
  const nonce = (value: bigint) => ({ address: own, field: "nonce", min: value, max: value }) as const;
  const next = (value: bigint) => ({ address: own, field: "nonce", value }) as const;
  const { dependsOn, conflicts } = findDependencies([
    transaction(1, 1n, [nonce(0n), read(4n)], [next(1n), set(8n, "balance"), set(4n)]),
    transaction(1, 1n, [nonce(1n), range, read(4n)], [next(2n)]),
    // Somebody else who looks at that nonce does wait.
    transaction(2, 1n, [nonce(2n)], []),
  ]);
  expect(dependsOn).toEqual([[], [], [1]]);
  expect(conflicts).toMatchObject([{ address: own, field: "nonce", writers: [1], readers: [2] }]);
});
