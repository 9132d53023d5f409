// What is encoded decodes to the same; what is decoded encodes to the same; and both are what @ethereumjs makes of it.

import { bytesToHex, equalBytes } from "@braid/primitives";
import {
  block,
  blockAccessList,
  CHAINS,
  HEADER_FORKS,
  header,
  receipt,
  runs,
  transaction,
} from "@braid/testing/arbitraries";
import { createBlockFromRLP, createBlockHeaderFromRLP } from "@ethereumjs/block";
import { Common, Mainnet } from "@ethereumjs/common";
import { createTxFromRLP } from "@ethereumjs/tx";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeAccessList, encodeAccessList } from "./access-list/access-list.ts";
import { decodeRpcAccessList, encodeRpcAccessList } from "./access-list/rpc-access-list.ts";
import { decodeBlock, encodeBlock, encodedBlockLength } from "./block/block.ts";
import type { Chain } from "./chain/chain.ts";
import { decodeHeader, encodeHeader, hashHeader } from "./header/header.ts";
import { decodeReceipt, encodeReceipt } from "./receipt/receipt.ts";
import {
  decodeTransaction,
  encodeTransaction,
  hashTransaction,
  signedPayload,
} from "./transaction/transaction.ts";

const chainOf = (fork: (typeof HEADER_FORKS)[number]): Chain => CHAINS.get(fork) as Chain;

/** Amsterdam's fields at ethereumjs are those of a later draft. */
const STOCK_FORKS = HEADER_FORKS.filter((fork) => fork !== "amsterdam");
const kzg = { customCrypto: { kzg: {} as never } };

describe.each(HEADER_FORKS)("headers and blocks of %s", (fork) => {
  test("a header decodes to what was encoded", () => {
    fc.assert(
      fc.property(header(fork), (one) => {
        expect(decodeHeader(encodeHeader(one), chainOf(fork))).toEqual(one);
      }),
      runs(100),
    );
  });

  test("a block decodes to what was encoded, and its length is known beforehand", () => {
    fc.assert(
      fc.property(block(fork), (one) => {
        const raw = encodeBlock(one);
        expect(decodeBlock(raw, chainOf(fork))).toEqual(one);
        expect(encodedBlockLength(one)).toBe(raw.length);
      }),
      runs(60),
    );
  });
});

describe.each(STOCK_FORKS)("@ethereumjs/block at %s", (fork) => {
  const common = new Common({ chain: Mainnet, hardfork: fork, ...kzg });

  test("decodes our headers to the same hash", () => {
    fc.assert(
      fc.property(header(fork), (one) => {
        // It refuses what validateHeader refuses: more gas used than the limit.
        const valid = { ...one, gasUsed: one.gasUsed % (one.gasLimit + 1n) };
        const stock = createBlockHeaderFromRLP(encodeHeader(valid), {
          common,
          skipConsensusFormatValidation: true,
        });
        expect(bytesToHex(stock.hash())).toBe(bytesToHex(hashHeader(valid)));
        expect(stock.transactionsTrie).toEqual(valid.transactionsRoot);
        expect(stock.timestamp).toBe(valid.timestamp);
      }),
      runs(40),
    );
  });

  test("decodes our blocks without transactions to the same bytes", () => {
    fc.assert(
      fc.property(block(fork), (one) => {
        const limits = (all: typeof one.header): typeof one.header => ({
          ...all,
          gasUsed: all.gasUsed % (all.gasLimit + 1n),
        });
        const plain = {
          ...one,
          transactions: [],
          header: limits(one.header),
          uncles: chainOf(fork).rulesOfFork(fork).proofOfWork ? one.uncles.map(limits) : [],
        };
        const raw = encodeBlock(plain);
        const stock = createBlockFromRLP(raw, { common, skipConsensusFormatValidation: true });
        expect(equalBytes(stock.serialize(), raw)).toBe(true);
      }),
      runs(30),
    );
  });
});

describe("transactions", () => {
  test("decode to what was encoded", () => {
    fc.assert(
      fc.property(transaction, (tx) => {
        expect(decodeTransaction(encodeTransaction(tx))).toEqual(tx);
      }),
      runs(500),
    );
  });

  test("are what @ethereumjs/tx decodes, hash and signed message included", () => {
    const common = new Common({ chain: { ...Mainnet, chainId: 1 }, hardfork: "prague", ...kzg });
    // What it refuses to make: validateTransaction and the executor refuse that too.
    const valid = transaction.map((tx) => ({
      ...tx,
      chainId: tx.type === 0 && tx.chainId === undefined ? undefined : 1n,
      gasLimit: tx.gasLimit % 2n ** 64n,
      maxFeePerGas: tx.maxFeePerGas % 2n ** 150n,
      maxPriorityFeePerGas: tx.type < 2 ? tx.maxFeePerGas % 2n ** 150n : 0n,
      nonce: tx.nonce % (2n ** 64n - 1n),
      to: tx.type > 2 ? (tx.to ?? new Uint8Array(20)) : tx.to,
      r: 1n + (tx.r % 2n ** 250n),
      s: 1n + (tx.s % 2n ** 250n),
      blobVersionedHashes: tx.type === 3 ? [Uint8Array.of(1, ...new Uint8Array(31))] : [],
      authorizations:
        tx.type === 4
          ? [
              { chainId: 1n, address: new Uint8Array(20), nonce: 0n, yParity: 1n, r: 1n, s: 1n },
              ...tx.authorizations.map((one) => ({
                ...one,
                yParity: one.yParity % 2n,
                s: one.s % 2n ** 250n,
                nonce: one.nonce % 2n ** 63n,
              })),
            ]
          : [],
    }));
    fc.assert(
      fc.property(valid, (tx) => {
        const raw = encodeTransaction(tx);
        const stock = createTxFromRLP(raw, { common });
        expect(equalBytes(stock.serialize(), raw)).toBe(true);
        expect(equalBytes(stock.hash(), hashTransaction(raw))).toBe(true);
        expect([stock.nonce, stock.gasLimit, stock.value, stock.r, stock.s]).toEqual([
          tx.nonce,
          tx.gasLimit,
          tx.value,
          tx.r,
          tx.s,
        ]);
        expect(stock.to?.bytes).toEqual(tx.to);
        expect(equalBytes(stock.getHashedMessageToSign(), hashTransaction(signedPayload(raw, tx)))).toBe(
          true,
        );
      }),
      runs(200),
    );
  });
});

test("receipts decode to what was encoded", () => {
  fc.assert(
    fc.property(receipt, (one) => {
      expect(decodeReceipt(encodeReceipt(one))).toEqual(one);
    }),
    runs(200),
  );
});

test("block access lists decode to what was encoded", () => {
  fc.assert(
    fc.property(blockAccessList, (list) => {
      expect(decodeAccessList(encodeAccessList(list))).toEqual(list);
      expect(decodeRpcAccessList(JSON.parse(JSON.stringify(encodeRpcAccessList(list))))).toEqual(list);
    }),
    runs(200),
  );
});
