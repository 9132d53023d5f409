// The nodes of a trie that a store does not have yet.

import { HASH_REFERENCE, type LoadedNode, type TrieNode } from "./node.ts";
import { referenceOf } from "./node-codec.ts";

/** True for a node that is known by its hash, and false for one that lies in its parent. */
export function hasOwnHash(node: TrieNode): boolean {
  return referenceOf(node).length === HASH_REFERENCE;
}

/**
 * Calls `visit` for each node that is not stored, in the trie and in the storage tries below its leaves, children first. All tries are of
 * hashed keys, so even a lone leaf is long enough to have a hash.
 */
export function forEachNewNode(root: TrieNode | undefined, visit: (node: LoadedNode) => void): void {
  if (root === undefined || root.kind === "hash" || root.stored) return;
  if (root.kind === "branch") {
    for (let i = 0; i < 16; i++) forEachNewNode(root.children[i], visit);
  } else if (root.kind === "extension") forEachNewNode(root.child, visit);
  else forEachNewNode(root.below, visit);
  visit(root);
}
