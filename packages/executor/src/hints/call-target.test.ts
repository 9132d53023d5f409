// What a transaction calls, as it is read out of an encoded transaction, against the transaction decoded whole.

import { bytesToHex } from "@braid/primitives";
import { decodeTransaction } from "@braid/protocol";
import { RLP } from "@ethereumjs/rlp";
import fc from "fast-check";
import { expect, it } from "vitest";
import { callTarget } from "./call-target.ts";

const word = fc.bigInt({ min: 0n, max: (1n << 64n) - 1n });
const receiver = fc.oneof(fc.constant(new Uint8Array(0)), fc.uint8Array({ minLength: 20, maxLength: 20 }));
const data = fc.uint8Array({ maxLength: 300 });
const r = 1n;

function encode(type: number, to: Uint8Array, value: bigint, input: Uint8Array): Uint8Array {
  const hash = new Uint8Array(32);
  const fields = [
    [7n, 1n, 21_000n, to, value, input, 27n, r, r],
    [1n, 7n, 1n, 21_000n, to, value, input, [], 0n, r, r],
    [1n, 7n, 1n, 1n, 21_000n, to, value, input, [], 0n, r, r],
    [1n, 7n, 1n, 1n, 21_000n, to, value, input, [], 1n, [hash], 0n, r, r],
    [1n, 7n, 1n, 1n, 21_000n, to, value, input, [], [], 0n, r, r],
  ][type];
  const payload = RLP.encode(fields as Parameters<typeof RLP.encode>[0]);
  return type === 0 ? payload : Uint8Array.of(type, ...payload);
}

it("is receiver and selector of a call, and nothing for creations and plain transfers", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 4 }), receiver, word, data, (type, to, value, input) => {
      const raw = encode(type, to, value, input);
      const tx = decodeTransaction(raw);
      const expected =
        tx.to === undefined || tx.data.length < 4
          ? undefined
          : bytesToHex(tx.to) + bytesToHex(tx.data.subarray(0, 4)).slice(2);
      const target = callTarget(raw);
      expect(target?.key).toBe(expected);
      if (target === undefined) return;
      expect(target.receiver).toEqual(tx.to);
      expect(target.data).toEqual(tx.data);
    }),
  );
});

it("is nothing for bytes that are no transaction", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
      const key = callTarget(bytes)?.key;
      expect(key === undefined || key.length === 2 + 40 + 8).toBe(true);
    }),
  );
});
