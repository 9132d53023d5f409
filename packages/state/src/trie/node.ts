// The nodes of a Merkle Patricia trie (Yellow Paper, appendix D), immutable except for what they remember.
//
//   branch ──16 children──> leaf | extension | branch | hash
//   extension ──path──> branch (or the hash of one)
//   hash: a node known only by its reference, loaded from a witness when somebody walks into it
//
// An update makes new nodes along its way and shares the rest, so that every former root stays readable:
// that alone makes commits atomic. Branches carry no value: no key of our tries is a prefix of another.

import { keptBytes } from "./kept-bytes.ts";

/** A path is one nibble (0 to 15) per byte. */
export type Path = Uint8Array;

export interface LeafNode {
  readonly kind: "leaf";
  readonly path: Path;
  readonly value: Uint8Array;
  /** Of an account's leaf: its storage trie, once it was made or looked at. */
  below: TrieNode | undefined;
  ref: Uint8Array | undefined;
  stored: boolean;
}

export interface ExtensionNode {
  readonly kind: "extension";
  readonly path: Path;
  readonly child: TrieNode;
  ref: Uint8Array | undefined;
  stored: boolean;
}

export interface BranchNode {
  readonly kind: "branch";
  readonly children: readonly (TrieNode | undefined)[];
  ref: Uint8Array | undefined;
  stored: boolean;
}

export interface HashNode {
  readonly kind: "hash";
  /** 0xa0 and the 32-byte hash: the RLP of the reference, as the parent holds it. */
  readonly ref: Uint8Array;
  loaded: LoadedNode | undefined;
}

/**
 * `ref` is what a parent's encoding holds for the node: its own RLP when that is shorter than 32 bytes, else the
 * RLP of its hash. It is remembered once computed. `stored`: it, and with it all that is below it, came from where the loader finds
 * it, or was written there since.
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

export function leafNode(path: Path, value: Uint8Array, below?: TrieNode): LeafNode {
  return { kind: "leaf", path, value, below, ref: undefined, stored: false };
}

export function extensionNode(path: Path, child: TrieNode): ExtensionNode {
  return { kind: "extension", path, child, ref: undefined, stored: false };
}

export function branchNode(children: readonly (TrieNode | undefined)[]): BranchNode {
  return { kind: "branch", children, ref: undefined, stored: false };
}

/** A node known by its 32-byte hash. */
export function hashNode(hash: Uint8Array): HashNode {
  return { kind: "hash", ref: hashReference(hash), loaded: undefined };
}

/** The RLP of a 32-byte hash. */
function hashReference(hash: Uint8Array): Uint8Array {
  const ref = keptBytes(33);
  ref[0] = 0xa0;
  ref.set(hash, 1);
  return ref;
}

/** The nibble at `depth` of a key; the caller knows that the key is longer. */
export function nibbleAt(key: Uint8Array, depth: number): number {
  const byte = key[depth >> 1] as number;
  return depth & 1 ? byte & 15 : byte >> 4;
}

/** The nibbles of a key from `from` to its end, or to `to`. */
export function pathOf(key: Uint8Array, from: number, to: number = 2 * key.length): Path {
  const path = keptBytes(to - from);
  for (let i = 0; i < path.length; i++) path[i] = nibbleAt(key, from + i);
  return path;
}

/** How many nibbles of `path` the key has from `depth` on. */
export function matchLength(path: Path, key: Uint8Array, depth: number): number {
  const length = Math.min(path.length, 2 * key.length - depth);
  let i = 0;
  while (i < length && path[i] === nibbleAt(key, depth + i)) i++;
  return i;
}
