// Reading a trie: the walk from the root to a key, loading nodes where it meets a hash.
import { bytesToHex } from "@braid/primitives";
import { MissingTrieNodeError } from "../errors.ts";
import {
  type HashNode,
  type LeafNode,
  type LoadedNode,
  matchLength,
  type NodeLoader,
  nibbleAt,
  type TrieNode,
} from "./node.ts";
import { decodeNode } from "./node-codec.ts";

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

/** As trieGet, with the leaf that holds the value. */
export function trieLeaf(
  root: TrieNode | undefined,
  key: Uint8Array,
  nodes: NodeLoader,
): LeafNode | undefined {
  let node = root;
  let depth = 0;
  while (node !== undefined) {
    switch (node.kind) {
      case "hash":
        node = loadNode(node, key, nodes);
        break;
      case "branch":
        node = node.children[nibbleAt(key, depth)];
        depth++;
        break;
      case "extension":
        if (matchLength(node.path, key, depth) !== node.path.length) return undefined;
        depth += node.path.length;
        node = node.child;
        break;
      case "leaf": {
        const whole =
          node.path.length === 2 * key.length - depth &&
          matchLength(node.path, key, depth) === node.path.length;
        return whole ? node : undefined;
      }
    }
  }
  return undefined;
}

/** The node behind a hash; remembered, so that it is decoded once. `key` is what was looked for, for the error. */
export function loadNode(node: HashNode, key: Uint8Array, nodes: NodeLoader): LoadedNode {
  if (node.loaded !== undefined) return node.loaded;
  const hash = node.ref.subarray(1);
  const bytes = nodes.load(hash);
  if (bytes === undefined)
    throw new MissingTrieNodeError({ nodeHash: bytesToHex(hash), key: bytesToHex(key) });
  const loaded = decodeNode(bytes);
  loaded.ref = node.ref;
  loaded.stored = true;
  node.loaded = loaded;
  return loaded;
}
