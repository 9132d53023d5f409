// Receipts, blooms and requests against @ethereumjs, and what is no receipt.

import { createHash } from "node:crypto";
import { bytesToHex, hexToBytes, rlpOfBigInt, rlpOfBytes, rlpOfList } from "@braid/primitives";
import { receipt, runs } from "@braid/testing/arbitraries";
import { Bloom, encodeReceipt as stockReceipt } from "@ethereumjs/vm";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { InvalidBlockError, MalformedDataError } from "../errors.ts";
import { orderedTrieRoot } from "../rlp/list-root.ts";
import type { TransactionType } from "../transaction/transaction.ts";
import { logsBloom, unionBloom } from "./bloom.ts";
import { decodeLogs, decodeReceipt, encodeLogs, encodeReceipt, receiptsRoot } from "./receipt.ts";
import { depositRequest, requestsHash } from "./requests.ts";

test("receipts are what @ethereumjs/vm makes of them", () => {
  fc.assert(
    // It writes gas of 0, which no transaction uses, as a byte.
    fc.property(
      receipt.filter(({ cumulativeGasUsed }) => cumulativeGasUsed > 0n),
      (one) => {
        const stock = stockReceipt(
          {
            ...(one.stateRoot === undefined ? { status: one.status ?? 0 } : { stateRoot: one.stateRoot }),
            cumulativeBlockGasUsed: one.cumulativeGasUsed,
            bitvector: one.logsBloom,
            logs: one.logs.map(({ address, topics, data }) => [address, topics, data]),
          } as Parameters<typeof stockReceipt>[0],
          one.type as TransactionType,
        );
        expect(bytesToHex(encodeReceipt(one))).toBe(bytesToHex(stock));
      },
    ),
    runs(100),
  );
});

test("blooms are those of @ethereumjs/vm, and a block's is the union", () => {
  fc.assert(
    fc.property(fc.array(receipt, { maxLength: 3 }), (receipts) => {
      const whole = new Bloom();
      for (const { logs } of receipts)
        for (const { address, topics } of logs) for (const part of [address, ...topics]) whole.add(part);
      const blooms = receipts.map(({ logs }) => ({ logsBloom: logsBloom(logs) }));
      expect(unionBloom(blooms)).toEqual(whole.bitvector);
      // As views of an encoding, at any byte.
      const views = blooms.map(({ logsBloom: bloom }) => ({
        logsBloom: Uint8Array.of(0, ...bloom).subarray(1),
      }));
      expect(unionBloom(views)).toEqual(whole.bitvector);
    }),
    runs(100),
  );
});

test("the root is that of the encodings", () => {
  fc.assert(
    fc.property(fc.array(receipt, { maxLength: 5 }), (receipts) => {
      expect(receiptsRoot(receipts)).toEqual(orderedTrieRoot(receipts.map(encodeReceipt)));
    }),
    runs(50),
  );
});

describe("what is no receipt", () => {
  const bloom = rlpOfBytes(new Uint8Array(256));
  const gas = rlpOfBigInt(21_000n);
  const one = rlpOfBytes(Uint8Array.of(1));
  const log = (topics: number, bytes = 32): Uint8Array =>
    rlpOfList([
      rlpOfBytes(new Uint8Array(20)),
      rlpOfList(new Array<Uint8Array>(topics).fill(rlpOfBytes(new Uint8Array(bytes)))),
      rlpOfBytes(new Uint8Array(3)),
    ]);
  const decode = (...fields: Uint8Array[]): unknown => decodeReceipt(rlpOfList(fields));

  test("a receipt is one", () => {
    expect(decode(one, gas, bloom, rlpOfList([log(4)]))).toMatchObject({
      type: 0,
      status: 1,
      cumulativeGasUsed: 21_000n,
    });
  });

  test.each<[string, Uint8Array]>([
    ["nothing", new Uint8Array(0)],
    ["type 5", Uint8Array.of(5, ...rlpOfList([one, gas, bloom, rlpOfList([])]))],
    ["a status of 2", rlpOfList([rlpOfBytes(Uint8Array.of(2)), gas, bloom, rlpOfList([])])],
    ["a status of 0 with a byte", rlpOfList([rlpOfBytes(Uint8Array.of(0)), gas, bloom, rlpOfList([])])],
    ["a short bloom", rlpOfList([one, gas, rlpOfBytes(new Uint8Array(255)), rlpOfList([])])],
    ["three fields", rlpOfList([one, gas, bloom])],
    ["five topics", rlpOfList([one, gas, bloom, rlpOfList([log(5)])])],
    ["a short topic", rlpOfList([one, gas, bloom, rlpOfList([log(1, 31)])])],
    ["bytes behind it", Uint8Array.of(...rlpOfList([one, gas, bloom, rlpOfList([])]), 0)],
  ])("%s", (_what, raw) => {
    expect(() => decodeReceipt(raw)).toThrow(MalformedDataError);
  });
});

test("logs by themselves", () => {
  fc.assert(
    fc.property(receipt, ({ logs }) => {
      expect(decodeLogs(encodeLogs(logs))).toEqual(logs);
    }),
    runs(100),
  );
});

describe("requests", () => {
  const contract = new Uint8Array(20).fill(9);
  const event = hexToBytes("0x649bbc62d0e31342afea4e5cd82d4049e7e1ee912fc0889aa790803be39038c5");
  const word = (value: number): number[] => [...new Array<number>(31).fill(0), value];
  /** As Solidity lays out five `bytes` of 48, 32, 8, 96 and 8 bytes; 160, 256, … in two bytes. */
  function depositData(): Uint8Array {
    const data = new Uint8Array(576);
    const view = new DataView(data.buffer);
    [160, 256, 320, 384, 512].forEach((offset, i) => {
      view.setUint32(32 * i + 28, offset);
      const length = [48, 32, 8, 96, 8][i] as number;
      data.set(word(length), offset);
      data.fill(i + 1, offset + 32, offset + 32 + length);
    });
    return data;
  }

  test("are the deposits in order, without their padding", () => {
    const log = { address: contract, topics: [event], data: depositData() };
    const expected = [48, 32, 8, 96, 8].flatMap((length, i) => new Array<number>(length).fill(i + 1));
    expect([...(depositRequest([log, log], contract) ?? [])]).toEqual([0, ...expected, ...expected]);
  });

  test("are none where the contract or the event is another one", () => {
    const data = depositData();
    expect(
      depositRequest([{ address: new Uint8Array(20), topics: [event], data }], contract),
    ).toBeUndefined();
    expect(
      depositRequest(
        [
          { address: contract, topics: [contract], data },
          { address: contract, topics: [], data },
        ],
        contract,
      ),
    ).toBeUndefined();
  });

  test("of a layout that is not EIP-6110's make the block invalid", () => {
    const broken = [depositData().subarray(1), Uint8Array.of(...depositData(), 0)];
    for (const at of [28, 31, 191, 159]) {
      const data = depositData();
      data[at] = (data[at] as number) ^ 1;
      broken.push(data);
    }
    for (const data of broken)
      expect(() => depositRequest([{ address: contract, topics: [event], data }], contract)).toThrow(
        InvalidBlockError,
      );
  });

  test("hash to the hash of their hashes (EIP-7685)", () => {
    const sha = (data: Uint8Array): Buffer => createHash("sha256").update(data).digest();
    const [a, b] = [Uint8Array.of(0, 1), Uint8Array.of(1, 2, 3)];
    expect(bytesToHex(requestsHash([a, b]))).toBe(bytesToHex(sha(Buffer.concat([sha(a), sha(b)]))));
    expect(bytesToHex(requestsHash([]))).toBe(
      "0xe3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    );
  });
});
