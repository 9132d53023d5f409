// A block of users' calls, as an executor takes it.

import type { BlockResult, ExecuteBlockInput, Executor } from "@braid/executor";
import { bytesToBigInt, bytesToHex, type Hex } from "@braid/primitives";
import { type Block, encodeTransaction, type Header, type Transaction } from "@braid/protocol";
import type { EditedState } from "./edited-state.ts";
import type { Look } from "./look.ts";
import type { RecordedCall } from "./recorder.ts";

/** A block on the state before it, as an executor takes it. */
export interface FormedBlock {
  input: Pick<ExecuteBlockInput, "chain" | "source"> & {
    block: Block;
    senders: Uint8Array[];
    contractSenders: true;
  };
  /** What it is made of, and what that does. */
  call: RecordedCall;
  look: Look;
  /** Where its users come from: they are like the call's sender, or they have sent it in the tests. */
  users: "like its sender" | "as recorded" | "as the scenario says";
  /** How many calls were tried and failed; and what the first of them failed with: an error and the contract's output. */
  failed: number;
  failure: { error: string; output: Hex } | undefined;
}

/** One call of a user. */
export interface UserCall {
  sender: Uint8Array;
  to: Uint8Array;
  data: Uint8Array;
  value: bigint;
  gasLimit: bigint;
}

/** No block is full. */
const NO_GAS_LIMIT = 1n << 50n;
const MOST_GAS = 1n << 24n;
const LEAST_GAS = 500_000n;
/** Enough for whatever gas costs. */
export const FUNDS = 10n ** 30n;
/** Leaving out what fails makes others fail, and so on: in so many rounds at most. */
const ROUNDS = 4;

/** Leaves out the calls that fail, until none does; and of those that succeed the last ones, where there are more than wanted. */
export async function succeeding(
  executor: Executor,
  { call, look }: Pick<FormedBlock, "call" | "look">,
  state: EditedState,
  all: readonly UserCall[],
  most = all.length,
): Promise<Omit<FormedBlock, "users">> {
  let calls = all;
  let failure: FormedBlock["failure"];
  for (let round = 0; ; round++) {
    const input = blockOf(call, state, calls);
    const result: BlockResult = await executor.executeBlock({ ...input, mode: "sequential" });
    const first = result.transactions.find(({ status }) => status === 0);
    if (first === undefined) {
      const kept = calls.length > most ? blockOf(call, state, calls.slice(0, most)) : input;
      return { input: kept, call, look, failed: all.length - calls.length, failure };
    }
    failure ??= { error: first.error ?? "failed", output: bytesToHex(first.output) };
    // What comes before the first that fails succeeds without the others, too.
    calls =
      round < ROUNDS
        ? calls.filter((_, i) => result.transactions[i]?.status === 1)
        : calls.slice(0, result.transactions.indexOf(first));
  }
}

export function userCallOf({ sender, transaction: { to, data, value, gasLimit } }: RecordedCall): UserCall {
  const doubled = 2n * gasLimit > LEAST_GAS ? 2n * gasLimit : LEAST_GAS;
  const most = gasLimit > MOST_GAS ? gasLimit : MOST_GAS;
  return { sender, to, data, value, gasLimit: doubled < most ? doubled : most };
}

/** A block in the place of the recorded call's, with other transactions. */
export function blockOf(
  { chain, header }: Pick<RecordedCall, "chain" | "header">,
  source: EditedState,
  calls: readonly UserCall[],
): FormedBlock["input"] {
  const nonces = new Map<Hex, bigint>();
  const transactions = calls.map((call) => {
    const sender = bytesToHex(call.sender);
    const nonce = nonces.get(sender) ?? 0n;
    nonces.set(sender, nonce + 1n);
    return encodeCall(call, nonce, header, chain.chainId);
  });
  const block: Block = {
    header: { ...header, gasLimit: NO_GAS_LIMIT, gasUsed: 0n },
    transactions,
    uncles: [],
    ...(header.withdrawalsRoot === undefined ? {} : { withdrawals: [] }),
  };
  const senders = calls.map(({ sender }) => sender);
  return { chain, source, block, senders, contractSenders: true };
}

/** Nobody has signed it; the address in the place of the signature makes equal calls of two users two transactions. */
function encodeCall(
  { sender, to, data, value, gasLimit }: UserCall,
  nonce: bigint,
  { baseFeePerGas }: Header,
  chainId: bigint,
): Uint8Array {
  const price = baseFeePerGas ?? 1n;
  const transaction: Transaction = {
    type: baseFeePerGas === undefined ? 0 : 2,
    chainId,
    nonce,
    gasLimit,
    to,
    value,
    data,
    maxFeePerGas: price,
    maxPriorityFeePerGas: baseFeePerGas === undefined ? price : 0n,
    accessList: [],
    maxFeePerBlobGas: 0n,
    blobVersionedHashes: [],
    authorizations: [],
    yParity: 0,
    r: bytesToBigInt(sender) || 1n,
    s: 1n,
  };
  return encodeTransaction(transaction);
}
