// Transactions as eth_call, eth_estimateGas and eth_sendTransaction take them.

import type { BlockOverrides, CallMessage, StateOverride } from "@braid/executor";
import { bytesToBigInt, equalBytes } from "@braid/primitives";
import { invalidParams } from "@braid/rpc";
import {
  address,
  bytes,
  hash,
  list,
  object,
  optional,
  ParameterError,
  quantity,
  quantity64,
  type Reader,
  record,
  word,
} from "../params.ts";

const accessListEntry = object({ address, storageKeys: optional(list(word), []) });

const authorization = object({
  chainId: quantity,
  address,
  nonce: quantity64,
  yParity: optional(quantity),
  v: optional(quantity),
  r: quantity,
  s: quantity,
});

const fields = object({
  from: optional(address),
  to: optional(address),
  gas: optional(quantity64),
  gasPrice: optional(quantity),
  maxFeePerGas: optional(quantity),
  maxPriorityFeePerGas: optional(quantity),
  maxFeePerBlobGas: optional(quantity),
  value: optional(quantity, 0n),
  nonce: optional(quantity64),
  data: optional(bytes),
  input: optional(bytes),
  accessList: optional(list(accessListEntry)),
  blobVersionedHashes: optional(list(hash)),
  authorizationList: optional(list(authorization)),
  chainId: optional(quantity),
  type: optional(quantity64),
});

export type TransactionArgs = ReturnType<typeof transactionArgs>;

export function transactionArgs(value: unknown) {
  const args = fields(value);
  const { data, input, gasPrice, maxFeePerGas, maxPriorityFeePerGas } = args;
  if (data !== undefined && input !== undefined && !equalBytes(data, input))
    throw new ParameterError(
      'both "data" and "input" are set and not equal. Please use "input" to pass transaction call data',
    );
  if (gasPrice !== undefined && (maxFeePerGas !== undefined || maxPriorityFeePerGas !== undefined))
    throw new ParameterError("both gasPrice and (maxFeePerGas or maxPriorityFeePerGas) specified");
  if (maxFeePerGas !== undefined && maxPriorityFeePerGas !== undefined && maxPriorityFeePerGas > maxFeePerGas)
    throw new ParameterError(
      `maxFeePerGas (${maxFeePerGas}) < maxPriorityFeePerGas (${maxPriorityFeePerGas})`,
    );
  const { accessList, authorizationList, input: _, data: __, ...rest } = args;
  return {
    ...rest,
    data: input ?? data ?? new Uint8Array(0),
    accessList: accessList?.map((entry) => ({ address: entry.address, slots: entry.storageKeys })),
    authorizations: authorizationList?.map(({ yParity, v, ...signed }) => ({
      ...signed,
      yParity: yParity ?? v ?? 0n,
    })),
  };
}

/** The message that a call runs. */
export function messageOf(args: TransactionArgs, gasLimit: bigint): CallMessage {
  const { from, to, value, nonce, data, gasPrice, maxFeePerGas, maxPriorityFeePerGas, maxFeePerBlobGas } =
    args;
  const most = gasPrice ?? maxFeePerGas ?? maxPriorityFeePerGas;
  return {
    gasLimit,
    data,
    value,
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
    ...(nonce === undefined ? {} : { nonce }),
    ...(most === undefined ? {} : { maxFeePerGas: most }),
    ...(gasPrice !== undefined || most === undefined
      ? {}
      : { maxPriorityFeePerGas: maxPriorityFeePerGas ?? 0n }),
    ...(maxFeePerBlobGas === undefined ? {} : { maxFeePerBlobGas }),
    ...(args.blobVersionedHashes === undefined ? {} : { blobVersionedHashes: args.blobVersionedHashes }),
    ...(args.accessList === undefined ? {} : { accessList: args.accessList }),
    ...(args.authorizations === undefined ? {} : { authorizations: args.authorizations }),
  };
}

const overriddenAccount = object({
  balance: optional(quantity),
  nonce: optional(quantity64),
  code: optional(bytes),
  state: optional(record(word, word)),
  stateDiff: optional(record(word, word)),
  movePrecompileToAddress: optional(address),
});

/** Accounts that are others than in the state. */
export const stateOverrides: Reader<StateOverride[]> = (value) => {
  if (value === undefined || value === null) return [];
  return record(
    address,
    overriddenAccount,
  )(value).map(([of, account]) => {
    const { balance, nonce, code, state, stateDiff, movePrecompileToAddress } = account;
    if (state !== undefined && stateDiff !== undefined)
      throw invalidParams("account has both 'state' and 'stateDiff'");
    const slots = (list: [Uint8Array, Uint8Array][]): [Uint8Array, bigint][] =>
      list.map(([slot, found]) => [slot, bytesToBigInt(found)]);
    return {
      address: of,
      ...(balance === undefined ? {} : { balance }),
      ...(nonce === undefined ? {} : { nonce }),
      ...(code === undefined ? {} : { code }),
      ...(state === undefined ? {} : { state: slots(state) }),
      ...(stateDiff === undefined ? {} : { stateDiff: slots(stateDiff) }),
      ...(movePrecompileToAddress === undefined ? {} : { movePrecompileToAddress }),
    };
  });
};

const overriddenBlock = object({
  number: optional(quantity64),
  time: optional(quantity64),
  gasLimit: optional(quantity64),
  feeRecipient: optional(address),
  coinbase: optional(address),
  prevRandao: optional(word),
  random: optional(word),
  baseFeePerGas: optional(quantity),
  baseFee: optional(quantity),
  blobBaseFee: optional(quantity),
});

/** Fields of the block that are others than in its header; some go by two names. */
export const blockOverrides: Reader<BlockOverrides> = (value) => {
  if (value === undefined || value === null) return {};
  const { number, time, gasLimit, blobBaseFee, ...names } = overriddenBlock(value);
  const coinbase = names.feeRecipient ?? names.coinbase;
  const prevRandao = names.prevRandao ?? names.random;
  const baseFeePerGas = names.baseFeePerGas ?? names.baseFee;
  return {
    ...(number === undefined ? {} : { number }),
    ...(time === undefined ? {} : { timestamp: time }),
    ...(gasLimit === undefined ? {} : { gasLimit }),
    ...(coinbase === undefined ? {} : { coinbase }),
    ...(prevRandao === undefined ? {} : { prevRandao }),
    ...(baseFeePerGas === undefined ? {} : { baseFeePerGas }),
    ...(blobBaseFee === undefined ? {} : { blobGasPrice: blobBaseFee }),
  };
};
