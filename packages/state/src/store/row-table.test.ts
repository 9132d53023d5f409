// Rows by their keys against a map of strings.
import { bytesToHex } from "@braid/primitives";
import fc from "fast-check";
import { expect, it } from "vitest";
import { RowTable } from "./row-table.ts";

// Few keys, so that rows come, go and come again; many of them, so that the table grows.
const key = fc.oneof(fc.integer({ min: 0, max: 20 }), fc.integer({ min: 0, max: 1_000 }));
const steps = fc.array(fc.record({ key, keep: fc.boolean() }), { maxLength: 600 });

it("finds what is there, whatever came and went before", () => {
  fc.assert(
    fc.property(steps, (list) => {
      const table = new RowTable(8, 16);
      const model = new Map<string, number>();
      const bytes = new Uint8Array(10);
      for (const [i, step] of list.entries()) {
        // The key lies somewhere in the middle.
        new DataView(bytes.buffer).setUint32(2, step.key);
        const name = bytesToHex(bytes.subarray(2));
        const row = table.find(bytes, 2);
        expect(row < 0 ? undefined : table.u32[4 * row + 2]).toBe(model.get(name));
        if (!step.keep && row >= 0) {
          table.remove(row);
          model.delete(name);
        } else {
          const to = row < 0 ? table.add(bytes, 2) : row;
          table.u32[4 * to + 2] = i;
          model.set(name, i);
        }
      }
      expect(table.size).toBe(model.size);
      const rows = Array.from(table.rows(), (row) =>
        bytesToHex(table.bytes.subarray(16 * row, 16 * row + 8)),
      );
      expect(rows.sort()).toEqual([...model.keys()].sort());
    }),
  );
});
