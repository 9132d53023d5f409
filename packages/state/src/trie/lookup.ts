// Reading a trie: the walk from the root to a key, loading nodes where it meets a hash.
import { bytesToHex } from "@braid/primitives";
import { MissingTrieNodeError } from "../errors.ts";
import {
  HASH_REFERENCE,
  type HashNode,
  isLeafOf,
  type LeafNode,
  type LoadedNode,
  matchLength,
  type NodeLoader,
  nibbleAt,
  type TrieNode,
} from "./node.ts";
import { decodeNode, takeReference } from "./node-codec.ts";

/**
 * The value at a key, or undefined when the trie proves that there is none.
 * Throws MissingTrieNodeError when the walk meets a hash that the loader does not know: that is not "absent".
 */
export function trieGet(
  root: TrieNode | undefined,
  key: Uint8Array,
  nodes: NodeLoader,
): Uint8Array | undefined {
  return trieLeaf(root, key, nodes)?.value;
}

/** As trieGet, with the leaf that holds the value; the key are the `keyBytes` bytes at `at`. */
export function trieLeaf(
  root: TrieNode | undefined,
  key: Uint8Array,
  nodes: NodeLoader,
  at = 0,
  keyBytes = key.length,
): LeafNode | undefined {
  let node = root;
  let depth = 0;
  while (node !== undefined) {
    switch (node.kind) {
      case "hash":
        node = loadNode(node, key.subarray(at, at + keyBytes), nodes);
        break;
      case "branch":
        node = node.children[nibbleAt(key, depth, at)];
        depth++;
        break;
      case "extension":
        if (matchLength(node.path, key, depth, at, keyBytes) !== node.path.length) return undefined;
        depth += node.path.length;
        node = node.child;
        break;
      case "leaf":
        return isLeafOf(node, key, depth, at, keyBytes) ? node : undefined;
    }
  }
  return undefined;
}

/** The node behind a hash; remembered, so that it is decoded once. `key` is what was looked for, for the error. */
export function loadNode(node: HashNode, key: Uint8Array, nodes: NodeLoader): LoadedNode {
  if (node.loaded !== undefined) return node.loaded;
  const hash = node.bytes.subarray(node.refAt + 1, node.refAt + HASH_REFERENCE);
  const bytes = nodes.load(hash);
  if (bytes === undefined)
    throw new MissingTrieNodeError({ nodeHash: bytesToHex(hash), key: bytesToHex(key) });
  const loaded = decodeNode(bytes);
  takeReference(loaded, node);
  loaded.stored = true;
  node.loaded = loaded;
  return loaded;
}
