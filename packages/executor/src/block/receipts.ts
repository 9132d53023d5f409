// Receipts: their encoding, root and bloom.

import { RLP } from "@ethereumjs/rlp";
import { orderedTrieRoot } from "@braid/state";
import type { Receipt } from "./block-result.ts";

const BLOOM_BYTES = 256;

/** EIP-2718 encoding of a receipt: rlp(status or state root, cumulative gas, bloom, logs), after the type byte unless it is 0. */
export function encodeReceipt(receipt: Receipt): Uint8Array {
  const outcome = receipt.stateRoot ?? (receipt.status === 1 ? Uint8Array.of(1) : new Uint8Array(0));
  const logs = receipt.logs.map((log) => [log.address, log.topics, log.data]);
  const payload = RLP.encode([outcome, receipt.cumulativeGasUsed, receipt.logsBloom, logs]);
  if (receipt.type === 0) return payload;
  const encoded = new Uint8Array(payload.length + 1);
  encoded[0] = receipt.type;
  encoded.set(payload, 1);
  return encoded;
}

/** The root of the receipts trie (32 bytes). */
export function receiptsRoot(receipts: Receipt[]): Uint8Array {
  return orderedTrieRoot(receipts.map(encodeReceipt));
}

/** The block's bloom: the union of its receipts'. */
export function unionBloom(receipts: Receipt[]): Uint8Array {
  const bloom = new Uint8Array(BLOOM_BYTES);
  for (const { logs, logsBloom } of receipts) {
    if (logs.length > 0) for (let i = 0; i < BLOOM_BYTES; i++) bloom[i] = (bloom[i] as number) | (logsBloom[i] as number);
  }
  return bloom;
}
