// The nodes of a Merkle Patricia trie (Yellow Paper, appendix D), immutable except for what they remember.
//
//   branch ──16 children──> leaf | extension | branch | hash
//   extension ──path──> branch (or the hash of one)
//   hash: a node known only by its reference, loaded from a witness when somebody walks into it
//
// An update makes new nodes along its way and shares the rest, so that every former root stays readable:
// that alone makes commits atomic. Branches carry no value: no key of our tries is a prefix of another.

import { keptBytes, keptChunk, reserve } from "./kept-bytes.ts";

/** A path is one nibble (0 to 15) per byte. */
export type Path = Uint8Array;

/** Where a node's reference lies. */
interface Referenced {
  readonly bytes: Uint8Array;
  /** Where in `bytes` it begins; -1: it was not computed yet. */
  readonly refAt: number;
}

/**
 * A leaf is its RLP, and a view of it is made for whoever looks. In front of the RLP there is room for a reference.
 * PERF: most nodes are leaves, and each array that one keeps takes as much memory as its RLP.
 */
export class LeafNode implements Referenced {
  readonly kind = "leaf";
  readonly bytes: Uint8Array;
  /** Where the RLP begins, in it the path (hex-prefix) and the value. */
  readonly start: number;
  readonly pathAt: number;
  readonly pathEnd: number;
  readonly valueAt: number;
  readonly end: number;
  refAt = -1;
  /** Of an account's leaf: its storage trie, once it was made or looked at. */
  below: TrieNode | undefined;
  stored = false;

  constructor(
    bytes: Uint8Array,
    start: number,
    pathAt: number,
    pathEnd: number,
    valueAt: number,
    end: number,
    below: TrieNode | undefined,
  ) {
    this.bytes = bytes;
    this.start = start;
    this.pathAt = pathAt;
    this.pathEnd = pathEnd;
    this.valueAt = valueAt;
    this.end = end;
    this.below = below;
  }

  get value(): Uint8Array {
    return this.bytes.subarray(this.valueAt, this.end);
  }

  get path(): Path {
    return expandPath(this.bytes, this.pathAt, this.pathEnd);
  }
}

export interface ExtensionNode extends Referenced {
  readonly kind: "extension";
  readonly path: Path;
  readonly child: TrieNode;
  bytes: Uint8Array;
  refAt: number;
  stored: boolean;
}

export interface BranchNode extends Referenced {
  readonly kind: "branch";
  readonly children: readonly (TrieNode | undefined)[];
  bytes: Uint8Array;
  refAt: number;
  stored: boolean;
}

export interface HashNode extends Referenced {
  readonly kind: "hash";
  loaded: LoadedNode | undefined;
}

/**
 * The reference is what a parent's encoding holds for the node: its own RLP when that is shorter than 32 bytes, else the
 * RLP of its hash, 0xa0 and 32 bytes. It is remembered once computed. `stored`: it, and with it all that is below it, came from where the
 * loader finds it, or was written there since.
 */
export type LoadedNode = LeafNode | ExtensionNode | BranchNode;
export type TrieNode = LoadedNode | HashNode;

/** Where the nodes behind hashes come from. */
export interface NodeLoader {
  /** The RLP of the node with this 32-byte hash; undefined when it is not known. */
  load(hash: Uint8Array): Uint8Array | undefined;
}

/** The loader of a trie that is wholly in memory. */
export const NO_NODES: NodeLoader = { load: () => undefined };

const NO_BYTES = new Uint8Array(0);

export function extensionNode(path: Path, child: TrieNode): ExtensionNode {
  return { kind: "extension", path, child, bytes: NO_BYTES, refAt: -1, stored: false };
}

export function branchNode(children: readonly (TrieNode | undefined)[]): BranchNode {
  return { kind: "branch", children, bytes: NO_BYTES, refAt: -1, stored: false };
}

/** The first byte of a reference that is a hash. */
export const HASH_STRING = 0xa0;
/** Its length. */
export const HASH_REFERENCE = 33;

/** A node known by its 32-byte hash. */
export function hashNode(hash: Uint8Array): HashNode {
  const refAt = reserve(HASH_REFERENCE);
  const bytes = keptChunk;
  bytes[refAt] = HASH_STRING;
  bytes.set(hash, refAt + 1);
  return { kind: "hash", bytes, refAt, loaded: undefined };
}

/** The nibble at `depth` of the key that begins at `at`; the caller knows that the key is longer. */
export function nibbleAt(key: Uint8Array, depth: number, at = 0): number {
  const byte = key[at + (depth >> 1)] as number;
  return depth & 1 ? byte & 15 : byte >> 4;
}

/** The nibbles of a key from `from` to `to`. */
export function pathOf(key: Uint8Array, from: number, to: number, at = 0): Path {
  const path = keptBytes(to - from);
  for (let i = 0; i < path.length; i++) path[i] = nibbleAt(key, from + i, at);
  return path;
}

/** How many nibbles of `path` a key of `keyBytes` bytes has from `depth` on. */
export function matchLength(
  path: Path,
  key: Uint8Array,
  depth: number,
  at = 0,
  keyBytes = key.length,
): number {
  const length = Math.min(path.length, 2 * keyBytes - depth);
  let i = 0;
  while (i < length && path[i] === nibbleAt(key, depth + i, at)) i++;
  return i;
}

/** Does the leaf's path consist of the key's nibbles from `depth` on? */
export function isLeafOf(
  leaf: LeafNode,
  key: Uint8Array,
  depth: number,
  at = 0,
  keyBytes = key.length,
): boolean {
  const { bytes, pathAt, pathEnd } = leaf;
  const first = bytes[pathAt] as number; // a path has a first byte
  const odd = (first >> 4) & 1;
  if (2 * (pathEnd - pathAt - 1) + odd !== 2 * keyBytes - depth) return false;
  if (odd === 1 && (first & 15) !== nibbleAt(key, depth, at)) return false;
  let next = at + ((depth + 1) >> 1);
  for (let i = pathAt + 1; i < pathEnd; i++) if (bytes[i] !== key[next++]) return false;
  return true;
}

/** The nibbles of a hex-prefix path (Yellow Paper, appendix C), of which there is a first byte. */
export function expandPath(bytes: Uint8Array, at: number, end: number): Path {
  const first = bytes[at] as number;
  const odd = (first >> 4) & 1;
  const path = new Uint8Array(2 * (end - at - 1) + odd);
  if (odd) path[0] = first & 15;
  for (let i = at + 1, to = odd; i < end; i++) {
    const byte = bytes[i] as number;
    path[to++] = byte >> 4;
    path[to++] = byte & 15;
  }
  return path;
}
