// Blocks as servers show them: what is read, and which field an error names.

import { bytesToHex, hexToBytes } from "@braid/primitives";
import { block, CHAINS, HEADER_FORKS, runs, transaction } from "@braid/testing/arbitraries";
import { toRpcBlock, toRpcHeader, toRpcTransaction } from "@braid/testing/rpc-forms";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Chain } from "../chain/chain.ts";
import { InvalidBlockError, InvalidTransactionError } from "../errors.ts";
import { createHeader } from "../header/create-header.ts";
import { decodeRpcHeader } from "../header/rpc-header.ts";
import { decodeRpcTransaction, type RpcTransaction } from "../transaction/rpc-transaction.ts";
import { decodeTransaction, encodeTransaction } from "../transaction/transaction.ts";
import { type Block, transactionsRoot, unclesHash } from "./block.ts";
import { decodePartialRpcBlock, decodeRpcBlock, type RpcBlock } from "./rpc-block.ts";
import { withdrawalsRoot } from "./withdrawal.ts";

const prague = CHAINS.get("prague") as Chain;

/** The error's code and the field that it names. */
function failure(act: () => unknown): [code: string, field: unknown] {
  try {
    act();
  } catch (error) {
    if (error instanceof InvalidBlockError || error instanceof InvalidTransactionError)
      return [error.code, error.data?.field];
    throw error;
  }
  return ["none", undefined];
}

test.each(HEADER_FORKS)("a block of %s is what its RLP says", (fork) => {
  fc.assert(
    fc.property(block(fork), (original) => {
      const { json, uncles } = toRpcBlock(original);
      expect(decodeRpcBlock(json, CHAINS.get(fork) as Chain, uncles)).toEqual(original);
    }),
    runs(50),
  );
});

test("a transaction is what its RLP says", () => {
  fc.assert(
    fc.property(transaction.map(encodeTransaction), (raw) => {
      expect(decodeRpcTransaction(toRpcTransaction(raw))).toEqual(decodeTransaction(raw));
    }),
    runs(300),
  );
});

describe("a block's JSON", () => {
  const transactions = [
    {
      type: 2 as const,
      chainId: 1n,
      nonce: 1n,
      gasLimit: 21_000n,
      to: new Uint8Array(20).fill(7),
      value: 5n,
      data: Uint8Array.of(1, 2),
      maxFeePerGas: 10n,
      maxPriorityFeePerGas: 1n,
      accessList: [{ address: new Uint8Array(20), slots: [new Uint8Array(32)] }],
      maxFeePerBlobGas: 0n,
      blobVersionedHashes: [],
      authorizations: [],
      yParity: 1,
      r: 3n,
      s: 4n,
    },
  ].map(encodeTransaction);
  const withdrawals = [{ index: 1n, validatorIndex: 2n, address: new Uint8Array(20).fill(3), amount: 4n }];
  const original: Block = {
    header: createHeader(
      {
        number: 9n,
        timestamp: 8n,
        gasLimit: 7n,
        transactionsRoot: transactionsRoot(transactions),
        withdrawalsRoot: withdrawalsRoot(withdrawals),
      },
      prague.rulesOfFork("prague"),
    ),
    transactions,
    uncles: [],
    withdrawals,
  };
  const json = (): RpcBlock => toRpcBlock(original).json;
  const read =
    (change: object): (() => unknown) =>
    () =>
      decodeRpcBlock({ ...json(), ...change }, prague);
  const tx = json().transactions[0] as RpcTransaction;

  test.each<[string, object, string, string | undefined]>([
    ["a missing number", { number: undefined }, "BRAID_BLOCK_MALFORMED", "number"],
    ["a pending block's number", { number: null }, "BRAID_BLOCK_MALFORMED", "number"],
    ["a decimal number", { gasLimit: "7" }, "BRAID_BLOCK_MALFORMED", "gasLimit"],
    ["an empty quantity", { gasUsed: "0x" }, "BRAID_BLOCK_MALFORMED", "gasUsed"],
    ["a number that is none", { timestamp: 8 }, "BRAID_BLOCK_MALFORMED", "timestamp"],
    ["a hash of 31 bytes", { stateRoot: `0x${"00".repeat(31)}` }, "BRAID_BLOCK_MALFORMED", "stateRoot"],
    ["half a byte", { extraData: "0x0" }, "BRAID_BLOCK_MALFORMED", "extraData"],
    ["no base fee", { baseFeePerGas: null }, "BRAID_BLOCK_MALFORMED", "baseFeePerGas"],
    ["a field of another fork", { hash: null, slotNumber: "0x1" }, "BRAID_BLOCK_MALFORMED", "slotNumber"],
    ["another hash", { hash: `0x${"00".repeat(32)}` }, "BRAID_BLOCK_WRONG_HASH", undefined],
    ["a changed field", { coinbase: "0x00", gasUsed: "0x1" }, "BRAID_BLOCK_WRONG_HASH", undefined],
    ["no transactions", { transactions: undefined }, "BRAID_BLOCK_MALFORMED", "transactions"],
    ["a transaction's hash", { transactions: [tx.hash] }, "BRAID_BLOCK_MALFORMED", "transactions[0]"],
    ["a missing transaction", { transactions: [] }, "BRAID_BLOCK_WRONG_TRANSACTIONS_ROOT", undefined],
    [
      "a transaction without gas",
      { transactions: [{ ...tx, gas: undefined }] },
      "BRAID_BLOCK_MALFORMED",
      "transactions[0].gas",
    ],
    [
      "a transaction with another value",
      { transactions: [{ ...tx, value: "0x6" }] },
      "BRAID_BLOCK_MALFORMED",
      "transactions[0].hash",
    ],
    [
      "a transaction with another value and no hash",
      { transactions: [{ ...tx, hash: undefined, value: "0x6" }] },
      "BRAID_BLOCK_WRONG_TRANSACTIONS_ROOT",
      undefined,
    ],
    [
      "a slot that is none",
      { transactions: [{ ...tx, accessList: [{ address: tx.to, storageKeys: ["0x1"] }] }] },
      "BRAID_BLOCK_MALFORMED",
      "transactions[0].accessList[0].storageKeys[0]",
    ],
    [
      "a parity that is none",
      { transactions: [{ ...tx, yParity: "0x2" }] },
      "BRAID_BLOCK_MALFORMED",
      "transactions[0].yParity",
    ],
    [
      "a legacy v that is none",
      { transactions: [{ ...tx, type: "0x0", v: "0x1" }] },
      "BRAID_BLOCK_MALFORMED",
      "transactions[0].v",
    ],
    [
      "a transaction of type 5",
      { transactions: [{ ...tx, type: "0x5" }] },
      "BRAID_TX_TYPE_NOT_ACTIVE",
      undefined,
    ],
    ["no withdrawals", { withdrawals: null }, "BRAID_BLOCK_MALFORMED", "withdrawals"],
    [
      "a withdrawal without amount",
      { withdrawals: [{ ...json().withdrawals?.[0], amount: undefined }] },
      "BRAID_BLOCK_MALFORMED",
      "withdrawals[0].amount",
    ],
    ["another withdrawal", { withdrawals: [] }, "BRAID_BLOCK_WRONG_WITHDRAWALS_ROOT", undefined],
    ["uncles that the header does not have", { uncles: [tx.hash] }, "BRAID_BLOCK_MALFORMED", "uncles"],
  ])("with %s is refused", (_what, change, code, field) => {
    expect(failure(read(change))).toEqual([code, field]);
  });

  test("that is none is refused", () => {
    for (const value of [null, 1, "0x", []])
      expect(failure(() => decodeRpcBlock(value as never, prague))).toEqual(["BRAID_BLOCK_MALFORMED", ""]);
  });

  test("may have more fields, null for what its fork does not have, quantities with leading zeros, upper-case digits", () => {
    const more = {
      size: "0x1",
      totalDifficulty: "0x0",
      gasLimit: "0x0007",
      slotNumber: null,
      coinbase: "?",
      stateRoot: json().stateRoot.toUpperCase().replace("0X", "0x"),
    };
    expect(
      read({ ...more, transactions: [{ ...tx, blockNumber: "0x9", gasPrice: "0x2", v: undefined }] })(),
    ).toEqual(original);
  });

  test("without a hash stands for itself", () => {
    const pending = decodeRpcBlock({ ...json(), hash: null, gasUsed: "0x1" }, prague);
    expect(pending.header).toEqual({ ...original.header, gasUsed: 1n });
  });

  test("of another chain says which", () => {
    expect(failure(() => decodeRpcBlock(json(), CHAINS.get("london") as Chain))).toEqual([
      "BRAID_BLOCK_MALFORMED",
      "withdrawalsRoot",
    ]);
    expect(failure(() => decodeRpcBlock(json(), CHAINS.get("amsterdam") as Chain))).toEqual([
      "BRAID_BLOCK_MALFORMED",
      "blockAccessListHash",
    ]);
  });
});

describe("uncles", () => {
  const london = CHAINS.get("london") as Chain;
  const rules = london.rulesOfFork("london");
  const uncle = createHeader({ number: 8n, coinbase: new Uint8Array(20).fill(4) }, rules);
  const original: Block = {
    header: createHeader({ number: 9n, unclesHash: unclesHash([uncle]) }, rules),
    transactions: [],
    uncles: [uncle],
  };

  test("are named by their hashes: their headers must be given, or be done without", () => {
    const { json } = toRpcBlock(original);
    expect(decodeRpcBlock(json, london, [toRpcHeader(uncle)])).toEqual(original);
    expect(failure(() => decodeRpcBlock(json, london))[0]).toBe("BRAID_BLOCK_UNKNOWN_UNCLES");
    expect(decodePartialRpcBlock(json, london)).toEqual({ ...original, uncles: [], unknownUncles: 1 });
    const other = toRpcHeader({ ...uncle, number: 7n });
    expect(failure(() => decodeRpcBlock(json, london, [other]))[0]).toBe("BRAID_BLOCK_WRONG_UNCLES_HASH");
  });

  test("may come without their hashes", () => {
    const { uncles: _, ...json } = toRpcBlock(original).json;
    expect(decodePartialRpcBlock(json, london).unknownUncles).toBe(1);
  });
});

test("a header by itself", () => {
  const header = createHeader(
    { number: 3n, nonce: hexToBytes("0x0102030405060708") },
    prague.rulesOfFork("prague"),
  );
  expect(decodeRpcHeader(toRpcHeader(header), prague)).toEqual(header);
  expect(
    failure(() => decodeRpcHeader({ ...toRpcHeader(header), miner: bytesToHex(new Uint8Array(19)) }, prague)),
  ).toEqual(["BRAID_BLOCK_MALFORMED", "miner"]);
});
