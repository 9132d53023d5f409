// Merkle proofs: the nodes on the way to a key, which show anybody who knows the root what is there, or that nothing is.
import { loadNode } from "./lookup.ts";
import { hasOwnHash } from "./new-nodes.ts";
import { type LoadedNode, matchLength, type NodeLoader, nibbleAt, type TrieNode } from "./node.ts";
import { encodeNode } from "./node-codec.ts";

/**
 * RLP of the nodes from the root to the key, or to where the trie shows that it has none; a node that is embedded in its parent is not
 * listed again. Empty for the empty trie. Throws MissingTrieNodeError.
 */
export function trieProof(root: TrieNode | undefined, key: Uint8Array, nodes: NodeLoader): Uint8Array[] {
  const proof: Uint8Array[] = [];
  let next = root;
  let depth = 0;
  while (next !== undefined) {
    const node: LoadedNode = next.kind === "hash" ? loadNode(next, key, nodes) : next;
    if (proof.length === 0 || hasOwnHash(node)) proof.push(encodeNode(node));
    if (node.kind === "leaf") break;
    if (node.kind === "branch") {
      next = node.children[nibbleAt(key, depth)];
      depth++;
    } else {
      if (matchLength(node.path, key, depth) !== node.path.length) break;
      depth += node.path.length;
      next = node.child;
    }
  }
  return proof;
}
