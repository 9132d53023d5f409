// Sending as viem and wallets do it besides: in anybody's name, and waiting for the receipt.

import { bytesToHex, equalBytes, promised } from "@braid/primitives";
import { decodeTransaction } from "@braid/protocol";
import { RpcError } from "@braid/rpc";
import { impersonate } from "../../accounts/signing.ts";
import type { Node } from "../../node.ts";
import { formatPooled, formatReceipts, formatTransaction, type Json } from "../format.ts";
import { type MethodContext, type Methods, method } from "../method.ts";
import { address, bytes, looseBits, optional, ParameterError, quantity64, type Reader } from "../params.ts";
import { fillTransaction } from "./accounts.ts";
import { transactionArgs } from "./transaction-args.ts";

/** EIP-7966: it is in the pool, and no block had it in time. */
const NOT_IN_TIME = 4;
const DEFAULT_WAIT_MS = 5_000n;
const MOST_WAIT_MS = 60_000n;

/** Milliseconds. */
const wait: Reader<number> = (value) => {
  const ms = looseBits(64n)(value);
  if (ms === 0n || ms > MOST_WAIT_MS)
    throw new ParameterError(`a time from 1 to ${MOST_WAIT_MS} ms is wanted`);
  return Number(ms);
};

const setAutomine = (on: boolean) =>
  method([], ({ node }) => {
    node.miner.automine = on;
    return true;
  });

export const sendingMethods: Methods = {
  eth_requestAccounts: method([], ({ node }) => [...node.accounts.keys()]),

  /** In the name of an account that nobody needs the key of. */
  eth_sendUnsignedTransaction: method([transactionArgs], async (context, args) => {
    const { from } = args;
    if (from === undefined) throw new ParameterError("missing field from");
    const raw = impersonate(await promised(fillTransaction(context, args, from)), from);
    return bytesToHex((await context.node.send(raw, from)).hash);
  }),

  /** EIP-7966. */
  eth_sendRawTransactionSync: method(
    [bytes, optional(wait, Number(DEFAULT_WAIT_MS))],
    async (context, raw, ms) => {
      const { hash } = await context.node.send(raw);
      return waitForReceipt(context, hash, ms);
    },
  ),

  eth_getTransactionBySenderAndNonce: method([address, quantity64], async ({ node }, sender, nonce) => {
    const { pending, queued } = await node.pool.content(node.next.poolView());
    const pooled = [...pending, ...queued].find(
      (one) => one.tx.nonce === nonce && equalBytes(one.sender, sender),
    );
    return pooled === undefined ? mined(node, sender, nonce) : formatPooled(pooled);
  }),

  miner_start: setAutomine(true),
  miner_stop: setAutomine(false),
};

function receiptOf({ chain }: Node, hash: Uint8Array): Json | undefined {
  const place = chain.transaction(hash);
  const receipts = place && chain.receipts(place.block.hash);
  return place && receipts && formatReceipts(place.block, receipts, chain.rules)[place.index];
}

async function waitForReceipt({ node, signal }: MethodContext, hash: Uint8Array, ms: number): Promise<Json> {
  const { promise, resolve } = Promise.withResolvers<Json | undefined>();
  const look = (): void => {
    const receipt = receiptOf(node, hash);
    if (receipt !== undefined) resolve(receipt);
  };
  const giveUp = (): void => resolve(undefined);
  const stop = node.onHeadChange(look);
  const timer = setTimeout(giveUp, ms);
  signal.addEventListener("abort", giveUp);
  try {
    look();
    const receipt = await promise;
    if (receipt !== undefined) return receipt;
    throw new RpcError(
      NOT_IN_TIME,
      `the transaction is in the pool, and no block had it within ${ms} ms`,
      bytesToHex(hash),
    );
  } finally {
    stop();
    clearTimeout(timer);
    signal.removeEventListener("abort", giveUp);
  }
}

/** The transaction of the canonical chain that used a nonce; it is found as long as the account's nonce has only ever grown. */
async function mined({ chain }: Node, sender: Uint8Array, nonce: bigint): Promise<Json | null> {
  const used = async (number: bigint): Promise<boolean> => {
    const block = chain.blockAt(number);
    if (block === undefined) return false;
    const account = await chain.stateAfter(block.hash).getAccount(sender);
    return (account?.nonce ?? 0n) > nonce;
  };
  let [first, last] = [chain.first.number, chain.head.number];
  if (!(await used(last))) return null;
  while (first < last) {
    const middle = (first + last) / 2n;
    if (await used(middle)) last = middle;
    else first = middle + 1n;
  }
  const block = chain.blockAt(first);
  const senders = (block && chain.receipts(block.hash)?.senders) ?? [];
  const index = senders.findIndex((one, i) => {
    const raw = block?.block.transactions[i];
    return raw !== undefined && equalBytes(one, sender) && decodeTransaction(raw).nonce === nonce;
  });
  const raw = block?.block.transactions[index];
  return block === undefined || raw === undefined ? null : formatTransaction(raw, sender, { block, index });
}
