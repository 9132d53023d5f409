// What a block does besides its transactions, as a plan that every engine follows: the system calls of its prologue (EIP-4788, EIP-2935), the credits and
// request calls of its epilogue (withdrawals, rewards, EIP-7002, EIP-7251). The DAO fork is the ethereumjs engine's alone.

import { bytesToHex } from "@braid/primitives";
import {
  BEACON_ROOTS_ADDRESS,
  BLOCK_HASHES_ADDRESS,
  CONSOLIDATION_REQUESTS_ADDRESS,
  type ForkRules,
  InvalidBlockError,
  WITHDRAWAL_REQUESTS_ADDRESS,
} from "@braid/protocol";
import type { BlockContext } from "../block/block-context.ts";
import type { TransactionOutcome } from "../records/outcome.ts";

export const SYSTEM_CALL_GAS = 30_000_000n;
const WITHDRAWAL_REQUEST_TYPE = 0x01;
const CONSOLIDATION_REQUEST_TYPE = 0x02;
const WEI_PER_GWEI = 1_000_000_000n;
const NO_BYTES = new Uint8Array(0);

/** The outcome of a unit that is no transaction. */
export const NOTHING: TransactionOutcome = {
  status: 1,
  gasUsed: 0n,
  blockGasUsed: 0n,
  blobCount: 0,
  error: undefined,
  output: NO_BYTES,
  logs: [],
  createdAddress: undefined,
};

/** A call by SYSTEM_ADDRESS, of SYSTEM_CALL_GAS. */
export interface SystemCall {
  /** 20 bytes. */
  to: Uint8Array;
  data: Uint8Array;
}

/** The calls of unit 0. A contract that is not there, or fails, changes nothing. */
export function prologueCalls({ rules, parentBeaconBlockRoot, parentHash }: BlockContext): SystemCall[] {
  const calls: SystemCall[] = [];
  if (rules.eip4788 && parentBeaconBlockRoot !== undefined)
    calls.push({ to: BEACON_ROOTS_ADDRESS, data: parentBeaconBlockRoot });
  if (rules.eip2935) calls.push({ to: BLOCK_HASHES_ADDRESS, data: parentHash });
  return calls;
}

/** Wei that the last unit gives to addresses. */
export function epilogueCredits(context: BlockContext): [address: Uint8Array, amount: bigint][] {
  const withdrawals = context.withdrawals.map(({ address, amount }): [Uint8Array, bigint] => [
    address,
    amount * WEI_PER_GWEI,
  ]);
  return context.rules.proofOfWork ? [...withdrawals, ...rewards(context)] : withdrawals;
}

/** Yellow Paper section 11.3: the miner gets a 32nd more for each uncle, an uncle's miner an eighth less for each block it is behind. */
function rewards({ rules, uncles, number, coinbase }: BlockContext): [Uint8Array, bigint][] {
  const reward = rules.minerReward;
  return [
    ...uncles.map((uncle): [Uint8Array, bigint] => [
      uncle.coinbase,
      (reward * (8n + uncle.number - number)) / 8n,
    ]),
    [coinbase, reward + (reward / 32n) * BigInt(uncles.length)],
  ];
}

/** A call of the last unit whose output is the requests of a type (EIP-7685). */
export interface RequestCall extends SystemCall {
  type: number;
}

export function requestCalls(rules: ForkRules): RequestCall[] {
  const calls: RequestCall[] = [];
  if (rules.eip7002)
    calls.push({ type: WITHDRAWAL_REQUEST_TYPE, to: WITHDRAWAL_REQUESTS_ADDRESS, data: NO_BYTES });
  if (rules.eip7251)
    calls.push({ type: CONSOLIDATION_REQUEST_TYPE, to: CONSOLIDATION_REQUESTS_ADDRESS, data: NO_BYTES });
  return calls;
}

/**
 * The requests that a call has given, type byte first. `end` is undefined when there is no contract.
 *
 * @throws InvalidBlockError when there is none or it fails: then the block is invalid (EIP-7002, EIP-7251).
 */
export function requestOf(
  { type, to }: RequestCall,
  end: { output: Uint8Array; error: string | undefined } | undefined,
): Uint8Array {
  if (end === undefined || end.error !== undefined) {
    const reason = end === undefined ? "has no code" : `failed (${end.error})`;
    throw new InvalidBlockError(
      end === undefined ? "BRAID_BLOCK_SYSTEM_CONTRACT_EMPTY" : "BRAID_BLOCK_SYSTEM_CALL_FAILED",
      `The request contract ${bytesToHex(to)} ${reason}, which makes the block invalid (EIP-7685).`,
      {
        address: bytesToHex(to),
      },
    );
  }
  const request = new Uint8Array(end.output.length + 1);
  request[0] = type;
  request.set(end.output, 1);
  return request;
}

/** The last unit's outcome: the requests, empty ones left out, travel as the data of logs, for it has no logs of its own. */
export function lastOutcome(requests: readonly Uint8Array[], coinbase: Uint8Array): TransactionOutcome {
  const some = requests.filter((request) => request.length > 1);
  return { ...NOTHING, logs: some.map((request) => [coinbase, [], request]) };
}
