// Compares two results of the same block in everything that execution determines, down to the first differing place.
import type { BlockResult, TransactionResult } from "@braid/executor";
import { bytesToHex, type Hex } from "@braid/primitives";
import type { Receipt } from "@braid/protocol";
import type { AccountChange, StateChanges } from "@braid/state";
import type { Difference, Reference } from "./difference.ts";

/**
 * The first difference between two results, or undefined when there is none. Transactions come first (the earliest of them is where it
 * went wrong), then what concerns the block as a whole, then the state. Statistics, output of time, and how often something was executed do not count.
 */
export function compareResults(
  actual: BlockResult,
  expected: BlockResult,
  against: Reference = "sequential",
): Difference | undefined {
  const differ = (
    field: string,
    found: unknown,
    wanted: unknown,
    place: Partial<Difference> = {},
  ): Difference | undefined => {
    const [shownActual, shownExpected] = [show(found), show(wanted)];
    return shownActual === shownExpected
      ? undefined
      : { against, field, expected: shownExpected, actual: shownActual, ...place };
  };

  const count = Math.max(
    actual.transactions.length,
    expected.transactions.length,
    actual.receipts.length,
    expected.receipts.length,
  );
  for (let transactionIndex = 0; transactionIndex < count; transactionIndex += 1) {
    const left = describeTransaction(
      actual.receipts[transactionIndex],
      actual.transactions[transactionIndex],
    );
    const right = describeTransaction(
      expected.receipts[transactionIndex],
      expected.transactions[transactionIndex],
    );
    for (const [field, value] of right) {
      const difference = differ(field, left.get(field), value, { transactionIndex });
      if (difference !== undefined) return difference;
    }
    for (const [field, value] of left)
      if (!right.has(field)) return differ(field, value, undefined, { transactionIndex });
  }
  return (
    differ("gasUsed", actual.gasUsed, expected.gasUsed) ??
    differ("blobGasUsed", actual.blobGasUsed, expected.blobGasUsed) ??
    differ("logsBloom", actual.logsBloom, expected.logsBloom) ??
    differ("receiptsRoot", actual.receiptsRoot, expected.receiptsRoot) ??
    differ("requests", actual.requests?.map(bytesToHex).join(), expected.requests?.map(bytesToHex).join()) ??
    differ("requestsHash", actual.requestsHash, expected.requestsHash) ??
    compareChanges(actual, expected, differ)
  );
}

type Differ = (
  field: string,
  found: unknown,
  wanted: unknown,
  place?: Partial<Difference>,
) => Difference | undefined;

/** A transaction's outcome as ordered fields. */
function describeTransaction(
  receipt: Receipt | undefined,
  transaction: TransactionResult | undefined,
): Map<string, unknown> {
  const fields = new Map<string, unknown>();
  if (transaction !== undefined) {
    fields.set("sender", transaction.sender);
    fields.set("status", transaction.status);
    fields.set("gasUsed", transaction.gasUsed);
    fields.set("error", transaction.error);
    fields.set("output", transaction.output);
    fields.set("createdAddress", transaction.createdAddress);
  }
  if (receipt !== undefined) {
    fields.set("type", receipt.type);
    fields.set("receipt status", receipt.status);
    fields.set("state root", receipt.stateRoot);
    for (const [index, log] of receipt.logs.entries()) {
      fields.set(`logs[${index}].address`, log.address);
      for (const [topic, value] of log.topics.entries()) fields.set(`logs[${index}].topics[${topic}]`, value);
      fields.set(`logs[${index}].data`, log.data);
    }
    fields.set("number of logs", receipt.logs.length);
    fields.set("logs bloom", receipt.logsBloom);
    fields.set("cumulativeGasUsed", receipt.cumulativeGasUsed);
  }
  return fields;
}

/** The first account, by address, whose change differs; and the first transaction that wrote it differently. */
function compareChanges(actual: BlockResult, expected: BlockResult, differ: Differ): Difference | undefined {
  for (const address of sortedKeys(actual.stateChanges.accounts, expected.stateChanges.accounts)) {
    const left = describeAccount(actual.stateChanges, address);
    const right = describeAccount(expected.stateChanges, address);
    for (const key of sortedKeys(left, right)) {
      const [field = key, slot] = key.split(" ");
      const difference = differ(field, left.get(key), right.get(key), { address });
      if (difference === undefined) continue;
      if (slot !== undefined) difference.slot = `0x${slot.slice(2)}`;
      const writer = firstDifferentWriter(actual, expected, address, field, difference.slot);
      if (writer !== undefined) difference.transactionIndex = writer;
      return difference;
    }
  }
  for (const codeHash of sortedKeys(actual.stateChanges.codes, expected.stateChanges.codes)) {
    const difference = differ(
      `code ${codeHash}`,
      actual.stateChanges.codes.get(codeHash),
      expected.stateChanges.codes.get(codeHash),
    );
    if (difference !== undefined) return difference;
  }
  return undefined;
}

function describeAccount(changes: StateChanges, address: Hex): Map<string, unknown> {
  const account: AccountChange | undefined = changes.accounts.get(address);
  const fields = new Map<string, unknown>();
  if (account === undefined) return fields;
  fields.set("deleted", account.deleted);
  if (account.deleted) return fields; // its other fields mean nothing
  for (const field of ["nonce", "balance", "codeHash", "storageReset"] as const)
    fields.set(field, account[field]);
  for (const [slot, value] of account.storage) fields.set(`storage ${slot}`, value);
  return fields;
}

/** The first transaction whose writes to this place differ, when the results list them. */
function firstDifferentWriter(
  actual: BlockResult,
  expected: BlockResult,
  address: Hex,
  field: string,
  slot: Hex | undefined,
): number | undefined {
  const writesOf = (transaction: TransactionResult | undefined): string =>
    (transaction?.writes ?? [])
      .filter((write) => write.address === address && write.field === field && write.slot === slot)
      .map((write) => `${show(write.value)} ${show(write.delta)}`)
      .join();
  for (const [index, transaction] of expected.transactions.entries()) {
    if (writesOf(transaction) !== writesOf(actual.transactions[index])) return index;
  }
  return undefined;
}

function sortedKeys<Key extends string>(
  left: ReadonlyMap<Key, unknown>,
  right: ReadonlyMap<Key, unknown>,
): Key[] {
  return [...new Set([...left.keys(), ...right.keys()])].sort();
}

function show(value: unknown): string {
  if (value === undefined) return "none";
  return value instanceof Uint8Array ? bytesToHex(value) : String(value);
}
