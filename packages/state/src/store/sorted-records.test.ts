// Sorted entries against a plain map, over many chunks.
import { bytesToHex, hexToBytes, Random } from "@braid/primitives";
import { expect, test } from "vitest";
import type { RecordChange } from "./records.ts";
import { SortedRecords } from "./sorted-records.ts";

test.each([1, 2, 3])("random changes and ranges give what a sorted map gives (seed %i)", (seed) => {
  const random = new Random(seed);
  const records = new SortedRecords();
  const model = new Map<string, string>();
  const keyAt = (): Uint8Array => {
    const key = new Uint8Array(1 + random.below(3));
    for (let i = 0; i < key.length; i++) key[i] = random.below(256);
    return key;
  };
  const check = (from?: Uint8Array, to?: Uint8Array): void => {
    const expected = [...model]
      .filter(([key]) => (!from || key >= bytesToHex(from)) && (!to || key < bytesToHex(to)))
      .sort(([a], [b]) => (a < b ? -1 : 1));
    const range = { ...(from && { from }), ...(to && { to }) };
    const found = [...records.entries(range)].map(([key, value]) => [bytesToHex(key), bytesToHex(value)]);
    expect(found).toEqual(expected);
    const reversed = [...records.entries({ ...range, reverse: true })].map(([key]) => bytesToHex(key));
    expect(reversed).toEqual(expected.map(([key]) => key).reverse());
  };
  for (let round = 0; round < 12; round++) {
    // Grows for some rounds, then shrinks to almost nothing.
    const removing = round >= 8;
    const changes: RecordChange[] = Array.from({ length: 700 }, (_, i) => ({
      key: keyAt(),
      value: removing ? undefined : Uint8Array.of(round, i & 0xff),
    }));
    if (removing)
      for (const key of model.keys())
        if (random.below(3) > 0) changes.push({ key: hexToBytes(key), value: undefined });
    records.change(changes);
    for (const { key, value } of changes)
      if (value === undefined) model.delete(bytesToHex(key));
      else model.set(bytesToHex(key), bytesToHex(value));
    check();
    for (let i = 0; i < 4; i++) check(keyAt(), keyAt());
    for (const [key, value] of [...model].slice(0, 50))
      expect(bytesToHex(records.get(hexToBytes(key)) ?? new Uint8Array(0))).toBe(value);
    expect(records.get(new Uint8Array(9))).toBeUndefined();
  }
  expect(model.size).toBeLessThan(700);
});
