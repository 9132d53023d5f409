// The bundle format: what is written is read again, equal content gives equal payloads, and every kind of damage has its own code.

import { bytesToHex, concatBytes, hexToBytes } from "@braid/primitives";
import { EMPTY_CODE_HASH, type FlatAccount } from "@braid/state";
import { RLP } from "@ethereumjs/rlp";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Bundle, decodeBundle, encodeBundle } from "./bundle.ts";
import { sealPayload } from "./bundle-container.ts";
import { keccak256 } from "./keccak.ts";

/** Nothing else is needed of a chain that is known. */
const MAINNET = { name: "mainnet", chainId: 1 };

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const account: fc.Arbitrary<FlatAccount> = fc.record({
  address: bytes(20),
  account: fc.option(
    fc.record({
      nonce: fc.bigInt(0n, 2n ** 64n - 1n),
      balance: fc.bigInt(0n, 2n ** 256n - 1n),
      codeHash: fc.oneof(fc.constant(EMPTY_CODE_HASH), bytes(32)),
      hasStorage: fc.boolean(),
    }),
    { nil: undefined },
  ),
  storage: fc.uniqueArray(fc.tuple(bytes(32), fc.bigInt(0n, 2n ** 256n - 1n)), {
    selector: ([slot]) => bytesToHex(slot),
    maxLength: 4,
  }),
});
const accounts = fc.uniqueArray(account, { selector: ({ address }) => bytesToHex(address), maxLength: 6 });
const codes = fc
  .uniqueArray(fc.uint8Array({ maxLength: 90 }), { selector: (code) => bytesToHex(code), maxLength: 4 })
  .map((list) => list.map((code): [Uint8Array, Uint8Array] => [keccak256(code), code]));
const pre = fc.record({ accounts, codes });
const rlpList = fc
  .array(fc.uint8Array({ maxLength: 60 }), { maxLength: 4 })
  .map((items) => RLP.encode(items));
const state: fc.Arbitrary<Bundle["state"]> = fc.oneof(
  fc.record({ kind: fc.constant("flat" as const), pre }),
  fc.record(
    { kind: fc.constant("complete" as const), pre, stateRoot: bytes(32) },
    { requiredKeys: ["kind", "pre"] },
  ),
  fc.record(
    {
      kind: fc.constant("witness" as const),
      stateRoot: bytes(32),
      nodes: fc.array(fc.uint8Array({ minLength: 1, maxLength: 90 }), { maxLength: 5 }),
      codes: fc.array(fc.uint8Array({ maxLength: 90 }), { maxLength: 5 }),
      treatAsAbsent: fc.array(bytes(20).map(bytesToHex), { maxLength: 2 }),
    },
    { requiredKeys: ["kind", "stateRoot", "nodes", "codes"] },
  ),
);
const bundles: fc.Arbitrary<Bundle> = fc.record(
  {
    chain: fc.constantFrom(MAINNET, {
      name: "own",
      chainId: 1337,
      hardforks: [{ name: "chainstart", block: 0 }],
    }),
    blocks: fc.array(rlpList, { minLength: 1, maxLength: 3 }),
    state,
    blockHashes: fc
      .array(fc.tuple(fc.bigInt(0n, 2n ** 40n), bytes(32)), { maxLength: 4 })
      .map((pairs) => new Map(pairs)),
    parentHeader: rlpList,
    comment: fc.string(),
  },
  { requiredKeys: ["chain", "blocks", "state", "blockHashes"] },
);

/** The same bundle with every unordered list in one order. */
function normal(bundle: Bundle): unknown {
  const { state: held } = bundle;
  const order = (list: Uint8Array[]): string[] => list.map(bytesToHex).sort();
  const base = {
    ...bundle,
    blockHashes: [...bundle.blockHashes].sort(),
    blocks: bundle.blocks.map(bytesToHex),
  };
  if (held.kind === "witness") {
    return {
      ...base,
      state: {
        ...held,
        nodes: order(held.nodes),
        codes: order(held.codes),
        treatAsAbsent: held.treatAsAbsent?.toSorted(),
      },
    };
  }
  const flat = held.pre.accounts.map((entry) => ({
    ...entry,
    address: bytesToHex(entry.address),
    storage: entry.storage.map(([slot, value]) => `${bytesToHex(slot)}=${value}`).sort(),
  }));
  const byAddress = flat.sort((left, right) => (left.address < right.address ? -1 : 1));
  return {
    ...base,
    state: {
      ...held,
      pre: {
        accounts: byAddress,
        codes: held.pre.codes.map(([hash, code]) => bytesToHex(hash) + bytesToHex(code)).sort(),
      },
    },
  };
}

const sample: Bundle = {
  chain: MAINNET,
  blocks: [RLP.encode([Uint8Array.of(1), Uint8Array.of(2)])],
  state: {
    kind: "flat",
    pre: { accounts: [{ address: new Uint8Array(20).fill(7), account: undefined, storage: [] }], codes: [] },
  },
  blockHashes: new Map([[3n, new Uint8Array(32).fill(3)]]),
};

/** The code of what decoding throws. */
function codeOf(file: Uint8Array): string | undefined {
  try {
    decodeBundle(file);
    return undefined;
  } catch (error) {
    return error instanceof Error && "code" in error ? String(error.code) : "no code";
  }
}

describe("a bundle", () => {
  test("is read as it was written, in every compression", () => {
    fc.assert(
      fc.property(
        bundles,
        fc.constantFrom("none" as const, "gzip" as const, "brotli" as const),
        (bundle, compression) => {
          expect(normal(decodeBundle(encodeBundle(bundle, { compression })))).toEqual(normal(bundle));
        },
      ),
      { numRuns: 200 },
    );
  });

  test("has the same bytes whatever order its accounts, slots and codes are in", () => {
    fc.assert(
      fc.property(pre, (flat) => {
        const shuffled = {
          accounts: flat.accounts
            .toReversed()
            .map((entry) => ({ ...entry, storage: entry.storage.toReversed() })),
          codes: flat.codes.toReversed(),
        };
        const file = encodeBundle({ ...sample, state: { kind: "flat", pre: flat } });
        expect(encodeBundle({ ...sample, state: { kind: "flat", pre: shuffled } })).toEqual(file);
      }),
    );
  });

  test("skips sections that it does not know", () => {
    const payload = RLP.decode(encodeBundle(sample, { compression: "none" }).subarray(60));
    if (!Array.isArray(payload)) throw new Error("the payload is a list");
    const extended = sealPayload(
      RLP.encode([...payload, [new TextEncoder().encode("later"), Uint8Array.of(1)]]),
      "none",
    );
    expect(normal(decodeBundle(extended))).toEqual(normal(sample));
  });
});

/** Three big-endian bytes, as they stand behind 0xfa. */
function lengthOf({ length }: Uint8Array): Uint8Array {
  return Uint8Array.of(length >> 16, length >> 8, length);
}

describe("a damaged bundle", () => {
  const file = encodeBundle(sample);

  test("cut anywhere is truncated, or no bundle when even its signature is cut", () => {
    for (let length = 0; length < file.length; length += 1) {
      expect(codeOf(file.subarray(0, length))).toBe(
        length < 8 ? "BRAID_FILE_UNKNOWN_FORMAT" : "BRAID_FILE_TRUNCATED",
      );
    }
  });

  test.each(["none", "gzip", "brotli"] as const)("with any bit flipped is refused (%s)", (compression) => {
    const whole = encodeBundle(sample, { compression });
    let refused = 0;
    for (let at = 0; at < whole.length; at += 1) {
      const bad = whole.slice();
      bad[at] = (bad[at] ?? 0) ^ 0x10;
      const code = codeOf(bad);
      if (code === undefined) {
        // Compressors have bits without meaning (gzip's time stamp, for one): then the content is still the same.
        expect(at).toBeGreaterThanOrEqual(60);
        expect(decodeBundle(bad)).toEqual(decodeBundle(whole));
      } else {
        refused += 1;
        expect(code).toMatch(/^BRAID_(FILE_(UNKNOWN_FORMAT|TRUNCATED|CORRUPT|TOO_LARGE)|BUNDLE_VERSION)$/);
      }
    }
    expect(refused).toBeGreaterThan(whole.length * 0.9);
  });

  test("with bytes after its end is corrupt", () => {
    expect(codeOf(concatBytes(file, Uint8Array.of(0)))).toBe("BRAID_FILE_CORRUPT");
  });

  test("of another version says so", () => {
    const later = file.slice();
    later[9] = 2;
    expect(codeOf(later)).toBe("BRAID_BUNDLE_VERSION");
  });

  test("that unfolds into more than it claims is refused", () => {
    const bomb = sealPayload(new Uint8Array(1_000_000), "gzip");
    new DataView(bomb.buffer).setBigUint64(20, 1000n);
    expect(codeOf(bomb)).toBe("BRAID_FILE_CORRUPT");
  });

  test("that claims more than the limit is refused before anything is unfolded", () => {
    for (const claim of [2n ** 32n - 1n, 2n ** 53n + 1n, 2n ** 64n - 1n]) {
      const claimed = encodeBundle(sample).slice();
      new DataView(claimed.buffer).setBigUint64(20, claim);
      expect(codeOf(claimed)).toBe("BRAID_FILE_TOO_LARGE");
    }
    const longBody = encodeBundle(sample).slice();
    new DataView(longBody.buffer).setBigUint64(12, 2n ** 64n - 1n);
    expect(codeOf(longBody)).toBe("BRAID_FILE_TRUNCATED");
  });

  test.each(["accounts", "nodes", "codes", "hashes", "later"])(
    "of few bytes that would become millions of items is refused (%s)",
    (section) => {
      const payload = RLP.encode([
        ["chain", JSON.stringify(MAINNET)],
        ["kind", section === "nodes" ? "witness" : "flat"],
        ["blocks", ["a"]],
      ]);
      const items = new Uint8Array(10_000_000).fill(section === "accounts" ? 0xc0 : 0x01);
      const pair = concatBytes(RLP.encode(section), Uint8Array.of(0xfa, 0x98, 0x96, 0x80), items);
      const sections = concatBytes(payload.subarray(2), Uint8Array.of(0xfa), lengthOf(pair), pair);
      const file = sealPayload(concatBytes(Uint8Array.of(0xfa), lengthOf(sections), sections), "gzip");
      expect(file.length).toBeLessThan(20_000);
      expect(codeOf(file)).toBe("BRAID_FILE_TOO_LARGE");
    },
  );

  test("with a block of millions of items is refused", () => {
    const block = concatBytes(Uint8Array.of(0xfa, 0x98, 0x96, 0x80), new Uint8Array(10_000_000).fill(0xc0));
    expect(codeOf(encodeBundle({ ...sample, blocks: [block] }, { compression: "gzip" }))).toBe(
      "BRAID_FILE_TOO_LARGE",
    );
  });

  test.each([
    ["not RLP", hexToBytes("0xff")],
    ["no list", RLP.encode(Uint8Array.of(1))],
    ["no sections", RLP.encode([])],
    ["a section that is no pair", RLP.encode([["chain"]])],
    [
      "a block that is no RLP",
      RLP.encode([
        ["chain", JSON.stringify(MAINNET)],
        ["kind", "flat"],
        ["accounts", []],
        ["blocks", [Uint8Array.of(0xc2, 0x81)]],
      ]),
    ],
    [
      "a section twice",
      RLP.encode([
        ["chain", "{}"],
        ["chain", "{}"],
      ]),
    ],
    [
      "a chain that is no JSON",
      RLP.encode([
        ["chain", "{"],
        ["blocks", ["a"]],
      ]),
    ],
    [
      "no blocks",
      RLP.encode([
        ["chain", JSON.stringify(MAINNET)],
        ["kind", "flat"],
        ["accounts", []],
        ["blocks", []],
      ]),
    ],
    [
      "an unknown kind",
      RLP.encode([
        ["chain", JSON.stringify(MAINNET)],
        ["kind", "other"],
        ["accounts", []],
        ["blocks", ["a"]],
      ]),
    ],
    [
      "a witness without root",
      RLP.encode([
        ["chain", JSON.stringify(MAINNET)],
        ["kind", "witness"],
        ["nodes", []],
        ["blocks", ["a"]],
      ]),
    ],
    [
      "a short address",
      RLP.encode([
        ["chain", JSON.stringify(MAINNET)],
        ["kind", "flat"],
        ["accounts", [["a", [], []]]],
        ["blocks", ["a"]],
      ]),
    ],
  ])("with %s is malformed", (_name, payload) => {
    expect(codeOf(sealPayload(payload))).toBe("BRAID_FILE_MALFORMED");
  });
});
