// Trie nodes that no proof before a block shows and that its state root needs all the same: when a key is removed from a branch of two, the
// other child moves up, and how depends on what it is.

import { bytesToHex, type Hex } from "@braid/primitives";
import { RLP } from "@ethereumjs/rlp";
import { keccak256 } from "../keccak.ts";

type Item = Uint8Array | Item[];

/** Keys that are tried for a way through a trie: as many as take some seconds. A way of six nibbles takes all of them. */
const MAX_KEYS = 2 ** 24;
/** Keys that are tried before others get their turn. */
const KEYS_AT_ONCE = 2 ** 13;

/**
 * The leaves and extensions that may have become the ones in a proof of the state after the block, by moving up: each with less and less of its
 * path. Whoever looks for a node by its hash finds the right one among them.
 */
export function shortened(proof: Iterable<Uint8Array>): Uint8Array[] {
  const candidates: Uint8Array[] = [];
  for (const bytes of proof) {
    const node = RLP.decode(bytes) as Item[];
    const [encoded, rest] = node;
    if (node.length !== 2 || !(encoded instanceof Uint8Array) || rest === undefined) continue;
    const { path, isLeaf } = decodePath(encoded);
    // An extension has a path, a leaf may have none left.
    for (let cut = 1; cut < path.length + (isLeaf ? 1 : 0); cut++)
      candidates.push(RLP.encode([encodePath(path.slice(cut), isLeaf), rest]));
  }
  return candidates;
}

/** The nibbles on the way from a trie's root to the child with this hash, along a key (hex digits); undefined when the nodes do not show it. */
export function wayTo(child: Hex, root: Uint8Array, key: string, nodes: Nodes): string | undefined {
  for (const { node, depth } of walk(root, key, nodes)) {
    const index = node.length === 17 ? node.findIndex((one) => isHash(one, child)) : -1;
    if (index !== -1) return key.slice(0, depth) + index.toString(16);
  }
  return undefined;
}

/** The value under a key (hex digits); undefined when the nodes show none. */
export function valueAt(root: Uint8Array, key: string, nodes: Nodes): Uint8Array | undefined {
  for (const { node, depth } of walk(root, key, nodes)) {
    const [encoded, value] = node;
    if (node.length !== 2 || !(encoded instanceof Uint8Array) || !(value instanceof Uint8Array)) continue;
    const { path, isLeaf } = decodePath(encoded);
    if (isLeaf && key.slice(depth) === path) return value;
  }
  return undefined;
}

type Nodes = ReadonlyMap<Hex, Uint8Array>;

/** The nodes from a root along a key, as far as they are known, each with the number of nibbles before it. */
function* walk(root: Uint8Array, key: string, nodes: Nodes): Generator<{ node: Item[]; depth: number }> {
  let depth = 0;
  let next: Item | undefined = root;
  while (next !== undefined && next.length > 0) {
    const bytes: Uint8Array | undefined =
      next instanceof Uint8Array ? nodes.get(bytesToHex(next)) : undefined;
    if (next instanceof Uint8Array && bytes === undefined) return;
    const node = (bytes === undefined ? next : RLP.decode(bytes)) as Item[];
    yield { node, depth };
    if (node.length === 17) {
      next = node[Number.parseInt(key.charAt(depth), 16)];
      depth++;
    } else {
      const { path, isLeaf } = decodePath(node[0] as Uint8Array);
      if (isLeaf || !key.startsWith(path, depth)) return;
      depth += path.length;
      next = node[1];
    }
  }
}

function isHash(item: Item, hash: Hex): boolean {
  return item instanceof Uint8Array && bytesToHex(item) === hash;
}

/** Some key of so many bytes whose hash goes this way; undefined when the way is too long to find one. */
export async function keyOnWay(
  way: string,
  length: number,
  signal: AbortSignal | undefined,
): Promise<Uint8Array | undefined> {
  if (16 ** way.length > MAX_KEYS) return undefined;
  const key = new Uint8Array(length);
  const counter = new DataView(key.buffer);
  const prefix = Uint8Array.from(way, (digit) => Number.parseInt(digit, 16));
  // Three times as many as it takes on average.
  for (let tried = 0; tried < 3 * 16 ** way.length + 100; tried++) {
    if (tried % KEYS_AT_ONCE === 0) {
      await new Promise((resolve) => setImmediate(resolve));
      signal?.throwIfAborted();
    }
    counter.setUint32(length - 4, tried);
    const hash = keccak256(key);
    if (prefix.every((nibble, i) => nibble === (((hash[i >> 1] as number) >> (i & 1 ? 0 : 4)) & 15)))
      return key;
  }
  return undefined;
}

/** Yellow Paper, appendix C: the hex-prefix encoding. A path is a string of hex digits here. */
function decodePath(encoded: Uint8Array): { path: string; isLeaf: boolean } {
  const digits = bytesToHex(encoded).slice(2);
  const flags = Number.parseInt(digits.charAt(0), 16);
  return { path: digits.slice(flags & 1 ? 1 : 2), isLeaf: (flags & 2) !== 0 };
}

function encodePath(path: string, isLeaf: boolean): Uint8Array {
  const flags = (isLeaf ? 2 : 0) + (path.length & 1);
  const digits = `${flags.toString(16)}${path.length & 1 ? "" : "0"}${path}`;
  return Uint8Array.from({ length: digits.length / 2 }, (_, i) =>
    Number.parseInt(digits.slice(2 * i, 2 * i + 2), 16),
  );
}
