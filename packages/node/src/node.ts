// The node: a chain, a pool of transactions, and what a development node can do to both. JSON-RPC stands on top of it.

import type { Blockchain, HeadChange, StoredBlock } from "@braid/chain";
import { type BlockResult, Executor } from "@braid/executor";
import { bytesToHex, type Hex, Mutex, promised, type Steps, wait } from "@braid/primitives";
import type { KeptState, StateStore } from "@braid/state";
import type { DevAccount } from "./accounts/dev-accounts.ts";
import type { ChainMaker } from "./chain-maker.ts";
import type { Fork, ForkOptions } from "./fork/fork.ts";
import { ForkOptionsError } from "./fork/fork-rules.ts";
import { DEFAULT_NODE_LIMITS, type NodeLimits } from "./limits.ts";
import { Miner } from "./mining/miner.ts";
import {
  type ChainStart,
  NextBlock,
  type NextBlockOptions,
  type NextBlockState,
} from "./mining/next-block.ts";
import type { MiningOptions } from "./options.ts";
import { RecentRuns } from "./parallelism/recent-runs.ts";
import { Mempool, type PoolLimits } from "./pool/mempool.ts";
import type { PooledTransaction } from "./pool/pooled-transaction.ts";
import { type AccountEdit, changesOfEdits } from "./state-edits.ts";

export interface NodeParts extends ChainParts, Omit<NextBlockOptions, "order"> {
  /** Makes the chains that `reset` goes over to; without it there is only the one. */
  chains?: ChainMaker;
  /** What `fork` was made of. */
  forkedFrom?: ForkOptions;
  executor: Executor;
  /** Whose keys the node has. */
  accounts: readonly DevAccount[];
  mining?: MiningOptions;
  pool?: Partial<PoolLimits>;
  limits?: Partial<NodeLimits>;
  /** What net_version answers. Default: the chain's id. */
  networkId?: bigint;
}

/** What a node stands on: a chain, and the store of its states. */
export interface ChainParts {
  chain: Blockchain;
  store: StateStore;
  /** The other node that the chain goes on from. */
  fork?: Fork;
  start?: ChainStart;
}

/** Is told of a block that has come into the tree, and how it was executed. It must not throw. */
type ExecutedListener = (block: StoredBlock, result: BlockResult) => void;

/** Branches that fork off further below the head are given up: as far as BLOCKHASH reaches. */
const DEEPEST_FORK = 256n;

interface Snapshot {
  head: Uint8Array;
  state: Uint8Array;
  next: NextBlockState;
  pool: readonly PooledTransaction[];
}

export class Node {
  readonly executor: Executor;
  readonly accounts: ReadonlyMap<Hex, DevAccount>;
  readonly pool: Mempool;
  readonly next: NextBlock;
  readonly miner: Miner;
  readonly limits: NodeLimits;
  readonly networkId: bigint;
  readonly #chains: ChainMaker | undefined;
  #chain: Blockchain;
  #store: StateStore;
  #fork: Fork | undefined;
  #forkedFrom: ForkOptions | undefined;
  /** Executes blocks of the chain again, beside those that are mined. */
  #again: Executor | undefined;
  readonly #runs = new RecentRuns();
  readonly #executed = new Set<ExecutedListener>();
  readonly #impersonated = new Set<Hex>();
  readonly #snapshots = new Map<bigint, Snapshot>();
  #lastSnapshot = 0n;
  #autoImpersonate = false;
  /** Whatever changes the chain has its turn. */
  readonly #turns = new Mutex();
  readonly #headChanges = new Set<(change: HeadChange) => void>();

  constructor(parts: NodeParts) {
    const { chain, store, fork, executor, accounts, mining = {}, limits } = parts;
    this.#chains = parts.chains;
    this.#chain = chain;
    this.networkId = parts.networkId ?? chain.rules.chainId;
    this.executor = executor;
    this.#store = store;
    this.#fork = fork;
    this.#forkedFrom = parts.forkedFrom;
    this.accounts = new Map(accounts.map((account) => [bytesToHex(account.address), account]));
    const pool = new Mempool(parts.pool);
    this.pool = pool;
    this.limits = { ...DEFAULT_NODE_LIMITS, ...limits };
    const { order } = mining;
    const next = new NextBlock(() => this.#chain, { ...parts, ...(order === undefined ? {} : { order }) });
    this.next = next;
    this.#follow(chain);
    if (parts.start !== undefined) next.begin(parts.start);
    const turns = this.#turns;
    const { singleClient } = executor;
    this.miner = new Miner({ chain: () => this.#chain, pool, next, turns, singleClient }, mining);
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
    this.#again ??= new Executor({
      workers: this.executor.workers,
      engine: this.executor.engine,
      singleClient: this.executor.singleClient,
    });
    return this.#again;
  }

  /** The state that calls on the newest block see. */
  get state(): KeptState {
    return this.chain.stateAfter(this.head.hash);
  }

  /** Gas that a call may take. */
  get callGasLimit(): bigint {
    return BigInt(this.limits.callGas);
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

  /**
   * Takes a transaction as clients send it. When blocks are mined automatically, it resolves after that. Rejects with
   * RejectedTransactionError.
   *
   * @param sender whose it is, when its signature is not to be looked at.
   */
  send(encoded: Uint8Array, sender?: Uint8Array): Promise<PooledTransaction> {
    return promised(this.sendSteps(encoded, sender));
  }

  /** As `send`, for who goes on at once where nothing has to be waited for (see Steps). */
  *sendSteps(encoded: Uint8Array, sender?: Uint8Array): Steps<PooledTransaction> {
    const chain = this.#chain;
    const pooled = yield* this.pool.addSteps(encoded, this.next.poolView(), sender);
    if (chain !== this.#chain) {
      // It was held against a chain that is gone.
      this.pool.remove(pooled.hash);
      return yield* this.sendSteps(encoded, sender);
    }
    yield* this.miner.came(pooled);
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

  /** Changes accounts in the state after the head: the next block, and calls on the newest one, see it. */
  editState(edits: readonly AccountEdit[]): Promise<void> {
    return this.#turns.run(async () => {
      await this.chain.changeState(await changesOfEdits(this.state, edits));
      this.pool.update(this.next.poolView());
    });
  }

  /** What `revert` takes. PERF: costs nothing: a head in the tree of blocks, which stays there until it is reverted to. */
  snapshot(): Promise<bigint> {
    return promised(this.snapshotSteps());
  }

  /** As `snapshot`; see `sendSteps`. */
  snapshotSteps(): Steps<bigint> {
    return this.#turns.steps(() => wait(this.#snapshot()));
  }

  #snapshot(): bigint {
    const { hash } = this.head;
    this.#snapshots.set(++this.#lastSnapshot, {
      head: hash,
      state: this.chain.stateId(hash),
      next: this.next.snapshot(),
      pool: this.pool.snapshot(),
    });
    return this.#lastSnapshot;
  }

  /** Everything is as it was; this snapshot and all later ones are gone. False when there is none with this number. */
  revert(id: bigint): Promise<boolean> {
    return promised(this.revertSteps(id));
  }

  /** As `revert`; see `sendSteps`. */
  revertSteps(id: bigint): Steps<boolean> {
    return this.#turns.steps(() => this.#revert(id));
  }

  *#revert(id: bigint): Steps<boolean> {
    const snapshot = this.#snapshots.get(id);
    if (snapshot === undefined) return false;
    const { head, state, next, pool } = snapshot;
    // Earlier snapshots may stand where this one's blocks do.
    const others = [...this.#snapshots].filter(([other]) => other < id).map(([, one]) => one.state);
    yield* this.chain.setHeadSteps(head, {
      state: bytesToHex(state) === bytesToHex(head) ? null : state,
      forgetUnless: others,
    });
    this.next.restore(next);
    // After the head: what the blocks gave back is not what was there.
    this.pool.restoreSnapshot(pool);
    for (const later of [...this.#snapshots.keys()]) if (later >= id) this.#snapshots.delete(later);
    return true;
  }

  /**
   * Everything is as it was when the node was made: no transactions in the pool, no snapshots, and a chain of the node's own back at its first
   * block. With `fork` the chain goes on from a block of another node: where that is the one that it goes on from already, what is left out
   * stays. Rejects as createNode; then nothing has changed.
   */
  reset(fork?: Partial<ForkOptions>): Promise<void> {
    return this.#turns.run(async () => {
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
      this.next.reset();
      if (parts?.start !== undefined) this.next.begin(parts.start);
      this.miner.reset();
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
    this.miner.forgetPending();
    this.#follow(chain);
    await before.close();
  }

  /** Lets a transaction go. False when it is not in the pool. */
  dropTransaction(hash: Uint8Array): boolean {
    return this.pool.remove(hash) !== undefined;
  }

  /** Ends mining, and waits for what is under way. */
  async close(): Promise<void> {
    this.miner.stop();
    // What waits for another node may wait for long, and is kept in memory only.
    this.#chains?.stopAsking();
    await this.#turns.run(async () => {});
    await this.#again?.close();
    await this.executor.close();
    await this.#store.close();
    await this.#chains?.close();
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
      if (change.added.some(({ number }) => number % DEEPEST_FORK === 0n)) this.#forgetBranches(chain);
      for (const listener of this.#headChanges) listener(change);
    });
  }

  /** What the chain has left behind goes when it lies deep, unless a snapshot stands there. */
  #forgetBranches(chain: Blockchain): void {
    const snapshots = (): Uint8Array[] => [...this.#snapshots.values()].map(({ state }) => state);
    // Nobody waits for it, and the next time it is tried again.
    this.#turns
      .run(() => chain.forgetBranches(DEEPEST_FORK, snapshots))
      .catch((error: unknown) => process.emitWarning(String(error)));
  }

  /** Transactions of blocks that the chain has left wait for the next ones. */
  #takeBack(blocks: readonly StoredBlock[]): void {
    const transactions = blocks.toReversed().flatMap(({ hash, block }) => {
      const senders = this.chain.receipts(hash)?.senders ?? [];
      return block.transactions.map((raw, i) => ({ raw, sender: senders[i] as Uint8Array }));
    });
    this.pool.restore(transactions, this.next.poolView());
    this.pool.update(this.next.poolView());
  }
}
