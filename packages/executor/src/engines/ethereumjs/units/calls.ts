// Messages that are no transactions of a block (eth_call and its kin), as units: first the state's overrides, so that what they set counts
// as having been there, then each message.

import type { BlockContext } from "../../../block/block-context.ts";
import {
  type CallMessage,
  type CallUnits,
  FIRST_MESSAGE,
  OVERRIDE_UNIT,
  RESET_UNIT,
  type StateOverride,
} from "../../../block/call-input.ts";
import { checkMessage, NOBODY } from "../../../records/lay-out-message.ts";
import type { TransactionOutcome } from "../../../records/outcome.ts";
import type { VersionedState } from "../state/versioned-state.ts";
import { executeTransaction, type TransactionContext } from "./execute-transaction.ts";
import { executeLastUnit, executePrologue } from "./system-units.ts";

/** Runs unit `unit` of the calls; undefined when it has no outcome of its own. Throws as executeTransaction. */
export async function executeCallUnit(
  unit: number,
  calls: CallUnits,
  state: VersionedState,
  context: TransactionContext,
  block: BlockContext,
): Promise<TransactionOutcome | undefined> {
  const { messages, validate, overrides, block: whole } = calls;
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
  const { tx, terms, baseFeePerGas } = checkMessage(state.kernel, unit, calls, block, nonce);
  return executeTransaction({ ...tx, ...terms }, tx.data, from, state, {
    ...context,
    baseFeePerGas,
    simulated: !validate,
    countsRefunds: false,
  });
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
