// The root of a list against @ethereumjs/mpt.
import { createMPT } from "@ethereumjs/mpt";
import { RLP } from "@ethereumjs/rlp";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { EMPTY_LIST_ROOT, orderedTrieRoot } from "./list-root.ts";

async function mptRoot(values: Uint8Array[]): Promise<Uint8Array> {
  const trie = await createMPT();
  for (const [i, value] of values.entries()) await trie.put(RLP.encode(i), value);
  return trie.root();
}

describe("orderedTrieRoot", () => {
  it("is the empty trie's for no values", () => {
    expect(orderedTrieRoot([])).toEqual(EMPTY_LIST_ROOT);
  });

  it("is that of @ethereumjs/mpt, for short values and long ones", async () => {
    const value = fc.uint8Array({ minLength: 1, maxLength: 700 });
    await fc.assert(
      fc.asyncProperty(fc.array(value, { maxLength: 300 }), async (values) => {
        expect(orderedTrieRoot(values)).toEqual(await mptRoot(values));
      }),
      { numRuns: 40 },
    );
  });

  it("is that of @ethereumjs/mpt when a value is larger than any before", async () => {
    for (const length of [1_000, 1_100, 5_000, 70_000]) {
      const values = [new Uint8Array(length).fill(7), Uint8Array.of(1), new Uint8Array(2 * length).fill(9)];
      expect(orderedTrieRoot(values)).toEqual(await mptRoot(values));
    }
  });

  it("is that of @ethereumjs/mpt where the index grows by a byte", async () => {
    for (const count of [1, 2, 127, 128, 129, 255, 256, 257, 300]) {
      const values = Array.from({ length: count }, (_, i) => Uint8Array.of(i & 255, i >> 8, 1));
      expect(orderedTrieRoot(values)).toEqual(await mptRoot(values));
    }
  });
});
