// The record of a transaction says what its encoding says, for all types; a transaction that no block can contain has none.

import {
  INSTANCE_TERMS,
  Kernel,
  SENDER_KNOWN,
  SENDER_UNKNOWN,
  TERMS_TYPES,
  TX_DATA,
  TX_DATA_LENGTH,
  UNIT_BLOBS,
  UNIT_GAS_LIMIT,
} from "@braid/kernel";
import { decodeTransaction, intrinsicGas } from "@braid/protocol";
import { keyed } from "@braid/testing/accounts";
import { runs } from "@braid/testing/arbitraries";
import { BlockBuilder, type Fork } from "@braid/testing/block-builder";
import { authorize, signTransaction, type UnsignedTransaction } from "@braid/testing/sign";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import type { BlockContext } from "../block/block-context.ts";
import { prepareBlock } from "../block/prepare-block.ts";
import { beginLayOut, layOutTransaction, putEncodings } from "./lay-out-transaction.ts";
import { readTransaction, recordedType } from "./transaction-record.ts";

const GAS_LIMIT = 10_000_000n;
const BASE_FEE = 100n;
const kernel = Kernel.create({ maxWorkers: 1, blockArenaBytes: 1 << 20, stateArenaBytes: 1 << 20 });

async function contextOf(fork: Fork): Promise<BlockContext> {
  const { input, chain } = await new BlockBuilder(fork, {
    gasLimit: GAS_LIMIT,
    baseFeePerGas: BASE_FEE,
  }).build();
  return prepareBlock(input, chain).context;
}

let prague: BlockContext;
beforeAll(async () => {
  prague = await contextOf("prague");
});

/** Lays out transaction 1 of a block of these encodings. Returns its record, 0 when it did not fit. */
function layOut(raw: Uint8Array, context = prague): number {
  kernel.resetBlock(4);
  // It does not lie at an aligned address, as most do.
  expect(putEncodings(kernel, [raw.slice(0, 3), raw])).toBe(true);
  beginLayOut(kernel, context);
  return layOutTransaction(kernel, 2, context) ? kernel.transactionPtr(2) : 0;
}

function gasLimitOf(unit: number): bigint | undefined {
  return kernel.u64[(kernel.unitPtr(unit) + UNIT_GAS_LIMIT) >>> 3];
}

const address = fc.uint8Array({ minLength: 20, maxLength: 20 });
const hash = fc.uint8Array({ minLength: 32, maxLength: 32 });
const wei = fc.bigInt({ min: 0n, max: (1n << 200n) - 1n });

const transaction: fc.Arbitrary<UnsignedTransaction> = fc
  .record({
    type: fc.constantFrom<0 | 1 | 2 | 3 | 4>(0, 1, 2, 3, 4),
    nonce: fc.bigInt({ min: 0n, max: (1n << 64n) - 2n }),
    gasLimit: fc.bigInt({ min: 2_000_000n, max: GAS_LIMIT }),
    maxFeePerGas: fc.bigInt({ min: BASE_FEE, max: 1n << 200n }),
    part: fc.bigInt({ min: 1n, max: 1n << 100n }),
    to: fc.option(address, { nil: undefined }),
    value: wei,
    data: fc.uint8Array({ maxLength: 400 }),
    accessList: fc.array(fc.tuple(address, fc.array(hash, { maxLength: 3 })), { maxLength: 3 }),
    maxFeePerBlobGas: fc.bigInt({ min: 1n, max: 1n << 200n }),
    blobs: fc.array(hash, { minLength: 1, maxLength: 6 }),
    delegates: fc.array(fc.tuple(address, fc.bigInt({ min: 0n, max: (1n << 64n) - 2n })), {
      minLength: 1,
      maxLength: 3,
    }),
    unprotected: fc.boolean(),
  })
  .map(({ type, part, blobs, delegates, unprotected, ...fields }) => ({
    ...fields,
    type,
    chainId: type === 0 && unprotected ? undefined : 1n,
    to: type >= 3 ? (fields.to ?? new Uint8Array(20)) : fields.to,
    maxPriorityFeePerGas: fields.maxFeePerGas / part,
    blobVersionedHashes: blobs.map((blob) => Uint8Array.of(1, ...blob.subarray(1))),
    authorizations: delegates.map(([delegate, nonce], i) => authorize(keyed(i), delegate, nonce)),
  }));

describe("a record", () => {
  test("says what the encoding says", () => {
    fc.assert(
      fc.property(transaction, fc.integer({ min: 0, max: 9 }), (unsigned, key) => {
        const raw = signTransaction(unsigned, keyed(key));
        const tx = decodeTransaction(raw);
        const record = layOut(raw);
        expect(record % 8).toBe(0);
        expect(recordedType(kernel, record)).toBe(tx.type);
        const price = tx.maxPriorityFeePerGas + BASE_FEE;
        expect(readTransaction(kernel, record)).toEqual({
          nonce: tx.nonce,
          gasLimit: tx.gasLimit,
          gas: intrinsicGas(tx, prague.rules),
          gasPrice: price < tx.maxFeePerGas ? price : tx.maxFeePerGas,
          to: tx.to,
          value: tx.value,
          maxFeePerGas: tx.maxFeePerGas,
          maxFeePerBlobGas: tx.maxFeePerBlobGas,
          accessList: tx.accessList,
          blobVersionedHashes: tx.blobVersionedHashes,
          delegations: tx.authorizations.map(({ address: delegate, nonce }, i) => ({
            authority: keyed(i).address,
            delegate,
            nonce,
          })),
        });
        const data = kernel.u32[(record + TX_DATA) >>> 2] as number;
        const length = kernel.u32[(record + TX_DATA_LENGTH) >>> 2] as number;
        expect(kernel.u8.slice(data, data + length)).toEqual(tx.data);
        expect(kernel.sender(2)).toEqual(keyed(key).address);
        expect(gasLimitOf(2)).toBe(tx.gasLimit);
        expect(kernel.unitField(2, UNIT_BLOBS)).toBe(tx.blobVersionedHashes.length);
      }),
    );
  });

  test("before London the gas price is what the transaction says", async () => {
    const raw = signTransaction({ ...plain, type: 0, maxFeePerGas: 7n }, keyed(1));
    expect(readTransaction(kernel, layOut(raw, await contextOf("berlin"))).gasPrice).toBe(7n);
  });

  test("leaves out authorizations that cannot hold, whatever the state", () => {
    const delegate = keyed(9).address;
    const good = authorize(keyed(3), delegate, 5);
    const high = (1n << 256n) - 1n;
    const raw = signTransaction(
      {
        ...plain,
        type: 4,
        gasLimit: 1_000_000n,
        authorizations: [
          authorize(keyed(1), delegate, 0, 2),
          authorize(keyed(2), delegate, (1n << 64n) - 1n),
          good,
          { ...good, s: high },
          { ...good, r: 0n },
          { ...good, yParity: 2n },
          authorize(keyed(4), delegate, 6, 0),
        ],
      },
      keyed(1),
    );
    const { delegations, gas } = readTransaction(kernel, layOut(raw));
    expect(delegations).toEqual([
      { authority: keyed(3).address, delegate, nonce: 5n },
      { authority: keyed(4).address, delegate, nonce: 6n },
    ]);
    // All seven are paid for.
    expect(gas.intrinsic).toBe(21_000n + 7n * 25_000n);
  });

  test("is written once, for a sender that is known too", () => {
    const raw = signTransaction(plain, keyed(1));
    const record = layOut(raw);
    expect(layOutTransaction(kernel, 2, prague)).toBe(true);
    expect(kernel.transactionPtr(2)).toBe(record);
    kernel.resetBlock(4);
    putEncodings(kernel, [raw, raw]);
    kernel.setSender(2, keyed(5).address);
    expect(layOutTransaction(kernel, 2, prague)).toBe(true);
    expect(kernel.sender(2)).toEqual(keyed(5).address);
    expect(readTransaction(kernel, kernel.transactionPtr(2)).nonce).toBe(plain.nonce);
  });
});

const plain: UnsignedTransaction = {
  type: 2,
  chainId: 1n,
  nonce: 4n,
  gasLimit: 30_000n,
  maxFeePerGas: 200n,
  maxPriorityFeePerGas: 1n,
  to: keyed(2).address,
  value: 1n,
  data: new Uint8Array(0),
  accessList: [],
  maxFeePerBlobGas: 0n,
  blobVersionedHashes: [],
  authorizations: [],
};

describe("what the kernel lays out", () => {
  const FORKS = [
    "chainstart",
    "homestead",
    "spuriousDragon",
    "berlin",
    "london",
    "shanghai",
    "prague",
    "osaka",
  ] as const;
  let contexts: BlockContext[];
  beforeAll(async () => {
    contexts = await Promise.all(FORKS.map(contextOf));
  });

  /** What stands in a record and in the unit's row, by the kernel alone or without it; undefined when it is not laid out. */
  function laidOut(raw: Uint8Array, context: BlockContext, byKernel: boolean): unknown {
    kernel.resetBlock(4);
    putEncodings(kernel, [raw.slice(0, 3), raw]);
    kernel.setSender(2, keyed(5).address);
    beginLayOut(kernel, context);
    if (byKernel) {
      if (!kernel.layOut(2)) return undefined;
    } else {
      kernel.u32[(kernel.scratch + INSTANCE_TERMS + TERMS_TYPES) >>> 2] = 0;
      try {
        layOutTransaction(kernel, 2, context);
      } catch {
        return undefined;
      }
    }
    const record = kernel.transactionPtr(2);
    return {
      ...readTransaction(kernel, record),
      type: recordedType(kernel, record),
      data: kernel.u32[(record + TX_DATA) >>> 2],
      length: kernel.u32[(record + TX_DATA_LENGTH) >>> 2],
      limit: gasLimitOf(2),
      blobs: kernel.unitField(2, UNIT_BLOBS),
    };
  }

  const mutation = fc.record({
    at: fc.nat(),
    byte: fc.integer({ min: 0, max: 255 }),
    kind: fc.constantFrom("none", "none", "byte", "header", "cut", "more"),
  });
  const mutate = (
    raw: Uint8Array,
    { at, byte, kind }: { at: number; byte: number; kind: string },
  ): Uint8Array => {
    if (kind === "cut") return raw.slice(0, at % raw.length);
    if (kind === "more") return Uint8Array.of(...raw, byte);
    const copy = raw.slice();
    if (kind !== "none") copy[at % (kind === "header" ? Math.min(60, raw.length) : raw.length)] = byte;
    return copy;
  };

  test("is what is laid out without it, and all of the ordinary kinds; nothing that is not in order", () => {
    let count = 0;
    fc.assert(
      fc.property(
        transaction,
        fc.bigInt({ min: 0n, max: 1n << 129n }),
        fc.nat(FORKS.length - 1),
        mutation,
        (unsigned, fee, fork, change) => {
          const cheap = { ...unsigned, maxFeePerGas: fee, maxPriorityFeePerGas: fee >> 3n };
          const raw = mutate(signTransaction(cheap, keyed(1)), change);
          const context = contexts[fork] as BlockContext;
          const [kernels, others] = [laidOut(raw, context, true), laidOut(raw, context, false)];
          if (kernels !== undefined) {
            expect(kernels).toEqual(others);
            count++;
          } else if (others !== undefined) {
            const tx = decodeTransaction(raw);
            expect(tx.type > 2 || tx.maxFeePerGas >= 1n << 128n).toBe(true);
          }
        },
      ),
      runs(1_500),
    );
    expect(count).toBeGreaterThan(100);
  });
});

describe("no record", () => {
  test.each<[code: string, change: Partial<UnsignedTransaction>]>([
    ["BRAID_TX_WRONG_CHAIN_ID", { chainId: 2n }],
    ["BRAID_TX_FEE_BELOW_BASE_FEE", { maxFeePerGas: 99n }],
    ["BRAID_TX_INTRINSIC_GAS_TOO_LOW", { gasLimit: 20_999n }],
    ["BRAID_TX_GAS_LIMIT_EXCEEDS_BLOCK", { gasLimit: GAS_LIMIT + 1n }],
    ["BRAID_TX_NONCE_IS_MAX", { nonce: (1n << 64n) - 1n }],
  ])("%s, but the limits are known", (code, change) => {
    const unsigned = { ...plain, ...change };
    expect(() => layOut(signTransaction(unsigned, keyed(1)))).toThrow(expect.objectContaining({ code }));
    expect(kernel.transactionPtr(2)).toBe(0);
    expect(kernel.senderStatus(2)).toBe(SENDER_KNOWN);
    expect(gasLimitOf(2)).toBe(unsigned.gasLimit);
  });

  test("a gas limit beyond 64 bits, whatever the block allows", () => {
    const gasLimit = (1n << 64n) + 30_000n;
    const context = { ...prague, gasLimit: 1n << 70n };
    expect(() => layOut(signTransaction({ ...plain, gasLimit }, keyed(1)), context)).toThrow(
      expect.objectContaining({ code: "BRAID_TX_GAS_LIMIT_EXCEEDS_BLOCK" }),
    );
    expect(gasLimitOf(2)).toBe((1n << 64n) - 1n);
  });

  test("a signature that nobody made", () => {
    const raw = signTransaction(plain, keyed(1));
    raw.fill(0xff, raw.length - 32);
    expect(() => layOut(raw)).toThrow(expect.objectContaining({ code: "BRAID_TX_INVALID_SIGNATURE" }));
    expect(kernel.senderStatus(2)).toBe(SENDER_UNKNOWN);
    expect(kernel.transactionPtr(2)).toBe(0);
  });

  test("bytes that are no transaction", () => {
    const raw = signTransaction(plain, keyed(1)).slice(0, -1);
    expect(() => layOut(raw)).toThrow(expect.objectContaining({ code: "BRAID_TX_MALFORMED" }));
    expect(kernel.transactionPtr(2)).toBe(0);
  });

  test("a full arena", () => {
    kernel.resetBlock(4);
    expect(putEncodings(kernel, [new Uint8Array(2 << 20)])).toBe(false);
    expect(kernel.faultError()?.code).toBe("BRAID_ARENA_EXHAUSTED");
    kernel.resetBlock(4);
    const raw = signTransaction(plain, keyed(1));
    expect(putEncodings(kernel, [raw, raw])).toBe(true);
    while (kernel.alloc(4096) !== 0);
    while (kernel.alloc(8) !== 0);
    expect(layOutTransaction(kernel, 2, prague)).toBe(false);
    expect(kernel.transactionPtr(2)).toBe(0);
  });
});
