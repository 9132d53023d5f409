// The two units of a block that are no transactions: its prologue (unit 0: DAO fork, system calls of EIP-4788 and
// EIP-2935) and its epilogue (the last unit: withdrawals, rewards, the request calls of EIP-7002 and EIP-7251).

import { bytesToHex, hexToBytes } from "@braid/primitives";
import {
  BEACON_ROOTS_ADDRESS,
  BLOCK_HASHES_ADDRESS,
  CONSOLIDATION_REQUESTS_ADDRESS,
  InvalidBlockError,
  SYSTEM_ADDRESS,
  WITHDRAWAL_REQUESTS_ADDRESS,
} from "@braid/protocol";
import type { BlockContext } from "../../../block/block-context.ts";
import { DAO_ACCOUNTS, DAO_REFUND_CONTRACT } from "../../../block/dao-accounts.ts";
import type { TransactionOutcome } from "../../../records/outcome.ts";
import type { MessageCall } from "../evm/message-call.ts";
import type { VersionedState } from "../state/versioned-state.ts";

const SYSTEM_CALL_GAS = 30_000_000n;
const WITHDRAWAL_REQUEST_TYPE = 0x01;
const CONSOLIDATION_REQUEST_TYPE = 0x02;
/** The outcome of a unit that is no transaction. */
export const NOTHING: TransactionOutcome = {
  status: 1,
  gasUsed: 0n,
  blockGasUsed: 0n,
  blobCount: 0,
  error: undefined,
  output: new Uint8Array(0),
  logs: [],
  createdAddress: undefined,
};
const WEI_PER_GWEI = 1_000_000_000n;

/** Runs unit 0. A system contract that is not there, or fails, changes nothing (EIP-4788, EIP-2935). */
export async function executePrologue(
  state: VersionedState,
  context: BlockContext,
  call: MessageCall,
): Promise<void> {
  if (context.daoFork) await moveDaoEther(state);
  if (context.rules.eip4788 && context.parentBeaconBlockRoot !== undefined)
    await systemCall(BEACON_ROOTS_ADDRESS, context.parentBeaconBlockRoot, state, call);
  if (context.rules.eip2935) await systemCall(BLOCK_HASHES_ADDRESS, context.parentHash, state, call);
  state.clearTouched();
}

/**
 * Runs the last unit, when all others are committed.
 *
 * @returns The execution layer requests that contracts queue, type byte first, empty ones left out (EIP-7685).
 * @throws InvalidBlockError when a request contract has no code or fails: then the block is invalid (EIP-7002, EIP-7251).
 */
async function executeEpilogue(
  state: VersionedState,
  context: BlockContext,
  call: MessageCall,
): Promise<Uint8Array[]> {
  const { rules } = context;
  for (const withdrawal of context.withdrawals)
    await credit(state, withdrawal.address, withdrawal.amount * WEI_PER_GWEI);
  if (rules.proofOfWork) await payRewards(state, context);
  const requests: Uint8Array[] = [];
  if (rules.eip7002)
    requests.push(await requestCall(WITHDRAWAL_REQUEST_TYPE, WITHDRAWAL_REQUESTS_ADDRESS, state, call));
  if (rules.eip7251)
    requests.push(await requestCall(CONSOLIDATION_REQUEST_TYPE, CONSOLIDATION_REQUESTS_ADDRESS, state, call));
  state.clearTouched();
  return requests.filter((request) => request.length > 1);
}

/** The last unit with its outcome: the requests travel as the data of logs, for it has no logs of its own. */
export async function executeLastUnit(
  state: VersionedState,
  context: BlockContext,
  call: MessageCall,
): Promise<TransactionOutcome> {
  const requests = await executeEpilogue(state, context, call);
  return { ...NOTHING, logs: requests.map((request) => [context.coinbase, [], request]) };
}

async function credit(state: VersionedState, address: Uint8Array, amount: bigint): Promise<void> {
  const account = await state.account(address);
  state.markAccessed(address);
  state.addBalance(account, amount);
  state.touch(account);
}

/** Yellow Paper section 11.3: the miner gets a 32nd more for each uncle, an uncle's miner an eighth less for each block it is behind. */
async function payRewards(state: VersionedState, context: BlockContext): Promise<void> {
  const reward = context.rules.minerReward;
  for (const uncle of context.uncles)
    await credit(state, uncle.coinbase, (reward * (8n + uncle.number - context.number)) / 8n);
  await credit(state, context.coinbase, reward + (reward / 32n) * BigInt(context.uncles.length));
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

async function systemCall(
  to: Uint8Array,
  data: Uint8Array,
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

async function requestCall(
  type: number,
  to: Uint8Array,
  state: VersionedState,
  call: MessageCall,
): Promise<Uint8Array> {
  const result = await systemCall(to, new Uint8Array(0), state, call);
  if (result === undefined || result.error !== undefined) {
    const reason = result === undefined ? "has no code" : `failed (${result.error})`;
    throw new InvalidBlockError(
      result === undefined ? "BRAID_BLOCK_SYSTEM_CONTRACT_EMPTY" : "BRAID_BLOCK_SYSTEM_CALL_FAILED",
      `The request contract ${bytesToHex(to)} ${reason}, which makes the block invalid (EIP-7685).`,
      {
        address: bytesToHex(to),
      },
    );
  }
  const request = new Uint8Array(result.output.length + 1);
  request[0] = type;
  request.set(result.output, 1);
  return request;
}
