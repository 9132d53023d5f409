// A message of a call as the transaction that it stands for: checked, with its terms, and for engines that read it there a record in shared memory.

import { type Kernel, TX_ANY_NONCE, TX_MESSAGE, TX_SIMULATED } from "@braid/kernel";
import {
  InvalidTransactionError,
  intrinsicGas,
  type Transaction,
  validateGas,
  validateTransaction,
} from "@braid/protocol";
import type { BlockContext } from "../block/block-context.ts";
import { type CallMessage, type CallUnits, FIRST_MESSAGE } from "../block/call-input.ts";
import { termsOf } from "./lay-out-transaction.ts";
import { gasUsedOf } from "./outcome.ts";
import { type TransactionTerms, writeTransaction } from "./transaction-record.ts";

/** Who sends when nobody is named. */
export const NOBODY = new Uint8Array(20);
const NO_BYTES = new Uint8Array(0);

/** A message that has passed all checks that need no state. */
export interface CheckedMessage {
  tx: Transaction;
  terms: TransactionTerms;
  /** What it pays in the block, which is nothing for who pays nothing. */
  baseFeePerGas: bigint | undefined;
}

/** The message of a unit as a transaction with this nonce. Throws InvalidTransactionError. */
export function checkMessage(
  kernel: Kernel,
  unit: number,
  { messages, validate, block: whole }: CallUnits,
  context: BlockContext,
  nonce: bigint,
): CheckedMessage {
  const message = messages[unit - FIRST_MESSAGE] as CallMessage;
  const { rules } = context;
  const gasLimit =
    whole === undefined
      ? (message.gasLimit ?? context.gasLimit)
      : gasOf(message, context.gasLimit, whole.gasBudget, gasUsedBefore(kernel, unit));
  const tx = transactionOf(message, nonce, gasLimit);
  const gas = intrinsicGas(tx, rules);
  if (validate) validateTransaction(tx, gas, rules, context);
  else validateGas({ ...tx, nonce: 0n }, gas, rules);
  const free = !validate && tx.maxFeePerGas === 0n && context.baseFeePerGas !== undefined;
  const baseFeePerGas = free ? 0n : context.baseFeePerGas;
  if (!validate) checkFee(tx, baseFeePerGas);
  return { tx, terms: termsOf(tx, gas, { rules, baseFeePerGas }), baseFeePerGas };
}

/** Writes the record and sender of a unit's message. False when the arena is full. Throws InvalidTransactionError. */
export function layOutMessage(
  kernel: Kernel,
  unit: number,
  calls: CallUnits,
  context: BlockContext,
): boolean {
  if (kernel.transactionPtr(unit) !== 0) return true;
  const { from = NOBODY, nonce } = calls.messages[unit - FIRST_MESSAGE] as CallMessage;
  const { tx, terms } = checkMessage(kernel, unit, calls, context, nonce ?? 0n);
  const data = kernel.alloc(tx.data.length);
  if (data === 0) return false;
  kernel.u8.set(tx.data, data);
  const shared = { ...tx, data: kernel.u8.subarray(data, data + tx.data.length) };
  const flags = TX_MESSAGE | (nonce === undefined ? TX_ANY_NONCE : 0) | (calls.validate ? 0 : TX_SIMULATED);
  const record = writeTransaction(kernel, shared, terms, flags);
  if (record === 0) return false;
  kernel.setSender(unit, from);
  kernel.setTransaction(unit, record);
  return true;
}

/** Gas of the messages before a unit's. */
function gasUsedBefore(kernel: Kernel, unit: number): bigint {
  let used = 0n;
  for (let before = FIRST_MESSAGE; before < unit; before++) used += gasUsedOf(kernel, before);
  return used;
}

/** Whoever pays for gas pays at least the base fee: the rest would be taken from the beneficiary. */
function checkFee({ maxFeePerGas }: Transaction, baseFee: bigint | undefined): void {
  if (baseFee === undefined || maxFeePerGas >= baseFee) return;
  throw new InvalidTransactionError(
    "BRAID_TX_FEE_BELOW_BASE_FEE",
    `The maximum fee ${maxFeePerGas} is below the block's base fee ${baseFee} (EIP-1559).`,
  );
}

/** The gas of a whole block's message. Throws InvalidTransactionError when it asks for more than the block has left. */
function gasOf({ gasLimit }: CallMessage, blockGas: bigint, budget: bigint, used: bigint): bigint {
  const left = blockGas - used;
  const wanted = gasLimit ?? left;
  if (wanted > left)
    throw new InvalidTransactionError(
      "BRAID_TX_GAS_LIMIT_EXCEEDS_BLOCK",
      `The gas limit ${wanted} is above the ${left} that the block has left.`,
    );
  const allowed = budget > used ? budget - used : 0n;
  return wanted < allowed ? wanted : allowed;
}

function transactionOf(message: CallMessage, nonce: bigint, gasLimit: bigint): Transaction {
  const { maxFeePerGas = 0n, blobVersionedHashes = [], accessList = [], authorizations = [] } = message;
  const { maxPriorityFeePerGas = maxFeePerGas } = message;
  const type =
    authorizations.length > 0 ? 4 : blobVersionedHashes.length > 0 ? 3 : accessList.length > 0 ? 1 : 0;
  return {
    type,
    chainId: undefined,
    nonce,
    gasLimit,
    to: message.to,
    value: message.value ?? 0n,
    data: message.data ?? NO_BYTES,
    maxFeePerGas,
    maxPriorityFeePerGas,
    accessList,
    maxFeePerBlobGas: message.maxFeePerBlobGas ?? 0n,
    blobVersionedHashes,
    authorizations,
    yParity: 0,
    r: 0n,
    s: 0n,
  };
}
