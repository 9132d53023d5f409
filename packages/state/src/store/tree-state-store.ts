// The store of states: what happens to the tree of blocks, whether it lies in memory or on disk.
import { atOnce, bytesToHex, equalBytes, Mutex, type Steps, wait } from "@braid/primitives";
import { EMPTY_CODE_HASH } from "../constants.ts";
import { MissingCodeError } from "../errors.ts";
import { CHANGED_HAS_CODE_HASH, type StateChanges } from "../state-changes.ts";
import { stateChangesOf } from "../state-changes-writer.ts";
import type { FlatPreState, StateHandle } from "../state-source.ts";
import { applyStateChanges } from "../state-trie.ts";
import type { TrieNode } from "../trie/node.ts";
import { rootHash } from "../trie/node-codec.ts";
import type { Backend, CommitWrite, HeadStep, TreeBlock } from "./backend.ts";
import { invertChanges } from "./invert-changes.ts";
import { branchesOff, NOTHING_TO_PRUNE, planPruning } from "./pruning.ts";
import { copyRecords, type RecordChange, type RecordRange } from "./records.ts";
import {
  BlockInUseError,
  type KeptBlock,
  KnownBlockError,
  type NewBlock,
  type PreparedState,
  type StateStore,
  type StoredState,
  UnknownBlockError,
} from "./state-store.ts";
import { StoredBlockState } from "./stored-state.ts";

/** So many of the head's last moves can be followed by a cache. */
const KEPT_MOVES = 16;

const NO_HASH = new Uint8Array(0);
const NO_CHANGES = stateChangesOf({});

export interface StoreOptions {
  /** Blocks of the head's line that are kept, the head among them; default: all. What forks off below them goes too. */
  keep?: number;
}

/** One step of the head. */
interface Move {
  fromRoot: Uint8Array;
  changes: StateChanges;
}

export class TreeStateStore implements StateStore {
  readonly #backend: Backend;
  readonly #keep: number;
  #moves: Move[] = [];
  /** Writes come one after the other. */
  readonly #turns = new Mutex();

  constructor(backend: Backend, { keep = Number.POSITIVE_INFINITY }: StoreOptions = {}) {
    if (!(keep >= 1)) throw new RangeError(`a store keeps at least one block, not ${keep}`);
    this.#backend = backend;
    this.#keep = keep;
  }

  get head(): KeptBlock | undefined {
    return this.#backend.head;
  }

  block(hash: Uint8Array): KeptBlock | undefined {
    return this.#backend.block(hash);
  }

  stateAt(block: Uint8Array): StoredState {
    const found = this.#find(block);
    const isHead = equalBytes(block, this.#backend.head?.hash ?? NO_HASH);
    return new TreeState(this.#backend, found, isHead ? this.#moves : []);
  }

  prepare(parent: Uint8Array | undefined, changes: StateChanges): PreparedState {
    const after = prepareTrie(this.#backend, parent && this.#find(parent), changes);
    const commit = (block: NewBlock, records: Iterable<RecordChange> = []): void | Promise<void> => {
      const copied = copyRecords(records);
      return atOnce(this.#turns.steps(() => this.#commit(parent, block, after, copied)));
    };
    return { root: after.root, commit };
  }

  prepareFirst(changes: StateChanges): Promise<PreparedState> {
    return this.#turns.run(async () => {
      const trie = await this.#backend.buildFirst?.(changes);
      if (trie === undefined) return this.prepare(undefined, changes);
      const after = { root: rootHash(trie), trie, changes: NO_CHANGES };
      const commit = (block: NewBlock, records: Iterable<RecordChange> = []): void | Promise<void> => {
        const copied = copyRecords(records);
        return atOnce(this.#turns.steps(() => this.#commit(undefined, block, after, copied)));
      };
      return { root: after.root, commit };
    });
  }

  setHead(block: Uint8Array, records: Iterable<RecordChange> = []): void | Promise<void> {
    const copied = copyRecords(records);
    return atOnce(this.#turns.steps(() => this.#setHead(block, copied)));
  }

  descendants(block: Uint8Array): KeptBlock[] {
    const found = this.#find(block);
    return [found, ...branchesOff(this.#backend, found).map(({ block: one }) => one)];
  }

  forget(block: Uint8Array, records: Iterable<RecordChange> = []): void | Promise<void> {
    const copied = copyRecords(records);
    return atOnce(this.#turns.steps(() => this.#forget(block, copied)));
  }

  record(key: Uint8Array): Uint8Array | undefined {
    return this.#backend.record(key);
  }

  records(range: RecordRange = {}): Iterable<[key: Uint8Array, value: Uint8Array]> {
    return this.#backend.records(range);
  }

  write(records: Iterable<RecordChange>): Promise<void> {
    const copied = copyRecords(records);
    return this.#turns.run(() => this.#backend.write(copied));
  }

  flush(): Promise<void> {
    return this.#turns.run(() => this.#backend.flush());
  }

  close(): Promise<void> {
    return this.#turns.run(() => this.#backend.close());
  }

  #find(hash: Uint8Array): TreeBlock {
    const block = this.#backend.block(hash);
    if (block === undefined) throw new UnknownBlockError(hash);
    return block;
  }

  *#commit(
    parentHash: Uint8Array | undefined,
    block: NewBlock,
    after: PreparedTrie,
    records: readonly RecordChange[],
  ): Steps<void> {
    const parent = parentHash === undefined ? undefined : this.#find(parentHash);
    const write = commitOf(this.#backend, parent, block, after, this.#keep, records);
    yield* wait(this.#backend.commit(write));
    if (write.undo === undefined || parent === undefined) return;
    this.#remember({ fromRoot: parent.stateRoot, changes: after.changes });
  }

  *#setHead(hash: Uint8Array, records: readonly RecordChange[]): Steps<void> {
    const backend = this.#backend;
    const walked = yield* wait(backend.move(this.#way(this.#find(hash)), records));
    for (const { block, to, changes } of walked) {
      const isUp = to.height < block.height;
      const from = isUp ? block : (backend.block(block.parent as Uint8Array) as TreeBlock);
      this.#remember({ fromRoot: from.stateRoot, changes });
    }
  }

  *#forget(hash: Uint8Array, records: readonly RecordChange[]): Steps<void> {
    const backend = this.#backend;
    const block = this.#find(hash);
    const parent = block.parent && backend.block(block.parent);
    const below = branchesOff(backend, block);
    const head = backend.head?.hash ?? NO_HASH;
    // All descends from the oldest block, which has no parent here.
    if (parent === undefined || [{ block }, ...below].some(({ block: one }) => equalBytes(one.hash, head)))
      throw new BlockInUseError(hash);
    yield* wait(backend.forget([{ block, parent }, ...below], records));
  }

  /** From the head up to the nearest block that both descend from, and down to the target. */
  #way(target: TreeBlock): HeadStep[] {
    const up: HeadStep[] = [];
    const down: HeadStep[] = [];
    // A found block has a head beside it, and both descend from the one block that is the oldest.
    let head = this.#backend.head as TreeBlock;
    let meeting = target;
    while (!equalBytes(head.hash, meeting.hash)) {
      if (meeting.height > head.height) {
        down.push({ block: meeting, to: meeting });
        meeting = this.#find(meeting.parent as Uint8Array);
      } else {
        const parent = this.#find(head.parent as Uint8Array);
        up.push({ block: head, to: parent });
        head = parent;
      }
    }
    return [...up, ...down.reverse()];
  }

  #remember(move: Move): void {
    // A new list: those who hold the old one hold the moves to an older head.
    this.#moves = [...this.#moves.slice(1 - KEPT_MOVES), move];
  }
}

/** A state that is computed and nowhere kept. */
export interface PreparedTrie {
  root: Uint8Array;
  trie: TrieNode | undefined;
  changes: StateChanges;
}

/** The state after some changes. Throws MissingCodeError. */
export function prepareTrie(
  backend: Backend,
  before: TreeBlock | undefined,
  changes: StateChanges,
): PreparedTrie {
  checkCodes(backend, changes);
  const { nodes } = backend;
  const accounts = before && backend.trie(before);
  const trie = applyStateChanges({ accounts, nodes }, changes);
  return { root: rootHash(trie), trie, changes };
}

function checkCodes(backend: Backend, changes: StateChanges): void {
  for (let i = 0; i < changes.accountCount; i++) {
    if (!(changes.flagsAt(i) & CHANGED_HAS_CODE_HASH)) continue;
    const hash = changes.codeHashAt(i);
    if (equalBytes(hash, EMPTY_CODE_HASH) || changes.hasCode(hash)) continue;
    if (backend.code(hash) === undefined) throw new MissingCodeError({ codeHash: bytesToHex(hash) });
  }
}

/** What is to be written for a block. Throws KnownBlockError. */
export function commitOf(
  backend: Backend,
  parent: TreeBlock | undefined,
  { hash, number, ancestors = new Map() }: NewBlock,
  { root, trie, changes }: PreparedTrie,
  keep: number,
  records: readonly RecordChange[],
): CommitWrite {
  const { head } = backend;
  const isSecondFirst = parent === undefined && head !== undefined;
  if (backend.block(hash) !== undefined || isSecondFirst) throw new KnownBlockError(hash);
  const height = parent === undefined ? 0 : parent.height + 1;
  const block: TreeBlock = { hash: hash.slice(), number, stateRoot: root, parent: parent?.hash, height };
  const isOnHead = parent === undefined || equalBytes(parent.hash, head?.hash ?? NO_HASH);
  return {
    block,
    parent,
    trie,
    changes,
    undo: isOnHead ? undoOf(parent, changes, backend) : undefined,
    ancestors,
    pruning: isOnHead ? planPruning(backend, block, keep) : NOTHING_TO_PRUNE,
    records,
  };
}

/** What leads back to the parent's state. Nobody goes back from a first one, which may have millions of accounts. */
function undoOf(parent: TreeBlock | undefined, changes: StateChanges, { flat }: Backend): StateChanges {
  return parent === undefined ? NO_CHANGES : invertChanges(changes, flat);
}

/** A stored state with what an executor's cache can make use of. */
class TreeState extends StoredBlockState<Backend> {
  readonly #moves: readonly Move[];

  /** `moves` end at the block's state. */
  constructor(backend: Backend, block: TreeBlock, moves: readonly Move[]) {
    super(backend, block);
    this.#moves = moves;
  }

  /** Everything, while this is the head and small enough; else undefined: read what is needed instead. */
  get preload(): (() => FlatPreState) | undefined {
    const { reader } = this;
    if (!this.isHead || reader.flat.size > reader.preloadLimit) return undefined;
    return () => ({ accounts: reader.flat.flatten(), codes: reader.codes() });
  }

  get handle(): StateHandle | undefined {
    return this.reader.handle(this.block);
  }

  /** From one of the states that were the head lately. */
  changesSince(stateRoot: Uint8Array): readonly StateChanges[] | undefined {
    const first = this.#moves.findLastIndex(({ fromRoot }) => equalBytes(fromRoot, stateRoot));
    return first < 0 ? undefined : this.#moves.slice(first).map(({ changes }) => changes);
  }
}
