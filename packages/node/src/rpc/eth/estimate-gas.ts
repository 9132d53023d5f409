// The least gas that a transaction needs, as geth looks for it: with all that it may have, then by halves between what it must have and that.

import type { CallResult } from "@braid/executor";
import { bytesToHex, promised } from "@braid/primitives";
import { InvalidTransactionError } from "@braid/protocol";
import { RpcError, SERVER_ERROR } from "@braid/rpc";
import { failureOf } from "../errors.ts";
import { type CallContext, type CallPlace, runCall } from "./run-call.ts";
import { messageOf, type TransactionArgs } from "./transaction-args.ts";

const TRANSFER_GAS = 21_000n;
/** EIP-150: a call keeps a 64th back; what it gives along and gets back is at least the stipend. */
const CALL_STIPEND = 2_300n;
/** An answer that is at most 1.5% above the least is good enough. */
const ERROR_DIVISOR = 67n;

/** Rejects with RpcError when no gas is enough, and as Executor.call. */
export async function estimateGas(
  context: CallContext,
  place: CallPlace,
  args: TransactionArgs,
): Promise<bigint> {
  const run = (gas: bigint): Promise<CallResult> => promised(runCall(context, place, messageOf(args, gas)));
  let high = await mostGas(context, place, args);
  if (await isTransfer(place, args)) {
    const result = await tryRun(run, TRANSFER_GAS);
    if (result?.status === 1) return TRANSFER_GAS;
  }
  const first = await run(high);
  const failure = failureOf(first);
  if (failure !== undefined) {
    if (first.error === "out of gas")
      throw new RpcError(SERVER_ERROR, `gas required exceeds allowance (${high})`);
    throw failure;
  }
  let low = first.gasUsed - 1n;
  const likely = ((first.gasUsed + CALL_STIPEND) * 64n) / 63n;
  if (likely < high) {
    if ((await tryRun(run, likely))?.status === 1) high = likely;
    else low = likely;
  }
  while (low + 1n < high && (high - low) * ERROR_DIVISOR >= high) {
    let middle = (high + low) / 2n;
    // Most need little more than what they use.
    if (low > 0n && middle > low * 2n) middle = low * 2n;
    if ((await tryRun(run, middle))?.status === 1) high = middle;
    else low = middle;
  }
  return high;
}

/** What the transaction may have: of the block, of the node, of what its sender can pay. */
async function mostGas(
  { node }: Pick<CallContext, "node">,
  { header, state, stateOverrides = [] }: CallPlace,
  args: TransactionArgs,
): Promise<bigint> {
  const rules = node.chain.rules.rulesAt(header);
  let most = args.gas !== undefined && args.gas >= TRANSFER_GAS ? args.gas : header.gasLimit;
  for (const cap of [node.callGasLimit, rules.maxTransactionGas])
    if (cap !== undefined && most > cap) most = cap;
  const price = args.gasPrice ?? args.maxFeePerGas ?? 0n;
  if (price === 0n || args.from === undefined) return most;
  const from = bytesToHex(args.from);
  const overridden = stateOverrides.find(({ address }) => bytesToHex(address) === from)?.balance;
  const balance = overridden ?? (await state.getAccount(args.from))?.balance ?? 0n;
  const blobs = BigInt(args.blobVersionedHashes?.length ?? 0) * rules.blobGasPerBlob;
  const left = balance - args.value - blobs * (args.maxFeePerBlobGas ?? 0n);
  if (left < 0n)
    throw new RpcError(
      SERVER_ERROR,
      `insufficient funds for gas * price + value: address ${from} have ${balance} want ${args.value}`,
    );
  const allowance = left / price;
  return allowance < most ? allowance : most;
}

/** Ether for somebody without code: nothing runs. */
async function isTransfer(
  { state, stateOverrides = [] }: CallPlace,
  { to, data, authorizations }: TransactionArgs,
): Promise<boolean> {
  if (to === undefined || data.length > 0 || authorizations !== undefined) return false;
  const receiver = bytesToHex(to);
  if (stateOverrides.some(({ address, code }) => code !== undefined && bytesToHex(address) === receiver))
    return false;
  const account = await state.getAccount(to);
  return account === undefined || (await state.getCode(account.codeHash)).length === 0;
}

/** Undefined when so little gas is not even enough to begin. */
async function tryRun(
  run: (gas: bigint) => Promise<CallResult>,
  gas: bigint,
): Promise<CallResult | undefined> {
  try {
    return await run(gas);
  } catch (error) {
    if (error instanceof InvalidTransactionError && /_GAS_(TOO_LOW|FLOOR_TOO_LOW)$/.test(error.code))
      return undefined;
    throw error;
  }
}
