// Changing many keys of a trie in one descent, so that every touched node is made once and hashed once.
//
// All changes below a node are applied before its shape is settled. Therefore the nodes that must be loaded are only
// those on the way to a changed key, and the last remaining child of a branch that collapses: no more than with
// insertions before deletions, which is all that a witness promises to hold.
import { keptBytes } from "./kept-bytes.ts";
import { leafAt, leafOfPath } from "./leaf.ts";
import { loadNode } from "./lookup.ts";
import {
  type BranchNode,
  branchNode,
  type ExtensionNode,
  extensionNode,
  isLeafOf,
  type LeafNode,
  type LoadedNode,
  matchLength,
  type NodeLoader,
  nibbleAt,
  type Path,
  pathOf,
  type TrieNode,
} from "./node.ts";
import { compareKeys, type TrieChange, TrieChanges } from "./trie-changes.ts";

/** As updateTrie, of changes one by one, in any order. */
export function trieUpdate(
  root: TrieNode | undefined,
  changes: readonly TrieChange[],
  nodes: NodeLoader,
): TrieNode | undefined {
  return updateTrie(root, TrieChanges.of(changes), nodes);
}

/**
 * The trie after all changes; the given one stays as it was. undefined is the empty trie, and an unchanged trie comes
 * back as the same object. Keys must differ. Throws MissingTrieNodeError when a needed node is not known (`data.key`: a changed key below it).
 */
export function updateTrie(
  root: TrieNode | undefined,
  changes: TrieChanges<TrieNode>,
  nodes: NodeLoader,
): TrieNode | undefined {
  return new Update(changes, nodes).update(root, 0, changes.count, 0);
}

/** A range of changes from..to is always one of keys that share the first `depth` nibbles. */
class Update {
  readonly #changes: TrieChanges<TrieNode>;
  readonly #nodes: NodeLoader;
  readonly #keys: Uint8Array;
  readonly #keyBytes: number;
  /** A leaf that was there before, among new ones: its key lies behind those of the changes, and it goes by the number behind theirs. */
  #guest: LeafNode | undefined;

  constructor(changes: TrieChanges<TrieNode>, nodes: NodeLoader) {
    this.#changes = changes;
    this.#nodes = nodes;
    this.#keys = changes.keys;
    this.#keyBytes = changes.keyBytes;
  }

  update(node: TrieNode | undefined, from: number, to: number, depth: number): TrieNode | undefined {
    if (from === to) return node;
    if (node === undefined) return this.#buildOf(from, to, depth);
    switch (node.kind) {
      case "leaf":
        return this.#updateLeaf(node, from, to, depth);
      case "extension":
        return this.#updateExtension(node, from, to, depth);
      case "branch":
        return this.#updateBranch(node, from, to, depth);
      case "hash": {
        const loaded = loadNode(node, this.#changes.keyAt(from), this.#nodes);
        const updated = this.update(loaded, from, to, depth);
        return updated === loaded ? node : updated;
      }
    }
  }

  #updateLeaf(leaf: LeafNode, from: number, to: number, depth: number): TrieNode | undefined {
    const changes = this.#changes;
    const keyBytes = this.#keyBytes;
    for (let i = from; i < to; i++) {
      if (!isLeafOf(leaf, this.#keys, depth, i * keyBytes, keyBytes)) continue;
      if (changes.isRemoval(i) || !this.#hasValue(leaf, i)) return this.#buildOf(from, to, depth);
      // It stays as it is.
      const others = this.#insertions(from, to).filter((other) => other !== i);
      return others.length === 0 ? leaf : this.#buildWith(leaf, others, depth);
    }
    const others = this.#insertions(from, to);
    return others.length === 0 ? leaf : this.#buildWith(leaf, others, depth);
  }

  /** Does the leaf have the value that it shall get? */
  #hasValue({ bytes, valueAt, end }: LeafNode, change: number): boolean {
    const { values } = this.#changes;
    let at = this.#changes.valueBegin(change);
    if (end - valueAt !== this.#changes.valueEnd(change) - at) return false;
    for (let i = valueAt; i < end; i++) if (bytes[i] !== values[at++]) return false;
    return true;
  }

  #updateExtension(extension: ExtensionNode, from: number, to: number, depth: number): TrieNode | undefined {
    const { path, child } = extension;
    const match = (i: number): number =>
      matchLength(path, this.#keys, depth, i * this.#keyBytes, this.#keyBytes);
    let shared = path.length;
    for (let i = from; i < to; i++) {
      // A removal that leaves the path removes nothing, so it must not split the extension either.
      if (!this.#changes.isRemoval(i)) shared = Math.min(shared, match(i));
    }
    // Sorted keys: those that share a prefix stand together.
    let first = from;
    while (first < to && match(first) < shared) first++;
    let end = to;
    while (end > first && match(end - 1) < shared) end--;
    if (shared === path.length) {
      const updated = this.update(child, first, end, depth + shared);
      if (updated === child) return extension;
      return updated === undefined ? undefined : prepend(path, this.#loadedOf(updated, from));
    }
    const children = new Array<TrieNode | undefined>(16).fill(undefined);
    const rest = path.subarray(shared + 1);
    // shared < path.length
    children[path[shared] as number] = rest.length === 0 ? child : extensionNode(rest, child);
    const updated = this.#updateBranch(branchNode(children), first, end, depth + shared);
    return updated === undefined ? undefined : prepend(path.subarray(0, shared), updated);
  }

  #updateBranch(branch: BranchNode, from: number, to: number, depth: number): LoadedNode | undefined {
    let children: (TrieNode | undefined)[] | undefined;
    for (let i = from; i < to; ) {
      const nibble = this.#nibble(i, depth);
      let end = i + 1;
      while (end < to && this.#nibble(end, depth) === nibble) end++;
      const before = branch.children[nibble];
      const after = this.update(before, i, end, depth + 1);
      if (after !== before) {
        children ??= branch.children.slice();
        children[nibble] = after;
      }
      i = end;
    }
    if (children === undefined) return branch;
    let only = -1;
    let count = 0;
    for (let i = 0; i < 16; i++) {
      if (children[i] === undefined) continue;
      only = i;
      count++;
    }
    if (count > 1) return branchNode(children);
    const last = children[only];
    // A branch of one child merges with it, and how depends on what it is: here a sibling of a removed key is needed.
    return last === undefined ? undefined : prepend(Uint8Array.of(only), this.#loadedOf(last, from));
  }

  /** A new trie of the insertions among some changes. */
  #buildOf(from: number, to: number, depth: number): LoadedNode | undefined {
    if (to - from > 1) return this.#build(this.#insertions(from, to), depth);
    return this.#changes.isRemoval(from) ? undefined : this.#leaf(from, depth);
  }

  /** A new trie of the leaf and of insertions, which share with it the first `depth` nibbles. */
  #buildWith(leaf: LeafNode, insertions: number[], depth: number): LoadedNode | undefined {
    const keyBytes = this.#keyBytes;
    const guest = this.#changes.count;
    const at = guest * keyBytes;
    this.#writeKey(leaf, insertions[0] as number, depth, at); // there are some
    const after = insertions.findIndex(
      (other) => compareKeys(this.#keys, at, other * keyBytes, keyBytes) < 0,
    );
    insertions.splice(after < 0 ? insertions.length : after, 0, guest);
    this.#guest = leaf;
    return this.#build(insertions, depth);
  }

  /** A new trie of sorted insertions that share the first `depth` nibbles. */
  #build(insertions: number[], depth: number, from = 0, to = insertions.length): LoadedNode | undefined {
    if (from === to) return undefined;
    const first = insertions[from] as number; // in range
    if (to - from === 1) return this.#leaf(first, depth);
    const last = insertions[to - 1] as number; // in range
    let split = depth;
    while (this.#nibble(first, split) === this.#nibble(last, split)) split++;
    const children = new Array<TrieNode | undefined>(16).fill(undefined);
    for (let i = from; i < to; ) {
      const nibble = this.#nibble(insertions[i] as number, split); // in range
      let end = i + 1;
      while (end < to && this.#nibble(insertions[end] as number, split) === nibble) end++;
      children[nibble] = this.#build(insertions, split + 1, i, end);
      i = end;
    }
    const branch = branchNode(children);
    return split === depth
      ? branch
      : extensionNode(pathOf(this.#keys, depth, split, first * this.#keyBytes), branch);
  }

  #leaf(change: number, depth: number): LeafNode {
    const changes = this.#changes;
    const keyBytes = this.#keyBytes;
    const keyAt = change * keyBytes;
    if (change === changes.count && this.#guest !== undefined) {
      const { bytes, valueAt, end, below } = this.#guest;
      return leafAt(this.#keys, keyAt, keyBytes, depth, bytes, valueAt, end, below);
    }
    const from = changes.valueBegin(change);
    const to = changes.valueEnd(change);
    return leafAt(this.#keys, keyAt, keyBytes, depth, changes.values, from, to, changes.belowAt(change));
  }

  #insertions(from: number, to: number): number[] {
    const insertions: number[] = [];
    for (let i = from; i < to; i++) if (!this.#changes.isRemoval(i)) insertions.push(i);
    return insertions;
  }

  #nibble(change: number, depth: number): number {
    return nibbleAt(this.#keys, depth, change * this.#keyBytes);
  }

  /** Writes the whole key of a leaf, which knows only its nibbles from `depth` on; a neighbour shares those before. */
  #writeKey(leaf: LeafNode, neighbour: number, depth: number, at: number): void {
    const { path } = leaf;
    const keys = this.#keys;
    for (let i = 0; i < 2 * this.#keyBytes; i++) {
      const nibble = i < depth ? this.#nibble(neighbour, i) : (path[i - depth] as number); // as long as all keys
      const to = at + (i >> 1);
      keys[to] = i & 1 ? (keys[to] as number) | nibble : nibble << 4;
    }
  }

  #loadedOf(node: TrieNode, change: number): LoadedNode {
    return node.kind === "hash" ? loadNode(node, this.#changes.keyAt(change), this.#nodes) : node;
  }
}

/** The node reached by `path` and then `node`, in canonical form. */
function prepend(path: Path, node: LoadedNode): LoadedNode {
  if (path.length === 0) return node;
  if (node.kind === "branch") return extensionNode(path, node);
  const rest = node.path;
  const joined = keptBytes(path.length + rest.length);
  joined.set(path);
  joined.set(rest, path.length);
  return node.kind === "leaf"
    ? leafOfPath(joined, node.value, node.below)
    : extensionNode(joined, node.child);
}
