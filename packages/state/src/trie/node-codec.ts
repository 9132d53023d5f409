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
import { keccak256, keccakInput, keccakOfInput } from "../keccak.ts";
import { keptChunk, reserve } from "./kept-bytes.ts";
import { copyOfLeaf } from "./leaf.ts";
import {
  branchNode,
  type ExtensionNode,
  expandPath,
  extensionNode,
  HASH_REFERENCE,
  HASH_STRING,
  type LeafNode,
  type LoadedNode,
  type Path,
  type TrieNode,
} from "./node.ts";

const EMPTY_STRING = 0x80;
const LIST = 0xc0;

/** The 32-byte root hash of a trie; undefined is the empty trie. PERF: hashes only nodes that are new. */
export function rootHash(root: TrieNode | undefined): Uint8Array {
  if (root === undefined) return EMPTY_TRIE_ROOT;
  const ref = referenceOf(root);
  // Only a root is hashed when it is short: inside a trie a short node is embedded.
  return ref.length === HASH_REFERENCE ? ref.slice(1) : keccak256(ref);
}

/** What a parent's encoding holds for this node, as a view. */
export function referenceOf(node: TrieNode): Uint8Array {
  const length = settle(node);
  return node.bytes.subarray(node.refAt, node.refAt + length);
}

/** The RLP of a node. */
export function encodeNode(node: LoadedNode): Uint8Array {
  return encodeNodeView(node).slice();
}

/** The RLP of a node, as a view that is valid until the next call of anything here. */
export function encodeNodeView(node: LoadedNode): Uint8Array {
  if (node.kind === "leaf") return node.bytes.subarray(node.start, node.end);
  const length = node.kind === "branch" ? encodeBranch(node.children) : encodeExtension(node);
  return keccakInput(length).subarray(0, length);
}

/** Computes the node's reference unless it has one; gives its length. PERF: what is hashed is written where it is hashed. */
function settle(node: TrieNode): number {
  if (node.refAt >= 0) {
    const first = node.bytes[node.refAt] as number; // a reference is not empty
    return first === HASH_STRING ? HASH_REFERENCE : first - LIST + 1;
  }
  if (node.kind === "hash") throw new Error("a hash without a reference");
  if (node.kind === "leaf") return settleLeaf(node);
  const length = node.kind === "branch" ? encodeBranch(node.children) : encodeExtension(node);
  const isShort = length < 32;
  const refAt = reserve(isShort ? length : HASH_REFERENCE);
  const bytes = keptChunk;
  if (isShort) bytes.set(keccakInput(length).subarray(0, length), refAt);
  else {
    bytes[refAt] = HASH_STRING;
    keccakOfInput(length, bytes, refAt + 1);
  }
  node.bytes = bytes;
  node.refAt = refAt;
  return isShort ? length : HASH_REFERENCE;
}

function settleLeaf(leaf: LeafNode): number {
  const { bytes, start, end } = leaf;
  const length = end - start;
  if (length < 32) {
    leaf.refAt = start;
    return length;
  }
  const input = keccakInput(length);
  for (let i = 0; i < length; i++) input[i] = bytes[start + i] as number; // in range
  const refAt = start - HASH_REFERENCE;
  bytes[refAt] = HASH_STRING;
  keccakOfInput(length, bytes, refAt + 1);
  leaf.refAt = refAt;
  return HASH_REFERENCE;
}

/** A node that was loaded by its reference has that one. */
export function takeReference(node: LoadedNode, { bytes, refAt }: TrieNode): void {
  if (node.kind === "leaf") {
    node.refAt = node.start - HASH_REFERENCE;
    node.bytes.set(bytes.subarray(refAt, refAt + HASH_REFERENCE), node.refAt);
  } else {
    node.bytes = bytes;
    node.refAt = refAt;
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

/** Writes a branch's RLP into keccakInput; gives its length. A node's children are settled before a byte of it is written. */
function encodeBranch(children: readonly (TrieNode | undefined)[]): number {
  let payload = 1;
  for (let i = 0; i < 16; i++) {
    const child = children[i];
    payload += child === undefined ? 1 : settle(child);
  }
  const out = keccakInput(rlpListLength(payload));
  let position = writeRlpListHeader(out, 0, payload);
  for (let i = 0; i < 16; i++) {
    const child = children[i];
    if (child === undefined) out[position++] = EMPTY_STRING;
    else position = writeReference(child, out, position);
  }
  out[position] = EMPTY_STRING;
  return position + 1;
}

/** As encodeBranch. */
function encodeExtension({ path: nibbles, child }: ExtensionNode): number {
  const path = compactPath(nibbles);
  const payload = rlpStringLength(path) + settle(child);
  const out = keccakInput(rlpListLength(payload));
  const position = writeRlpString(out, writeRlpListHeader(out, 0, payload), path);
  return writeReference(child, out, position);
}

/** PERF: for 33 bytes a loop takes half the time of Uint8Array.set. */
function writeReference(node: TrieNode, out: Uint8Array, position: number): number {
  const { bytes, refAt } = node;
  const length = settle(node);
  for (let i = 0; i < length; i++) out[position + i] = bytes[refAt + i] as number; // in range
  return position + length;
}

function decodeBranch(bytes: Uint8Array, content: number): LoadedNode {
  const children = new Array<TrieNode | undefined>(16).fill(undefined);
  let position = content;
  for (let i = 0; i < 16; i++) {
    const item = itemAt(bytes, position);
    children[i] = decodeChild(bytes, item);
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
  if (flag >= 0x20) {
    if (second.isList) throw new BadTrieNodeError("a leaf whose value is a list");
    return copyOfLeaf(bytes, path, second);
  }
  const nibbles = expandPath(bytes, path.content, path.end);
  const child = decodeChild(bytes, second);
  if (child === undefined || nibbles.length === 0)
    throw new BadTrieNodeError("an extension without child or path");
  return extensionNode(nibbles, child);
}

function decodeChild(bytes: Uint8Array, item: RlpItem): TrieNode | undefined {
  const first = bytes[item.start];
  if (first === EMPTY_STRING) return undefined;
  if (first === HASH_STRING) return { kind: "hash", bytes, refAt: item.start, loaded: undefined };
  if (!item.isList || item.end - item.start >= 32)
    throw new BadTrieNodeError("a child that is neither hash nor node");
  const embedded = decodeNode(bytes.subarray(item.start, item.end));
  if (embedded.kind === "leaf") settleLeaf(embedded);
  else {
    embedded.bytes = bytes;
    embedded.refAt = item.start;
  }
  embedded.stored = true;
  return embedded;
}

function itemAt(bytes: Uint8Array, position: number): RlpItem {
  const item = readRlpItem(bytes, position);
  if (item === undefined) throw new BadTrieNodeError("an item that is cut off");
  return item;
}

/** Hex-prefix encoding of an extension's path (Yellow Paper, appendix C): high nibble of the first byte 1 for an odd path. */
function compactPath(path: Path): Uint8Array {
  const odd = path.length & 1;
  const out = new Uint8Array((path.length >> 1) + 1);
  out[0] = odd << 4;
  // The indices below stay within the path.
  if (odd) out[0] |= path[0] as number;
  for (let i = odd, at = 1; i < path.length; i += 2)
    out[at++] = ((path[i] as number) << 4) | (path[i + 1] as number);
  return out;
}
