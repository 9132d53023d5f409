// The two units of a block that are no transactions, by the plan of ../../system-calls.ts: its prologue (unit 0, with the DAO fork) and its epilogue.

import { hexToBytes } from "@braid/primitives";
import { SYSTEM_ADDRESS } from "@braid/protocol";
import type { BlockContext } from "../../../block/block-context.ts";
import { DAO_ACCOUNTS, DAO_REFUND_CONTRACT } from "../../../block/dao-accounts.ts";
import type { TransactionOutcome } from "../../../records/outcome.ts";
import {
  epilogueCredits,
  lastOutcome,
  prologueCalls,
  requestCalls,
  requestOf,
  SYSTEM_CALL_GAS,
  type SystemCall,
} from "../../system-calls.ts";
import type { MessageCall } from "../evm/message-call.ts";
import type { VersionedState } from "../state/versioned-state.ts";

/** Runs unit 0. */
export async function executePrologue(
  state: VersionedState,
  context: BlockContext,
  call: MessageCall,
): Promise<void> {
  if (context.daoFork) await moveDaoEther(state);
  for (const one of prologueCalls(context)) await systemCall(one, state, call);
  state.clearTouched();
}

/** Runs the last unit, when all others are committed. Throws InvalidBlockError. */
export async function executeLastUnit(
  state: VersionedState,
  context: BlockContext,
  call: MessageCall,
): Promise<TransactionOutcome> {
  for (const [address, amount] of epilogueCredits(context)) await credit(state, address, amount);
  const requests: Uint8Array[] = [];
  for (const one of requestCalls(context.rules))
    requests.push(requestOf(one, await systemCall(one, state, call)));
  state.clearTouched();
  return lastOutcome(requests, context.coinbase);
}

async function credit(state: VersionedState, address: Uint8Array, amount: bigint): Promise<void> {
  const account = await state.account(address);
  state.markAccessed(address);
  state.addBalance(account, amount);
  state.touch(account);
}

async function moveDaoEther(state: VersionedState): Promise<void> {
  const refund = await state.account(hexToBytes(DAO_REFUND_CONTRACT));
  for (const address of DAO_ACCOUNTS) {
    const account = await state.account(hexToBytes(address));
    state.addBalance(refund, state.balance(account));
    state.setBalance(account, 0n);
    state.touch(account);
  }
  state.touch(refund);
}

/** How the call ended; undefined when there is no contract. */
async function systemCall(
  { to, data }: SystemCall,
  state: VersionedState,
  call: MessageCall,
): Promise<{ output: Uint8Array; error: string | undefined } | undefined> {
  const contract = await state.account(to);
  state.markAccessed(to);
  if (!state.hasCode(contract)) return undefined;
  return call({
    caller: SYSTEM_ADDRESS,
    to,
    value: 0n,
    data,
    gasLimit: SYSTEM_CALL_GAS,
    gasPrice: 0n,
    blobVersionedHashes: [],
  });
}
