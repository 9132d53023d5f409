// RLP items against @ethereumjs/rlp: what it decodes is read, and what is not the shortest encoding is not.
import { RLP } from "@ethereumjs/rlp";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { countRlpItems, minimalBytes, type RlpItem, readRlpItem } from "./rlp.ts";

type Decoded = Uint8Array | Decoded[];

/** The item as @ethereumjs/rlp gives it; undefined when it, or something inside, is malformed. */
function decode(bytes: Uint8Array, item: RlpItem | undefined, end: number): Decoded | undefined {
  if (item === undefined || item.end > end) return undefined;
  if (!item.isList) return bytes.slice(item.content, item.end);
  const items: Decoded[] = [];
  for (let at = item.content; at < item.end; ) {
    const next = readRlpItem(bytes, at);
    const decoded = decode(bytes, next, item.end);
    if (next === undefined || decoded === undefined) return undefined;
    items.push(decoded);
    at = next.end;
  }
  return items;
}

function decodeWhole(bytes: Uint8Array): Decoded | undefined {
  const item = readRlpItem(bytes, 0);
  return item?.end === bytes.length ? decode(bytes, item, bytes.length) : undefined;
}

const text = fc.oneof(
  fc.uint8Array({ maxLength: 70 }),
  fc.uint8Array({ minLength: 250, maxLength: 300 }),
  fc.constantFrom(Uint8Array.of(0), Uint8Array.of(0x7f), Uint8Array.of(0x80)),
);
const tree = fc.letrec<{ item: Decoded }>((tie) => ({
  item: fc.oneof({ maxDepth: 3, withCrossShrink: true }, text, fc.array(tie("item"), { maxLength: 5 })),
})).item;

describe("readRlpItem", () => {
  it("reads every encoding", () => {
    fc.assert(
      fc.property(tree, (value) => {
        const encoded = RLP.encode(value as Parameters<typeof RLP.encode>[0]);
        expect(decodeWhole(encoded)).toEqual(value);
      }),
    );
  });

  it("rejects what @ethereumjs/rlp rejects, and nothing else", () => {
    const changed = fc.tuple(tree, fc.nat(), fc.nat(255), fc.integer({ min: -3, max: 3 }));
    fc.assert(
      fc.property(changed, ([value, position, byte, growth]) => {
        const encoded = RLP.encode(value as Parameters<typeof RLP.encode>[0]);
        const bytes = new Uint8Array(Math.max(1, encoded.length + growth));
        bytes.set(encoded.subarray(0, bytes.length));
        bytes[position % bytes.length] = byte;
        let expected: Decoded | undefined;
        try {
          expected = RLP.decode(bytes) as Decoded;
        } catch {
          expected = undefined;
        }
        expect(decodeWhole(bytes)).toEqual(expected);
      }),
      { numRuns: 2_000 },
    );
  });

  it.each([
    ["a byte below 0x80 with a header", [0x81, 0x7f]],
    ["a length of 55 in the long form", [0xb8, 55, ...new Array(55).fill(1)]],
    ["a length with a leading zero", [0xb9, 0, 56, ...new Array(56).fill(1)]],
    ["a list's length of 1 in the long form", [0xf8, 1, 1]],
    ["a list's length with a leading zero", [0xf9, 0, 56, ...new Array(56).fill(1)]],
    ["a string that is cut off", [0x83, 1, 2]],
    ["a length that is cut off", [0xb9, 1]],
    ["nothing", []],
  ])("rejects %s", (_what, bytes) => {
    expect(readRlpItem(Uint8Array.from(bytes), 0)).toBeUndefined();
  });
});

describe("counting", () => {
  const items = (value: Decoded): number =>
    value instanceof Uint8Array ? 1 : value.reduce((sum, inner) => sum + items(inner), 1);

  it("finds every item, however deep", () => {
    fc.assert(
      fc.property(tree, (value) => {
        expect(countRlpItems(RLP.encode(value as Parameters<typeof RLP.encode>[0]))).toBe(items(value));
      }),
    );
  });

  it("gives up on what is malformed or nested without end", () => {
    expect(countRlpItems(Uint8Array.of(0xc2, 0x81))).toBeUndefined();
    let lists: Decoded = [];
    for (let depth = 0; depth < 100; depth++) lists = [lists];
    expect(countRlpItems(RLP.encode(lists as Parameters<typeof RLP.encode>[0]))).toBeUndefined();
  });
});

describe("minimalBytes", () => {
  it("is the shortest big-endian form", () => {
    fc.assert(
      fc.property(fc.bigInt(0n, 2n ** 256n - 1n), fc.integer({ min: 0, max: 255 }), (big, shift) => {
        const value = big >> BigInt(shift);
        const bytes = minimalBytes(value);
        expect(bytes[0]).not.toBe(0);
        expect(BigInt(`0x0${Buffer.from(bytes).toString("hex")}`)).toBe(value);
      }),
    );
  });
});
