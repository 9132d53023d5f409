// The trie against @ethereumjs/mpt: roots, reads, which nodes are needed, and that nothing shared is ever changed.
import { equalBytes } from "@braid/primitives";
import { createMPT, type MerklePatriciaTrie } from "@ethereumjs/mpt";
import { RLP } from "@ethereumjs/rlp";
import { MapDB, ValueEncoding } from "@ethereumjs/util";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { EMPTY_TRIE_ROOT } from "../constants.ts";
import { MissingTrieNodeError } from "../errors.ts";
import { keccak256 } from "../keccak.ts";
import { loadNode, trieGet } from "./lookup.ts";
import { hashNode, NO_NODES, type NodeLoader, type TrieNode } from "./node.ts";
import { decodeNode, encodeNode, rootHash } from "./node-codec.ts";
import { NodeStore } from "./node-store.ts";
import type { TrieChange } from "./trie-changes.ts";
import { trieUpdate } from "./update.ts";

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");

// Few nibbles make many shared prefixes, extensions and collapses; three bytes with short values make embedded nodes,
// long values make hashed ones.
const key = fc
  .array(fc.constantFrom(0x00, 0x01, 0x10, 0x11, 0x2f), { minLength: 3, maxLength: 3 })
  .map((bytes) => Uint8Array.from(bytes));
const value = fc
  .tuple(fc.integer({ min: 1, max: 255 }), fc.constantFrom(1, 2, 28, 32, 60))
  .map(([byte, length]) => new Uint8Array(length).fill(byte));
const change = fc.record({ key, value: fc.option(value, { nil: undefined }) });
const batch = fc.uniqueArray(change, { selector: (c) => hex(c.key), maxLength: 30 });
const batches = fc.array(batch, { maxLength: 4 });

/** Insertions before deletions: what a witness is made for. */
async function applyToMpt(trie: MerklePatriciaTrie, changes: TrieChange[]): Promise<void> {
  for (const c of changes) if (c.value !== undefined) await trie.put(c.key, c.value);
  for (const c of changes) if (c.value === undefined) await trie.del(c.key);
}

/** A database that remembers what was read. */
class RecordingDb extends MapDB<string, Uint8Array> {
  readonly read = new Set<string>();

  override async get(key: string): Promise<Uint8Array | undefined> {
    this.read.add(key);
    return super.get(key);
  }
}

/** All nodes that a database would hold: the root and whatever is not embedded. */
function nodesOf(root: TrieNode | undefined): Uint8Array[] {
  if (root === undefined || root.kind === "hash") return [];
  const nodes: Uint8Array[] = [];
  const walk = (node: TrieNode, isRoot: boolean): void => {
    if (node.kind === "hash") return;
    const bytes = encodeNode(node);
    if (isRoot || bytes.length >= 32) nodes.push(bytes);
    if (node.kind === "extension") walk(node.child, false);
    if (node.kind === "branch")
      for (const child of node.children) if (child !== undefined) walk(child, false);
  };
  walk(root, true);
  return nodes;
}

function recording(loader: NodeLoader): { loader: NodeLoader; read: Map<string, Uint8Array> } {
  const read = new Map<string, Uint8Array>();
  return {
    read,
    loader: {
      load(hash) {
        read.set(hex(hash), hash);
        return loader.load(hash);
      },
    },
  };
}

/** The same trie, of which nothing is known but its root hash. */
function sparse(root: TrieNode | undefined): { root: TrieNode | undefined; store: NodeStore } {
  return { root: root && hashNode(rootHash(root)), store: new NodeStore(nodesOf(root)) };
}

describe("trieUpdate", () => {
  it("gives the empty root for no entries and for all entries removed", () => {
    const keys = [0, 1, 2].map((n) => Uint8Array.of(n, n));
    const full = trieUpdate(
      undefined,
      keys.map((k) => ({ key: k, value: k })),
      NO_NODES,
    );
    expect(full).toBeDefined();
    expect(
      trieUpdate(
        full,
        keys.map((k) => ({ key: k, value: undefined })),
        NO_NODES,
      ),
    ).toBeUndefined();
    expect(rootHash(undefined)).toEqual(EMPTY_TRIE_ROOT);
    expect(keccak256(Uint8Array.of(0x80))).toEqual(EMPTY_TRIE_ROOT);
  });

  it("has the roots and values of @ethereumjs/mpt after every batch", async () => {
    await fc.assert(
      fc.asyncProperty(batches, async (list) => {
        const oracle = await createMPT();
        const model = new Map<string, Uint8Array>();
        let root: TrieNode | undefined;
        for (const changes of list) {
          await applyToMpt(oracle, changes);
          for (const c of changes) {
            if (c.value === undefined) model.delete(hex(c.key));
            else model.set(hex(c.key), c.value);
          }
          root = trieUpdate(root, changes, NO_NODES);
          expect(hex(rootHash(root))).toBe(hex(oracle.root()));
          for (const c of list.flat()) expect(trieGet(root, c.key, NO_NODES)).toEqual(model.get(hex(c.key)));
        }
      }),
      { numRuns: 300 },
    );
  });

  it("keeps former roots readable and returns an unchanged trie as the same object", () => {
    fc.assert(
      fc.property(batch, batch, (first, second) => {
        const before = trieUpdate(undefined, first, NO_NODES);
        const values = first.map((c) => trieGet(before, c.key, NO_NODES));
        const nodes = nodesOf(before).map(hex);
        trieUpdate(before, second, NO_NODES);
        expect(first.map((c) => trieGet(before, c.key, NO_NODES))).toEqual(values);
        // Encoded anew, not from what the nodes remember.
        expect(nodesOf(before).map(hex)).toEqual(nodes);
        expect(trieUpdate(before, first.slice(), NO_NODES)).toBe(before);
      }),
    );
  });

  it("works on a sparse trie and asks for no node that insertions before deletions would not ask for", async () => {
    await fc.assert(
      fc.asyncProperty(batch, batch, async (first, second) => {
        const full = trieUpdate(undefined, first, NO_NODES);
        const { root, store } = sparse(full);
        const { loader, read } = recording(store);
        const updated = trieUpdate(root, second.slice(), loader);
        expect(hex(rootHash(updated))).toBe(hex(rootHash(trieUpdate(full, second.slice(), NO_NODES))));

        const db = new RecordingDb(new Map(nodesOf(full).map((node) => [hex(keccak256(node)), node])));
        const known = new Set(db._database.keys());
        const oracle = await createMPT({
          db,
          valueEncoding: ValueEncoding.Bytes,
          ...(full === undefined ? {} : { root: rootHash(full) }),
        });
        db.read.clear();
        await applyToMpt(oracle, second);
        for (const hash of read.keys()) {
          expect(known.has(hash)).toBe(true);
          expect(db.read.has(hash)).toBe(true);
        }
      }),
      { numRuns: 300 },
    );
  });

  it("throws for each missing node that it needs, and never takes it for absent", () => {
    let missing = 0;
    fc.assert(
      fc.property(batch, batch, (first, second) => {
        const full = trieUpdate(undefined, first, NO_NODES);
        const { loader, read } = recording(sparse(full).store);
        trieUpdate(sparse(full).root, second.slice(), loader);
        for (const hole of read.values()) {
          const holed: NodeLoader = {
            load: (hash) => (equalBytes(hash, hole) ? undefined : loader.load(hash)),
          };
          missing++;
          expect(() => trieUpdate(sparse(full).root, second.slice(), holed)).toThrow(MissingTrieNodeError);
        }
      }),
    );
    expect(missing).toBeGreaterThan(100);
  });
});

describe("trieGet", () => {
  it("throws where a node on the way is missing", () => {
    const entries = [0x00, 0x01, 0x10].map((n) => ({
      key: Uint8Array.of(n),
      value: new Uint8Array(40).fill(9),
    }));
    const full = trieUpdate(undefined, entries, NO_NODES);
    const store = new NodeStore(nodesOf(full).slice(0, 1));
    const root = hashNode(rootHash(full));
    expect(() => trieGet(root, Uint8Array.of(0x01), store)).toThrow(MissingTrieNodeError);
    expect(trieGet(root, Uint8Array.of(0xf0), store)).toBeUndefined();
    expect(() => trieGet(hashNode(rootHash(full)), Uint8Array.of(0xf0), NO_NODES)).toThrow(
      MissingTrieNodeError,
    );
  });
});

describe("decodeNode", () => {
  it("is the inverse of encodeNode, and agrees with @ethereumjs/rlp on what the items are", () => {
    fc.assert(
      fc.property(batch, (changes) => {
        for (const bytes of nodesOf(trieUpdate(undefined, changes, NO_NODES))) {
          expect(hex(RLP.encode(RLP.decode(bytes)))).toBe(hex(bytes));
          expect(hex(encodeNode(decodeNode(bytes)))).toBe(hex(bytes));
        }
      }),
    );
  });

  it("rejects bytes that are not a node", () => {
    const list = (...items: (Uint8Array | Uint8Array[])[]) => RLP.encode(items);
    const empty = new Uint8Array(0);
    const branchWithValue = list(...new Array<Uint8Array>(16).fill(empty), Uint8Array.of(1));
    const bad = [
      empty,
      Uint8Array.of(0x80),
      list(),
      list(Uint8Array.of(0x20)),
      list(Uint8Array.of(0x40), Uint8Array.of(1)),
      list(Uint8Array.of(0x00), new Uint8Array(32)),
      list(Uint8Array.of(0x11), empty),
      list(Uint8Array.of(0x11), new Uint8Array(31)),
      list(Uint8Array.of(0x20), [empty]),
      list(empty, empty, empty),
      branchWithValue,
      branchWithValue.slice(0, -1),
      list(...new Array<Uint8Array>(18).fill(empty)),
      Uint8Array.of(0xf9, 0xff, 0xff),
    ];
    for (const bytes of bad) {
      expect(() => decodeNode(bytes), hex(bytes)).toThrow(
        expect.objectContaining({ code: "BRAID_BAD_TRIE_NODE" }),
      );
    }
  });
});

describe("NodeStore", () => {
  it("finds each node by its whole hash", () => {
    const nodes = Array.from({ length: 50 }, (_, i) => new Uint8Array(40).fill(i));
    const store = new NodeStore(nodes);
    for (const node of nodes) expect(store.load(keccak256(node))).toBe(node);
    const near = keccak256(nodes[7] as Uint8Array);
    near[31] = (near[31] as number) ^ 1;
    expect(store.load(near)).toBeUndefined();
  });

  it("decodes a node once for each place", () => {
    const bytes = encodeNode(decodeNode(RLP.encode([Uint8Array.of(0x20), new Uint8Array(40)])));
    const node = hashNode(keccak256(bytes));
    const store = new NodeStore([bytes]);
    expect(loadNode(node, new Uint8Array(32), store)).toBe(loadNode(node, new Uint8Array(32), NO_NODES));
  });
});
