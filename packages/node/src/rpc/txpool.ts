// txpool_*: what waits for its block.

import { bytesToHex } from "@braid/primitives";
import type { PooledTransaction } from "../pool/pooled-transaction.ts";
import { checksumAddress } from "./checksum.ts";
import { formatPooled, hexOf } from "./format.ts";
import { type Methods, method } from "./method.ts";
import { address } from "./params.ts";

type BySender = Record<string, Record<string, unknown>>;

/** By sender, as geth writes addresses here, and nonce. */
function bySender(
  transactions: readonly PooledTransaction[],
  show: (pooled: PooledTransaction) => unknown,
): BySender {
  const senders: BySender = {};
  for (const pooled of transactions) {
    const sender = checksumAddress(pooled.sender);
    senders[sender] ??= {};
    (senders[sender] as Record<string, unknown>)[pooled.tx.nonce.toString()] = show(pooled);
  }
  return senders;
}

function byNonce(transactions: readonly PooledTransaction[], sender: Uint8Array): Record<string, unknown> {
  const from = bytesToHex(sender);
  const own = transactions.filter((pooled) => pooled.from === from);
  return Object.fromEntries(own.map((pooled) => [pooled.tx.nonce.toString(), formatPooled(pooled)]));
}

/** One line that says what it does. */
function summary({ tx }: PooledTransaction): string {
  const to = tx.to === undefined ? "contract creation" : checksumAddress(tx.to);
  return `${to}: ${tx.value} wei + ${tx.gasLimit} gas × ${tx.maxFeePerGas} wei`;
}

export const txpoolMethods: Methods = {
  txpool_status: method([], ({ node }) => {
    const { pending, queued } = node.pool.content(node.poolView());
    return { pending: hexOf(pending.length), queued: hexOf(queued.length) };
  }),
  txpool_content: method([], ({ node }) => {
    const { pending, queued } = node.pool.content(node.poolView());
    return { pending: bySender(pending, formatPooled), queued: bySender(queued, formatPooled) };
  }),
  txpool_contentFrom: method([address], ({ node }, sender) => {
    const { pending, queued } = node.pool.content(node.poolView());
    return { pending: byNonce(pending, sender), queued: byNonce(queued, sender) };
  }),
  txpool_inspect: method([], ({ node }) => {
    const { pending, queued } = node.pool.content(node.poolView());
    return { pending: bySender(pending, summary), queued: bySender(queued, summary) };
  }),
};
