// txpool_*: what waits for its block.

import { Slices } from "@braid/primitives";
import { RESPONSE_TOO_LARGE, RpcError } from "@braid/rpc";
import type { PooledTransaction } from "../pool/pooled-transaction.ts";
import { checksumAddress } from "./checksum.ts";
import { formatPooled, hexOf } from "./format.ts";
import { type MethodContext, type Methods, method } from "./method.ts";
import { address } from "./params.ts";

type BySender = Record<string, Record<string, unknown>>;

/** More have no room in an answer. */
const MOST_SHOWN = 20_000;

type Show = (pooled: PooledTransaction) => unknown;

/** All that is in the pool. */
async function content(
  { node, signal, payer }: MethodContext,
  show: Show,
): Promise<Record<string, BySender>> {
  if (node.pool.size > MOST_SHOWN)
    throw new RpcError(
      RESPONSE_TOO_LARGE,
      `the pool has ${node.pool.size} transactions, more than the ${MOST_SHOWN} that are shown: ask for those of a sender by txpool_contentFrom`,
    );
  const { pending, queued } = node.pool.content(node.next.poolView());
  const slices = new Slices({ payer, signal });
  const shown = {
    pending: await bySender(pending, show, slices),
    queued: await bySender(queued, show, slices),
  };
  slices.end();
  return shown;
}

/** By sender, as geth writes addresses here, and nonce. */
async function bySender(
  transactions: readonly PooledTransaction[],
  show: Show,
  slices: Slices,
): Promise<BySender> {
  const senders: BySender = {};
  for (const pooled of transactions) {
    const pause = slices.pause();
    if (pause !== undefined) await pause;
    const sender = checksumAddress(pooled.sender);
    senders[sender] ??= {};
    (senders[sender] as Record<string, unknown>)[pooled.tx.nonce.toString()] = show(pooled);
  }
  return senders;
}

function byNonce(transactions: readonly PooledTransaction[]): Record<string, unknown> {
  return Object.fromEntries(transactions.map((pooled) => [pooled.tx.nonce.toString(), formatPooled(pooled)]));
}

/** One line that says what it does. */
function summary({ tx }: PooledTransaction): string {
  const to = tx.to === undefined ? "contract creation" : checksumAddress(tx.to);
  return `${to}: ${tx.value} wei + ${tx.gasLimit} gas × ${tx.maxFeePerGas} wei`;
}

export const txpoolMethods: Methods = {
  txpool_status: method([], ({ node }) => {
    const { pending, queued } = node.pool.content(node.next.poolView());
    return { pending: hexOf(pending.length), queued: hexOf(queued.length) };
  }),
  txpool_content: method([], (context) => content(context, formatPooled)),
  txpool_contentFrom: method([address], ({ node }, sender) => {
    const { pending, queued } = node.pool.content(node.next.poolView(), sender);
    return { pending: byNonce(pending), queued: byNonce(queued) };
  }),
  txpool_inspect: method([], (context) => content(context, summary)),
};
