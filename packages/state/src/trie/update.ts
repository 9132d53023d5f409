// Changing many keys of a trie in one descent, so that every touched node is made once and hashed once.
//
// All changes below a node are applied before its shape is settled. Therefore the nodes that must be loaded are only
// those on the way to a changed key, and the last remaining child of a branch that collapses: no more than with
// insertions before deletions, which is all that a witness promises to hold.
import { equalBytes } from "@braid/primitives";
import { keptBytes } from "./kept-bytes.ts";
import { loadNode } from "./lookup.ts";
import {
  type BranchNode,
  branchNode,
  type ExtensionNode,
  extensionNode,
  type LeafNode,
  type LoadedNode,
  leafNode,
  matchLength,
  type NodeLoader,
  nibbleAt,
  type Path,
  pathOf,
  type TrieNode,
} from "./node.ts";

/** What shall be at a key; undefined removes it. An empty value is not a value of a trie. */
export interface TrieChange {
  key: Uint8Array;
  value: Uint8Array | undefined;
  /** What the new leaf has below it. */
  below?: TrieNode | undefined;
}

interface Insertion extends TrieChange {
  value: Uint8Array;
}

/**
 * The trie after all changes; the given one stays as it was. undefined is the empty trie, and an unchanged trie comes
 * back as the same object. Keys must differ, and none may be a prefix of another. Sorts `changes` in place. The trie keeps the
 * keys' and values' arrays. Throws MissingTrieNodeError when a needed node is not known (`data.key`: a changed key below it).
 */
export function trieUpdate(
  root: TrieNode | undefined,
  changes: TrieChange[],
  nodes: NodeLoader,
): TrieNode | undefined {
  changes.sort((a, b) => compareKeys(a.key, b.key));
  return update(root, changes, 0, changes.length, 0, nodes);
}

/** Applies changes[from..to), which share the first `depth` nibbles. */
function update(
  node: TrieNode | undefined,
  changes: TrieChange[],
  from: number,
  to: number,
  depth: number,
  nodes: NodeLoader,
): TrieNode | undefined {
  if (from === to) return node;
  if (node === undefined) return build(changes.slice(from, to).filter(isInsertion), depth);
  switch (node.kind) {
    case "leaf":
      return updateLeaf(node, changes, from, to, depth);
    case "extension":
      return updateExtension(node, changes, from, to, depth, nodes);
    case "branch":
      return updateBranch(node, changes, from, to, depth, nodes);
    case "hash": {
      const loaded = loadNode(node, keyAt(changes, from), nodes);
      const updated = update(loaded, changes, from, to, depth, nodes);
      return updated === loaded ? node : updated;
    }
  }
}

function updateLeaf(
  leaf: LeafNode,
  changes: TrieChange[],
  from: number,
  to: number,
  depth: number,
): TrieNode | undefined {
  const key = keyOfLeaf(leaf, keyAt(changes, from), depth);
  const merged: Insertion[] = [];
  let isKept = true;
  for (let i = from; i < to; i++) {
    const change = changes[i] as TrieChange;
    if (equalBytes(change.key, key)) {
      isKept = change.value !== undefined && equalBytes(change.value, leaf.value);
      if (isKept) continue;
    }
    if (isInsertion(change)) merged.push(change);
  }
  if (isKept) {
    if (merged.length === 0) return leaf;
    const after = merged.findIndex((change) => compareKeys(key, change.key) < 0);
    merged.splice(after < 0 ? merged.length : after, 0, { key, value: leaf.value, below: leaf.below });
  }
  return build(merged, depth);
}

function updateExtension(
  extension: ExtensionNode,
  changes: TrieChange[],
  from: number,
  to: number,
  depth: number,
  nodes: NodeLoader,
): TrieNode | undefined {
  const { path, child } = extension;
  let shared = path.length;
  for (let i = from; i < to; i++) {
    const change = changes[i] as TrieChange;
    // A removal that leaves the path removes nothing, so it must not split the extension either.
    if (change.value !== undefined) shared = Math.min(shared, matchLength(path, change.key, depth));
  }
  // Sorted keys: those that share a prefix stand together.
  let first = from;
  while (first < to && matchLength(path, keyAt(changes, first), depth) < shared) first++;
  let end = to;
  while (end > first && matchLength(path, keyAt(changes, end - 1), depth) < shared) end--;
  if (shared === path.length) {
    const updated = update(child, changes, first, end, depth + shared, nodes);
    if (updated === child) return extension;
    return updated === undefined ? undefined : prepend(path, loadedOf(updated, changes, from, nodes));
  }
  const children = new Array<TrieNode | undefined>(16).fill(undefined);
  const rest = path.subarray(shared + 1);
  // shared < path.length
  children[path[shared] as number] = rest.length === 0 ? child : extensionNode(rest, child);
  const updated = updateBranch(branchNode(children), changes, first, end, depth + shared, nodes);
  return updated === undefined ? undefined : prepend(path.subarray(0, shared), updated);
}

function updateBranch(
  branch: BranchNode,
  changes: TrieChange[],
  from: number,
  to: number,
  depth: number,
  nodes: NodeLoader,
): LoadedNode | undefined {
  let children: (TrieNode | undefined)[] | undefined;
  for (let i = from; i < to; ) {
    const nibble = nibbleAt(keyAt(changes, i), depth);
    let end = i + 1;
    while (end < to && nibbleAt(keyAt(changes, end), depth) === nibble) end++;
    const before = branch.children[nibble];
    const after = update(before, changes, i, end, depth + 1, nodes);
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
  return last === undefined ? undefined : prepend(Uint8Array.of(only), loadedOf(last, changes, from, nodes));
}

/** A new trie of sorted insertions that share the first `depth` nibbles. */
function build(
  insertions: Insertion[],
  depth: number,
  from = 0,
  to: number = insertions.length,
): LoadedNode | undefined {
  const first = insertions[from];
  const last = insertions[to - 1];
  if (first === undefined || last === undefined || from === to) return undefined;
  if (to - from === 1) return leafNode(pathOf(first.key, depth), first.value, first.below);
  let split = depth;
  while (nibbleAt(first.key, split) === nibbleAt(last.key, split)) split++;
  const children = new Array<TrieNode | undefined>(16).fill(undefined);
  for (let i = from; i < to; ) {
    const nibble = nibbleAt(keyAt(insertions, i), split);
    let end = i + 1;
    while (end < to && nibbleAt(keyAt(insertions, end), split) === nibble) end++;
    children[nibble] = build(insertions, split + 1, i, end);
    i = end;
  }
  return prepend(pathOf(first.key, depth, split), branchNode(children));
}

/** The node reached by `path` and then `node`, in canonical form. */
function prepend(path: Path, node: LoadedNode): LoadedNode {
  if (path.length === 0) return node;
  if (node.kind === "branch") return extensionNode(path, node);
  const joined = keptBytes(path.length + node.path.length);
  joined.set(path);
  joined.set(node.path, path.length);
  return node.kind === "leaf" ? leafNode(joined, node.value, node.below) : extensionNode(joined, node.child);
}

function loadedOf(node: TrieNode, changes: TrieChange[], from: number, nodes: NodeLoader): LoadedNode {
  return node.kind === "hash" ? loadNode(node, keyAt(changes, from), nodes) : node;
}

/** The whole key of a leaf, which knows only its nibbles from `depth` on; `neighbour` shares those before. */
function keyOfLeaf(leaf: LeafNode, neighbour: Uint8Array, depth: number): Uint8Array {
  const key = new Uint8Array((depth + leaf.path.length) >> 1);
  for (let i = 0; i < 2 * key.length; i++) {
    const nibble = i < depth ? nibbleAt(neighbour, i) : (leaf.path[i - depth] as number);
    key[i >> 1] = i & 1 ? (key[i >> 1] as number) | nibble : nibble << 4;
  }
  return key;
}

function keyAt(changes: TrieChange[], index: number): Uint8Array {
  // Callers iterate within their range.
  return (changes[index] as TrieChange).key;
}

function isInsertion(change: TrieChange): change is Insertion {
  return change.value !== undefined;
}

/** Lexicographic, as the trie orders them. */
function compareKeys(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const difference = (a[i] as number) - (b[i] as number);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}
