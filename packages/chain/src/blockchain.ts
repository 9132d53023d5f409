// The tree of blocks over a store of states: the way of a block into it, the canonical chain through it, and reading both back.

import type { BlockResult, ExecuteBlockInput, Executor } from "@braid/executor";
import { keccak256 } from "@braid/kernel";
import { bytesToHex, concatBytes, equalBytes, Mutex, promised, type Steps, wait } from "@braid/primitives";
import {
  type Ancestor,
  ancestorOf,
  type Block,
  type Chain,
  type ChainInput,
  chainOf,
  decodeBlock,
  encodeBlock,
  type Header,
  hashHeader,
  InvalidBlockError,
  UNCLE_GENERATIONS,
  validateBody,
  validateHeader,
  validateResult,
  validateUncles,
} from "@braid/protocol";
import {
  type KeptState,
  KnownBlockError,
  type RecordChange,
  type StateChanges,
  type StateStore,
  stateChangesOf,
  UnknownBlockError,
} from "@braid/state";
import {
  type BlockName,
  BlockRecords,
  blockEntries,
  canonicalEntries,
  canonicalRangeEntries,
  droppedEntries,
  firstBlock,
  forgottenEntries,
  nameEntry,
  rangeEntry,
  stateEntry,
} from "./block-records.ts";
import {
  type BlockAttributes,
  type BuildOptions,
  type BuiltChild,
  buildChild,
  draftHeader,
} from "./build-block.ts";
import { EmptyRange, TooManyBlocksError } from "./empty-range.ts";
import { deepBranches, leftBranch } from "./left-branch.ts";
import { findLogs, type LogQuery } from "./logs.ts";
import { type BlockReceipts, type FoundLog, StoredBlock, type TransactionPlace } from "./stored-block.ts";

export interface BlockchainOptions {
  chain: ChainInput;
  /** Keeps the states, and the blocks beside them. */
  store: StateStore;
  executor: Pick<Executor, "executeBlock" | "buildSteps">;
  /**
   * The block that the chain begins with, whose state the store has: the genesis block, or one whose descendants cannot have older blocks'
   * children as uncles. A store that has a chain already goes on from where it was.
   */
  head: Header;
}

/** How blocks are executed; never what comes out. */
export type ImportOptions = Pick<
  ExecuteBlockInput,
  "mode" | "workers" | "force" | "engine" | "hints" | "onProgress" | "signal"
>;

export interface ImportedBlock {
  block: Block;
  /** The block's (32 bytes). */
  hash: Uint8Array;
  result: BlockResult;
  stateRoot: Uint8Array;
}

/** How the canonical chain has changed. */
export interface HeadChange {
  /** Blocks that are no part of it any more, newest first. */
  dropped: readonly StoredBlock[];
  /** Blocks that have become part of it, oldest first. */
  added: readonly StoredBlock[];
}

/** Where the chain goes on. */
export interface NewHead {
  /**
   * The state that the next block is executed on, when it was changed by hand (`changeState` gives it). Default: the one that the block had
   * when it was the head last; null: the block's own.
   */
  state?: Uint8Array | null;
  /** Hashes of the blocks that go by these names from now on. */
  safe?: Uint8Array;
  finalized?: Uint8Array;
  /**
   * What the head leaves behind is given up, with all that descends from it, unless one of these states is among that (as `stateId` gives
   * them). Default: it stays in the tree.
   */
  forgetUnless?: readonly Uint8Array[];
}

/** A block on its way into the tree. */
interface ExecutedBlock extends Omit<BuiltChild, "result"> {
  result: BlockResult;
}

/** Numbers and times of blocks have 64 bits. */
const LAST_NUMBER = 2n ** 64n - 1n;
const NO_BYTES = new Uint8Array(0);
const NO_RESULT = { senders: NO_BYTES, receiptStrings: NO_BYTES };
const STATE_DOMAIN = new TextEncoder().encode("braid: a state that was changed by hand");

/** One write after the other; reads show what the last finished one has left. */
export class Blockchain {
  readonly rules: Chain;
  /** Reading by hash, number and transaction. */
  readonly #records: BlockRecords;
  readonly #store: StateStore;
  readonly #executor: BlockchainOptions["executor"];
  readonly #first: StoredBlock;
  #head: StoredBlock;
  /** What the first write takes along: the entries of the first block. */
  #unwritten: RecordChange[] = [];
  readonly #listeners = new Set<(change: HeadChange) => void>();
  readonly #executed = new Set<(block: StoredBlock, result: BlockResult) => void>();
  readonly #turns = new Mutex();

  /** Throws UnknownBlockError when the store does not have the state of the first block. */
  constructor({ chain, store, executor, head }: BlockchainOptions) {
    this.rules = chainOf(chain);
    this.#store = store;
    this.#executor = executor;
    this.#records = new BlockRecords(store, this.rules);
    this.#first = firstBlock(hashHeader(head), head);
    const known = this.#records.named("head");
    this.#head = (known && this.#records.block(known)) ?? this.#first;
    if (known !== undefined) return;
    if (store.block(this.#first.hash) === undefined) throw new UnknownBlockError(this.#first.hash);
    this.#unwritten = [
      ...blockEntries(this.#first, encodeBlock(this.#first.block), NO_RESULT),
      ...canonicalEntries(this.#first),
      nameEntry("head", this.#first.hash),
    ];
  }

  /** The newest block of the canonical chain. */
  get head(): StoredBlock {
    return this.#head;
  }

  /** The block that the chain begins with. */
  get first(): StoredBlock {
    return this.#first;
  }

  /** A block of the tree. */
  block(hash: Uint8Array): StoredBlock | undefined {
    return this.#records.block(hash) ?? (equalBytes(hash, this.#first.hash) ? this.#first : undefined);
  }

  /** A block of the canonical chain. */
  blockAt(number: bigint): StoredBlock | undefined {
    if (number > this.#head.number || number < this.#first.number) return undefined;
    const hash = this.#records.canonical(number);
    if (hash === undefined) return number === this.#first.number ? this.#first : undefined;
    return this.block(hash);
  }

  isCanonical({ hash, number }: StoredBlock): boolean {
    const found = this.blockAt(number);
    return found !== undefined && equalBytes(found.hash, hash);
  }

  /** The block that was given this name; undefined until one was. */
  named(name: "safe" | "finalized"): StoredBlock | undefined {
    const hash = this.#records.named(name);
    return hash && this.block(hash);
  }

  receipts(block: Uint8Array): BlockReceipts | undefined {
    if (equalBytes(block, this.#first.hash)) return { receipts: [], senders: [] };
    return this.#records.receipts(block);
  }

  /** Where in the canonical chain a transaction is. */
  transaction(hash: Uint8Array): (TransactionPlace & { block: StoredBlock }) | undefined {
    const place = this.#records.transaction(hash);
    const block = place && this.blockAt(place.blockNumber);
    return place && block && { ...place, block };
  }

  /** The logs of the canonical chain that match. Rejects with TooManyLogsError. */
  findLogs(query: LogQuery): Promise<FoundLog[]> {
    const { number } = this.#head;
    const isBeyond = query.last > number;
    return findLogs(this.#records, isBeyond ? { ...query, last: number } : query);
  }

  /**
   * The state after a block, as calls on it and the next block see it: with what was changed by hand since. Throws UnknownBlockError
   * when it is not kept.
   */
  stateAfter(block: Uint8Array): KeptState {
    return this.#store.stateAt(this.stateId(block));
  }

  /** What the store knows that state by: the block's hash, unless it was changed by hand. */
  stateId(block: Uint8Array): Uint8Array {
    return this.#records.state(block) ?? block;
  }

  /** The root of the state after a block when more is changed in it; nothing is kept. Throws UnknownBlockError. */
  rootWith(block: Uint8Array, changes: StateChanges): Uint8Array {
    return this.#store.prepare(this.stateId(block), changes).root;
  }

  /** Calls `listener` after each change of the canonical chain, before the write that made it resolves. It must not throw. */
  onHeadChange(listener: (change: HeadChange) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Calls `listener` with each block that has come into the tree and how it was executed, before the head moves to it. It must not throw. */
  onExecuted(listener: (block: StoredBlock, result: BlockResult) => void): () => void {
    this.#executed.add(listener);
    return () => this.#executed.delete(listener);
  }

  /**
   * Validates and executes a block on its parent, which may be any block of the tree. On the head it becomes the new head; elsewhere it waits
   * beside the canonical chain for `setHead`. When it rejects, tree and states are as before.
   *
   * @param raw the block's RLP.
   * @throws InvalidBlockError, InvalidTransactionError: the code names the rule that the block breaks; KnownBlockError for a block of the
   *   tree; UnknownBlockError when the parent's state was pruned; what executeBlock throws besides.
   */
  importBlock(raw: Uint8Array, options: ImportOptions = {}): Promise<ImportedBlock> {
    return this.#turns.run(() => this.#import(raw, options));
  }

  /**
   * Builds a block on a block of the tree, by default the head, out of the candidates that can be part of it. Nothing is kept of it: `append`
   * does that. `hashes`: of the candidates, where they are known.
   */
  build(
    attributes: BlockAttributes,
    candidates: readonly Uint8Array[],
    options: BuildOptions & { parent?: Uint8Array; hashes?: readonly Uint8Array[] } = {},
  ): Promise<BuiltChild> {
    return promised(this.buildSteps(attributes, candidates, options));
  }

  /** As `build`, for who goes on at once where nothing has to be waited for (see Steps). */
  *buildSteps(
    attributes: BlockAttributes,
    candidates: readonly Uint8Array[],
    options: BuildOptions & { parent?: Uint8Array; hashes?: readonly Uint8Array[] } = {},
  ): Steps<BuiltChild> {
    const { parent: hash = this.#head.hash, hashes, ...how } = options;
    const parent = this.#find(hash);
    return yield* buildChild({
      chain: this.rules,
      store: this.#store,
      executor: this.#executor,
      parent,
      state: this.stateId(hash),
      attributes,
      candidates,
      hashes,
      options: how,
    });
  }

  /** Keeps a block that this chain has built. On the head it becomes the new head, also when the tree has it already. */
  append(built: BuiltChild): Promise<StoredBlock> {
    return promised(this.appendSteps(built));
  }

  /** As `append`; see `buildSteps`. */
  appendSteps(built: BuiltChild): Steps<StoredBlock> {
    return this.#turns.steps(() => this.#append(built));
  }

  *#append(built: BuiltChild): Steps<StoredBlock> {
    const { block, hash } = built;
    const isOnHead = equalBytes(block.header.parentHash, this.#head.hash);
    const stored = this.block(hash) ?? (yield* this.#keep(built));
    if (isOnHead && this.#head !== stored) yield* this.#moveHead(hash, { state: null });
    return stored;
  }

  /**
   * Appends empty blocks to the head that nobody executes (empty-range.ts), however many: as many as are wanted, or as belong to the same fork. Gives
   * the last one. Listeners are told nothing. Rejects with TooManyBlocksError.
   *
   * @param attributes of the first one; the others have the same, but for what follows from block to block.
   * @param seconds between two blocks.
   */
  appendEmpty(attributes: BlockAttributes, count: bigint, seconds: bigint): Promise<StoredBlock> {
    return this.#turns.run(async () => {
      const head = this.#head;
      if (head.number + count >= LAST_NUMBER || attributes.timestamp + count * seconds >= LAST_NUMBER)
        throw new TooManyBlocksError(count);
      const state = this.stateId(head.hash);
      const after = this.#store.prepare(state, stateChangesOf({ accounts: new Map(), codes: new Map() }));
      const header = { ...draftHeader(this.rules, head, attributes), stateRoot: after.root };
      const range = EmptyRange.upTo({ header, count, seconds }, this.rules);
      const last = range.block(range.last);
      if (this.block(last.hash) !== undefined) await promised(this.#moveHead(last.hash, { state: null }));
      else {
        const end = canonicalRangeEntries(range, range.last, head.number);
        const records = [...this.#unwritten, rangeEntry(range), ...end, nameEntry("head", last.hash)];
        await after.commit({ hash: last.hash, number: last.number }, records);
        this.#unwritten = [];
        this.#head = last;
      }
      return last;
    });
  }

  /**
   * Makes a block of the tree the head of the canonical chain: forward, back, or over to another branch. Blocks, indices and state change at
   * once. Rejects with UnknownBlockError.
   */
  setHead(hash: Uint8Array, newHead: NewHead = {}): Promise<void> {
    return promised(this.setHeadSteps(hash, newHead));
  }

  /** As `setHead`; see `buildSteps`. */
  setHeadSteps(hash: Uint8Array, newHead: NewHead = {}): Steps<void> {
    return this.#turns.steps(() => this.#moveHead(hash, newHead));
  }

  /**
   * Gives up what forks off the canonical chain more than `depth` blocks below the head, and less than twice as many: ask for it again when it has
   * grown by so many.
   *
   * @param unless as NewHead.forgetUnless, when it is this one's turn.
   */
  forgetBranches(depth: bigint, unless: () => readonly Uint8Array[]): Promise<void> {
    return this.#turns.run(async () => {
      for (const branch of deepBranches(this.#store, this.stateId(this.#head.hash), depth))
        await promised(this.#forget(branch, unless()));
    });
  }

  /**
   * Changes the state after the head by hand: the head stays the block that it is, and the next block is executed on the changed state. Gives
   * what `setHead` takes to come back to it.
   */
  changeState(changes: StateChanges): Promise<Uint8Array> {
    return this.#turns.run(async () => {
      const { hash, number } = this.#head;
      const before = this.stateId(hash);
      const id = keccak256(concatBytes(STATE_DOMAIN, before, changes.bytes));
      const records = [...this.#unwritten, stateEntry(hash, id)];
      if (this.#store.block(id) !== undefined) await this.#store.setHead(id, records);
      // BLOCKHASH counts down from the next block's number, and must find the head itself below.
      else await this.#store.prepare(before, changes).commit({ hash: id, number: number + 1n }, records);
      this.#unwritten = [];
      return id;
    });
  }

  #find(hash: Uint8Array): StoredBlock {
    const block = this.block(hash);
    if (block === undefined) throw new UnknownBlockError(hash);
    return block;
  }

  async #import(raw: Uint8Array, options: ImportOptions): Promise<ImportedBlock> {
    const chain = this.rules;
    const block = decodeBlock(raw, chain);
    const { header } = block;
    const hash = hashHeader(header);
    if (this.block(hash) !== undefined) throw new KnownBlockError(hash);
    const parent = this.block(header.parentHash);
    if (parent === undefined) {
      throw new InvalidBlockError(
        "BRAID_BLOCK_UNKNOWN_PARENT",
        `Block ${header.number} follows block ${bytesToHex(header.parentHash)}, which is not known.`,
        { head: bytesToHex(this.#head.hash) },
      );
    }
    validateHeader(header, parent.header, chain);
    validateBody(block, chain);
    validateUncles(block, block.uncles.length === 0 ? [] : this.#ancestors(parent), chain);
    const state = this.stateId(parent.hash);
    const result = await this.#executor.executeBlock({
      ...options,
      block,
      chain,
      source: this.#store.stateAt(state),
      intermediateRoots: (changes) => this.#store.prepare(state, changes).root,
    });
    const after = this.#store.prepare(state, result.stateChanges);
    validateResult(header, result, after.root);
    const { stored, isOnHead } = await promised(this.#commit(raw, { block, hash, result, state, after }));
    if (isOnHead) this.#advance(stored);
    return { block, hash, result, stateRoot: after.root };
  }

  /** The newest blocks up to `block`, oldest first. */
  #ancestors(block: StoredBlock): Ancestor[] {
    const ancestors: Ancestor[] = [];
    let next: StoredBlock | undefined = block;
    while (next !== undefined && ancestors.length < UNCLE_GENERATIONS) {
      ancestors.unshift(ancestorOf(next.block));
      next = this.block(next.header.parentHash);
    }
    return ancestors;
  }

  /** Whoever has sent its transactions waits for their receipts. */
  *#keep(built: BuiltChild): Steps<StoredBlock> {
    const { stored, isOnHead } = yield* this.#commit(encodeBlock(built.block), built);
    this.#records.remember(stored);
    if (isOnHead) this.#advance(stored);
    return stored;
  }

  /** Gives the block as it is kept, and whether the store's head has gone with it. */
  *#commit(raw: Uint8Array, executed: ExecutedBlock): Steps<{ stored: StoredBlock; isOnHead: boolean }> {
    const { block, hash, result, state, after, transactionHashes } = executed;
    const stored = new StoredBlock(hash, block, raw.length, transactionHashes);
    const records = [...this.#unwritten, ...blockEntries(stored, raw, result)];
    // The store's head goes with it: it is the state after the head as it is now.
    const isOnHead =
      equalBytes(block.header.parentHash, this.#head.hash) &&
      equalBytes(state, this.stateId(this.#head.hash));
    if (isOnHead) {
      // Not spread: a block may have more transactions than a call may have arguments.
      for (const entry of canonicalEntries(stored)) records.push(entry);
      records.push(nameEntry("head", hash));
    }
    yield* wait(after.commit({ hash, number: stored.number }, records));
    this.#unwritten = [];
    for (const listener of this.#executed) listener(stored, result);
    return { stored, isOnHead };
  }

  #advance(stored: StoredBlock): void {
    this.#head = stored;
    this.#tell({ dropped: [], added: [stored] });
  }

  *#moveHead(hash: Uint8Array, { state, forgetUnless, ...names }: NewHead): Steps<void> {
    const before = this.stateId(this.#head.hash);
    const target = this.#find(hash);
    const { entries, ...change } = this.#way(target);
    const records = [...this.#unwritten, ...entries];
    // The block's own hash stands for its own state, which needs no entry.
    if (state !== undefined) records.push(stateEntry(hash, state ?? undefined));
    for (const block of change.dropped) records.push(...droppedEntries(block));
    for (const block of change.added) records.push(...canonicalEntries(block));
    records.push(nameEntry("head", hash));
    for (const [name, named] of Object.entries(names)) records.push(nameEntry(name as BlockName, named));
    const id = state === undefined ? this.stateId(hash) : (state ?? this.#ownState(hash));
    yield* wait(this.#store.setHead(id, records));
    this.#unwritten = [];
    this.#head = target;
    if (change.dropped.length + change.added.length > 0) this.#tell(change);
    // After those who listen have looked at what was dropped.
    if (forgetUnless !== undefined) yield* this.#forget(leftBranch(this.#store, before, id), forgetUnless);
  }

  /** Gives up a state of the tree with all that descends from it, and their blocks. */
  *#forget(branch: Uint8Array | undefined, unless: readonly Uint8Array[]): Steps<void> {
    if (branch === undefined) return;
    const gone = this.#store.descendants(branch).map(({ hash }) => hash);
    const named = (["safe", "finalized"] as const).flatMap((name) => this.#records.named(name) ?? []);
    const needed = new Set([...unless, ...named].map(bytesToHex));
    if (gone.some((hash) => needed.has(bytesToHex(hash)))) return;
    yield* wait(this.#store.forget(branch, gone.flatMap(forgottenEntries)));
    for (const hash of gone) this.#records.forget(hash);
  }

  /** From the head to the nearest common ancestor, and on to the target. Of empty ranges there is nothing to tell but their entries. */
  #way(target: StoredBlock): HeadChange & { entries: RecordChange[] } {
    const dropped: StoredBlock[] = [];
    const added: StoredBlock[] = [];
    const left: RecordChange[] = [];
    const come: RecordChange[] = [];
    let head = this.#head;
    let meeting = target;
    while (!equalBytes(head.hash, meeting.hash)) {
      if (meeting.number > head.number) {
        const jump = this.#overRange(meeting, head);
        if (jump === undefined) added.push(meeting);
        else come.push(...canonicalRangeEntries(jump.range, meeting.number, jump.below.number));
        meeting = jump?.below ?? this.#find(meeting.header.parentHash);
      } else {
        const jump = this.#overRange(head, meeting);
        if (jump === undefined) dropped.push(head);
        else left.push(...canonicalRangeEntries(jump.range, jump.below.number, head.number));
        head = jump?.below ?? this.#find(head.header.parentHash);
      }
    }
    return { dropped, added: added.reverse(), entries: [...left, ...come] };
  }

  /** Of a block of an empty range: the block before all of it, or, when that is one of the same range and further down, `other`. */
  #overRange(block: StoredBlock, other: StoredBlock): { range: EmptyRange; below: StoredBlock } | undefined {
    const { range } = this.#records.rangeOf(block.hash) ?? {};
    if (range === undefined) return undefined;
    const isSame = equalBytes(this.#records.rangeOf(other.hash)?.range.id ?? NO_BYTES, range.id);
    return { range, below: isSame && other.number < block.number ? other : this.#find(range.parentHash) };
  }

  /** What the store knows the state by that a block has left behind. */
  #ownState(hash: Uint8Array): Uint8Array {
    const { range } = this.#records.rangeOf(hash) ?? {};
    return range?.hashOf(range.last) ?? hash;
  }

  #tell(change: HeadChange): void {
    for (const listener of this.#listeners) listener(change);
  }
}
