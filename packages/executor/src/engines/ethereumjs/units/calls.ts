// Messages that are no transactions of a block (eth_call and its kin), as units: first the state's overrides, so that what they set counts
// as having been there, then each message.

import {
  InvalidTransactionError,
  intrinsicGas,
  type Transaction,
  validateGas,
  validateTransaction,
} from "@braid/protocol";
import type { BlockContext } from "../../../block/block-context.ts";
import {
  type CallMessage,
  type CallUnits,
  FIRST_MESSAGE,
  OVERRIDE_UNIT,
  RESET_UNIT,
  type StateOverride,
} from "../../../block/call-input.ts";
import { termsOf } from "../../../records/lay-out-transaction.ts";
import type { TransactionOutcome } from "../../../records/outcome.ts";
import type { VersionedState } from "../state/versioned-state.ts";
import { executeTransaction, type TransactionContext } from "./execute-transaction.ts";
import { executeLastUnit, executePrologue } from "./system-units.ts";

const NOBODY = new Uint8Array(20);
const NO_BYTES = new Uint8Array(0);

/** Runs unit `unit` of the calls; undefined when it has no outcome of its own. Throws as executeTransaction. */
export async function executeCallUnit(
  unit: number,
  { messages, validate, overrides, block: whole }: CallUnits,
  state: VersionedState,
  context: TransactionContext,
  block: BlockContext,
  /** Gas that the messages before it have used. */
  gasUsed: bigint,
): Promise<TransactionOutcome | undefined> {
  if (unit === RESET_UNIT) {
    for (const { address, state: slots } of overrides) if (slots !== undefined) await empty(state, address);
    return undefined;
  }
  if (unit === OVERRIDE_UNIT) {
    for (const override of overrides) await apply(state, override);
    if (whole !== undefined) await executePrologue(state, block, context.call);
    return undefined;
  }
  if (unit === FIRST_MESSAGE + messages.length) return executeLastUnit(state, block, context.call);
  const message = messages[unit - FIRST_MESSAGE] as CallMessage;
  const { from = NOBODY } = message;
  const nonce = message.nonce ?? state.nonce(await state.account(from));
  const gasLimit =
    whole === undefined
      ? (message.gasLimit ?? block.gasLimit)
      : gasOf(message, block.gasLimit, whole.gasBudget, gasUsed);
  const tx = transactionOf(message, nonce, gasLimit);
  const gas = intrinsicGas(tx, block.rules);
  if (validate) validateTransaction(tx, gas, block.rules, block);
  else validateGas({ ...tx, nonce: 0n }, gas, block.rules);
  const free = !validate && tx.maxFeePerGas === 0n && block.baseFeePerGas !== undefined;
  const baseFeePerGas = free ? 0n : block.baseFeePerGas;
  if (!validate) checkFee(tx, baseFeePerGas);
  const recorded = { ...tx, ...termsOf(tx, gas, { ...block, baseFeePerGas }) };
  return executeTransaction(recorded, tx.data, from, state, {
    ...context,
    baseFeePerGas,
    simulated: !validate,
    countsRefunds: false,
  });
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

/** All storage goes; the rest of the account stays. */
async function empty(state: VersionedState, address: Uint8Array): Promise<void> {
  const account = await state.account(address);
  const [nonce, balance, codeHash] = [
    state.nonce(account),
    state.balance(account),
    state.rawCodeHash(account),
  ];
  state.destroy(account);
  state.setNonce(account, nonce);
  state.setBalance(account, balance);
  state.setCodeHash(account, codeHash);
}

async function apply(state: VersionedState, override: StateOverride): Promise<void> {
  const { address, balance, nonce, code, state: all = [], stateDiff = [] } = override;
  const account = await state.account(address);
  // Before EIP-161 an account is there when it was touched.
  state.touch(account);
  if (balance !== undefined) state.setBalance(account, balance);
  if (nonce !== undefined) state.setNonce(account, nonce);
  if (code !== undefined) state.setCodeHash(account, state.codes.put(code));
  for (const [slot, value] of [...all, ...stateDiff]) {
    const entry = state.slotByBytes(account, slot);
    if (!state.tryLoadSlot(entry)) await state.fetchSlot(entry);
    state.setSlot(entry, value);
  }
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
