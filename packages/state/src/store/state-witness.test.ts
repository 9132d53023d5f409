// A witness of a state is enough for what it was made for, and has nothing that could be left out.

import { bytesToHex } from "@braid/primitives";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { addressOf, slotOf, stateChanges } from "../testing/arbitrary-changes.ts";
import { hashOf, openStore, STORE_KINDS } from "../testing/stores.ts";
import { WitnessStateSource } from "../witness-state-source.ts";

const ADDRESSES = [0, 1, 2, 3, 4, 99].map(addressOf);
const SLOTS = [0, 1, 2, 77].map(slotOf);

describe.each(STORE_KINDS)("of a store in %s", (kind) => {
  test("reads and roots", async () => {
    const runs = Number(process.env.BRAID_ROUNDS ?? (kind === "memory" ? 100 : 15));
    const property = fc.asyncProperty(
      stateChanges,
      stateChanges,
      fc.nat(),
      async ({ changes: first }, { changes: next }, chosen) => {
        const opened = await openStore(kind);
        await opened.store.prepare(undefined, first).commit({ hash: hashOf(0), number: 0n });
        const store = await opened.reopen();
        const state = store.stateAt(hashOf(0));
        const witness = state.witness();
        for (const address of ADDRESSES) witness.read(address, SLOTS);
        const { root } = store.prepare(hashOf(0), next);
        expect(bytesToHex(witness.rootAfter(next))).toBe(bytesToHex(root));
        const { nodes } = witness;
        const use = (some: readonly Uint8Array[]): void => {
          const source = new WitnessStateSource({ parentStateRoot: state.stateRoot, nodes: some, codes: [] });
          for (const address of ADDRESSES) {
            expect(source.getAccount(address)).toEqual(state.getAccount(address));
            for (const slot of SLOTS)
              expect(source.getStorage(address, slot)).toBe(state.getStorage(address, slot));
          }
          expect(bytesToHex(source.rootAfter(next))).toBe(bytesToHex(root));
        };
        use(nodes);
        expect(new Set(nodes.map(bytesToHex)).size).toBe(nodes.length);
        const left = chosen % Math.max(1, nodes.length);
        if (nodes.length > 0)
          expect(() => use(nodes.filter((_, i) => i !== left))).toThrow(
            expect.objectContaining({ code: "BRAID_MISSING_NODE" }),
          );
        await opened.remove();
      },
    );
    await fc.assert(property, { numRuns: runs });
  }, 600_000);
});
