// Before a block runs on a source that is asked read by read: fetches what its transactions are expected to read.

import { bigIntToBytes32, bytesToHex } from "@braid/primitives";
import {
  BEACON_ROOTS_ADDRESS,
  BLOCK_HASHES_ADDRESS,
  CONSOLIDATION_REQUESTS_ADDRESS,
  decodeTransaction,
  InvalidTransactionError,
  intrinsicGas,
  type Transaction,
  validateTransaction,
  WITHDRAWAL_REQUESTS_ADDRESS,
} from "@braid/protocol";
import type { BlockContext } from "../block/block-context.ts";
import type { HintOptions } from "../block/block-input.ts";
import type { StateReader } from "../state/state-reader.ts";
import { callTarget } from "./call-target.ts";
import type { HintMemory } from "./hint-memory.ts";

/** The block as its transactions' expected reads depend on it. */
export interface PrefetchInput {
  transactions: readonly Uint8Array[];
  context: BlockContext;
  /** As far as they are known before the transactions are laid out. */
  senders: readonly Uint8Array[];
  /** The transactions are candidates: those that cannot be included do not matter to the others. */
  building: boolean;
}

/** Slots of the rings that the system contracts keep: EIP-4788, EIP-2935. */
const BEACON_ROOTS_LENGTH = 8191n;
const BLOCK_HASHES_LENGTH = 8191n;
/** Excess, count, head and tail of a queue of requests: EIP-7002, EIP-7251. */
const REQUEST_SLOTS: readonly bigint[] = [0n, 1n, 2n, 3n];

/** What a block is expected to read. */
interface ExpectedReads {
  accounts: Map<string, Uint8Array>;
  slots: { address: Uint8Array; slot: Uint8Array }[];
}

/**
 * Begins to fetch what the block is expected to read, as much at once as the reader allows, instead of one miss at a time. Nothing is read for a
 * transaction that could be in no such block, because it has not paid for what it names, nor for a block with such a transaction.
 * A failed prefetch means nothing: the read itself will fail again if it is really made.
 */
export function prefetch(
  reader: StateReader,
  block: PrefetchInput,
  memory: HintMemory,
  options: HintOptions,
): void {
  const { accounts, slots } = expectedReads(block, memory, options);
  for (const address of accounts.values()) reader.fetchAccount(address).catch(() => {});
  for (const { address, slot } of slots) reader.fetchSlot(address, slot).catch(() => {});
}

function expectedReads(block: PrefetchInput, memory: HintMemory, options: HintOptions): ExpectedReads {
  const { context } = block;
  const reads: ExpectedReads = { accounts: new Map(), slots: [] };
  const { accounts, slots } = reads;
  const transactions = possibleTransactions(block);
  if (transactions === undefined) return reads;
  if (options.facts) {
    for (const address of [...blockAccounts(context), ...block.senders])
      accounts.set(bytesToHex(address), address);
    slots.push(...systemSlots(context));
  }
  for (const [i, tx] of transactions.entries()) {
    if (tx === undefined) continue;
    if (options.facts && tx.to !== undefined) accounts.set(bytesToHex(tx.to), tx.to);
    if (options.accessLists) {
      for (const entry of tx.accessList) {
        accounts.set(bytesToHex(entry.address), entry.address);
        for (const slot of entry.slots) slots.push({ address: entry.address, slot });
      }
    }
    const key = options.learned ? callTarget(block.transactions[i] as Uint8Array)?.key : undefined;
    if (key === undefined) continue;
    for (const { address, slot } of memory.expect(key)) {
      if (slot === undefined) accounts.set(bytesToHex(address), address);
      else slots.push({ address, slot });
    }
  }
  return reads;
}

/** Who is in every block like this one: receivers of fees, rewards and withdrawals, and system contracts. */
function blockAccounts({ rules, coinbase, uncles, withdrawals }: BlockContext): Uint8Array[] {
  const paid = [
    coinbase,
    ...uncles.map((uncle) => uncle.coinbase),
    ...withdrawals.map(({ address }) => address),
  ];
  const called: [boolean, Uint8Array][] = [
    [rules.eip4788, BEACON_ROOTS_ADDRESS],
    [rules.eip2935, BLOCK_HASHES_ADDRESS],
    [rules.eip7002, WITHDRAWAL_REQUESTS_ADDRESS],
    [rules.eip7251, CONSOLIDATION_REQUESTS_ADDRESS],
  ];
  return [...paid, ...called.filter(([isCalled]) => isCalled).map(([, address]) => address)];
}

/** What the system contracts read and write. */
function systemSlots({ rules, number, timestamp }: BlockContext): ExpectedReads["slots"] {
  const slots: ExpectedReads["slots"] = [];
  const add = (address: Uint8Array, ...numbers: bigint[]): void => {
    for (const slot of numbers) slots.push({ address, slot: bigIntToBytes32(slot) });
  };
  const root = timestamp % BEACON_ROOTS_LENGTH;
  if (rules.eip4788) add(BEACON_ROOTS_ADDRESS, root, root + BEACON_ROOTS_LENGTH);
  if (rules.eip2935) add(BLOCK_HASHES_ADDRESS, (number - 1n) % BLOCK_HASHES_LENGTH);
  if (rules.eip7002) add(WITHDRAWAL_REQUESTS_ADDRESS, ...REQUEST_SLOTS);
  if (rules.eip7251) add(CONSOLIDATION_REQUESTS_ADDRESS, ...REQUEST_SLOTS);
  return slots;
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
