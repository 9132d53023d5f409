// Comparing results: equal ones have no difference, and any single change is found at its place.
import type { BlockResult } from "@braid/executor";
import type { Hex } from "@braid/primitives";
import { type AccountChange, NO_ACCOUNT_CHANGE, stateChangesOf } from "@braid/state";
import { sampleStatistics } from "@braid/testing/statistics";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compareResults } from "./compare.ts";
import type { Difference } from "./difference.ts";

const ADDRESS: Hex = `0x${"aa".repeat(20)}`;
const OTHER: Hex = `0x${"bb".repeat(20)}`;
const SLOT: Hex = `0x${"01".repeat(32)}`;
const HASH: Hex = `0x${"cc".repeat(32)}`;

function sample(): BlockResult {
  const log = {
    address: new Uint8Array(20),
    topics: [new Uint8Array(32), new Uint8Array(32)],
    data: Uint8Array.of(1, 2),
  };
  const receipt = (index: number) => ({
    type: 2,
    status: 1 as const,
    cumulativeGasUsed: BigInt(index + 1) * 21_000n,
    logsBloom: new Uint8Array(256),
    logs: [structuredClone(log), structuredClone(log)],
  });
  const transaction = (index: number) => ({
    sender: new Uint8Array(20).fill(index),
    status: 1 as const,
    gasUsed: 21_000n,
    output: new Uint8Array(0),
    reads: [],
    writes: [],
    executions: 1,
  });
  const account = { ...NO_ACCOUNT_CHANGE, nonce: 1n, balance: 5n, storage: new Map([[SLOT, 7n]]) };
  return {
    receipts: [0, 1, 2].map(receipt),
    receiptStrings: new Uint8Array(0),
    senders: new Uint8Array(60),
    receiptsRoot: new Uint8Array(32),
    logsBloom: new Uint8Array(256),
    gasUsed: 63_000n,
    blobGasUsed: 0n,
    stateChanges: stateChangesOf({
      accounts: new Map([[ADDRESS, account]]),
      codes: new Map([[HASH, Uint8Array.of(0)]]),
    }),
    requests: [Uint8Array.of(1)],
    requestsHash: new Uint8Array(32),
    transactions: [0, 1, 2].map(transaction),
    accessList: [],
    prologue: { reads: [], writes: [] },
    epilogue: { reads: [], writes: [] },
    statistics: sampleStatistics(3),
  };
}

/** Gives the result other changes of an account. */
function change(result: BlockResult, address: Hex, update: (account: AccountChange) => AccountChange): void {
  const { accounts, codes } = result.stateChanges;
  const account = update(accounts.get(address) ?? NO_ACCOUNT_CHANGE);
  result.stateChanges = stateChangesOf({ accounts: new Map(accounts).set(address, account), codes });
}

/** Every way to be different: what changes, and where it must be found. */
const CHANGES: [change: (result: BlockResult) => void, found: Partial<Difference>][] = [
  [
    ({ receipts }) => Object.assign(receipts[1] ?? {}, { status: 0 }),
    { transactionIndex: 1, field: "receipt status", expected: "1", actual: "0" },
  ],
  [
    ({ receipts }) => Object.assign(receipts[2] ?? {}, { cumulativeGasUsed: 1n }),
    { transactionIndex: 2, field: "cumulativeGasUsed", expected: "63000", actual: "1" },
  ],
  [
    ({ receipts }) => Object.assign(receipts[0] ?? {}, { type: 0 }),
    { transactionIndex: 0, field: "type", expected: "2", actual: "0" },
  ],
  [
    ({ receipts }) => Object.assign(receipts[0] ?? {}, { stateRoot: new Uint8Array(2) }),
    { transactionIndex: 0, field: "state root", expected: "none", actual: "0x0000" },
  ],
  [
    ({ receipts }) => Object.assign(receipts[0]?.logs[1] ?? {}, { data: Uint8Array.of(9) }),
    { transactionIndex: 0, field: "logs[1].data", expected: "0x0102", actual: "0x09" },
  ],
  [
    ({ receipts }) => receipts[0]?.logs[0]?.topics[1]?.fill(1),
    { transactionIndex: 0, field: "logs[0].topics[1]" },
  ],
  [
    ({ receipts }) => receipts[0]?.logs[0]?.topics.pop(),
    { transactionIndex: 0, field: "logs[0].topics[1]", actual: "none" },
  ],
  [
    ({ receipts }) => receipts[1]?.logs.pop(),
    { transactionIndex: 1, field: "logs[1].address", actual: "none" },
  ],
  [
    ({ receipts }) =>
      receipts[1]?.logs.push({ address: new Uint8Array(20), topics: [], data: new Uint8Array(0) }),
    { transactionIndex: 1, field: "number of logs", expected: "2", actual: "3" },
  ],
  [({ receipts }) => receipts.pop(), { transactionIndex: 2, actual: "none" }],
  [({ transactions }) => transactions.pop(), { transactionIndex: 2, actual: "none" }],
  [
    ({ transactions }) => Object.assign(transactions[1] ?? {}, { error: "out of gas" }),
    { transactionIndex: 1, field: "error", expected: "none", actual: "out of gas" },
  ],
  [
    ({ transactions }) => Object.assign(transactions[1] ?? {}, { output: Uint8Array.of(1) }),
    { transactionIndex: 1, field: "output" },
  ],
  [
    ({ transactions }) => Object.assign(transactions[1] ?? {}, { createdAddress: new Uint8Array(20) }),
    { transactionIndex: 1, field: "createdAddress" },
  ],
  [({ transactions }) => transactions[0]?.sender.fill(3), { transactionIndex: 0, field: "sender" }],
  [(result) => Object.assign(result, { gasUsed: 1n }), { field: "gasUsed", expected: "63000", actual: "1" }],
  [
    (result) => Object.assign(result, { blobGasUsed: 1n }),
    { field: "blobGasUsed", expected: "0", actual: "1" },
  ],
  [(result) => result.logsBloom.fill(1), { field: "logsBloom" }],
  [(result) => result.receiptsRoot?.fill(1), { field: "receiptsRoot" }],
  [
    (result) => result.requests?.push(Uint8Array.of(2)),
    { field: "requests", expected: "0x01", actual: "0x01,0x02" },
  ],
  [(result) => result.requestsHash?.fill(1), { field: "requestsHash" }],
  [
    (result) => change(result, ADDRESS, (account) => ({ ...account, storage: new Map([[SLOT, 8n]]) })),
    { address: ADDRESS, slot: SLOT, field: "storage", expected: "7", actual: "8" },
  ],
  [
    (result) => change(result, ADDRESS, (account) => ({ ...account, storage: new Map() })),
    { address: ADDRESS, slot: SLOT, field: "storage", expected: "7", actual: "none" },
  ],
  [
    (result) => change(result, ADDRESS, ({ balance: _, ...account }) => account),
    { address: ADDRESS, field: "balance", expected: "5", actual: "none" },
  ],
  [
    (result) => change(result, ADDRESS, (account) => ({ ...account, storageReset: true })),
    { address: ADDRESS, field: "storageReset", expected: "false", actual: "true" },
  ],
  [
    (result) => change(result, ADDRESS, (account) => ({ ...account, deleted: true })),
    { address: ADDRESS, actual: "none" },
  ],
  [(result) => change(result, OTHER, (account) => account), { address: OTHER, expected: "none" }],
  [
    (result) => {
      const { accounts } = result.stateChanges;
      result.stateChanges = stateChangesOf({ accounts, codes: new Map([[HASH, Uint8Array.of(1)]]) });
    },
    { field: `code ${HASH}`, expected: "0x00", actual: "0x01" },
  ],
];

describe("compareResults", () => {
  test("finds nothing between equal results, whatever was measured", () => {
    const other = sample();
    other.statistics.executions = 99;
    for (const transaction of other.transactions) transaction.executions = 4;
    expect(compareResults(other, sample())).toBeUndefined();
  });

  test.each(CHANGES.map(([change, found]) => [`${JSON.stringify(found)}`, change, found] as const))(
    "finds %s",
    (_name, change, found) => {
      const changed = sample();
      change(changed);
      expect(compareResults(changed, sample())).toMatchObject({ against: "sequential", ...found });
      expect(compareResults(sample(), changed)).toBeDefined();
    },
  );

  test("finds the first transaction of several that differ", () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat({ max: 2 }), { minLength: 1 }), (indexes) => {
        const changed = sample();
        for (const index of indexes) Object.assign(changed.transactions[index] ?? {}, { gasUsed: 1n });
        expect(compareResults(changed, sample())?.transactionIndex).toBe(Math.min(...indexes));
      }),
    );
  });

  test("names the transaction that wrote a slot differently", () => {
    const [left, right] = [sample(), sample()];
    for (const [result, value] of [
      [left, 8n],
      [right, 7n],
    ] as const) {
      change(result, ADDRESS, (account) => ({ ...account, storage: new Map([[SLOT, value]]) }));
      result.transactions[2]?.writes.push({ address: ADDRESS, field: "storage", slot: SLOT, value });
    }
    expect(compareResults(left, right)).toMatchObject({ address: ADDRESS, slot: SLOT, transactionIndex: 2 });
  });
});
