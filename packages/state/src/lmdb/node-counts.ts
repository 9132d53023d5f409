// How often each node is needed, in a store that keeps the last blocks only. A node is counted once for each place in a trie where it
// came to be with some block; when that block's child does without it there, or the block goes, it is counted off.
import { bytesToHex, type Hex } from "@braid/primitives";
import { keccak256 } from "../keccak.ts";
import type { StateChanges } from "../state-changes.ts";
import { readTrieAccount } from "../state-trie.ts";
import { type DiffVisitor, diffTries } from "../trie/diff.ts";
import type { LoadedNode, TrieNode } from "../trie/node.ts";
import { encodeNode, referenceOf } from "../trie/node-codec.ts";
import { corrupt } from "./store-error.ts";
import type { Tables } from "./tables.ts";
import type { WriteBatch } from "./write-batch.ts";

interface Count {
  hash: Uint8Array;
  node: LoadedNode;
  /** How much oftener the node is needed than before. */
  difference: number;
}

export class NodeCounts {
  readonly #tables: Tables;
  readonly #counts = new Map<Hex, Count>();

  constructor(tables: Tables) {
    this.#tables = tables;
  }

  /** A block came: what its trie has that its parent's has not. `changes` name the accounts in which the two differ. */
  add(parent: TrieNode | undefined, block: TrieNode | undefined, changes: StateChanges): void {
    this.#compare(parent, block, changes, { created: (node) => this.#count(node, 1), dropped: () => {} });
  }

  /** A block went whose child stays: what its trie has that the child's has not. */
  removeOld(block: TrieNode | undefined, child: TrieNode | undefined, changes: StateChanges): void {
    this.#compare(block, child, changes, { created: () => {}, dropped: (node) => this.#count(node, -1) });
  }

  /** A block went with all that descends from it: what its trie has that its parent's has not. */
  removeNew(parent: TrieNode | undefined, block: TrieNode | undefined, changes: StateChanges): void {
    this.#compare(parent, block, changes, { created: (node) => this.#count(node, -1), dropped: () => {} });
  }

  write(batch: WriteBatch): void {
    const { nodeTable, path } = this.#tables;
    for (const { hash, node, difference } of this.#counts.values()) {
      if (difference === 0) continue;
      const before = this.#tables.node(hash)?.count ?? 0;
      const count = before + difference;
      if (count < 0) throw corrupt(path, `trie node ${bytesToHex(hash)} is counted off too often`);
      if (count === 0) batch.remove(nodeTable, hash);
      else batch.put(nodeTable, hash, withCount(encodeNode(node), count));
    }
  }

  #compare(
    before: TrieNode | undefined,
    after: TrieNode | undefined,
    changes: StateChanges,
    visitor: DiffVisitor,
  ): void {
    const { nodes } = this.#tables;
    diffTries(before, after, nodes, visitor);
    for (let i = 0; i < changes.accountCount; i++) {
      const key = keccak256(changes.addressAt(i));
      const old = readTrieAccount(before, key, nodes)?.storage;
      const young = readTrieAccount(after, key, nodes)?.storage;
      diffTries(old, young, nodes, visitor);
    }
  }

  #count(node: LoadedNode, difference: number): void {
    const hash = referenceOf(node).subarray(1);
    const key = bytesToHex(hash);
    const count = this.#counts.get(key);
    if (count === undefined) this.#counts.set(key, { hash, node, difference });
    else count.difference += difference;
  }
}

/** One is not written down. */
function withCount(rlp: Uint8Array, count: number): Uint8Array {
  if (count === 1) return rlp;
  const bytes = new Uint8Array(rlp.length + 4);
  bytes.set(rlp);
  new DataView(bytes.buffer).setUint32(rlp.length, count);
  return bytes;
}
