// Transactions and messages of the node's own accounts, and transactions that others have signed.

import { bytesToHex, promised, type Steps, wait } from "@braid/primitives";
import { INVALID_PARAMS, invalidParams, RpcError, SERVER_ERROR } from "@braid/rpc";
import type { DevAccount } from "../../accounts/dev-accounts.ts";
import {
  encodeSignature,
  hashMessage,
  impersonate,
  signHash,
  signTransaction,
  type UnsignedTransaction,
} from "../../accounts/signing.ts";
import { signTypedData, type TypedData } from "../../accounts/typed-data.ts";
import { UnknownAccountError } from "../../accounts/unknown-account-error.ts";
import type { Node } from "../../node.ts";
import { stateOf } from "../block-tags.ts";
import { formatTransaction } from "../format.ts";
import { type MethodContext, type Methods, method } from "../method.ts";
import {
  address,
  anything,
  bytes,
  list,
  object,
  optional,
  ParameterError,
  type Reader,
  record,
  text,
} from "../params.ts";
import { estimateGas } from "./estimate-gas.ts";
import { SUGGESTED_TIP } from "./fees.ts";
import { type TransactionArgs, transactionArgs } from "./transaction-args.ts";

const typedDataFields = object({
  types: record(text, list(object({ name: text, type: text }))),
  primaryType: text,
  domain: optional(record(text, anything), []),
  message: record(text, anything),
});

/** Typed data, as an object or as its JSON. */
const typedData: Reader<TypedData> = (value) => {
  let json = value;
  try {
    if (typeof value === "string") json = JSON.parse(value);
  } catch {
    throw new ParameterError("typed data is an object or its JSON");
  }
  const { types, primaryType, domain, message } = typedDataFields(json);
  return {
    types: Object.fromEntries(types),
    primaryType,
    domain: Object.fromEntries(domain),
    message: Object.fromEntries(message),
  };
};

export const accountMethods: Methods = {
  eth_accounts: method([], ({ node }) => [...node.accounts.keys()]),
  eth_coinbase: method([], ({ node }) => bytesToHex(node.next.coinbase)),

  eth_sendRawTransaction: method([bytes], async ({ node }, raw) => bytesToHex((await node.send(raw)).hash)),

  eth_sendTransaction: method([transactionArgs], async (context, args) => {
    const { node } = context;
    const sender = args.from ?? [...node.accounts.values()][0]?.address;
    if (sender === undefined) throw new RpcError(INVALID_PARAMS, "missing field from");
    const account = node.accounts.get(bytesToHex(sender));
    const isForeign = account === undefined;
    if (isForeign && !node.isImpersonated(sender)) throw new UnknownAccountError(sender);
    const tx = await promised(fillTransaction(context, { ...args, from: sender }, sender));
    const raw = isForeign ? impersonate(tx, sender) : signTransaction(tx, account.privateKey);
    return bytesToHex((await node.send(raw, isForeign ? sender : undefined)).hash);
  }),

  eth_signTransaction: method([transactionArgs], async (context, args) => {
    const account = needAccount(context.node, args.from ?? new Uint8Array(20));
    const tx = await promised(fillTransaction(context, args, account.address));
    const raw = signTransaction(tx, account.privateKey);
    return { raw: bytesToHex(raw), tx: formatTransaction(raw, account.address) };
  }),

  eth_fillTransaction: method([transactionArgs], async (context, args) => {
    const sender = args.from ?? new Uint8Array(20);
    const raw = impersonate(await promised(fillTransaction(context, args, sender)), new Uint8Array(20));
    const { v, r, s, yParity, hash, ...tx } = formatTransaction(raw, sender);
    return { raw: bytesToHex(raw), tx };
  }),

  eth_signTypedData_v4: method([address, typedData], async ({ node }, of, data) => {
    const { privateKey } = needAccount(node, of);
    try {
      return bytesToHex(await signTypedData(data, privateKey));
    } catch (error) {
      throw invalidParams(`invalid argument 1: ${error instanceof Error ? error.message : String(error)}`);
    }
  }),

  eth_sign: method([address, bytes], ({ node }, of, message) => signMessage(node, of, message)),
  /** The parameters the other way round. */
  personal_sign: method([bytes, address], ({ node }, message, of) => signMessage(node, of, message)),
};

function needAccount(node: Node, of: Uint8Array): DevAccount {
  const account = node.accounts.get(bytesToHex(of));
  if (account === undefined) throw new UnknownAccountError(of);
  return account;
}

function signMessage(node: Node, of: Uint8Array, message: Uint8Array): string {
  const { privateKey } = needAccount(node, of);
  return bytesToHex(encodeSignature(signHash(hashMessage(message), privateKey)));
}

/** The transaction with all that the sender has left out. */
export function* fillTransaction(
  context: MethodContext,
  args: TransactionArgs,
  sender: Uint8Array,
): Steps<UnsignedTransaction> {
  const { node } = context;
  const { chainId } = node.chain.rules;
  if (args.chainId !== undefined && args.chainId !== chainId)
    throw new RpcError(
      INVALID_PARAMS,
      `chainId does not match node's (have=${args.chainId}, want=${chainId})`,
    );
  const fees = fillFees(node, args);
  const type = typeOf(node, args);
  const gasLimit =
    args.gas ??
    (yield* wait(
      estimateGas(context, yield* wait(stateOf(node, "pending")), { ...args, from: sender, ...NO_FEES }),
    ));
  return {
    type,
    chainId,
    nonce: args.nonce ?? (yield* node.pool.nextNonce(sender, node.next.poolView())),
    gasLimit,
    to: args.to,
    value: args.value,
    data: args.data,
    ...fees,
    accessList: args.accessList ?? [],
    maxFeePerBlobGas: type === 3 ? (args.maxFeePerBlobGas ?? 2n * (node.next.blobFee ?? 1n)) : 0n,
    blobVersionedHashes: args.blobVersionedHashes ?? [],
    authorizations: args.authorizations ?? [],
  };
}

/** Whether the sender can pay is asked by the pool. */
const NO_FEES = { gasPrice: undefined, maxFeePerGas: undefined, maxPriorityFeePerGas: undefined };

function typeOf(node: Node, args: TransactionArgs): UnsignedTransaction["type"] {
  if (args.authorizations !== undefined) return 4;
  if (args.blobVersionedHashes !== undefined) return 3;
  const isDynamic = args.maxFeePerGas !== undefined || args.maxPriorityFeePerGas !== undefined;
  if (isDynamic || (args.gasPrice === undefined && node.next.baseFee !== undefined)) return 2;
  return args.accessList === undefined ? 0 : 1;
}

function fillFees(
  node: Node,
  { gasPrice, maxFeePerGas, maxPriorityFeePerGas }: TransactionArgs,
): Pick<UnsignedTransaction, "maxFeePerGas" | "maxPriorityFeePerGas"> {
  const { baseFee } = node.next;
  if (gasPrice !== undefined || baseFee === undefined) {
    const price = gasPrice ?? SUGGESTED_TIP;
    return { maxFeePerGas: price, maxPriorityFeePerGas: price };
  }
  const suggested = maxFeePerGas !== undefined && maxFeePerGas < SUGGESTED_TIP ? maxFeePerGas : SUGGESTED_TIP;
  const tip = maxPriorityFeePerGas ?? suggested;
  const most = maxFeePerGas ?? 2n * baseFee + tip;
  if (tip > most) throw new RpcError(SERVER_ERROR, `maxFeePerGas (${most}) < maxPriorityFeePerGas (${tip})`);
  return { maxFeePerGas: most, maxPriorityFeePerGas: tip };
}
