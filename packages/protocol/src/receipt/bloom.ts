// Bloom filters of logs (Yellow Paper section 4.4.1).

import { keccak256 } from "@braid/kernel";
import type { Log } from "./receipt.ts";

const BLOOM_BYTES = 256;

/** The bloom of some logs (256 bytes): three bits for each address and topic. */
export function logsBloom(logs: readonly Log[]): Uint8Array {
  const bloom = new Uint8Array(BLOOM_BYTES);
  for (const { address, topics } of logs) {
    add(bloom, address);
    for (const topic of topics) add(bloom, topic);
  }
  return bloom;
}

function add(bloom: Uint8Array, value: Uint8Array): void {
  const hash = keccak256(value);
  for (let i = 0; i < 6; i += 2) {
    const bit = (((hash[i] as number) << 8) | (hash[i + 1] as number)) & 2047;
    const at = BLOOM_BYTES - 1 - (bit >> 3);
    bloom[at] = (bloom[at] as number) | (1 << (bit & 7));
  }
}

/** A block's bloom: the union of its receipts'. */
export function unionBloom(receipts: readonly { logsBloom: Uint8Array }[]): Uint8Array {
  const union = new Uint8Array(BLOOM_BYTES);
  const words = new Uint32Array(union.buffer);
  for (const { logsBloom } of receipts) {
    // PERF: whole words; a view of an encoding may lie at any byte.
    const bloom = logsBloom.byteOffset % 4 === 0 ? logsBloom : logsBloom.slice();
    const more = new Uint32Array(bloom.buffer, bloom.byteOffset, words.length);
    for (let i = 0; i < words.length; i++) words[i] = (words[i] as number) | (more[i] as number);
  }
  return union;
}
