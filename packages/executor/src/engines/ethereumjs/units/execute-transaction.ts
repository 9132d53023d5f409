// One transaction, from the checks of its sender to the fees: Yellow Paper section 6, around a message call. What can be checked without
// state was checked before its record was written.

import { bytesToHex, concatBytes, hexToBytes } from "@braid/primitives";
import { AUTHORIZATION_BASE, AUTHORIZATION_EMPTY_ACCOUNT, type ForkRules } from "@braid/protocol";
import type { RawLog, TransactionOutcome } from "../../../records/outcome.ts";
import {
  highestCost,
  type RecordedTransaction,
  type SignedDelegation,
} from "../../../records/transaction-record.ts";
import { contractSender, insufficientFunds, wrongNonce } from "../../../transaction/sender-errors.ts";
import type { MessageCall } from "../evm/message-call.ts";
import { burnLog } from "../evm/transfer-logs.ts";
import { isDelegation } from "../state/code-store.ts";
import type { AccountEntry } from "../state/entries.ts";
import type { VersionedState } from "../state/versioned-state.ts";

/** What of the block a transaction needs. */
export interface TransactionContext {
  rules: ForkRules;
  coinbase: Uint8Array;
  baseFeePerGas: bigint | undefined;
  blobGasPrice: bigint | undefined;
  call: MessageCall;
  /** EIP-3607 does not hold. */
  contractSenders?: boolean;
  /** No transaction of a block: nothing is asked of the sender but funds, and what only a block's transactions must keep to is not checked. */
  simulated?: boolean;
  /** The block's gas counts no refunds, whatever its rules say: for whoever wants to know the most that was used. */
  countsRefunds?: false;
}

const DELEGATION_PREFIX = Uint8Array.of(0xef, 0x01, 0x00);

/**
 * Executes `tx` with this data for `sender` in the incarnation that `state` has begun.
 *
 * @throws InvalidTransactionError when the block cannot contain the transaction here (while speculating that says nothing),
 *   SuspendSignal and FaultSignal to leave the incarnation.
 */
export async function executeTransaction(
  tx: RecordedTransaction,
  data: Uint8Array,
  sender: Uint8Array,
  state: VersionedState,
  context: TransactionContext,
): Promise<TransactionOutcome> {
  const { rules } = context;
  const { gas, gasPrice } = tx;
  const blobGas = BigInt(tx.blobVersionedHashes.length) * rules.blobGasPerBlob;
  const baseFee = context.baseFeePerGas ?? 0n;

  if (rules.eip2929) warmUp(tx, sender, state, context);
  const from = await state.account(sender);
  state.markAccessed(sender);
  await checkSender(tx, from, state, context, highestCost(tx, rules));
  state.addBalance(from, -(tx.gasLimit * gasPrice + blobGas * (context.blobGasPrice ?? 0n)));
  // Only what is no transaction of a block can have the last nonce.
  state.setNonce(from, BigInt.asUintN(64, tx.nonce + 1n));
  state.touch(from);
  let refund = 0n;
  for (const delegation of tx.delegations) refund += await applyDelegation(delegation, state);

  const result = await context.call({
    caller: sender,
    to: tx.to,
    value: tx.value,
    data,
    gasLimit: tx.gasLimit - gas.intrinsic,
    gasPrice,
    blobVersionedHashes: tx.blobVersionedHashes.map(bytesToHex),
  });

  let gasUsed = gas.intrinsic + result.gasUsed;
  const gasBeforeRefund = max(gasUsed, gas.floor);
  gasUsed -= min(refund + result.gasRefund, gasUsed / rules.maxRefundQuotient);
  gasUsed = max(gasUsed, gas.floor);
  state.addBalance(from, (tx.gasLimit - gasUsed) * gasPrice);
  const beneficiary = await state.account(context.coinbase);
  state.markAccessed(context.coinbase);
  state.addBalance(beneficiary, gasUsed * (rules.eip1559 ? gasPrice - baseFee : gasPrice));
  state.touch(beneficiary);

  // EIP-6780: only what was created in the same transaction disappears.
  const destroyed = result.selfdestructs.filter(
    (address) => !rules.eip6780 || result.createdAddresses.has(address),
  );
  const logs = rules.eip7708 ? [...result.logs, ...(await burnLogs(destroyed, state))] : result.logs;
  for (const address of destroyed) state.destroy(await state.account(hexToBytes(address)));
  state.clearTouched();
  return {
    status: result.error === undefined ? 1 : 0,
    gasUsed,
    blockGasUsed: rules.eip7778 || context.countsRefunds === false ? gasBeforeRefund : gasUsed,
    blobCount: tx.blobVersionedHashes.length,
    error: result.error,
    output: result.output,
    logs,
    createdAddress: result.createdAddress,
    frameOutOfGas: result.frameOutOfGas,
  };
}

/** EIP-7708: what destroyed accounts still hold is burnt, in the order of their addresses. */
async function burnLogs(destroyed: string[], state: VersionedState): Promise<RawLog[]> {
  const logs: RawLog[] = [];
  for (const address of [...destroyed].sort()) {
    const account = await state.account(hexToBytes(address));
    const balance = state.balance(account);
    if (balance > 0n) logs.push(burnLog(account.address, balance));
  }
  return logs;
}

function max(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}

function min(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}

/** EIP-2929, EIP-2930, EIP-3651: what is warm before the first opcode. Precompiles are warm by their address. */
function warmUp(
  tx: RecordedTransaction,
  sender: Uint8Array,
  state: VersionedState,
  context: TransactionContext,
): void {
  state.warmAddress(sender);
  if (tx.to !== undefined) state.warmAddress(tx.to);
  if (context.rules.eip3651) state.warmAddress(context.coinbase);
  for (const entry of tx.accessList) {
    state.warmAddress(entry.address);
    for (const slot of entry.slots) state.warmSlotAt(entry.address, slot);
  }
}

/** Nonce, the balance that covers the highest possible cost, and EIP-3607: no code, or an EIP-7702 delegation. */
async function checkSender(
  tx: RecordedTransaction,
  from: AccountEntry,
  state: VersionedState,
  { rules, simulated = false, contractSenders = false }: TransactionContext,
  maxCost: bigint,
): Promise<void> {
  if (simulated) return checkFunds(from, state, maxCost);
  const nonce = state.assumeNonce(from, tx.nonce);
  if (nonce !== tx.nonce) throw wrongNonce(from.address, tx.nonce, nonce);
  checkFunds(from, state, maxCost);
  if (state.hasCode(from) && !contractSenders) {
    const code = rules.eip7702 ? await state.code(from) : undefined;
    if (code === undefined || !isDelegation(code)) throw contractSender(from.address);
  }
}

function checkFunds(from: AccountEntry, state: VersionedState, maxCost: bigint): void {
  if (!state.assumeCovers(from, maxCost)) throw insufficientFunds(from.address, maxCost, state.balance(from));
}

/** EIP-7702: sets or clears one delegation. Returns the gas refund; an authorization that does not hold is passed over. */
async function applyDelegation(
  { authority, delegate, nonce }: SignedDelegation,
  state: VersionedState,
): Promise<bigint> {
  state.warmAddress(authority);
  const account = await state.account(authority);
  state.markAccessed(authority);
  if (state.hasCode(account) && !isDelegation(await state.code(account))) return 0n;
  if (state.nonce(account) !== nonce) return 0n;
  const refund = state.isEmpty(account) ? 0n : AUTHORIZATION_EMPTY_ACCOUNT - AUTHORIZATION_BASE;
  const clears = delegate.every((byte) => byte === 0);
  state.setCodeHash(
    account,
    state.codes.put(clears ? new Uint8Array(0) : concatBytes(DELEGATION_PREFIX, delegate)),
  );
  state.setNonce(account, nonce + 1n);
  state.touch(account);
  return refund;
}
