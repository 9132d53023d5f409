// Sending, as Hardhat's own network has it: what cannot be mined at once is refused, and what fails when it is mined at once is told to the sender.

import { recoverSender, type TransactionResult } from "@braid/executor";
import { bytesToHex, Mutex, type Steps, wait } from "@braid/primitives";
import { decodeTransaction, intrinsicGas, type Transaction } from "@braid/protocol";
import { RpcError, SERVER_ERROR } from "@braid/rpc";
import type { DevAccount } from "../../accounts/dev-accounts.ts";
import { impersonate, signTransaction } from "../../accounts/signing.ts";
import { UnknownAccountError } from "../../accounts/unknown-account-error.ts";
import type { Node } from "../../node.ts";
import type { HardhatOptions } from "../../options.ts";
import { maxCost } from "../../pool/pooled-transaction.ts";
import { fillTransaction } from "../eth/accounts.ts";
import type { TransactionArgs } from "../eth/transaction-args.ts";
import { type MethodContext, type Methods, stepwise } from "../method.ts";
import { bytes } from "../params.ts";
import { hardhatArgs } from "./arguments.ts";
import { FailedExecutionError } from "./errors.ts";

/** In so many blocks the base fee falls by ten orders of magnitude. */
const MOST_EMPTY_BLOCKS = 200;

/** Gas that a transaction or a call has when nobody says how much. */
export function defaultGas(node: Node, { transactionGasCap, defaultGas: chosen }: HardhatOptions): bigint {
  return gasCap(node, transactionGasCap) ?? chosen ?? node.next.gasLimit;
}

/** Gas that a transaction may have at most; undefined: as much as a block. */
export function gasCap(node: Node, chosen: HardhatOptions["transactionGasCap"]): bigint | undefined {
  if (chosen === false) return undefined;
  return chosen ?? node.next.rules.maxTransactionGas;
}

export function sendingMethods(options: HardhatOptions): Methods {
  const { throwOnTransactionFailures: throws = true } = options;

  function* send(
    { node }: MethodContext,
    raw: Uint8Array,
    tx: Transaction,
    sender: Uint8Array,
  ): Steps<string> {
    yield* check(node, tx, sender, options);
    const { automine } = node.miner;
    const mined: { hashes: readonly Uint8Array[]; results: readonly TransactionResult[] }[] = [];
    const stop = node.miner.onMined(({ block }, results) =>
      mined.push({ hashes: block.transactionHashes, results: results() }),
    );
    let hash: Uint8Array;
    try {
      ({ hash } = yield* node.sendSteps(raw, sender));
      // What is in its way may pay too little now: the base fee falls from block to block.
      for (let block = 0; automine && block < MOST_EMPTY_BLOCKS && node.pool.get(hash) !== undefined; block++)
        yield* node.miner.mineSteps();
    } finally {
      stop();
    }
    const text = bytesToHex(hash);
    if (automine && throws)
      for (const { hashes, results } of mined)
        for (const [index, other] of hashes.entries()) {
          const result = results[index];
          if (result?.status === 0 && bytesToHex(other) === text)
            throw new FailedExecutionError(result, hash);
        }
    return text;
  }

  function* sendUnsigned(
    context: MethodContext,
    args: TransactionArgs,
    { sender, account }: { sender: Uint8Array; account: DevAccount | undefined },
  ): Steps<string> {
    const { node } = context;
    let gas = args.gas ?? defaultGas(node, options);
    if (args.gas === undefined && gas > node.next.gasLimit) gas = node.next.gasLimit;
    const tx = yield* fillTransaction(context, { ...args, gas }, sender);
    const raw = account === undefined ? impersonate(tx, sender) : signTransaction(tx, account.privateKey);
    return yield* send(context, raw, decodeTransaction(raw), sender);
  }

  // One after the other, as Hardhat's own network takes them: what is sent at the same time gets different nonces.
  const turns = new Mutex();

  return {
    eth_sendRawTransaction: stepwise([bytes], function* (context, raw) {
      const { node } = context;
      const read = readTransaction(node, raw);
      // Blobs, and what is no transaction: the pool says what is wrong.
      if (read === undefined) return bytesToHex((yield* node.sendSteps(raw)).hash);
      return yield* turns.steps(() => send(context, raw, read.tx, read.sender));
    }),

    eth_sendTransaction: stepwise([hardhatArgs], function* (context, args) {
      const { node } = context;
      const sender = args.from ?? [...node.accounts.values()][0]?.address;
      if (sender === undefined) throw new RpcError(SERVER_ERROR, "There is no account to send from");
      const account = node.accounts.get(bytesToHex(sender));
      if (account === undefined && !node.isImpersonated(sender)) throw new UnknownAccountError(sender);
      return yield* turns.steps(() => sendUnsigned(context, args, { sender, account }));
    }),
  };
}

/** Undefined when these bytes are not just a transaction. */
function readTransaction(node: Node, raw: Uint8Array): { tx: Transaction; sender: Uint8Array } | undefined {
  try {
    const tx = decodeTransaction(raw);
    const sender = recoverSender(raw, tx, node.next.rules);
    return sender && { tx, sender };
  } catch {
    return undefined;
  }
}

function refuse(message: string): never {
  throw new RpcError(SERVER_ERROR, message);
}

/** What Hardhat asks of a transaction before it has a look at the pool. Throws RpcError. */
function* check(node: Node, tx: Transaction, sender: Uint8Array, options: HardhatOptions): Steps<void> {
  const { maxFeePerGas, maxPriorityFeePerGas, gasLimit } = tx;
  // Of a signed transaction; others were told before.
  if (maxPriorityFeePerGas > maxFeePerGas)
    refuse(`maxPriorityFeePerGas (${maxPriorityFeePerGas}) is bigger than maxFeePerGas (${maxFeePerGas})`);
  const rules = node.next.rules;
  const { intrinsic } = intrinsicGas(tx, rules);
  if (gasLimit < intrinsic) refuse(`Transaction requires at least ${intrinsic} gas but got ${gasLimit}`);
  const cap = gasCap(node, options.transactionGasCap);
  if (cap !== undefined && gasLimit > cap)
    refuse(`Transaction gas limit is ${gasLimit} and exceeds transaction gas cap of ${cap}`);
  if (gasLimit > node.next.gasLimit)
    refuse(`Transaction gas limit is ${gasLimit} and exceeds block gas limit of ${node.next.gasLimit}`);
  if (node.miner.automine) yield* checkAutomine(node, tx, sender);
  const { nonce = 0n, balance = 0n } = (yield* wait(node.state.getAccount(sender))) ?? {};
  const cost = maxCost(tx, rules.blobGasPerBlob);
  if (cost > balance)
    refuse(
      `Sender doesn't have enough funds to send tx. The max upfront cost is: ${cost} and the sender's balance is: ${balance}.`,
    );
  if (tx.nonce < nonce)
    refuse(`Transaction nonce too low. Expected nonce to be at least ${nonce} but got ${tx.nonce}.`);
}

/** What comes in is mined at once, so it must fit now. */
function* checkAutomine(node: Node, tx: Transaction, sender: Uint8Array): Steps<void> {
  const expected = yield* node.pool.nextNonce(sender, node.next.poolView());
  if (tx.nonce !== expected)
    refuse(
      `Nonce too ${tx.nonce > expected ? "high" : "low"}. Expected nonce to be ${expected} but got ${tx.nonce}. Note that transactions can't be queued when automining.`,
    );
  const { baseFee, minGasPrice } = node.next;
  const isDynamic = tx.type >= 2;
  const name = isDynamic ? "maxFeePerGas" : "gasPrice";
  if (baseFee !== undefined && tx.maxFeePerGas < baseFee)
    refuse(
      `Transaction ${name} (${tx.maxFeePerGas}) is too low for the next block, which has a baseFeePerGas of ${baseFee}`,
    );
  if (tx.maxFeePerGas < minGasPrice)
    refuse(`Transaction gas price is ${tx.maxFeePerGas}, which is below the minimum of ${minGasPrice}`);
}
