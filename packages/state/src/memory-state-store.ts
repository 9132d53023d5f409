// All states in memory: Merkle tries that share what they have in common, and the head's state flat beside them.
import { bytesToHex, equalBytes, type Hex, hexToBytes } from "@braid/primitives";
import { decodeSlotValue } from "./account-rlp.ts";
import { EMPTY_CODE_HASH_HEX, EMPTY_TRIE_ROOT } from "./constants.ts";
import { MissingBlockHashError, MissingCodeError } from "./errors.ts";
import { FlatState } from "./flat-state.ts";
import { changesOfAlloc, changesOfFlat, type GenesisAlloc } from "./initial-state.ts";
import { keccak256 } from "./keccak.ts";
import { CHANGED_HAS_CODE_HASH, type StateChanges } from "./state-changes.ts";
import type { FlatPreState, SourceAccount } from "./state-source.ts";
import {
  type KeptBlock,
  KnownBlockError,
  type NewBlock,
  type PreparedState,
  type StateStore,
  type StoredState,
  UnknownBlockError,
} from "./state-store.ts";
import { applyStateChanges, readTrieAccount } from "./state-trie.ts";
import { trieGet } from "./trie/lookup.ts";
import { NO_NODES, type TrieNode } from "./trie/node.ts";
import { rootHash } from "./trie/node-codec.ts";

/** Accounts and slots up to which `preload` is offered: beyond, filling a cache anew costs more than the reads of a block. */
const PRELOAD_LIMIT = 200_000;
/** So many of the head's last moves can be followed by a cache. */
const KEPT_MOVES = 16;

interface StoredBlock extends KeptBlock {
  readonly parent: StoredBlock | undefined;
  /** Blocks between it and the first one. */
  readonly height: number;
  readonly trie: TrieNode | undefined;
  /** Of the head and its ancestors: what leads back to the parent's state; of other blocks: what leads from it. */
  delta: StateChanges;
}

/** One step of the head. */
interface Move {
  fromRoot: Uint8Array;
  changes: StateChanges;
}

/** A store that has its first block. */
export type BegunStore = MemoryStateStore & { readonly head: KeptBlock };

/** What the store holds; shared with the sources that read it. */
class Contents {
  readonly blocks = new Map<Hex, StoredBlock>();
  readonly codes = new Map<Hex, Uint8Array>();
  readonly flat = new FlatState();
  head: StoredBlock | undefined;
  /** The first block's. */
  ancestors: ReadonlyMap<bigint, Uint8Array> = new Map();
  moves: Move[] = [];

  code(codeHash: Uint8Array): Uint8Array {
    const key = bytesToHex(codeHash);
    const code = this.codes.get(key);
    if (code !== undefined) return code;
    if (key === EMPTY_CODE_HASH_HEX) return new Uint8Array(0);
    throw new MissingCodeError({ codeHash: key });
  }
}

/**
 * A StateStore in memory. Nothing of it is on disk.
 * PERF: a commit costs a few microseconds for each changed account or slot, whatever the size of the state.
 */
export class MemoryStateStore implements StateStore {
  readonly #contents = new Contents();

  /** A store whose first state is that of a genesis file's `alloc`; without a block it goes by its root. Throws InvalidGenesisError. */
  static fromAlloc(alloc: GenesisAlloc, block?: NewBlock): BegunStore {
    return MemoryStateStore.#fromChanges(changesOfAlloc(alloc), block);
  }

  /**
   * A store whose first state is what a flat pre-state lists, as the whole state; without a block it goes by its root. Throws
   * MissingCodeError when the pre-state refers to a code it lacks.
   */
  static fromFlat(pre: FlatPreState, block?: NewBlock): BegunStore {
    return MemoryStateStore.#fromChanges(changesOfFlat(pre), block);
  }

  static #fromChanges(changes: StateChanges, block?: NewBlock): BegunStore {
    const store = new MemoryStateStore();
    const trie = store.#apply(undefined, changes);
    const stateRoot = rootHash(trie);
    store.#install(undefined, { number: 0n, ...(block ?? { hash: stateRoot }) }, stateRoot, trie, changes);
    return store as BegunStore;
  }

  get head(): KeptBlock | undefined {
    return this.#contents.head;
  }

  block(hash: Uint8Array): KeptBlock | undefined {
    return this.#contents.blocks.get(bytesToHex(hash));
  }

  stateAt(block: Uint8Array): StoredState {
    return new MemoryState(this.#contents, this.#find(block));
  }

  prepare(parent: Uint8Array | undefined, changes: StateChanges): PreparedState {
    const before = parent === undefined ? undefined : this.#find(parent);
    const trie = this.#apply(before, changes);
    const root = rootHash(trie);
    const commit = async (block: NewBlock): Promise<void> =>
      this.#install(before, block, root, trie, changes);
    return { root, commit };
  }

  async setHead(block: Uint8Array): Promise<void> {
    const contents = this.#contents;
    const target = this.#find(block);
    const down: StoredBlock[] = [];
    let meeting = target;
    // A found block has a head beside it, and both descend from the one first block.
    let head = contents.head as StoredBlock;
    while (head !== meeting) {
      if (meeting.height > head.height) {
        down.push(meeting);
        meeting = meeting.parent as StoredBlock;
      } else {
        this.#move(head.stateRoot, head);
        head = head.parent as StoredBlock;
      }
    }
    for (const next of down.reverse()) {
      this.#move(head.stateRoot, next);
      head = next;
    }
    contents.head = head;
  }

  #find(hash: Uint8Array): StoredBlock {
    const block = this.#contents.blocks.get(bytesToHex(hash));
    if (block === undefined) throw new UnknownBlockError(hash);
    return block;
  }

  #apply(parent: StoredBlock | undefined, changes: StateChanges): TrieNode | undefined {
    for (let i = 0; i < changes.accountCount; i++) {
      if (!(changes.flagsAt(i) & CHANGED_HAS_CODE_HASH)) continue;
      const hash = changes.codeHashAt(i);
      if (!changes.hasCode(hash)) this.#contents.code(hash);
    }
    const accounts = parent?.trie;
    const readAccount = (_address: Uint8Array, key: Uint8Array) => readTrieAccount(accounts, key, NO_NODES);
    return applyStateChanges({ accounts, nodes: NO_NODES, readAccount }, changes);
  }

  /** All that can fail comes first; what follows it only assigns. */
  #install(
    parent: StoredBlock | undefined,
    { hash, number, ancestors }: NewBlock,
    stateRoot: Uint8Array,
    trie: TrieNode | undefined,
    changes: StateChanges,
  ): void {
    const contents = this.#contents;
    const key = bytesToHex(hash);
    const isSecondFirst = parent === undefined && contents.head !== undefined;
    if (contents.blocks.has(key) || isSecondFirst) throw new KnownBlockError(hash);
    const height = parent === undefined ? 0 : parent.height + 1;
    const block: StoredBlock = {
      hash: hash.slice(),
      number,
      stateRoot,
      parent,
      height,
      trie,
      delta: changes,
    };
    contents.blocks.set(key, block);
    for (let i = 0; i < changes.codeCount; i++)
      contents.codes.set(bytesToHex(changes.codeHashOf(i)), changes.codeAt(i).slice());
    if (parent === undefined) contents.ancestors = new Map(ancestors);
    if (parent !== contents.head) return;
    this.#move(parent?.stateRoot ?? EMPTY_TRIE_ROOT, block);
    contents.head = block;
  }

  /** Takes the flat state over the edge above `block`, whose delta then leads the other way. */
  #move(fromRoot: Uint8Array, block: StoredBlock): void {
    const { flat, moves } = this.#contents;
    const changes = block.delta;
    block.delta = flat.apply(changes);
    moves.push({ fromRoot, changes });
    if (moves.length > KEPT_MOVES) moves.shift();
  }
}

/** The state after one block: flat while it is the head, read from its tries while it is not. */
class MemoryState implements StoredState {
  readonly #contents: Contents;
  readonly #block: StoredBlock;

  constructor(contents: Contents, block: StoredBlock) {
    this.#contents = contents;
    this.#block = block;
  }

  get stateRoot(): Uint8Array {
    return this.#block.stateRoot;
  }

  getAccount(address: Uint8Array): SourceAccount | undefined {
    if (this.#isHead) return this.#contents.flat.account(address);
    const account = readTrieAccount(this.#block.trie, keccak256(address), NO_NODES);
    if (account === undefined) return undefined;
    const { nonce, balance, codeHash, storage } = account;
    return { nonce, balance, codeHash, hasStorage: storage !== undefined };
  }

  getStorage(address: Uint8Array, slot: Uint8Array): bigint {
    if (this.#isHead) return this.#contents.flat.slot(address, slot);
    const account = readTrieAccount(this.#block.trie, keccak256(address), NO_NODES);
    const value = trieGet(account?.storage, keccak256(slot), NO_NODES);
    return value === undefined ? 0n : decodeSlotValue(value);
  }

  /** Throws MissingCodeError. */
  getCode(codeHash: Uint8Array): Uint8Array {
    return this.#contents.code(codeHash);
  }

  /** Throws MissingBlockHashError for a number that is above the block, or below what the store knows. */
  getBlockHash(number: bigint): Uint8Array {
    let block: StoredBlock | undefined = this.#block;
    while (block !== undefined && block.number > number) block = block.parent;
    const hash = block?.number === number ? block.hash : this.#contents.ancestors.get(number);
    if (hash === undefined || number > this.#block.number) throw new MissingBlockHashError(number);
    return hash;
  }

  /** Everything, while this is the head and has at most 200,000 accounts and slots; else undefined: read what is needed instead. */
  get preload(): (() => FlatPreState) | undefined {
    const { flat, codes } = this.#contents;
    if (!this.#isHead || flat.size > PRELOAD_LIMIT) return undefined;
    return () => ({
      accounts: flat.flatten(),
      codes: [...codes].map(([hash, code]) => [hexToBytes(hash), code]),
    });
  }

  /** From one of the states that were the head lately to this one, while it is the head. */
  changesSince(stateRoot: Uint8Array): readonly StateChanges[] | undefined {
    if (!this.#isHead) return undefined;
    const { moves } = this.#contents;
    const first = moves.findLastIndex(({ fromRoot }) => equalBytes(fromRoot, stateRoot));
    return first < 0 ? undefined : moves.slice(first).map(({ changes }) => changes);
  }

  get #isHead(): boolean {
    return this.#contents.head === this.#block;
  }
}
