// The node: a chain, a pool of transactions, and what a development node can do to both. JSON-RPC stands on top of it.

import type { BlockAttributes, Blockchain, BuiltChild, HeadChange, StoredBlock } from "@braid/chain";
import { type BlockResult, Executor, type LeftOut, type TransactionResult } from "@braid/executor";
import { keccak256 } from "@braid/kernel";
import { BaseError, bytesToHex, type Hex } from "@braid/primitives";
import {
  blobBaseFee,
  type ForkRules,
  type Header,
  nextBaseFee,
  nextExcessBlobGas,
  type TransactionErrorCode,
} from "@braid/protocol";
import type { KeptState, StateChanges, StateSource, StateStore } from "@braid/state";
import type { DevAccount } from "./accounts/dev-accounts.ts";
import type { ChainMaker } from "./chain-maker.ts";
import { ChangedState } from "./changed-state.ts";

import type { Fork, ForkOptions } from "./fork/fork.ts";
import { ForkOptionsError } from "./fork/fork-rules.ts";
import { BRAID_RANDOMNESS, type Randomness } from "./hardhat-chain.ts";
import { DEFAULT_NODE_LIMITS, type NodeLimits } from "./limits.ts";
import { Clock, type ClockState } from "./mining/clock.ts";
import { Mutex } from "./mutex.ts";
import type { MiningInterval, MiningOptions } from "./options.ts";
import { RecentRuns } from "./parallelism/recent-runs.ts";
import { Mempool, type PoolLimits, type PoolView } from "./pool/mempool.ts";
import { effectiveTip, type PooledTransaction } from "./pool/pooled-transaction.ts";
import { type AccountEdit, changesOfEdits } from "./state-edits.ts";

export interface NodeParts extends ChainParts {
  /** Makes the chains that `reset` goes over to; without it there is only the one. */
  chains?: ChainMaker;
  /** What `fork` was made of. */
  forkedFrom?: ForkOptions;
  executor: Executor;
  /** Whose keys the node has. */
  accounts: readonly DevAccount[];
  coinbase?: Uint8Array;
  mining?: MiningOptions;
  pool?: Partial<PoolLimits>;
  limits?: Partial<NodeLimits>;
  /** What net_version answers. Default: the chain's id. */
  networkId?: bigint;
  /** Wei per gas that a transaction must pay to be mined. Default 0. */
  minGasPrice?: bigint;
  randomness?: Randomness;
  clock?: Clock;
}

/** What a node stands on: a chain, and the store of its states. */
export interface ChainParts {
  chain: Blockchain;
  store: StateStore;
  /** The other node that the chain goes on from. */
  fork?: Fork;
  /** What the first block that is mined begins with. */
  start?: { timestamp: bigint; gasLimit?: bigint; baseFee?: bigint };
}

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

/** Is told of a block that has come into the tree, and how it was executed. It must not throw. */
type ExecutedListener = (block: StoredBlock, result: BlockResult) => void;

/** Is told what was mined, and what each of the block's transactions came to, which is not kept. It must not throw. */
type MinedListener = (mined: MinedBlock, results: readonly TransactionResult[]) => void;

/** The block that would be mined now. */
export interface PendingBlock {
  built: BuiltChild;
  state: StateSource;
}

/** Chosen for the next blocks by hand. */
interface BlockChoices {
  coinbase: Uint8Array;
  gasLimit: bigint | undefined;
  /** Wei per gas that a transaction must pay to be mined. */
  minGasPrice: bigint;
  /** Of the next block only. */
  baseFee: bigint | undefined;
}

interface Snapshot {
  head: Uint8Array;
  state: Uint8Array;
  clock: ClockState;
  choices: BlockChoices;
  pool: readonly PooledTransaction[];
  randomness: Randomness;
}

const DEFAULT_COINBASE = new Uint8Array(20).fill(0).map((_, i) => [0xc0, 0x14, 0xba, 0x5e][i % 4] as number);
/** No transaction takes less gas. */
const TRANSFER_GAS = 21_000;
/** So many candidates are tried for one block. */
const MOST_CANDIDATES = 20_000;

/** Reasons that pass: the transaction may well fit into a later block. */
const FOR_NOW: ReadonlySet<TransactionErrorCode> = new Set([
  "BRAID_TX_GAS_LIMIT_EXCEEDS_BLOCK",
  "BRAID_TX_BLOB_GAS_EXCEEDS_BLOCK",
  "BRAID_TX_FEE_BELOW_BASE_FEE",
  "BRAID_TX_BLOB_FEE_TOO_LOW",
  "BRAID_TX_NONCE_TOO_HIGH",
]);

export class Node {
  readonly executor: Executor;
  readonly accounts: ReadonlyMap<Hex, DevAccount>;
  readonly pool: Mempool;
  readonly clock: Clock;
  readonly limits: NodeLimits;
  readonly networkId: bigint;
  readonly #order: "priority" | "fifo";
  readonly #chains: ChainMaker | undefined;
  #chain: Blockchain;
  #store: StateStore;
  #fork: Fork | undefined;
  #forkedFrom: ForkOptions | undefined;
  /** Executes blocks of the chain again, beside those that are mined. */
  #again: Executor | undefined;
  readonly #runs = new RecentRuns();
  readonly #executed = new Set<ExecutedListener>();
  /** What `reset` comes back to. */
  readonly #atStart: {
    choices: BlockChoices;
    randomness: Randomness;
    auto: boolean;
    interval: MiningInterval;
    offset: bigint;
  };
  readonly #impersonated = new Set<Hex>();
  readonly #snapshots = new Map<bigint, Snapshot>();
  #lastSnapshot = 0n;
  #autoImpersonate = false;
  #choices: BlockChoices;
  /** The next block's. */
  #randomness: Randomness;
  #automine: boolean;
  #interval: MiningInterval = 0;
  #timer: NodeJS.Timeout | undefined;
  #pending: { key: string; block: Promise<PendingBlock> } | undefined;
  /** The pending block that is under way. */
  #building: Promise<PendingBlock> | undefined;
  readonly #mutex = new Mutex();
  readonly #headChanges = new Set<(change: HeadChange) => void>();
  readonly #mined = new Set<MinedListener>();
  #closed = false;

  constructor(parts: NodeParts) {
    const { chain, store, fork, executor, accounts, coinbase, mining = {}, pool, limits } = parts;
    this.#chains = parts.chains;
    this.#chain = chain;
    this.networkId = parts.networkId ?? chain.rules.chainId;
    this.clock = parts.clock ?? new Clock();
    this.#randomness = parts.randomness ?? BRAID_RANDOMNESS;
    this.executor = executor;
    this.#store = store;
    this.#fork = fork;
    this.#forkedFrom = parts.forkedFrom;
    this.accounts = new Map(accounts.map((account) => [bytesToHex(account.address), account]));
    this.pool = new Mempool(pool);
    this.limits = { ...DEFAULT_NODE_LIMITS, ...limits };
    const { interval = 0, auto = interval === 0, order = "priority" } = mining;
    this.#automine = auto;
    this.#order = order;
    this.#choices = {
      coinbase: coinbase ?? DEFAULT_COINBASE,
      gasLimit: undefined,
      minGasPrice: parts.minGasPrice ?? 0n,
      baseFee: undefined,
    };
    const { offset } = this.clock;
    this.#atStart = { choices: this.#choices, randomness: this.#randomness, auto, interval, offset };
    this.#follow(chain);
    this.#begin(parts);
    this.setIntervalMining(interval);
  }

  /** The other node that the chain goes on from; undefined when it is one of this node's own. */
  get fork(): Fork | undefined {
    return this.#fork;
  }

  /** Another one after a reset to another one. */
  get chain(): Blockchain {
    return this.#chain;
  }

  get head(): StoredBlock {
    return this.chain.head;
  }

  /** For blocks that are there already: no block that is mined waits for it, or finds its state thrown out of the cache. */
  get again(): Executor {
    this.#again ??= new Executor({ workers: this.executor.workers });
    return this.#again;
  }

  /** The state that calls on the newest block see. */
  get state(): KeptState {
    return this.chain.stateAfter(this.head.hash);
  }

  /** The rules of the next block. */
  get nextRules(): ForkRules {
    return this.chain.rules.rulesAt(this.#nextPosition());
  }

  /** The base fee of the next block, in wei; undefined before there is one. */
  get nextBaseFee(): bigint | undefined {
    if (!this.nextRules.eip1559) return undefined;
    return this.#choices.baseFee ?? nextBaseFee(this.head.header);
  }

  /** Wei per blob gas in the next block; undefined before there are blobs. */
  get nextBlobFee(): bigint | undefined {
    const rules = this.nextRules;
    return rules.eip4844 ? blobBaseFee(nextExcessBlobGas(this.head.header, rules), rules) : undefined;
  }

  get automine(): boolean {
    return this.#automine;
  }

  /** Milliseconds between blocks; 0 when blocks are not mined by time. */
  get interval(): MiningInterval {
    return this.#interval;
  }

  /** Gas of the next block. */
  get nextGasLimit(): bigint {
    return this.#choices.gasLimit ?? this.head.header.gasLimit;
  }

  /** Wei per gas that a transaction must pay to be mined. */
  get minGasPrice(): bigint {
    return this.#choices.minGasPrice;
  }

  /** Gas that a call may take. */
  get callGasLimit(): bigint {
    return BigInt(this.limits.callGas);
  }

  get coinbase(): Uint8Array {
    return this.#choices.coinbase;
  }

  /** What the pool measures transactions by. */
  poolView(): PoolView {
    const { state } = this;
    return {
      rules: this.nextRules,
      gasLimit: this.nextGasLimit,
      account: (address) => state.getAccount(address),
    };
  }

  /** Calls `listener` after each change of the canonical chain, whichever chain it is by then. It must not throw. */
  onHeadChange(listener: (change: HeadChange) => void): () => void {
    this.#headChanges.add(listener);
    return () => this.#headChanges.delete(listener);
  }

  /** How one of the newest blocks was executed when it was mined or imported; undefined for all others. */
  runOf(block: Uint8Array): BlockResult | undefined {
    return this.#runs.get(block);
  }

  /** Calls `listener` with each block that has come into the tree. */
  onExecuted(listener: ExecutedListener): () => void {
    this.#executed.add(listener);
    return () => this.#executed.delete(listener);
  }

  /** Calls `listener` with each block that was mined here, after it is the head. It must not throw. */
  onMined(listener: MinedListener): () => void {
    this.#mined.add(listener);
    return () => this.#mined.delete(listener);
  }

  /**
   * Takes a transaction as clients send it. When blocks are mined automatically, it resolves after that. Rejects with
   * RejectedTransactionError.
   *
   * @param sender whose it is, when its signature is not to be looked at.
   */
  async send(encoded: Uint8Array, sender?: Uint8Array): Promise<PooledTransaction> {
    const chain = this.#chain;
    const pooled = await this.pool.add(encoded, this.poolView(), sender);
    if (chain !== this.#chain) {
      // It was held against a chain that is gone.
      this.pool.remove(pooled.hash);
      return this.send(encoded, sender);
    }
    if (this.#automine) await this.#mutex.run(() => this.#mineAll(pooled));
    return pooled;
  }

  /** Does nobody need a key to send in the name of this account? */
  isImpersonated(address: Uint8Array): boolean {
    return this.#autoImpersonate || this.#impersonated.has(bytesToHex(address));
  }

  impersonate(address: Uint8Array): void {
    this.#impersonated.add(bytesToHex(address));
  }

  /** False when it was not. */
  stopImpersonating(address: Uint8Array): boolean {
    return this.#impersonated.delete(bytesToHex(address));
  }

  /** Anybody's transactions can be sent. */
  setAutoImpersonate(on: boolean): void {
    this.#autoImpersonate = on;
  }

  setAutomine(on: boolean): void {
    this.#automine = on;
  }

  /** Milliseconds between blocks; 0: none by time. */
  setIntervalMining(interval: MiningInterval): void {
    clearTimeout(this.#timer);
    this.#interval = interval;
    if (interval !== 0 && !this.#closed) this.#scheduleInterval();
  }

  /**
   * Mines blocks, `seconds` apart when that is given. Others have their turn between two of them: a thousand blocks keep nobody waiting. Who
   * aborts gets no more than are there by then, and the signal's reason.
   */
  async mine(count = 1n, seconds?: bigint, signal?: AbortSignal): Promise<MinedBlock[]> {
    const mined: MinedBlock[] = [];
    for (let i = 0n; i < count; i++) {
      const block = await this.#mutex.run(async () => {
        signal?.throwIfAborted();
        const { timestamp } = this.head.header;
        if (i > 0n && seconds !== undefined) this.clock.setNext(timestamp + seconds, timestamp);
        return this.#mineOne();
      });
      mined.push(block);
    }
    return mined;
  }

  /** The block that would be mined now, out of what is in the pool; nothing changes. */
  async pending(): Promise<PendingBlock> {
    // One at a time: what has changed meanwhile is in the next one.
    while (this.#building !== undefined) await this.#building.catch(() => {});
    const key = [
      bytesToHex(this.chain.stateId(this.head.hash)),
      this.pool.version,
      this.#nextPosition().timestamp,
      this.#choices.baseFee,
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

  /** The next block has this timestamp (seconds). Throws TimestampError. */
  setNextTimestamp(timestamp: bigint): void {
    this.clock.setNext(timestamp, this.head.header.timestamp);
  }

  /** Of the next block only, wei per gas. */
  setNextBaseFee(baseFee: bigint): void {
    this.#choices = { ...this.#choices, baseFee };
  }

  /** Of the next block, 32 bytes; those after it are drawn from it. */
  setNextPrevRandao(prevRandao: Uint8Array): void {
    this.#randomness = { ...this.#randomness, randao: prevRandao };
  }

  /** Of all further blocks, 20 bytes. */
  setCoinbase(coinbase: Uint8Array): void {
    this.#choices = { ...this.#choices, coinbase };
  }

  /** Of all further blocks. */
  setGasLimit(gasLimit: bigint): void {
    this.#choices = { ...this.#choices, gasLimit };
  }

  /** Of all further blocks: who pays less, in wei per gas, waits in the pool. */
  setMinGasPrice(minGasPrice: bigint): void {
    this.#choices = { ...this.#choices, minGasPrice };
  }

  /** Changes accounts in the state after the head: the next block, and calls on the newest one, see it. */
  editState(edits: readonly AccountEdit[]): Promise<void> {
    return this.#mutex.run(async () => {
      await this.chain.changeState(await changesOfEdits(this.state, edits));
      this.pool.update(this.poolView());
    });
  }

  /** What `revert` takes. PERF: costs nothing: a head in the tree of blocks, which stays there until it is reverted to. */
  snapshot(): Promise<bigint> {
    return this.#mutex.run(async () => {
      const { hash } = this.head;
      this.#snapshots.set(++this.#lastSnapshot, {
        head: hash,
        state: this.chain.stateId(hash),
        clock: this.clock.snapshot(),
        choices: this.#choices,
        pool: this.pool.snapshot(),
        randomness: this.#randomness,
      });
      return this.#lastSnapshot;
    });
  }

  /** Everything is as it was; this snapshot and all later ones are gone. False when there is none with this number. */
  revert(id: bigint): Promise<boolean> {
    return this.#mutex.run(async () => {
      const snapshot = this.#snapshots.get(id);
      if (snapshot === undefined) return false;
      const { head, state, clock, choices, pool, randomness } = snapshot;
      // Earlier snapshots may stand where this one's blocks do.
      const others = [...this.#snapshots].filter(([other]) => other < id).map(([, one]) => one.state);
      await this.chain.setHead(head, {
        state: bytesToHex(state) === bytesToHex(head) ? null : state,
        forgetUnless: others,
      });
      this.clock.restore(clock);
      this.#choices = choices;
      this.#randomness = randomness;
      // After the head: what the blocks gave back is not what was there.
      this.pool.restoreSnapshot(pool);
      for (const later of [...this.#snapshots.keys()]) if (later >= id) this.#snapshots.delete(later);
      return true;
    });
  }

  /**
   * Everything is as it was when the node was made: no transactions in the pool, no snapshots, and a chain of the node's own back at its first
   * block. With `fork` the chain goes on from a block of another node: where that is the one that it goes on from already, what is left out
   * stays. Rejects as createNode; then nothing has changed.
   */
  reset(fork?: Partial<ForkOptions>): Promise<void> {
    return this.#mutex.run(async () => {
      const { choices, randomness, auto, interval, offset } = this.#atStart;
      const forkedFrom = fork && this.#forkOptions(fork);
      const parts = forkedFrom && (await this.#chains?.forked(forkedFrom));
      if (parts !== undefined) await this.#goOver(parts, forkedFrom);
      else if (this.#fork !== undefined && this.#chains !== undefined)
        await this.#goOver(await this.#chains.own(), undefined);
      if (parts === undefined)
        await this.chain.setHead(this.chain.first.hash, { state: null, forgetUnless: [] });
      this.pool.restoreSnapshot([]);
      this.#snapshots.clear();
      this.#impersonated.clear();
      this.#autoImpersonate = false;
      this.#choices = choices;
      this.#randomness = randomness;
      const now = this.clock.now - this.clock.offset + offset;
      this.clock.restore({ now, next: undefined, interval: undefined });
      if (parts !== undefined) this.#begin(parts);
      this.#automine = auto;
      this.setIntervalMining(interval);
    });
  }

  /** The options of a fork that comes after another one: what the first one is not to tell just anybody goes to the same node only. */
  #forkOptions(wanted: Partial<ForkOptions>): ForkOptions {
    const before = this.#forkedFrom;
    const url = wanted.url ?? before?.url;
    if (this.#chains === undefined)
      throw new ForkOptionsError("This node has the one chain that it was made with.");
    if (url === undefined)
      throw new ForkOptionsError("Say which node's chain is to go on here: give its URL.");
    const { blockNumber: _, headers, chainId, ...how } = before ?? {};
    const same = {
      ...(headers === undefined ? {} : { headers }),
      ...(chainId === undefined ? {} : { chainId }),
    };
    const block = this.#fork && wanted.url === undefined ? { blockNumber: this.#fork.block.number } : {};
    return { ...how, ...(url === before?.url ? same : {}), ...block, ...wanted, url };
  }

  /** The other node of a forked chain is asked at another URL. Rejects with ForkOptionsError, and as Fork.redirect. */
  async redirectFork(url: string): Promise<void> {
    if (this.#fork === undefined || this.#forkedFrom === undefined)
      throw new ForkOptionsError(
        "This chain does not go on from another node's: there is no URL to be changed.",
      );
    await this.#fork.redirect(url);
    const { headers: _, ...how } = this.#forkedFrom;
    this.#forkedFrom = { ...how, url };
  }

  async #goOver({ chain, store, fork }: ChainParts, forkedFrom: ForkOptions | undefined): Promise<void> {
    const before = this.#store;
    this.#chain = chain;
    this.#store = store;
    this.#fork = fork;
    this.#forkedFrom = forkedFrom;
    this.#pending = undefined;
    this.#follow(chain);
    await before.close();
  }

  /** A chain that goes on from another one goes on in its time. */
  #begin({ start }: ChainParts): void {
    if (start === undefined) return;
    const { timestamp, gasLimit, baseFee } = start;
    this.clock.set(timestamp);
    this.#choices = { ...this.#choices, gasLimit, baseFee };
  }

  /** Lets a transaction go. False when it is not in the pool. */
  dropTransaction(hash: Uint8Array): boolean {
    return this.pool.remove(hash) !== undefined;
  }

  /** Ends mining, and waits for what is under way. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    // What waits for another node may wait for long, and is kept in memory only.
    this.#chains?.stopAsking();
    await this.#mutex.run(async () => {});
    await this.#again?.close();
    await this.executor.close();
    await this.#store.close();
    await this.#chains?.close();
  }

  #nextPosition(): Pick<Header, "number" | "timestamp"> {
    const { number, timestamp } = this.head.header;
    return { number: number + 1n, timestamp: this.clock.timestampAfter(timestamp) };
  }

  #attributes(): BlockAttributes {
    const { coinbase, gasLimit, baseFee } = this.#choices;
    const { randao, beaconRoot } = this.#randomness;
    return {
      timestamp: this.#nextPosition().timestamp,
      coinbase,
      prevRandao: randao,
      ...(beaconRoot === undefined ? {} : { parentBeaconBlockRoot: beaconRoot }),
      ...(gasLimit === undefined ? {} : { gasLimit }),
      ...(baseFee === undefined ? {} : { baseFeePerGas: baseFee }),
    };
  }

  #candidates(): PooledTransaction[] {
    const rule = {
      baseFee: this.nextBaseFee ?? 0n,
      blobFee: this.nextBlobFee ?? 0n,
      order: this.#order,
    };
    const view = this.poolView();
    const candidates = this.pool.candidates(view, rule);
    const { minGasPrice } = this.#choices;
    const pays = ({ tx }: PooledTransaction): boolean =>
      rule.baseFee + effectiveTip(tx, rule.baseFee) >= minGasPrice;
    // Twice as many as the block has room for, at most: some may have to be left out.
    const most = Math.min(MOST_CANDIDATES, 2 * Math.ceil(Number(view.gasLimit) / TRANSFER_GAS));
    return (minGasPrice === 0n ? candidates : candidates.filter(pays)).slice(0, most);
  }

  #build(candidates: readonly PooledTransaction[]): Promise<BuiltChild> {
    return this.chain.build(
      this.#attributes(),
      candidates.map(({ raw }) => raw),
      // Their signatures were looked at when they came in, or are not to be looked at.
      { senders: candidates.map(({ sender }) => sender), contractSenders: true },
    );
  }

  async #buildPending(): Promise<PendingBlock> {
    const before = this.state;
    const built = await this.#build(this.#candidates());
    return { built, state: new ChangedState(before, built.result.stateChanges, built.after.root) };
  }

  async #mineOne(candidates = this.#candidates()): Promise<MinedBlock> {
    const built = await this.#build(candidates);
    const block = await this.chain.append(built);
    this.clock.passed(block.header.timestamp);
    this.#choices = { ...this.#choices, baseFee: undefined };
    const { randao, beaconRoot } = this.#randomness;
    this.#randomness = {
      randao: keccak256(randao),
      ...(beaconRoot === undefined ? {} : { beaconRoot: keccak256(beaconRoot) }),
    };
    const dropped = built.result.leftOut.flatMap(({ index, error }) => {
      const transaction = candidates[index];
      if (transaction === undefined || FOR_NOW.has(error.code)) return [];
      this.pool.remove(transaction.hash);
      return [{ transaction, reason: error }];
    });
    this.pool.update(this.poolView(), addressesOf(built.result.stateChanges));
    const mined = { block, dropped };
    for (const listener of this.#mined) listener(mined, built.result.transactions);
    return mined;
  }

  /** Mines until nothing is left that the next block could have; nothing when the transaction is in a block already. */
  async #mineAll({ hash }: PooledTransaction): Promise<void> {
    if (this.pool.get(hash) === undefined) return;
    for (let included = 1; included > 0; ) {
      const candidates = this.#candidates();
      if (candidates.length === 0) return;
      const { block, dropped } = await this.#mineOne(candidates);
      included = block.block.transactions.length + dropped.length;
    }
  }

  #follow(chain: Blockchain): void {
    chain.onExecuted((block, result) => {
      if (chain !== this.#chain) return;
      this.#runs.add(block, result);
      for (const listener of this.#executed) listener(block, result);
    });
    chain.onHeadChange((change) => {
      if (chain !== this.#chain) return;
      if (change.dropped.length > 0) this.#takeBack(change.dropped);
      for (const listener of this.#headChanges) listener(change);
    });
  }

  /** Transactions of blocks that the chain has left wait for the next ones. */
  #takeBack(blocks: readonly StoredBlock[]): void {
    const transactions = blocks.toReversed().flatMap(({ hash, block }) => {
      const senders = this.chain.receipts(hash)?.senders ?? [];
      return block.transactions.map((raw, i) => ({ raw, sender: senders[i] as Uint8Array }));
    });
    this.pool.restore(transactions, this.poolView());
    this.pool.update(this.poolView());
  }

  #scheduleInterval(): void {
    this.#timer = setTimeout(async () => {
      try {
        await this.mine();
      } catch (error) {
        // A full disk, for one: the next attempt may succeed, and nobody waits for this one.
        process.emitWarning(error instanceof Error ? error : String(error));
      }
      if (this.#interval !== 0 && !this.#closed) this.#scheduleInterval();
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

/** Something that only a development node's own accounts can do. Code BRAID_UNKNOWN_ACCOUNT. */
export class UnknownAccountError extends BaseError {
  constructor(address: Uint8Array) {
    const account = bytesToHex(address);
    super(
      "BRAID_UNKNOWN_ACCOUNT",
      `unknown account: the node has no key of ${account}, and it is not impersonated.`,
      {
        data: { account },
      },
    );
  }
}
