// A store on disk: tries by the hashes of their nodes, and the head's state flat beside them.
import { bytesToHex, type Hex } from "@braid/primitives";
import { keccak256 } from "../keccak.ts";
import { CHANGED_DELETED, CHANGED_STORAGE_RESET, StateChanges } from "../state-changes.ts";
import { stateChangesOf } from "../state-changes-writer.ts";
import type { StateHandle } from "../state-source.ts";
import { applyStateChanges } from "../state-trie.ts";
import type {
  Backend,
  CommitWrite,
  FlatReader,
  HeadStep,
  Pruning,
  TreeBlock,
  WalkedStep,
} from "../store/backend.ts";
import { invertChanges } from "../store/invert-changes.ts";
import type { RecordChange, RecordRange } from "../store/records.ts";
import { trieLeaf } from "../trie/lookup.ts";
import { forEachNewNode } from "../trie/new-nodes.ts";
import { hashNode, type LoadedNode, type NodeLoader, type TrieNode } from "../trie/node.ts";
import { encodeNodeView, referenceOf, rootHash } from "../trie/node-codec.ts";
import { copyBytes, encodeBlock, encodeSlot, heightKey, numberKey, slotTableKey } from "./codecs.ts";
import type { History } from "./folder.ts";
import type { Table } from "./lmdb-module.ts";
import { NodeCounts } from "./node-counts.ts";
import { StoreError, storeErrorOf } from "./store-error.ts";
import { BASE_KEY, HEAD_KEY, type Tables, TOUCHED_KEY } from "./tables.ts";
import { WriteBatch } from "./write-batch.ts";

/** Tries that stay in memory, newest blocks last. */
const CACHED_TRIES = 64;
/** Nodes in memory from which on all of them are given up, to be read again where they are needed: some 100 MB. */
const MOST_NODES = 50_000;
/** Of the first state, in one transaction. */
const ACCOUNTS_AT_ONCE = 20_000;
const PRESENT = Uint8Array.of(1);

export class LmdbBackend implements Backend {
  readonly preloadLimit = 20_000;
  readonly #tables: Tables;
  readonly #history: History;
  readonly #unlock: () => void;
  #tries = new Map<Hex, TrieNode | undefined>();
  #base: TreeBlock | undefined;
  #isClosed = false;
  /** A first state that is written, and belongs to no block yet. */
  #built: TrieNode | undefined;
  /** The last write has failed. */
  #hasFailed = false;

  constructor(tables: Tables, history: History, unlock: () => void) {
    this.#tables = tables;
    this.#history = history;
    this.#unlock = unlock;
    this.#readBase();
  }

  get path(): string {
    return this.#tables.path;
  }

  get head(): TreeBlock | undefined {
    return this.#open().head;
  }

  get base(): TreeBlock | undefined {
    return this.#base;
  }

  get flat(): FlatReader {
    return this.#open().flat;
  }

  get nodes(): NodeLoader {
    return this.#open().nodes;
  }

  block(hash: Uint8Array): TreeBlock | undefined {
    return this.#open().block(hash);
  }

  blocksAt(height: number): TreeBlock[] {
    const tables = this.#open();
    const range = { from: heightKey(height), to: heightKey(height + 1) };
    return Array.from(tables.entries(tables.heights, range), ([key]) => {
      const hash = key.subarray(8);
      return tables.block(hash) as TreeBlock; // written together
    });
  }

  ancestorHash(number: bigint): Uint8Array | undefined {
    return this.#open().ancestorHash(number);
  }

  trie(block: TreeBlock): TrieNode | undefined {
    const key = bytesToHex(block.hash);
    if (this.#tries.has(key)) return this.#tries.get(key);
    const trie = this.#open().trie(block);
    this.#keepTrie(key, trie, 0);
    return trie;
  }

  delta(block: TreeBlock): StateChanges {
    const tables = this.#open();
    const bytes = tables.read(tables.deltas, block.hash);
    // Written together with the block.
    return StateChanges.decode(copyBytes(bytes ?? new Uint8Array(0)));
  }

  code(hash: Uint8Array): Uint8Array | undefined {
    return this.#open().code(hash);
  }

  codes(): [Uint8Array, Uint8Array][] {
    const tables = this.#open();
    return [...tables.entries(tables.codeTable, {})];
  }

  handle({ hash }: TreeBlock): StateHandle {
    return { kind: "lmdb", path: this.path, block: hash };
  }

  record(key: Uint8Array): Uint8Array | undefined {
    const tables = this.#open();
    const value = tables.read(tables.recordTable, key);
    return value && copyBytes(value);
  }

  records(range: RecordRange): Iterable<[Uint8Array, Uint8Array]> {
    const tables = this.#open();
    return tables.entries(tables.recordTable, range);
  }

  async commit(write: CommitWrite): Promise<void> {
    const tables = this.#open();
    const { block, parent, trie, changes, undo, pruning, ancestors } = write;
    if (parent === undefined && trie !== this.#built) await this.#clearFlat();
    const batch = new WriteBatch();
    const made: LoadedNode[] = [];
    if (this.#history === "last") this.#countNodes(write, batch);
    else this.#writeNewNodes(trie, batch, made);
    batch.put(tables.blocks, block.hash, encodeBlock(block));
    batch.put(tables.heights, heightKey(block.height, block.hash), PRESENT);
    batch.put(tables.deltas, block.hash, (undo ?? withoutCodes(changes)).bytes);
    for (let i = 0; i < changes.codeCount; i++)
      batch.put(tables.codeTable, changes.codeHashOf(i), changes.codeAt(i));
    for (const [number, hash] of ancestors) batch.put(tables.ancestors, numberKey(number), hash);
    if (undo !== undefined) {
      this.#writeFlat(changes, trie, batch);
      batch.put(tables.meta, HEAD_KEY, block.hash);
      if (this.#base === undefined) batch.put(tables.meta, BASE_KEY, block.hash);
    }
    this.#removeBlocks([...pruning.onPath, ...pruning.beside], batch);
    for (const { block: gone, child } of pruning.onPath) {
      batch.put(tables.ancestors, numberKey(gone.number), gone.hash);
      batch.put(tables.meta, BASE_KEY, child.hash);
    }
    for (const number of pruning.forgotten) batch.remove(tables.ancestors, numberKey(number));
    this.#putRecords(write.records, batch);
    await this.#run(batch);
    for (const node of made) node.stored = true;
    for (const { block: gone } of [...pruning.onPath, ...pruning.beside])
      this.#tries.delete(bytesToHex(gone.hash));
    this.#keepTrie(bytesToHex(block.hash), trie, made.length);
    this.#readBase();
  }

  /**
   * The first state may have millions of accounts: its nodes, accounts and codes are written in pieces, in the order of the hashed addresses, so that
   * of the trie no more is in memory than the way to its last leaf. None of it counts before the block is there.
   */
  async buildFirst(changes: StateChanges): Promise<TrieNode | undefined> {
    // Nodes that are counted are written with the block.
    if (this.#history === "last" || this.head !== undefined || changes.accountCount < ACCOUNTS_AT_ONCE)
      return undefined;
    await this.#clearFlat();
    const { nodes, codeTable } = this.#open();
    const order = byHashedAddress(changes);
    let trie: TrieNode | undefined;
    for (let from = 0; from < order.length; from += ACCOUNTS_AT_ONCE) {
      const part = order.subarray(from, from + ACCOUNTS_AT_ONCE);
      trie = applyStateChanges({ accounts: trie, nodes }, changes, part);
      const batch = new WriteBatch();
      this.#writeNewNodes(trie, batch, []);
      this.#writeFlat(changes, trie, batch, part);
      await this.#run(batch);
      trie = hashNode(rootHash(trie));
    }
    const codes = new WriteBatch();
    for (let i = 0; i < changes.codeCount; i++)
      codes.put(codeTable, changes.codeHashOf(i), changes.codeAt(i));
    await this.#run(codes);
    this.#built = trie;
    return trie;
  }

  /** What a process that was killed in the middle of the first state has left behind. Nodes lie under their hashes, and do no harm. */
  async #clearFlat(): Promise<void> {
    const { accounts, slots } = this.#open();
    for (const table of [accounts, slots]) await this.#clear(table);
  }

  async #clear(table: Table): Promise<void> {
    if (table.getStats().entryCount === 0) return;
    const batch = new WriteBatch();
    for (const [key] of this.#open().entries(table, {})) batch.remove(table, key);
    await this.#run(batch);
  }

  async move(steps: readonly HeadStep[], records: readonly RecordChange[]): Promise<WalkedStep[]> {
    const tables = this.#open();
    try {
      // On this thread: each step reads what the one before it wrote.
      const walked = tables.transact(() => {
        const done = steps.map((step) => this.#walk(step));
        const batch = new WriteBatch();
        this.#putRecords(records, batch);
        batch.runWithin();
        return done;
      });
      tables.refresh();
      return walked;
    } catch (error) {
      throw storeErrorOf(error, this.path);
    }
  }

  /** A store that keeps all blocks keeps the nodes of these too: they are not counted. So do all of them with codes. */
  async forget(gone: Pruning["beside"], records: readonly RecordChange[]): Promise<void> {
    const batch = new WriteBatch();
    if (this.#history === "last") {
      const counts = new NodeCounts(this.#open());
      for (const { block, parent } of gone)
        counts.removeNew(this.trie(parent), this.trie(block), this.delta(block));
      counts.write(batch);
    }
    this.#removeBlocks(gone, batch);
    this.#putRecords(records, batch);
    await this.#run(batch);
    for (const { block } of gone) this.#tries.delete(bytesToHex(block.hash));
  }

  async write(records: readonly RecordChange[]): Promise<void> {
    const batch = new WriteBatch();
    this.#putRecords(records, batch);
    await this.#run(batch);
  }

  async flush(): Promise<void> {
    await this.#afterFailure();
    await this.#open().environment.flushed;
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    const canEnd = await this.#afterFailure().then(
      () => true,
      () => false,
    );
    this.#isClosed = true;
    this.#tries.clear();
    if (canEnd) await this.#tables.close();
    else this.#tables.release();
    this.#unlock();
  }

  /**
   * After a write that failed, LMDB waits for ever for it to reach the disk, unless another one succeeds; where that fails too, the file stays
   * open until the process ends.
   */
  async #afterFailure(): Promise<void> {
    if (!this.#hasFailed) return;
    const batch = new WriteBatch();
    batch.put(this.#open().meta, TOUCHED_KEY, PRESENT);
    await this.#run(batch);
  }

  #open(): Tables {
    if (this.#isClosed)
      throw new StoreError("BRAID_STORE_CLOSED", `The store in ${this.path} is closed: open it again.`, {
        path: this.path,
      });
    return this.#tables;
  }

  #readBase(): void {
    const tables = this.#open();
    const hash = tables.read(tables.meta, BASE_KEY);
    this.#base = hash && tables.block(copyBytes(hash));
  }

  async #run(batch: WriteBatch): Promise<void> {
    const tables = this.#open();
    try {
      await batch.run(tables.environment);
      this.#hasFailed = false;
    } catch (error) {
      this.#hasFailed = true;
      throw storeErrorOf(error, this.path);
    } finally {
      tables.refresh();
    }
  }

  #keepTrie(key: Hex, trie: TrieNode | undefined, made: number): void {
    const tables = this.#open();
    tables.loadedNodes += made;
    if (tables.loadedNodes > MOST_NODES) {
      tables.loadedNodes = 0;
      this.#tries.clear();
      return;
    }
    this.#tries.set(key, trie);
    const [oldest] = this.#tries.keys();
    if (oldest !== undefined && this.#tries.size > CACHED_TRIES) this.#tries.delete(oldest);
  }

  #writeNewNodes(trie: TrieNode | undefined, batch: WriteBatch, made: LoadedNode[]): void {
    const { nodeTable } = this.#open();
    forEachNewNode(trie, (node) => {
      made.push(node);
      const reference = referenceOf(node);
      if (reference.length === 33) batch.put(nodeTable, reference.subarray(1), encodeNodeView(node));
    });
  }

  #countNodes({ block, parent, trie, changes, undo, pruning }: CommitWrite, batch: WriteBatch): void {
    const counts = new NodeCounts(this.#open());
    const trieOf = (of: TreeBlock): TrieNode | undefined => (of === block ? trie : this.trie(of));
    const deltaOf = (of: TreeBlock): StateChanges => (of === block ? (undo ?? changes) : this.delta(of));
    counts.add(parent && this.trie(parent), trie, changes);
    for (const { block: gone, child } of pruning.onPath)
      counts.removeOld(trieOf(gone), trieOf(child), deltaOf(child));
    for (const { block: gone, parent: above } of pruning.beside)
      counts.removeNew(trieOf(above), trieOf(gone), deltaOf(gone));
    counts.write(batch);
  }

  /** The head's state after some changes that lead to a trie, or after those of some accounts. */
  #writeFlat(
    changes: StateChanges,
    trie: TrieNode | undefined,
    batch: WriteBatch,
    indices: Iterable<number> = Array(changes.accountCount).keys(),
  ): void {
    const tables = this.#open();
    for (const i of indices) {
      const address = changes.addressAt(i);
      // The very bytes that the trie has: the two cannot differ.
      const leaf = trieLeaf(trie, keccak256(address), tables.nodes);
      if (leaf === undefined) batch.remove(tables.accounts, address);
      else batch.put(tables.accounts, address, leaf.value);
      if (changes.flagsAt(i) & (CHANGED_DELETED | CHANGED_STORAGE_RESET))
        for (const [key] of tables.flat.slots(address))
          batch.remove(tables.slots, slotTableKey(address, key));
      const end = changes.slotsEnd(i);
      for (let slot = changes.slotsBegin(i); slot < end; slot++) {
        const key = slotTableKey(address, changes.slotKeyAt(slot));
        const value = encodeSlot(changes.slotValueAt(slot));
        if (value.length === 0) batch.remove(tables.slots, key);
        else batch.put(tables.slots, key, value);
      }
    }
  }

  /** Within a transaction: moves the head over one edge. */
  #walk(step: HeadStep): WalkedStep {
    const tables = this.#open();
    const changes = this.delta(step.block);
    const batch = new WriteBatch();
    batch.put(tables.deltas, step.block.hash, invertChanges(changes, tables.flat).bytes);
    this.#writeFlat(changes, this.trie(step.to), batch);
    batch.put(tables.meta, HEAD_KEY, step.to.hash);
    batch.runWithin();
    return { ...step, changes };
  }

  #removeBlocks(gone: readonly { block: TreeBlock }[], batch: WriteBatch): void {
    const tables = this.#open();
    for (const { block } of gone) {
      batch.remove(tables.blocks, block.hash);
      batch.remove(tables.heights, heightKey(block.height, block.hash));
      batch.remove(tables.deltas, block.hash);
    }
  }

  #putRecords(records: readonly RecordChange[], batch: WriteBatch): void {
    const { recordTable } = this.#open();
    for (const { key, value } of records) {
      if (value === undefined) batch.remove(recordTable, key);
      else batch.put(recordTable, key, value);
    }
  }
}

/** The indices of the accounts in the order of their places in the trie. */
function byHashedAddress(changes: StateChanges): Uint32Array {
  const count = changes.accountCount;
  const hashes = new DataView(new ArrayBuffer(32 * count));
  const bytes = new Uint8Array(hashes.buffer);
  for (let i = 0; i < count; i++) bytes.set(keccak256(changes.addressAt(i)), 32 * i);
  const compare = (a: number, b: number): number => {
    for (let word = 0; word < 32; word += 4) {
      const difference = hashes.getUint32(32 * a + word) - hashes.getUint32(32 * b + word);
      if (difference !== 0) return difference;
    }
    return 0;
  };
  return Uint32Array.from({ length: count }, (_, i) => i).sort(compare);
}

/** Codes have a table of their own. */
function withoutCodes(changes: StateChanges): StateChanges {
  return changes.codeCount === 0 ? changes : stateChangesOf({ accounts: changes.accounts });
}
