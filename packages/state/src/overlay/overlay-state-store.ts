// A store over a state that lies elsewhere and is read when it is needed: what blocks change is kept here, in memory.
//
// The trie that the other state's root stands for is not there, so the states after blocks have no Merkle roots. What stands for one is
// keccak256 of the other state's root and the root of all that was changed since (overlay-trie.ts): equal for equal changes, different for others.
import { bytesToHex, concatBytes, equalBytes, type Hex } from "@braid/primitives";
import { EMPTY_CODE_HASH } from "../constants.ts";
import { MissingBlockHashError } from "../errors.ts";
import { keccak256 } from "../keccak.ts";
import type { StateChanges } from "../state-changes.ts";
import type { SourceAccount, StateAnswer, StateKey, StateSource } from "../state-source.ts";
import { KeptCodes } from "../store/kept-codes.ts";
import { copyRecords, type RecordChange, type RecordRange } from "../store/records.ts";
import { SortedRecords } from "../store/sorted-records.ts";
import { siblingOf } from "../store/stand-ins.ts";
import {
  BlockInUseError,
  type KeptBlock,
  type KeptState,
  KnownBlockError,
  type NewBlock,
  type PreparedState,
  type StateStore,
  UnknownBlockError,
  UnprovableStateError,
} from "../store/state-store.ts";
import type { TrieNode } from "../trie/node.ts";
import { rootHash } from "../trie/node-codec.ts";
import { KnownSource, readMany, whenThere } from "./known-source.ts";
import { changeOverlay, isWhole, mergedAccount, overlayAccount, overlaySlot } from "./overlay-trie.ts";

const DOMAIN = new TextEncoder().encode("braid: a state over another one");
/** So many of the head's last moves can be followed by a cache. */
const KEPT_MOVES = 16;
const NO_BYTES = new Uint8Array(0);

interface Entry extends KeptBlock {
  above: Entry | undefined;
  children: Set<Entry>;
  trie: TrieNode | undefined;
  /** As KeptCodes knows what it needs. */
  codes: readonly Hex[];
}

interface Move {
  fromRoot: Uint8Array;
  changes: StateChanges;
}

export class OverlayStateStore implements StateStore {
  readonly #base: KnownSource;
  readonly #first: Entry;
  readonly #entries = new Map<Hex, Entry>();
  readonly #codes = new KeptCodes();
  readonly #records = new SortedRecords();
  #head: Entry;
  #moves: Move[] = [];

  /** @param source the state after `block`. */
  constructor(source: StateSource, { hash, number, stateRoot }: KeptBlock) {
    this.#base = new KnownSource(source);
    this.#first = {
      hash: hash.slice(),
      number,
      stateRoot: stateRoot.slice(),
      above: undefined,
      children: new Set(),
      trie: undefined,
      codes: [],
    };
    this.#entries.set(bytesToHex(hash), this.#first);
    this.#head = this.#first;
  }

  get head(): KeptBlock {
    return this.#head;
  }

  block(hash: Uint8Array): KeptBlock | undefined {
    return this.#entries.get(bytesToHex(hash));
  }

  stateAt(block: Uint8Array): KeptState {
    const entry = this.#find(block);
    return new OverlayState(this.#base, entry, this.#codes, entry === this.#head ? this.#moves : []);
  }

  prepare(parentHash: Uint8Array | undefined, changes: StateChanges): PreparedState {
    if (parentHash === undefined) throw new KnownBlockError(this.#first.hash);
    const parent = this.#find(parentHash);
    const trie = changeOverlay(parent.trie, changes);
    const root = this.#rootOf(trie);
    return {
      root,
      commit: async (block, records = []) =>
        this.#commit(parentHash, block, { root, trie, changes }, records),
    };
  }

  /** It has a first block from the beginning. */
  async prepareFirst(changes: StateChanges): Promise<PreparedState> {
    return this.prepare(undefined, changes);
  }

  async setHead(hash: Uint8Array, records: Iterable<RecordChange> = []): Promise<void> {
    const target = this.#find(hash);
    this.#records.change(copyRecords(records));
    // What leads to another block's state is not at hand.
    if (target !== this.#head) this.#moves = [];
    this.#head = target;
  }

  descendants(block: Uint8Array): KeptBlock[] {
    return descendantsOf(this.#find(block));
  }

  async forget(block: Uint8Array, records: Iterable<RecordChange> = []): Promise<void> {
    const entry = this.#find(block);
    const gone = descendantsOf(entry);
    if (gone.includes(this.#head)) throw new BlockInUseError(block);
    this.#records.change(copyRecords(records));
    entry.above?.children.delete(entry);
    for (const { hash, codes } of gone) {
      this.#entries.delete(bytesToHex(hash));
      this.#codes.release(codes);
    }
  }

  record(key: Uint8Array): Uint8Array | undefined {
    return this.#records.get(key);
  }

  records(range: RecordRange = {}): Iterable<[key: Uint8Array, value: Uint8Array]> {
    return this.#records.entries(range);
  }

  async write(records: Iterable<RecordChange>): Promise<void> {
    this.#records.change(copyRecords(records));
  }

  async flush(): Promise<void> {}

  async close(): Promise<void> {}

  #find(hash: Uint8Array): Entry {
    const entry = this.#entries.get(bytesToHex(hash));
    if (entry === undefined) throw new UnknownBlockError(hash);
    return entry;
  }

  #rootOf(trie: TrieNode | undefined): Uint8Array {
    const { stateRoot } = this.#first;
    return trie === undefined ? stateRoot : keccak256(concatBytes(DOMAIN, stateRoot, rootHash(trie)));
  }

  #commit(
    parentHash: Uint8Array,
    { hash, number }: NewBlock,
    after: { root: Uint8Array; trie: TrieNode | undefined; changes: StateChanges },
    records: Iterable<RecordChange>,
  ): void {
    const parent = this.#find(parentHash);
    if (this.block(hash) !== undefined) throw new KnownBlockError(hash);
    const { root, trie, changes } = after;
    this.#records.change(copyRecords(records));
    const entry: Entry = {
      hash: hash.slice(),
      number,
      stateRoot: root,
      parent: parent.hash,
      above: parent,
      children: new Set(),
      trie,
      codes: this.#codes.use(changes),
    };
    this.#entries.set(bytesToHex(hash), entry);
    parent.children.add(entry);
    if (parent !== this.#head) return;
    this.#moves = [...this.#moves.slice(1 - KEPT_MOVES), { fromRoot: parent.stateRoot, changes }];
    this.#head = entry;
  }
}

/** Itself first, parents before their children. */
function descendantsOf(entry: Entry): Entry[] {
  const found = [entry];
  // The list grows while it is walked.
  for (const one of found) found.push(...one.children);
  return found;
}

class OverlayState implements KeptState {
  readonly #base: KnownSource;
  readonly #entry: Entry;
  readonly #codes: KeptCodes;
  readonly #moves: readonly Move[];

  /** `moves` end at the block's state. */
  constructor(base: KnownSource, entry: Entry, codes: KeptCodes, moves: readonly Move[]) {
    this.#base = base;
    this.#entry = entry;
    this.#codes = codes;
    this.#moves = moves;
  }

  get stateRoot(): Uint8Array {
    return this.#entry.stateRoot;
  }

  getAccount(address: Uint8Array): SourceAccount | undefined | Promise<SourceAccount | undefined> {
    const changed = overlayAccount(this.#entry.trie, address);
    if (changed === undefined) return this.#base.getAccount(address);
    if (isWhole(changed)) return mergedAccount(changed, undefined);
    return whenThere(this.#base.getAccount(address), (below) => mergedAccount(changed, below));
  }

  getStorage(address: Uint8Array, slot: Uint8Array): bigint | Promise<bigint> {
    return overlaySlot(this.#entry.trie, address, slot) ?? this.#base.getStorage(address, slot);
  }

  getCode(codeHash: Uint8Array): Uint8Array | Promise<Uint8Array> {
    if (equalBytes(codeHash, EMPTY_CODE_HASH)) return NO_BYTES;
    return this.#codes.get(codeHash) ?? this.#base.getCode(codeHash);
  }

  /** Throws MissingBlockHashError for a number that is above the block. */
  getBlockHash(number: bigint): Uint8Array | Promise<Uint8Array> {
    if (number > this.#entry.number) throw new MissingBlockHashError(number);
    let entry: Entry | undefined = this.#entry;
    let child: Entry | undefined;
    while (entry !== undefined && entry.number > number) {
      child = entry;
      entry = entry.above;
    }
    if (entry?.number === number) return entry.hash;
    // What the other state knows lies below the first entry.
    const standIn = entry && child && siblingOf(child.hash, number);
    return standIn ?? this.#base.getBlockHash(number);
  }

  getMany(keys: StateKey[]): StateAnswer[] | Promise<StateAnswer[]> {
    return readMany(this, keys);
  }

  /** From one of the states that were the head lately. */
  changesSince(stateRoot: Uint8Array): readonly StateChanges[] | undefined {
    const first = this.#moves.findLastIndex(({ fromRoot }) => equalBytes(fromRoot, stateRoot));
    return first < 0 ? undefined : this.#moves.slice(first).map(({ changes }) => changes);
  }

  prove(): never {
    throw new UnprovableStateError();
  }

  witness(): never {
    throw new UnprovableStateError();
  }
}
