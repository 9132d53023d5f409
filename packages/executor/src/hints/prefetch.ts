// Before a block runs on a source that is asked read by read: fetches what its transactions are expected to read.

import { bytesToHex } from "@braid/primitives";
import {
  decodeTransaction,
  InvalidTransactionError,
  intrinsicGas,
  type Transaction,
  validateTransaction,
} from "@braid/protocol";
import type { BlockContext } from "../block/block-context.ts";
import type { HintOptions } from "../block/block-input.ts";
import type { StateReader } from "../state/state-reader.ts";
import { functionKey } from "./call-target.ts";
import type { HintMemory } from "./hint-memory.ts";

/** The block as its transactions' expected reads depend on it. */
export interface PrefetchInput {
  transactions: readonly Uint8Array[];
  context: BlockContext;
  /** The transactions are candidates: those that cannot be included do not matter to the others. */
  building: boolean;
}

/** What a block is expected to read. */
interface ExpectedReads {
  accounts: Map<string, Uint8Array>;
  slots: { address: Uint8Array; slot: Uint8Array }[];
}

/**
 * Fetches what the block is expected to read, as much at once as the reader allows, instead of one miss at a time. Nothing is read for a
 * transaction that could be in no such block, because it has not paid for what it names, nor for a block with such a transaction.
 * A failed prefetch means nothing: the read itself will fail again if it is really made.
 */
export async function prefetch(
  reader: StateReader,
  block: PrefetchInput,
  memory: HintMemory,
  options: HintOptions,
): Promise<void> {
  const { accounts, slots } = expectedReads(block, memory, options);
  await Promise.allSettled([
    ...[...accounts.values()].map((address) => reader.fetchAccount(address)),
    ...slots.map(({ address, slot }) => reader.fetchSlot(address, slot)),
  ]);
}

function expectedReads(block: PrefetchInput, memory: HintMemory, options: HintOptions): ExpectedReads {
  const { context } = block;
  const reads: ExpectedReads = { accounts: new Map(), slots: [] };
  const { accounts, slots } = reads;
  const transactions = possibleTransactions(block);
  if (transactions === undefined) return reads;
  if (options.facts) accounts.set(bytesToHex(context.coinbase), context.coinbase);
  for (const [i, tx] of transactions.entries()) {
    if (tx === undefined) continue;
    if (options.facts && tx.to !== undefined) accounts.set(bytesToHex(tx.to), tx.to);
    if (options.accessLists) {
      for (const entry of tx.accessList) {
        accounts.set(bytesToHex(entry.address), entry.address);
        for (const slot of entry.slots) slots.push({ address: entry.address, slot });
      }
    }
    const key = options.learned ? functionKey(block.transactions[i] as Uint8Array) : undefined;
    if (key === undefined) continue;
    for (const { address, slot } of memory.expect(key)) {
      if (slot === undefined) accounts.set(bytesToHex(address), address);
      else slots.push({ address, slot });
    }
  }
  return reads;
}

/** The transactions that some state lets be in the block, by their index; undefined when the block is invalid whatever the state. */
function possibleTransactions(block: PrefetchInput): (Transaction | undefined)[] | undefined {
  const { context, building } = block;
  const found: (Transaction | undefined)[] = [];
  /** What the transactions so far use at least. */
  let gasUsed = 0n;
  for (const raw of block.transactions) {
    const tx = possibleTransaction(raw, context);
    if (building) {
      found.push(tx?.transaction);
      continue;
    }
    if (tx === undefined || tx.transaction.gasLimit > context.gasLimit - gasUsed) return undefined;
    found.push(tx.transaction);
    const { intrinsic, floor } = tx.gas;
    const afterRefund = intrinsic - intrinsic / context.rules.maxRefundQuotient;
    if (afterRefund < floor) gasUsed += floor;
    else gasUsed += afterRefund;
  }
  return found;
}

/** A transaction that passes the checks which need no state; whoever executes it says what is wrong with another one. */
function possibleTransaction(
  raw: Uint8Array,
  context: BlockContext,
): { transaction: Transaction; gas: ReturnType<typeof intrinsicGas> } | undefined {
  try {
    const transaction = decodeTransaction(raw);
    const gas = intrinsicGas(transaction, context.rules);
    validateTransaction(transaction, gas, context.rules, context);
    return { transaction, gas };
  } catch (error) {
    if (error instanceof InvalidTransactionError) return undefined;
    throw error;
  }
}
