// What shows a block's execution to somebody who has no state: the trie nodes that reads of it and the root after it need.

import { bytesToHex, type Hex } from "@braid/primitives";
import { keccak256 } from "../keccak.ts";
import type { StateChanges } from "../state-changes.ts";
import { applyStateChanges, readTrieAccount, type TrieAccount } from "../state-trie.ts";
import { loadNode, trieGet } from "../trie/lookup.ts";
import { hasOwnHash } from "../trie/new-nodes.ts";
import { hashNode, type NodeLoader, type TrieNode } from "../trie/node.ts";
import { encodeNode, rootHash } from "../trie/node-codec.ts";

/** Collects the nodes of a state's tries that somebody looks at. The state stays as it is. */
export class StateWitness {
  readonly #nodes: WitnessNodes;
  /** The same trie with nothing of it loaded, so that all that is looked at is asked for. */
  readonly #accounts: TrieNode | undefined;

  constructor(accounts: TrieNode | undefined, nodes: NodeLoader) {
    this.#nodes = new WitnessNodes(nodes);
    this.#accounts = accounts && this.#nodes.forget(accounts);
  }

  /** An account and slots of it were read. Throws MissingTrieNodeError. */
  read(address: Uint8Array, slots: Iterable<Uint8Array>): void {
    const account = this.#account(keccak256(address));
    for (const slot of slots) trieGet(account?.storage, keccak256(slot), this.#nodes);
  }

  /** The root (32 bytes) of the state with these changes, whoever computes which needs more nodes. Throws MissingTrieNodeError. */
  rootAfter(changes: StateChanges): Uint8Array {
    return rootHash(applyStateChanges({ accounts: this.#accounts, nodes: this.#nodes }, changes));
  }

  /** RLP of the nodes so far, in the order in which they were needed. */
  get nodes(): Uint8Array[] {
    return [...this.#nodes.taken.values()];
  }

  #account(key: Uint8Array): TrieAccount | undefined {
    return readTrieAccount(this.#accounts, key, this.#nodes);
  }
}

/** Gives nodes by their hashes, also those of tries that are only in memory, and remembers which it gave. */
class WitnessNodes implements NodeLoader {
  readonly taken = new Map<Hex, Uint8Array>();
  readonly #loader: NodeLoader;
  /** Below the nodes that were given. */
  readonly #within = new Map<Hex, TrieNode>();

  constructor(loader: NodeLoader) {
    this.#loader = loader;
  }

  /** A trie by its root's hash alone. */
  forget(root: TrieNode): TrieNode {
    const hash = rootHash(root);
    this.#within.set(bytesToHex(hash), root);
    return hashNode(hash);
  }

  load(hash: Uint8Array): Uint8Array | undefined {
    const key = bytesToHex(hash);
    const bytes = this.taken.get(key) ?? this.#find(key, hash);
    if (bytes !== undefined) this.taken.set(key, bytes);
    return bytes;
  }

  #find(key: Hex, hash: Uint8Array): Uint8Array | undefined {
    const node = this.#within.get(key);
    if (node === undefined) return this.#loader.load(hash);
    const loaded = node.kind === "hash" ? loadNode(node, hash, this.#loader) : node;
    this.#lookBelow(loaded);
    return encodeNode(loaded);
  }

  #lookBelow(node: TrieNode): void {
    if (node.kind === "branch") for (const child of node.children) this.#add(child);
    else if (node.kind === "extension") this.#add(node.child);
    else if (node.kind === "leaf") this.#add(node.below);
  }

  #add(node: TrieNode | undefined): void {
    if (node === undefined) return;
    // A node that lies in its parent comes with it.
    if (hasOwnHash(node)) this.#within.set(bytesToHex(rootHash(node)), node);
    else this.#lookBelow(node);
  }
}
