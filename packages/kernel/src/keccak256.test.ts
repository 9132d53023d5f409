// keccak-256 against known digests and against the specification; the log bloom against the Yellow Paper.

import { createHash } from "node:crypto";
import { bytesToHex } from "@braid/primitives";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { Kernel, keccak256, keccak256Each, keccakInput, keccakOfInput } from "./index.ts";
import { CONTROL } from "./layout.ts";
import { referenceSponge } from "./simulation/reference-keccak.ts";

const kernel = Kernel.create({ blockArenaBytes: 1 << 20, stateArenaBytes: 1 << 20, maxWorkers: 1 });

test("the empty string and abc", () => {
  expect(bytesToHex(keccak256(new Uint8Array()))).toBe(
    "0xc5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470",
  );
  expect(bytesToHex(keccak256(new TextEncoder().encode("abc")))).toBe(
    "0x4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45",
  );
});

const lengths = fc.oneof(
  fc.integer({ min: 0, max: 300 }),
  fc.constantFrom(7, 8, 9, 135, 136, 137, 271, 272, 273),
);
const input = lengths.chain((length) => fc.uint8Array({ minLength: length, maxLength: length }));

test("every length, against the specification", () => {
  fc.assert(
    fc.property(input, (data) => {
      expect(referenceSponge(data, 6)).toEqual(new Uint8Array(createHash("sha3-256").update(data).digest()));
      const digest = referenceSponge(data, 1);
      expect(keccak256(data)).toEqual(digest);
      kernel.u8.set(data, kernel.scratch);
      kernel.keccak(kernel.scratch, data.length, kernel.scratch);
      expect(kernel.u8.slice(kernel.scratch, kernel.scratch + 32)).toEqual(digest);
    }),
  );
});

test("pieces of an array, and what was written where it is hashed", () => {
  const pieces = fc.record({
    data: fc.uint8Array({ minLength: 40, maxLength: 3_000 }),
    at: fc.integer({ min: 0, max: 5 }),
    stride: fc.integer({ min: 1, max: 40 }),
    length: fc.integer({ min: 0, max: 40 }),
  });
  fc.assert(
    fc.property(pieces, ({ data, at, stride, length }) => {
      const count = Math.max(0, Math.floor((data.length - at - length) / stride) + 1);
      const hashes = keccak256Each(data, at, stride, length, count);
      expect(hashes).toHaveLength(32 * count);
      for (let i = 0; i < count; i++) {
        const from = at + i * stride;
        expect(hashes.subarray(32 * i, 32 * i + 32)).toEqual(keccak256(data.slice(from, from + length)));
      }
      const hash = new Uint8Array(34);
      keccakInput(data.length).set(data);
      keccakOfInput(data.length, hash, 2);
      expect(hash.subarray(2)).toEqual(keccak256(data));
    }),
    { numRuns: 30 },
  );
});

test("an input larger than the memory, and a part of an array, in a row", () => {
  const large = new Uint8Array(300_000).map((_, i) => i * 7);
  expect(keccak256(large)).toEqual(referenceSponge(large, 1));
  expect(keccak256(large.subarray(5, 50))).toEqual(referenceSponge(large.slice(5, 50), 1));
});

test("answers are fresh bytes outside shared memory", () => {
  const first = keccak256(Uint8Array.of(1));
  const copy = first.slice();
  keccak256(Uint8Array.of(2));
  expect(first).toEqual(copy);
  expect(first.buffer).toBeInstanceOf(ArrayBuffer);
});

test("bloomAdd sets the three bits of the Yellow Paper's M3:2048, and only those", () => {
  fc.assert(
    fc.property(fc.array(input, { maxLength: 4 }), (items) => {
      const bloom = kernel.scratch + 4096;
      kernel.u8.fill(0, bloom, bloom + 256);
      let expected = 0n;
      for (const item of items) {
        kernel.u8.set(item, kernel.scratch);
        kernel.bloomAdd(bloom, kernel.scratch, item.length);
        const hash = new DataView(keccak256(item).buffer);
        for (const pair of [0, 2, 4]) expected |= 1n << BigInt(hash.getUint16(pair) % 2048);
      }
      expect(BigInt(bytesToHex(kernel.u8.slice(bloom, bloom + 256)))).toBe(expected);
    }),
  );
});

test("the module's static data stays below the control block", () => {
  expect(kernel.exports.heapBase()).toBeLessThanOrEqual(CONTROL);
});
