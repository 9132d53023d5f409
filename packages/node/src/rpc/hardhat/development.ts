// What Hardhat's own network answers otherwise than other development nodes.

import { bytesToBigInt, bytesToHex } from "@braid/primitives";
import { INTERNAL_ERROR, RpcError, SERVER_ERROR } from "@braid/rpc";
import type { HardhatOptions } from "../../options.ts";
import type { PooledTransaction } from "../../pool/pooled-transaction.ts";
import { formatPooled } from "../format.ts";
import { type Method, type Methods, method, stepwise } from "../method.ts";
import { address, bytes, hash, looseBits, looseQuantity, optional, text } from "../params.ts";

const value32 = (value: unknown): Uint8Array => {
  const hex = text(value);
  if (/^0x[0-9a-f]*$/i.test(hex) && hex.length !== 66)
    throw new RpcError(
      SERVER_ERROR,
      `Storage value must be exactly 32 bytes long. Received ${hex}, which is ${(hex.length - 2) >> 1} bytes long.`,
    );
  return bytes(value);
};

/** A slot as a quantity. */
const slot = (value: unknown): Uint8Array => {
  const number = looseQuantity(value);
  const key = new Uint8Array(32);
  for (let i = 31, rest = number; rest > 0n; i--, rest >>= 8n) key[i] = Number(rest & 0xffn);
  return key;
};

/** Sender by sender, in the order in which these came in first. */
function bySender(transactions: readonly PooledTransaction[]): PooledTransaction[] {
  const first = new Map<string, number>();
  for (const { from, arrival } of transactions)
    first.set(from, Math.min(arrival, first.get(from) ?? arrival));
  const rank = ({ from }: PooledTransaction): number => first.get(from) ?? 0;
  return transactions.toSorted((a, b) => rank(a) - rank(b) || (a.tx.nonce < b.tx.nonce ? -1 : 1));
}

/** With its parent's timestamp a block comes a second later, where it cannot have the same. */
export const mineMethod = ({ sameTimestamps = false }: HardhatOptions): Method =>
  stepwise([optional(looseQuantity)], function* ({ node }, timestamp) {
    if (timestamp !== undefined) {
      const isParents = timestamp === node.head.header.timestamp && !sameTimestamps;
      node.next.setTimestamp(isParents ? timestamp + 1n : timestamp);
    }
    yield* node.miner.mineSteps();
    return "0";
  });

export const developmentMethods: Methods = {
  hardhat_mine: stepwise(
    [optional(looseQuantity, 1n), optional(looseQuantity, 1n)],
    function* ({ node, signal }, count, seconds) {
      yield* node.miner.mineSteps(count, seconds, signal);
      return true;
    },
  ),

  hardhat_setNonce: method([address, looseBits(64n)], async ({ node }, of, nonce) => {
    if (node.pool.size > 0)
      throw new RpcError(INTERNAL_ERROR, "Cannot set account nonce when the transaction pool is not empty");
    const current = (await node.state.getAccount(of))?.nonce ?? 0n;
    if (nonce < current)
      throw new RpcError(
        SERVER_ERROR,
        `New nonce (${nonce}) must not be smaller than the existing nonce (${current})`,
      );
    await node.editState([{ address: of, nonce }]);
    return true;
  }),

  hardhat_setStorageAt: method([address, slot, value32], async ({ node }, of, key, value) => {
    await node.editState([{ address: of, storage: [[key, bytesToBigInt(value)]] }]);
    return true;
  }),

  hardhat_dropTransaction: method([hash], ({ node }, of) => {
    if (node.chain.transaction(of) !== undefined)
      throw new RpcError(
        SERVER_ERROR,
        `Transaction ${bytesToHex(of)} cannot be dropped because it's already mined`,
      );
    return node.dropTransaction(of);
  }),

  eth_pendingTransactions: method([], ({ node }) => {
    const { pending, queued } = node.pool.content(node.next.poolView());
    return [...bySender(pending), ...bySender(queued)].map(formatPooled);
  }),
};
