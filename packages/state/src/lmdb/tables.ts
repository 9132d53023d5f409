// The tables of a store on disk, as one snapshot shows them: what the store itself and its readers in other threads share.
import { bytesToHex, equalBytes, readRlpItem } from "@braid/primitives";
import { EMPTY_CODE_HASH } from "../constants.ts";
import { keccak256 } from "../keccak.ts";
import type { FlatAccount, SourceAccount } from "../state-source.ts";
import { trieOfRoot } from "../state-trie.ts";
import type { FlatReader, StateReader, TreeBlock } from "../store/backend.ts";
import type { NodeLoader, TrieNode } from "../trie/node.ts";
import { accountOfLeaf, copyBytes, decodeBlock, decodeSlot, numberKey, slotTableKey } from "./codecs.ts";
import { type Environment, loadLmdb, type Snapshot, type Table, type TableOptions } from "./lmdb-module.ts";
import { corrupt, storeErrorOf } from "./store-error.ts";

const BINARY: TableOptions = { encoding: "binary", keyEncoding: "binary" };
const MAX_TABLES = 16;
/** Each thread that reads takes one for each block it executes on, and one more while it changes over. */
const MAX_READERS = 1_024;

export const HEAD_KEY = new TextEncoder().encode("head");
export const BASE_KEY = new TextEncoder().encode("base");
export const TOUCHED_KEY = new TextEncoder().encode("touched");
const ADDRESS_BYTES = 20;
const AFTER_ALL_SLOTS = new Uint8Array(33).fill(0xff);

/**
 * Table                key                         value
 * meta                 "head", "base"              block hash
 *                      "touched"                   1, when a write has failed
 * blocks               block hash                  number, height, parent, state root
 * heights              height, block hash          1
 * deltas               block hash                  StateChanges
 * ancestors            number                      hash of a block that is not kept
 * nodes                keccak256                   RLP of a trie node; where nodes are counted and one is needed more than once, how often (u32)
 * codes                keccak256                   code
 * accounts, slots      address; address and slot   the head's state: leaf RLP; value without leading zeros
 * records              the caller's                the caller's
 */
export class Tables implements StateReader {
  readonly path: string;
  readonly environment: Environment;
  readonly meta: Table;
  readonly blocks: Table;
  readonly heights: Table;
  readonly deltas: Table;
  readonly ancestors: Table;
  readonly nodeTable: Table;
  readonly codeTable: Table;
  readonly accounts: Table;
  readonly slots: Table;
  readonly recordTable: Table;
  readonly nodes: NodeLoader;
  readonly flat: FlatReader;
  /** Nodes that were read since the caller set it to 0. */
  loadedNodes = 0;
  #snapshot: Snapshot | undefined;
  #options: { transaction: Snapshot } | undefined;
  #head: TreeBlock | undefined;

  /** Throws what LMDB throws. `readOnly` for threads beside the one that writes. */
  constructor(path: string, { readOnly }: { readOnly: boolean }) {
    this.path = path;
    const environment = loadLmdb().open({
      ...BINARY,
      path,
      maxDbs: MAX_TABLES,
      maxReaders: MAX_READERS,
      // With it, a failing commit rejects a second promise that nobody awaits, which would end the process; batches are whole without it.
      eventTurnBatching: false,
      ...(readOnly ? { readOnly } : {}),
    });
    const table = (name: string): Table => environment.openDB(name, BINARY);
    this.environment = environment;
    this.meta = table("meta");
    this.blocks = table("blocks");
    this.heights = table("heights");
    this.deltas = table("deltas");
    this.ancestors = table("ancestors");
    this.nodeTable = table("nodes");
    this.codeTable = table("codes");
    this.accounts = table("accounts");
    this.slots = table("slots");
    this.recordTable = table("records");
    this.nodes = { load: (hash) => this.#loadNode(hash) };
    this.flat = new FlatTables(this);
    this.refresh();
  }

  /** Shows what was committed up to now. */
  refresh(): void {
    this.release();
    this.environment.resetReadTxn();
    this.#snapshot = this.environment.useReadTransaction();
    this.#options = { transaction: this.#snapshot };
    const head = this.read(this.meta, HEAD_KEY);
    this.#head = head && this.block(copyBytes(head));
  }

  /** Gives the snapshot up, so that what it alone holds can be written over; nothing can be read before the next `refresh`. */
  release(): void {
    this.#snapshot?.done();
    this.#snapshot = undefined;
  }

  /** Runs a transaction on this thread; what it reads is what it wrote. Nothing else may be written meanwhile. */
  transact<T>(work: () => T): T {
    const options = this.#options;
    this.#options = undefined;
    try {
      return this.environment.transactionSync(work);
    } finally {
      this.#options = options;
    }
  }

  close(): Promise<void> {
    this.release();
    return this.environment.close();
  }

  /** A view that is valid until the next read. */
  read(table: Table, key: Uint8Array): Uint8Array | undefined {
    try {
      return table.getBinaryFast(key, this.#options);
    } catch (error) {
      throw storeErrorOf(error, this.path);
    }
  }

  /** Keys from `from` on and below `to`. */
  *entries(
    table: Table,
    { from, to, reverse = false }: { from?: Uint8Array; to?: Uint8Array; reverse?: boolean },
  ): Generator<[Uint8Array, Uint8Array]> {
    const [start, end] = reverse ? [to, from] : [from, to];
    const range = table.getRange({
      ...(start === undefined ? {} : { start }),
      ...(end === undefined ? {} : { end }),
      ...(reverse ? { reverse, exclusiveStart: true, inclusiveEnd: true } : {}),
      ...this.#options,
    });
    for (const { key, value } of range) yield [copyBytes(key), copyBytes(value)];
  }

  get head(): TreeBlock | undefined {
    return this.#head;
  }

  block(hash: Uint8Array): TreeBlock | undefined {
    const bytes = this.read(this.blocks, hash);
    if (bytes === undefined) return undefined;
    const block = decodeBlock(hash, bytes);
    if (block === undefined) throw corrupt(this.path, `block ${bytesToHex(hash)} is unreadable`);
    return block;
  }

  ancestorHash(number: bigint): Uint8Array | undefined {
    const hash = this.read(this.ancestors, numberKey(number));
    return hash && copyBytes(hash);
  }

  trie(block: TreeBlock): TrieNode | undefined {
    return trieOfRoot(block.stateRoot);
  }

  code(hash: Uint8Array): Uint8Array | undefined {
    if (equalBytes(hash, EMPTY_CODE_HASH)) return new Uint8Array(0);
    const code = this.read(this.codeTable, hash);
    return code && copyBytes(code);
  }

  /** The RLP, and how often the node is needed where that is counted; undefined when it is not there. */
  node(hash: Uint8Array): { rlp: Uint8Array; count: number } | undefined {
    const bytes = this.read(this.nodeTable, hash);
    if (bytes === undefined) return undefined;
    const copy = copyBytes(bytes);
    const end = readRlpItem(copy, 0)?.end ?? 0;
    const rlp = copy.subarray(0, end);
    if (copy.length === end) return { rlp, count: 1 };
    if (copy.length !== end + 4) throw corrupt(this.path, `trie node ${bytesToHex(hash)} is unreadable`);
    return { rlp, count: new DataView(copy.buffer, end).getUint32(0) };
  }

  #loadNode(hash: Uint8Array): Uint8Array {
    const node = this.node(hash);
    // A page that was damaged gives a wrong answer, and nothing else would tell.
    if (node === undefined || !equalBytes(keccak256(node.rlp), hash))
      throw corrupt(
        this.path,
        `trie node ${bytesToHex(hash)} is ${node === undefined ? "missing" : "another one"}`,
      );
    this.loadedNodes++;
    return node.rlp;
  }
}

class FlatTables implements FlatReader {
  readonly #tables: Tables;

  constructor(tables: Tables) {
    this.#tables = tables;
  }

  get size(): number {
    const { accounts, slots } = this.#tables;
    return accounts.getStats().entryCount + slots.getStats().entryCount;
  }

  account(address: Uint8Array): SourceAccount | undefined {
    const leaf = this.#tables.read(this.#tables.accounts, address);
    return leaf && accountOfLeaf(leaf);
  }

  slot(address: Uint8Array, key: Uint8Array): bigint {
    const value = this.#tables.read(this.#tables.slots, slotTableKey(address, key));
    return value === undefined ? 0n : decodeSlot(value);
  }

  *slots(address: Uint8Array): Generator<[Uint8Array, bigint]> {
    const range = { from: address, to: slotTableKey(address, AFTER_ALL_SLOTS) };
    for (const [key, value] of this.#tables.entries(this.#tables.slots, range))
      yield [key.subarray(ADDRESS_BYTES), decodeSlot(value)];
  }

  flatten(): FlatAccount[] {
    return Array.from(this.#tables.entries(this.#tables.accounts, {}), ([address, leaf]) => ({
      address,
      account: accountOfLeaf(leaf),
      storage: [...this.slots(address)],
    }));
  }
}
