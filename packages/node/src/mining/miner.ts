// Mining: when somebody asks for a block, when a transaction comes in, or by time; and the block that would be mined now.

import { setImmediate as nextTurn } from "node:timers/promises";
import type { Blockchain, BuiltChild, StoredBlock } from "@braid/chain";
import type { LeftOut, TransactionResult } from "@braid/executor";
import { bytesToHex, type Mutex, promised, type Steps, wait } from "@braid/primitives";
import type { TransactionErrorCode } from "@braid/protocol";
import type { StateChanges, StateSource } from "@braid/state";
import { ChangedState } from "../changed-state.ts";
import type { MiningInterval, MiningOptions } from "../options.ts";
import type { Mempool } from "../pool/mempool.ts";
import type { PooledTransaction } from "../pool/pooled-transaction.ts";
import type { NextBlock } from "./next-block.ts";

/** A transaction that was not included, and is in the pool no more. */
export interface DroppedTransaction {
  transaction: PooledTransaction;
  reason: LeftOut["error"];
}

/** What a mined block came to. */
export interface MinedBlock {
  block: StoredBlock;
  dropped: readonly DroppedTransaction[];
}

/** The block that would be mined now. */
export interface PendingBlock {
  built: BuiltChild;
  state: StateSource;
}

/** Empty blocks that were mined at once, and are one entry of the chain. */
export interface EmptyBlocks {
  /** The number of the first one. */
  first: bigint;
  last: StoredBlock;
}

/** Is told of them. It must not throw. */
type EmptyListener = (blocks: EmptyBlocks) => void;

/** Is told what was mined, and, when it asks, what each of the block's transactions came to, which is not kept. It must not throw. */
type MinedListener = (mined: MinedBlock, results: () => readonly TransactionResult[]) => void;

/** Of many blocks that are wanted, the next one. */
interface NextOfMany {
  /** So many are executed one by one. */
  most: bigint;
  /** The last one had nothing in it. */
  isStuck: boolean;
  done: bigint;
  count: bigint;
  seconds: bigint | undefined;
  signal: AbortSignal | undefined;
}

/** What mining works on. */
export interface MinerParts {
  /** The node's: another one after a reset to another one. */
  chain: () => Blockchain;
  pool: Mempool;
  next: NextBlock;
  /** Whatever changes the chain has its turn. */
  turns: Mutex;
  /** Nobody else sends: each transaction is mined as soon as it comes in. Else what has come in by the next turn of the event loop is mined together. */
  singleClient: boolean;
}

/** Of so many blocks, however empty they are, each is executed: then the system's contracts know their hashes. */
const MOST_EXECUTED = 100n;
/** The same for a single client, a test: it waits for each of them, and Hardhat's own network does not execute more either. */
const MOST_FOR_ONE = 5n;

/** Reasons that pass: the transaction may well fit into a later block. */
const FOR_NOW: ReadonlySet<TransactionErrorCode> = new Set([
  "BRAID_TX_GAS_LIMIT_EXCEEDS_BLOCK",
  "BRAID_TX_BLOB_GAS_EXCEEDS_BLOCK",
  "BRAID_TX_FEE_BELOW_BASE_FEE",
  "BRAID_TX_BLOB_FEE_TOO_LOW",
  "BRAID_TX_NONCE_TOO_HIGH",
]);

export class Miner {
  readonly #chain: () => Blockchain;
  readonly #pool: Mempool;
  readonly #next: NextBlock;
  readonly #turns: Mutex;
  readonly #singleClient: boolean;
  readonly #atStart: { auto: boolean; interval: MiningInterval };
  readonly #listeners = new Set<MinedListener>();
  readonly #emptyListeners = new Set<EmptyListener>();
  /** Is a block mined for each transaction that comes in? */
  automine: boolean;
  #interval: MiningInterval = 0;
  #timer: NodeJS.Timeout | undefined;
  #pending: { key: string; block: Promise<PendingBlock> } | undefined;
  /** The pending block that is under way. */
  #building: Promise<PendingBlock> | undefined;
  /** Until the event loop has looked at all sockets once more. */
  #gathering: Promise<void> | undefined;
  #stopped = false;

  constructor({ chain, pool, next, turns, singleClient }: MinerParts, options: MiningOptions) {
    this.#chain = chain;
    this.#pool = pool;
    this.#next = next;
    this.#turns = turns;
    this.#singleClient = singleClient;
    const { interval = 0, auto = interval === 0 } = options;
    this.#atStart = { auto, interval };
    this.automine = auto;
    this.setInterval(interval);
  }

  /** Milliseconds between blocks; 0 when blocks are not mined by time. */
  get interval(): MiningInterval {
    return this.#interval;
  }

  /** Milliseconds between blocks; 0: none by time. */
  setInterval(interval: MiningInterval): void {
    clearTimeout(this.#timer);
    this.#interval = interval;
    if (interval !== 0 && !this.#stopped) this.#schedule();
  }

  /** Calls `listener` with each block that was mined here, after it is the head. */
  onMined(listener: MinedListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Calls `listener` with empty blocks that were mined at once. */
  onEmptyBlocks(listener: EmptyListener): () => void {
    this.#emptyListeners.add(listener);
    return () => this.#emptyListeners.delete(listener);
  }

  /**
   * Mines blocks, `seconds` apart when that is given. Others have their turn between two of them: a thousand blocks keep nobody waiting. Who
   * aborts gets no more than are there by then, and the signal's reason. Of many that would be empty only the last one is executed; those before
   * it are one entry of the chain (Blockchain.appendEmpty), and not among those that it gives.
   */
  mine(count = 1n, seconds?: bigint, signal?: AbortSignal): Promise<MinedBlock[]> {
    return promised(this.mineSteps(count, seconds, signal));
  }

  /** As `mine`, for who goes on at once where nothing has to be waited for (see Steps). */
  *mineSteps(count = 1n, seconds?: bigint, signal?: AbortSignal): Steps<MinedBlock[]> {
    const mined: MinedBlock[] = [];
    // Once most of them are there only what is left is executed.
    const limit = this.#singleClient ? MOST_FOR_ONE : MOST_EXECUTED;
    const most = count > limit ? 1n : limit;
    for (let done = 0n; done < count; ) {
      const isStuck = mined.at(-1)?.block.block.transactions.length === 0;
      const next = (): Steps<bigint> =>
        this.#mineNext(mined, { most, isStuck, done, count, seconds, signal });
      done += yield* this.#turns.steps(next);
    }
    return mined;
  }

  /** Mines the next block, or all empty ones but the last. How many that was. */
  *#mineNext(
    mined: MinedBlock[],
    { most, isStuck, done, count, seconds, signal }: NextOfMany,
  ): Steps<bigint> {
    signal?.throwIfAborted();
    const { number, timestamp } = this.#chain().head.header;
    if (done > 0n && seconds !== undefined) this.#next.setTimestamp(timestamp + seconds);
    const candidates = this.#next.candidates(this.#pool);
    if (count - done <= most || (candidates.length > 0 && !isStuck))
      mined.push(yield* this.#mineOne(candidates));
    else yield* wait(this.#mineEmpty(count - done - 1n, seconds ?? this.#next.clock.usualStep));
    return this.#chain().head.number - number;
  }

  async #mineEmpty(count: bigint, seconds: bigint): Promise<void> {
    const first = this.#next.position;
    const from = this.#chain().stateId(this.#chain().head.hash);
    this.#next.clock.check(first.timestamp + count * seconds);
    const last = await this.#chain().appendEmpty(this.#next.attributes(), count, seconds);
    this.#next.passed(last.header.timestamp);
    this.#pool.update(this.#next.poolView(), { from, included: [], changed: [] });
    for (const listener of this.#emptyListeners) listener({ first: first.number, last });
  }

  /** When blocks are mined automatically: until nothing is left that the next one could have, unless the transaction is in a block already. */
  *came({ hash }: PooledTransaction): Steps<void> {
    if (!this.automine) return;
    if (!this.#singleClient) yield* wait(this.#gather());
    yield* this.#turns.steps(() => this.#mineAll(hash));
  }

  *#mineAll(hash: Uint8Array): Steps<void> {
    if (this.#pool.get(hash) === undefined) return;
    for (let included = 1; included > 0; ) {
      const candidates = this.#next.candidates(this.#pool);
      if (candidates.length === 0) return;
      const { block, dropped } = yield* this.#mineOne(candidates);
      included = block.block.transactions.length + dropped.length;
    }
  }

  /** Resolves when all that clients have sent by now is in the pool: it is mined in one block, and not each in a block of its own. */
  #gather(): Promise<void> {
    this.#gathering ??= nextTurn().then(() => {
      this.#gathering = undefined;
    });
    return this.#gathering;
  }

  /** The block that would be mined now, out of what is in the pool; nothing changes. */
  async pending(): Promise<PendingBlock> {
    // One at a time: what has changed meanwhile is in the next one.
    while (this.#building !== undefined) await this.#building.catch(() => {});
    const chain = this.#chain();
    const key = [
      bytesToHex(chain.stateId(chain.head.hash)),
      this.#pool.version,
      this.#next.position.timestamp,
      this.#next.baseFee,
    ].join();
    if (this.#pending?.key !== key) {
      const block = this.#buildPending();
      this.#pending = { key, block };
      this.#building = block;
      const built = (): void => {
        this.#building = undefined;
      };
      block.then(built, built);
    }
    return this.#pending.block;
  }

  /** The chain is another one: no block of the one before it is kept. */
  forgetPending(): void {
    this.#pending = undefined;
  }

  /** Blocks are mined when they were mined at the beginning. */
  reset(): void {
    this.automine = this.#atStart.auto;
    this.setInterval(this.#atStart.interval);
  }

  /** Mines no more by time. */
  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  #build(candidates: readonly PooledTransaction[]): Steps<BuiltChild> {
    return this.#chain().buildSteps(
      this.#next.attributes(),
      candidates.map(({ raw }) => raw),
      // Their signatures were looked at when they came in, or are not to be looked at.
      {
        senders: candidates.map(({ sender }) => sender),
        hashes: candidates.map(({ hash }) => hash),
        contractSenders: true,
      },
    );
  }

  async #buildPending(): Promise<PendingBlock> {
    const chain = this.#chain();
    const before = chain.stateAfter(chain.head.hash);
    const built = await promised(this.#build(this.#next.candidates(this.#pool)));
    return { built, state: new ChangedState(before, built.result.stateChanges, built.after.root) };
  }

  *#mineOne(candidates: readonly PooledTransaction[]): Steps<MinedBlock> {
    const built = yield* this.#build(candidates);
    const block = yield* this.#chain().appendSteps(built);
    this.#next.passed(block.header.timestamp);
    const dropped = built.result.leftOut.flatMap(({ index, error }) => {
      const transaction = candidates[index];
      if (transaction === undefined || FOR_NOW.has(error.code)) return [];
      this.#pool.remove(transaction.hash);
      return [{ transaction, reason: error }];
    });
    const changed = addressesOf(built.result.stateChanges);
    const included = built.result.included.map((index) => candidates[index] as PooledTransaction);
    this.#pool.update(this.#next.poolView(), { from: built.state, included, changed });
    const mined = { block, dropped };
    // PERF: thousands of objects, which hardly anybody looks at.
    const results = (): readonly TransactionResult[] => built.result.transactions;
    for (const listener of this.#listeners) listener(mined, results);
    return mined;
  }

  #schedule(): void {
    this.#timer = setTimeout(async () => {
      try {
        await this.mine();
      } catch (error) {
        // A full disk, for one: the next attempt may succeed, and nobody waits for this one.
        process.emitWarning(error instanceof Error ? error : String(error));
      }
      if (this.#interval !== 0 && !this.#stopped) this.#schedule();
    }, millisecondsOf(this.#interval));
  }
}

/** The time until the next block: any of those between two bounds. */
function millisecondsOf(interval: MiningInterval): number {
  if (typeof interval === "number") return interval;
  const [least, most] = interval;
  return Math.max(1, least + Math.floor(Math.random() * (most - least + 1)));
}

function* addressesOf(changes: StateChanges): Generator<Uint8Array> {
  for (let i = 0; i < changes.accountCount; i++) yield changes.addressAt(i);
}
