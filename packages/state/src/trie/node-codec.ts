// Trie nodes to RLP and back, and the references and roots that follow from it (Yellow Paper, appendix D).

import {
  type RlpItem,
  readRlpItem,
  rlpListLength,
  rlpStringLength,
  writeRlpListHeader,
  writeRlpString,
} from "@braid/primitives";
import { EMPTY_TRIE_ROOT } from "../constants.ts";
import { BadTrieNodeError } from "../errors.ts";
import { keccak256, keccak256Into } from "../keccak.ts";
import { keptBytes } from "./kept-bytes.ts";
import { branchNode, extensionNode, type LoadedNode, leafNode, type Path, type TrieNode } from "./node.ts";

const EMPTY_STRING = 0x80;
const HASH_STRING = 0xa0;

/** The 32-byte root hash of a trie; undefined is the empty trie. PERF: hashes only nodes that are new. */
export function rootHash(root: TrieNode | undefined): Uint8Array {
  if (root === undefined) return EMPTY_TRIE_ROOT;
  const ref = referenceOf(root);
  // Only a root is hashed when it is short: inside a trie a short node is embedded.
  return ref.length === 33 ? ref.slice(1) : keccak256(ref);
}

/** What a parent's encoding holds for this node. */
export function referenceOf(node: TrieNode): Uint8Array {
  if (node.kind === "hash") return node.ref;
  if (node.ref !== undefined) return node.ref;
  const bytes = encodeInScratch(node);
  node.ref = keptBytes(bytes.length < 32 ? bytes.length : 33);
  if (bytes.length < 32) node.ref.set(bytes);
  else {
    node.ref[0] = HASH_STRING;
    keccak256Into(bytes, node.ref, 1);
  }
  return node.ref;
}

/** The RLP of a node. */
export function encodeNode(node: LoadedNode): Uint8Array {
  return encodeInScratch(node).slice();
}

// PERF: most encodings are only hashed; writing them into one place instead of a new array each saves a quarter of a root's time.
// Safe because a node's children get their references before a byte of the node is written.
let scratch = new Uint8Array(1024);

/** The RLP of a node that has its reference already, as a view that is valid until the next call of anything here. */
export function encodeNodeView(node: LoadedNode): Uint8Array {
  return encodeInScratch(node);
}

/** A view that is valid until the next call. */
function encodeInScratch(node: LoadedNode): Uint8Array {
  switch (node.kind) {
    case "branch":
      return encodeBranch(node.children);
    case "extension": {
      const child = referenceOf(node.child);
      const path = compactPath(node.path, false);
      const payload = rlpStringLength(path) + child.length;
      const start = startList(payload);
      return finish(writeReference(child, writeRlpString(scratch, start, path)));
    }
    case "leaf": {
      const path = compactPath(node.path, true);
      const payload = rlpStringLength(path) + rlpStringLength(node.value);
      // Its own statement: startList may replace the scratch space that the next line names.
      const start = startList(payload);
      const position = writeRlpString(scratch, start, path);
      return finish(writeRlpString(scratch, position, node.value));
    }
  }
}

/** The node with this RLP; its children are views into the bytes. Throws BadTrieNodeError. */
export function decodeNode(bytes: Uint8Array): LoadedNode {
  const list = readRlpItem(bytes, 0);
  if (list === undefined || !list.isList || list.end !== bytes.length)
    throw new BadTrieNodeError("not one RLP list");
  const first = itemAt(bytes, list.content);
  const second = itemAt(bytes, first.end);
  if (second.end === bytes.length) return decodePair(bytes, first, second);
  return decodeBranch(bytes, list.content);
}

function encodeBranch(children: readonly (TrieNode | undefined)[]): Uint8Array {
  let payload = 1;
  for (let i = 0; i < 16; i++) {
    const child = children[i];
    payload += child === undefined ? 1 : referenceOf(child).length;
  }
  let position = startList(payload);
  for (let i = 0; i < 16; i++) {
    const child = children[i];
    if (child === undefined) scratch[position++] = EMPTY_STRING;
    else position = writeReference(referenceOf(child), position);
  }
  scratch[position] = EMPTY_STRING;
  return finish(position + 1);
}

/** Begins a list in the scratch space, which grows to hold it; gives the position of its payload. */
function startList(payload: number): number {
  const length = rlpListLength(payload);
  if (length > scratch.length) scratch = new Uint8Array(2 * length);
  return writeRlpListHeader(scratch, 0, payload);
}

// PERF: for 33 bytes a loop takes half the time of Uint8Array.set.
function writeReference(ref: Uint8Array, position: number): number {
  for (let i = 0; i < ref.length; i++) scratch[position + i] = ref[i] as number; // in range
  return position + ref.length;
}

function finish(end: number): Uint8Array {
  return scratch.subarray(0, end);
}

function decodeBranch(bytes: Uint8Array, content: number): LoadedNode {
  const children: (TrieNode | undefined)[] = [];
  let position = content;
  for (let i = 0; i < 16; i++) {
    const item = itemAt(bytes, position);
    children.push(decodeChild(bytes, item));
    position = item.end;
  }
  if (bytes[position] !== EMPTY_STRING || position + 1 !== bytes.length) {
    throw new BadTrieNodeError("a branch with a value, or not of 17 items");
  }
  return branchNode(children);
}

function decodePair(bytes: Uint8Array, path: RlpItem, second: RlpItem): LoadedNode {
  const flag = bytes[path.content];
  if (path.isList || flag === undefined || path.content === path.end || flag >= 0x40) {
    throw new BadTrieNodeError("a path without a valid prefix");
  }
  const nibbles = expandPath(bytes.subarray(path.content, path.end));
  if (flag >= 0x20) {
    if (second.isList) throw new BadTrieNodeError("a leaf whose value is a list");
    return leafNode(nibbles, bytes.subarray(second.content, second.end));
  }
  const child = decodeChild(bytes, second);
  if (child === undefined || nibbles.length === 0)
    throw new BadTrieNodeError("an extension without child or path");
  return extensionNode(nibbles, child);
}

function decodeChild(bytes: Uint8Array, item: RlpItem): TrieNode | undefined {
  const first = bytes[item.start];
  if (first === EMPTY_STRING) return undefined;
  if (first === HASH_STRING)
    return { kind: "hash", ref: bytes.subarray(item.start, item.end), loaded: undefined };
  if (!item.isList || item.end - item.start >= 32)
    throw new BadTrieNodeError("a child that is neither hash nor node");
  const embedded = decodeNode(bytes.subarray(item.start, item.end));
  embedded.ref = bytes.subarray(item.start, item.end);
  embedded.stored = true;
  return embedded;
}

function itemAt(bytes: Uint8Array, position: number): RlpItem {
  const item = readRlpItem(bytes, position);
  if (item === undefined) throw new BadTrieNodeError("an item that is cut off");
  return item;
}

/** Hex-prefix encoding (Yellow Paper, appendix C): high nibble of the first byte 2 for a leaf, plus 1 for an odd path. */
function compactPath(path: Path, isLeaf: boolean): Uint8Array {
  const odd = path.length & 1;
  const out = new Uint8Array((path.length >> 1) + 1);
  out[0] = ((isLeaf ? 2 : 0) + odd) << 4;
  // The indices below stay within the path.
  if (odd) out[0] |= path[0] as number;
  for (let i = odd, at = 1; i < path.length; i += 2)
    out[at++] = ((path[i] as number) << 4) | (path[i + 1] as number);
  return out;
}

function expandPath(compact: Uint8Array): Path {
  // The caller has looked at the first byte.
  const first = compact[0] as number;
  const odd = (first >> 4) & 1;
  const path = new Uint8Array(2 * (compact.length - 1) + odd);
  if (odd) path[0] = first & 15;
  for (let i = 1, at = odd; i < compact.length; i++) {
    const byte = compact[i] as number;
    path[at++] = byte >> 4;
    path[at++] = byte & 15;
  }
  return path;
}
