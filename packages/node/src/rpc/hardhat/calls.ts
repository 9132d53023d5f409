// eth_call and eth_estimateGas, as Hardhat's own network has them: no call is held to its sender's funds, and an estimate is the gas that was used
// wherever that is enough.

import type { CallResult, StateOverride } from "@braid/executor";
import { keccak256 } from "@braid/kernel";
import { bytesToHex, equalBytes, promised, type Steps, wait } from "@braid/primitives";
import { type IntrinsicGas, InvalidTransactionError, intrinsicGas } from "@braid/protocol";
import { RpcError, SERVER_ERROR } from "@braid/rpc";
import type { HardhatOptions } from "../../options.ts";
import { stateBlock, stateOf } from "../block-tags.ts";
import { type CallContext, type CallPlace, runCall, runCalls } from "../eth/run-call.ts";
import { blockOverrides, messageOf, stateOverrides, type TransactionArgs } from "../eth/transaction-args.ts";
import { hexOf } from "../format.ts";
import { type MethodContext, type Methods, method, stepwise } from "../method.ts";
import { address, readParams } from "../params.ts";
import { callConfig, traceCall } from "../trace.ts";
import { hardhatArgs } from "./arguments.ts";
import { FailedExecutionError, InternalOutOfGasError } from "./errors.ts";
import { type Prestate, prestateOf } from "./prestate.ts";
import { defaultGas, gasCap } from "./transactions.ts";

const CALL_PARAMS = [hardhatArgs, stateBlock, stateOverrides, blockOverrides] as const;

/** Gas has no price in a call, so that nobody has to pay for it. */
const FREE = { baseFeePerGas: 0n };

export function callMethods(options: HardhatOptions): Methods {
  const { throwOnCallFailures: throws = true } = options;
  return {
    eth_call: stepwise(CALL_PARAMS, function* (context, args, block, accounts, header) {
      const place = yield* placeOf(context, args, block, accounts, header);
      const gas = args.gas ?? defaultGas(context.node, options);
      checkGas(context, gas, options);
      checkIntrinsic(context, place, args, gas);
      const result = yield* run(context, place, args, gas);
      if (result.status === 0 && throws) throw new FailedExecutionError(result);
      return bytesToHex(result.output);
    }),

    eth_estimateGas: stepwise(
      [hardhatArgs, stateBlockOrPending, stateOverrides, blockOverrides],
      function* (context, args, block, accounts, header) {
        const place = yield* placeOf(context, args, block, accounts, header);
        return hexOf(yield* estimate(context, place, args, options));
      },
    ),

    debug_traceCall: method(
      [hardhatArgs, stateBlock, callConfig],
      async (context, args, block, { make, stateOverrides: accounts, blockOverrides: header }) => {
        const place = await promised(placeOf(context, args, block, accounts, header));
        return traceCall(
          context,
          place,
          { ...args, gas: args.gas ?? defaultGas(context.node, options) },
          make,
        );
      },
    ),
  };
}

/** The nonce that is next after the pending block, and not after all that waits. */
export const transactionCount = method([address, stateBlock], async ({ node }, of, param) => {
  const { state } = await stateOf(node, param);
  return hexOf((await state.getAccount(of))?.nonce ?? 0n);
});

/** What a call looks at when it runs with these parameters, those of eth_call: it runs once more. Rejects as eth_call for parameters that it does not take. */
export async function callPrestate(
  context: CallContext,
  options: HardhatOptions,
  params: unknown,
): Promise<Prestate> {
  const [args, block, accounts, header] = readParams(params, CALL_PARAMS);
  const place = await promised(placeOf(context, args, block, accounts, header));
  const message = messageOf(args, args.gas ?? defaultGas(context.node, options));
  const [result] = await promised(
    runCalls(context, place, [message], { timeLimitMs: undefined, accesses: true }),
  );
  return prestateOf(result?.reads ?? [], (hash) => {
    const overridden = accounts.find(
      ({ code }) => code !== undefined && equalBytes(keccak256(code), hash),
    )?.code;
    return overridden ?? place.state.getCode(hash);
  });
}

/** Estimates are made for the next block. */
const stateBlockOrPending: typeof stateBlock = (value) => stateBlock(value ?? "pending");

function* placeOf(
  { node }: Pick<CallContext, "node">,
  args: TransactionArgs,
  block: ReturnType<typeof stateBlock>,
  accounts: StateOverride[],
  header: ReturnType<typeof blockOverrides>,
): Steps<CallPlace> {
  const found = yield* wait(stateOf(node, block));
  const free = found.header.baseFeePerGas === undefined ? {} : FREE;
  const place = { ...found, stateOverrides: accounts, blockOverrides: { ...free, ...header } };
  return { ...place, stateOverrides: yield* withFunds(place, args) };
}

/** The sender has at least what the message gives away and may spend. */
function* withFunds(
  { header, state, stateOverrides: overrides = [] }: CallPlace,
  { from = new Uint8Array(20), value, gas, gasPrice, maxFeePerGas }: TransactionArgs,
): Steps<StateOverride[]> {
  const needed = value + (gas ?? header.gasLimit) * (gasPrice ?? maxFeePerGas ?? 0n);
  if (needed === 0n) return overrides;
  const key = bytesToHex(from);
  const own = overrides.find(({ address }) => bytesToHex(address) === key);
  const balance = own?.balance ?? (yield* wait(state.getAccount(from)))?.balance ?? 0n;
  if (balance >= needed) return overrides;
  return [...overrides.filter((one) => one !== own), { address: from, ...own, balance: needed }];
}

function checkGas({ node }: MethodContext, gas: bigint, { transactionGasCap }: HardhatOptions): void {
  const cap = gasCap(node, transactionGasCap);
  if (cap !== undefined && gas > cap)
    throw new RpcError(SERVER_ERROR, `transaction gas limit (${gas}) is greater than the cap (${cap})`);
}

function checkIntrinsic(context: MethodContext, place: CallPlace, args: TransactionArgs, gas: bigint): void {
  const { intrinsic } = ownGas(context, place, args);
  if (gas < intrinsic)
    throw new RpcError(SERVER_ERROR, `Transaction requires at least ${intrinsic} gas but got ${gas}`);
}

/** A call takes as long as its gas lasts. */
function run(
  context: MethodContext,
  place: CallPlace,
  args: TransactionArgs,
  gas: bigint,
): Steps<CallResult> {
  return runCall(context, place, messageOf(args, gas), { timeLimitMs: undefined });
}

/** An answer that is at most so much above the least is good enough, for as much as is needed at least. */
const TOLERANCES: readonly (readonly [least: bigint, tolerance: bigint])[] = [
  [4_000_000n, 50_000n],
  [1_000_000n, 10_000n],
  [100_000n, 1_000n],
  [50_000n, 500n],
  [30_000n, 300n],
  [0n, 200n],
];
const MOST_ROUNDS = 20;

/** Throws FailedExecutionError or InternalOutOfGasError when no gas is enough. */
function* estimate(
  context: MethodContext,
  place: CallPlace,
  args: TransactionArgs,
  options: HardhatOptions,
): Steps<bigint> {
  const { node } = context;
  const most = args.gas ?? defaultGas(node, options);
  checkGas(context, most, options);
  checkIntrinsic(context, place, args, most);
  const minds = options.gasEstimationMode !== "topLevelSuccess";
  const first = yield* run(context, place, args, most);
  if (first.status === 0) throw new FailedExecutionError(first);
  if (minds && first.frameOutOfGas) throw new InternalOutOfGasError();
  const { intrinsic } = ownGas(context, place, args);
  const used = first.gasUsed > intrinsic ? first.gasUsed : intrinsic + 1n;
  function* isEnough(gas: bigint): Steps<boolean> {
    try {
      const { status, frameOutOfGas } = yield* run(context, place, args, gas);
      return status === 1 && !(minds && frameOutOfGas);
    } catch (error) {
      if (error instanceof InvalidTransactionError && /_GAS_(TOO_LOW|FLOOR_TOO_LOW)$/.test(error.code))
        return false;
      throw error;
    }
  }
  if (yield* isEnough(used)) return used;
  let [low, high] = [used, most];
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const tolerance = TOLERANCES.find(([from]) => low >= from)?.[1] ?? 0n;
    if (high - low <= tolerance) break;
    let middle = low + (high - low) / 2n;
    // Most need little more than what they use.
    if (round === 0 && middle > 3n * low) middle = 3n * low;
    if (yield* isEnough(middle)) high = middle;
    else low = middle + 1n;
  }
  return high;
}

/** What the transaction needs before anything runs. */
function ownGas({ node }: MethodContext, { header }: CallPlace, args: TransactionArgs): IntrinsicGas {
  const { data, to, accessList = [], authorizations = [] } = args;
  return intrinsicGas({ data, to, accessList, authorizations }, node.chain.rules.rulesAt(header));
}
