// The transaction pool: by geth's rules of who comes in, who replaces whom, and who has to go.
//
// A transaction is pending when all nonces of its sender before it are there, down to the state's; else it is queued. Both are found by
// looking: what is kept is one list of transactions for each sender, by nonce, and what was found in it until it or the sender changes.

import { recoverSender } from "@braid/executor";
import { bytesToHex, equalBytes, type Hex, promised, type Steps, wait } from "@braid/primitives";
import {
  decodeTransaction,
  type ForkRules,
  hashTransaction,
  intrinsicGas,
  type Transaction,
  validateTransaction,
} from "@braid/protocol";
import { type BlobSidecar, openNetworkForm, verifySidecar } from "./blob-sidecar.ts";
import { effectiveTip, maxCost, type PooledTransaction } from "./pooled-transaction.ts";
import { RejectedTransactionError, rejectionOf } from "./rejections.ts";

/** What the pool needs to know of the next block and the state before it. */
export interface PoolView {
  /** What the state goes by: with the same one all accounts are as they were. */
  state: Uint8Array;
  rules: ForkRules;
  /** Of the next block. */
  gasLimit: bigint;
  /** Undefined when it does not exist. Later when it must be fetched first; of who is in the pool it is at hand. */
  account(address: Uint8Array): PoolAccount | undefined | Promise<PoolAccount | undefined>;
}

interface PoolAccount {
  nonce: bigint;
  balance: bigint;
}

export interface PoolLimits {
  /** Transactions in all; the cheapest goes when there are more. */
  transactions: number;
  /** Queued ones of one sender. */
  queuedPerSender: number;
  /** Bytes of a transaction, without its blobs. */
  bytes: number;
  /** Wei per gas that a transaction must offer to the builder. */
  minTip: bigint;
}

/** geth has 5,120 transactions, 64 queued ones a sender and 128 KiB; a development node gets many from few senders. */
const DEFAULT_POOL_LIMITS: PoolLimits = {
  transactions: 50_000,
  queuedPerSender: 1_024,
  bytes: 131_072,
  minTip: 0n,
};

/** Percent by which a replacement must offer more: of fees, and of a blob transaction's, which cost the network more to pass on. */
const BUMP = 10n;
const BLOB_BUMP = 100n;

/** So many of those that go first are known, until they have gone. */
const CHEAPEST_KNOWN = 512;

/** Candidates of a block and the order in which they are tried. */
export interface SelectionRule {
  baseFee: bigint;
  /** Wei per blob gas. */
  blobFee: bigint;
  /** "priority": who pays the builder most comes first; "fifo": who came first. */
  order: "priority" | "fifo";
}

/** A block that the chain has gone over. */
export interface StateStep {
  /** The state before it, as PoolView.state. */
  from: Uint8Array;
  /** Transactions of the pool that are part of it. */
  included: readonly PooledTransaction[];
  /** The accounts that it has changed, their senders among them. */
  changed: Iterable<Uint8Array>;
}

/** A sender's transactions by nonce. */
class OfSender extends Map<bigint, PooledTransaction> {
  /** What all of them can cost together. */
  cost = 0n;
  /** Those from the state's nonce on without a gap, as they were found last; undefined: they have to be looked for. */
  run: readonly PooledTransaction[] | undefined;
}

export class Mempool {
  readonly limits: PoolLimits;
  #bySender = new Map<Hex, OfSender>();
  #byHash = new Map<Hex, PooledTransaction>();
  #arrivals = 0;
  /** Changes with each change of what is in the pool. */
  #version = 0;
  /** The state that the runs of all senders were found by. */
  #state: Uint8Array | undefined;
  /** Senders that may have something to execute. All others wait for a nonce, and no block looks at them. */
  #ready = new Map<Hex, OfSender>();
  /** Those that go first when the pool is full, the cheapest last; all others are at least as dear. Some may have gone. */
  #cheapest: PooledTransaction[] = [];
  #snapshot: { version: number; transactions: readonly PooledTransaction[] } | undefined;
  readonly #listeners = new Set<(transaction: PooledTransaction) => void>();

  constructor(limits: Partial<PoolLimits> = {}) {
    this.limits = { ...DEFAULT_POOL_LIMITS, ...limits };
  }

  get size(): number {
    return this.#byHash.size;
  }

  get version(): number {
    return this.#version;
  }

  get(hash: Uint8Array): PooledTransaction | undefined {
    return this.#byHash.get(bytesToHex(hash));
  }

  /** Calls `listener` with each transaction that comes in. It must not throw. */
  onTransaction(listener: (transaction: PooledTransaction) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Takes a transaction as clients send it: its EIP-2718 encoding, blob transactions with their blobs.
   *
   * @param sender whose transaction it is, when its signature is not to be looked at.
   * @throws RejectedTransactionError, in geth's words.
   */
  add(encoded: Uint8Array, view: PoolView, sender?: Uint8Array): Promise<PooledTransaction> {
    return promised(this.addSteps(encoded, view, sender));
  }

  /** As `add`, for who goes on at once where nothing has to be waited for (see Steps). */
  *addSteps(encoded: Uint8Array, view: PoolView, sender?: Uint8Array): Steps<PooledTransaction> {
    let opened: { raw: Uint8Array; sidecar?: BlobSidecar };
    let tx: Transaction;
    try {
      opened = openNetworkForm(encoded);
      tx = decodeTransaction(opened.raw);
    } catch (error) {
      throw rejectionOf(error);
    }
    const { raw, sidecar } = opened;
    const hash = hashTransaction(raw);
    const key = bytesToHex(hash);
    if (this.#byHash.has(key))
      throw new RejectedTransactionError("BRAID_POOL_ALREADY_KNOWN", "already known");
    this.#checkForm(tx, raw, view);
    const address = sender ?? recoverSender(raw, tx, view.rules);
    if (address === undefined)
      throw new RejectedTransactionError("BRAID_TX_INVALID_SIGNATURE", "invalid sender");
    // It takes long: whoever sends the same at the same time is turned away below.
    if (tx.type === 3) yield* wait(verifySidecar(tx, sidecar, view.rules));
    const account = view.account(address);
    if (account instanceof Promise) yield* wait(account);
    const pooled: PooledTransaction = {
      raw,
      hash,
      key,
      tx,
      sender: address,
      from: bytesToHex(address),
      cost: maxCost(tx, view.rules.blobGasPerBlob),
      ...(sidecar === undefined ? {} : { sidecar }),
      arrival: ++this.#arrivals,
    };
    if (this.#byHash.has(key))
      throw new RejectedTransactionError("BRAID_POOL_ALREADY_KNOWN", "already known");
    this.#checkSender(pooled, view);
    this.#makeRoom(pooled);
    this.#put(pooled);
    for (const listener of this.#listeners) listener(pooled);
    return pooled;
  }

  /** Takes transactions of a block back that is no part of the chain any more, as far as they can be valid again. */
  restore(transactions: readonly { raw: Uint8Array; sender: Uint8Array }[], view: PoolView): void {
    for (const { raw, sender } of transactions) {
      const tx = decodeTransaction(raw);
      // Its blobs are in no block, and nobody has them any more.
      if (tx.type === 3) continue;
      const from = bytesToHex(sender);
      const nonce = accountAt(view, sender)?.nonce ?? 0n;
      if (tx.nonce < nonce || this.#bySender.get(from)?.has(tx.nonce) === true) continue;
      const cost = maxCost(tx, view.rules.blobGasPerBlob);
      const hash = hashTransaction(raw);
      const key = bytesToHex(hash);
      this.#put({ raw, hash, key, tx, sender, from, cost, arrival: ++this.#arrivals });
    }
  }

  /**
   * Lets go what the state has gone past or cannot pay any more.
   *
   * @param step what has happened since the last time; default: anything.
   */
  update(view: PoolView, step?: StateStep): void {
    const lists: OfSender[] = [];
    if (step !== undefined && this.#state !== undefined && equalBytes(this.#state, step.from)) {
      this.#state = view.state;
      this.#takeAll(step.included);
      // PERF: mostly a block leaves nothing behind that could mind what it has changed.
      for (const address of this.#bySender.size === 0 ? [] : step.changed) {
        const sender = bytesToHex(address);
        const list = this.#bySender.get(sender);
        if (list === undefined) continue;
        this.#touch(sender, list);
        lists.push(list);
      }
    } else {
      this.#follow(view);
      lists.push(...this.#bySender.values());
    }
    for (const list of lists) {
      const [any] = list.values();
      if (any === undefined) continue;
      const { nonce, balance } = accountAt(view, any.sender) ?? { nonce: 0n, balance: 0n };
      for (const pooled of list.size === 1 ? [any] : [...list.values()])
        if (pooled.tx.nonce < nonce || pooled.cost > balance) this.#take(pooled, list);
    }
  }

  /** The transaction that went, or undefined when it was not there. */
  remove(hash: Uint8Array): PooledTransaction | undefined {
    const pooled = this.#byHash.get(bytesToHex(hash));
    const list = pooled && this.#bySender.get(pooled.from);
    if (pooled === undefined || list === undefined) return undefined;
    this.#take(pooled, list);
    return pooled;
  }

  #takeAll(transactions: readonly PooledTransaction[]): void {
    for (const pooled of transactions) {
      const list = this.#bySender.get(pooled.from);
      // It may have been replaced, or gone, while the block was built.
      if (list?.get(pooled.tx.nonce) === pooled) this.#take(pooled, list);
    }
  }

  /** @param list its sender's. */
  #take({ key, from, tx, cost }: PooledTransaction, list: OfSender): void {
    this.#byHash.delete(key);
    // PERF: see Recent in @braid/chain: a map through which all transactions go one by one would keep them for long.
    if (this.#byHash.size === 0) this.#byHash = new Map();
    list.delete(tx.nonce);
    list.cost -= cost;
    if (list.size === 0) {
      this.#bySender.delete(from);
      this.#ready.delete(from);
    } else this.#touch(from, list);
    if (this.#bySender.size === 0) {
      this.#bySender = new Map();
      this.#ready = new Map();
    }
    this.#version++;
  }

  /** What `restoreSnapshot` takes. */
  snapshot(): readonly PooledTransaction[] {
    // As long as nothing changes all snapshots are the same.
    if (this.#snapshot?.version !== this.#version)
      this.#snapshot = { version: this.#version, transactions: [...this.#byHash.values()] };
    return this.#snapshot.transactions;
  }

  restoreSnapshot(transactions: readonly PooledTransaction[]): void {
    this.#bySender = new Map();
    this.#byHash = new Map();
    this.#ready = new Map();
    this.#cheapest = [];
    this.#version++;
    for (const pooled of transactions) this.#put(pooled);
  }

  /** The transactions that could be executed now, and those that wait for others, by sender and nonce; of all senders or of one. */
  content(
    view: PoolView,
    sender?: Uint8Array,
  ): { pending: PooledTransaction[]; queued: PooledTransaction[] } {
    const pending: PooledTransaction[] = [];
    const queued: PooledTransaction[] = [];
    const only = sender && bytesToHex(sender);
    const lists = [...this.#bySender].filter(([from]) => only === undefined || from === only);
    for (const [, list] of lists.sort(([a], [b]) => (a < b ? -1 : 1))) {
      const run = this.#run(list, view);
      const isPending = new Set(run);
      for (const pooled of run) pending.push(pooled);
      const rest = [...list.values()].filter((pooled) => !isPending.has(pooled));
      for (const pooled of rest.sort((a, b) => (a.tx.nonce < b.tx.nonce ? -1 : 1))) queued.push(pooled);
    }
    return { pending, queued };
  }

  /** The nonce that the sender's next transaction has, those in the pool counted. */
  *nextNonce(sender: Uint8Array, view: PoolView): Steps<bigint> {
    const nonce = (yield* wait(view.account(sender)))?.nonce ?? 0n;
    const list = this.#bySender.get(bytesToHex(sender));
    return list === undefined ? nonce : nonce + BigInt(this.#run(list, view).length);
  }

  /**
   * The candidates of a block. A sender's come in the order of their nonces; one that pays little holds back those behind it.
   * PERF: looks at the senders that have something to execute; who waits for a nonce costs nothing, who has not changed since the last block no read.
   */
  candidates(view: PoolView, { baseFee, blobFee, order }: SelectionRule): PooledTransaction[] {
    const ranked: { pooled: PooledTransaction; tip: bigint; arrival: number }[] = [];
    this.#follow(view);
    for (const [sender, list] of this.#ready) {
      const run = this.#run(list, view);
      if (run.length === 0) this.#ready.delete(sender);
      let tip: bigint | undefined;
      let arrival = 0;
      for (const pooled of run) {
        const { tx } = pooled;
        const own = effectiveTip(tx, baseFee);
        if (own < 0n || (tx.type === 3 && tx.maxFeePerBlobGas < blobFee)) break;
        // One that pays more than those before it comes at once behind them: nothing that is left pays as much.
        if (tip === undefined || own <= tip || order === "fifo") arrival = Math.max(arrival, pooled.arrival);
        tip = tip === undefined || own < tip ? own : tip;
        ranked.push({ pooled, tip, arrival });
      }
    }
    const byArrival = (a: (typeof ranked)[0], b: (typeof ranked)[0]): number =>
      a.arrival - b.arrival || (a.pooled.tx.nonce < b.pooled.tx.nonce ? -1 : 1);
    ranked.sort(
      order === "fifo" ? byArrival : (a, b) => (a.tip === b.tip ? byArrival(a, b) : a.tip > b.tip ? -1 : 1),
    );
    return ranked.map(({ pooled }) => pooled);
  }

  /** What was found by another state has to be looked for again. */
  #follow({ state }: PoolView): void {
    if (this.#state !== undefined && equalBytes(this.#state, state)) return;
    for (const [sender, list] of this.#bySender) this.#touch(sender, list);
    this.#state = state;
  }

  /** What of a sender can be executed has to be looked for again. */
  #touch(sender: Hex, list: OfSender): void {
    list.run = undefined;
    this.#ready.set(sender, list);
  }

  /** A sender's transactions from the state's nonce on without a gap. */
  #run(list: OfSender, view: PoolView): readonly PooledTransaction[] {
    this.#follow(view);
    list.run ??= this.#findRun(list, view);
    return list.run;
  }

  #findRun(list: OfSender, view: PoolView): PooledTransaction[] {
    const [any] = list.values();
    const run: PooledTransaction[] = [];
    let nonce = any === undefined ? 0n : (accountAt(view, any.sender)?.nonce ?? 0n);
    for (let next = list.get(nonce); next !== undefined; next = list.get(nonce)) {
      run.push(next);
      nonce++;
    }
    return run;
  }

  #checkForm(tx: Transaction, raw: Uint8Array, { rules, gasLimit }: PoolView): void {
    const { bytes, minTip } = this.limits;
    if (raw.length > bytes)
      throw new RejectedTransactionError(
        "BRAID_POOL_TOO_LARGE",
        `oversized data: transaction size ${raw.length}, limit ${bytes}`,
      );
    try {
      // What a block asks for besides its fees: those may fall.
      const block = { gasLimit, baseFeePerGas: undefined, blobGasPrice: undefined };
      validateTransaction(tx, intrinsicGas(tx, rules), rules, block);
    } catch (error) {
      throw rejectionOf(error);
    }
    if (tx.maxPriorityFeePerGas < minTip)
      throw new RejectedTransactionError(
        "BRAID_POOL_UNDERPRICED",
        `transaction underpriced: gas tip cap ${tx.maxPriorityFeePerGas}, minimum needed ${minTip}`,
      );
  }

  /** Nonce, funds, and what of the sender's is there already. */
  #checkSender(pooled: PooledTransaction, view: PoolView): void {
    const { tx, sender, from, cost } = pooled;
    const { nonce, balance } = accountAt(view, sender) ?? { nonce: 0n, balance: 0n };
    if (tx.nonce < nonce)
      throw new RejectedTransactionError(
        "BRAID_TX_NONCE_TOO_LOW",
        `nonce too low: next nonce ${nonce}, tx nonce ${tx.nonce}`,
      );
    if (cost > balance)
      throw new RejectedTransactionError(
        "BRAID_TX_INSUFFICIENT_FUNDS",
        `insufficient funds for gas * price + value: balance ${balance}, tx cost ${cost}, overshot ${cost - balance}`,
      );
    const list = this.#bySender.get(from);
    if (list === undefined) return;
    const replaced = list.get(tx.nonce);
    if (replaced !== undefined) checkReplacement(tx, replaced.tx);
    const spent = list.cost - (replaced?.cost ?? 0n);
    if (spent + cost > balance)
      throw new RejectedTransactionError(
        "BRAID_TX_INSUFFICIENT_FUNDS",
        `insufficient funds for gas * price + value: balance ${balance}, queued cost ${spent}, tx cost ${cost}, overshot ${spent + cost - balance}`,
      );
    if (replaced === undefined && tx.nonce > nonce && !list.has(tx.nonce - 1n)) this.#checkQueued(list, view);
  }

  #checkQueued(list: OfSender, view: PoolView): void {
    const queued = list.size - this.#run(list, view).length;
    if (queued < this.limits.queuedPerSender) return;
    throw new RejectedTransactionError(
      "BRAID_POOL_ACCOUNT_LIMIT",
      `account limit exceeded: ${queued} transactions wait for a nonce before theirs`,
    );
  }

  /** When the pool is full the cheapest goes, with its sender's later ones left behind as queued. */
  #makeRoom(pooled: PooledTransaction): void {
    if (this.#byHash.size < this.limits.transactions) return;
    if (this.#bySender.get(pooled.from)?.has(pooled.tx.nonce) === true) return;
    const cheapest = this.#findCheapest();
    if (cheapest === undefined || cheapest.tx.maxPriorityFeePerGas >= pooled.tx.maxPriorityFeePerGas)
      throw new RejectedTransactionError("BRAID_POOL_UNDERPRICED", "transaction underpriced: txpool is full");
    this.remove(cheapest.hash);
  }

  /** PERF: sorts the whole pool once for some hundred that have to go. */
  #findCheapest(): PooledTransaction | undefined {
    for (let filled = false; ; filled = true) {
      while (this.#cheapest.length > 0) {
        const last = this.#cheapest.at(-1);
        if (last !== undefined && this.#byHash.get(last.key) === last) return last;
        this.#cheapest.pop();
      }
      if (filled) return undefined;
      const all = [...this.#byHash.values()].sort((a, b) =>
        tipOf(a) < tipOf(b) ? -1 : tipOf(a) > tipOf(b) ? 1 : 0,
      );
      this.#cheapest = all.slice(0, CHEAPEST_KNOWN).reverse();
    }
  }

  /** One that is cheaper than some of those that go first is among them. */
  #noteCheap(pooled: PooledTransaction): void {
    const [dearest] = this.#cheapest;
    if (dearest === undefined || tipOf(pooled) >= tipOf(dearest)) return;
    const at = this.#cheapest.findIndex((one) => tipOf(one) <= tipOf(pooled));
    this.#cheapest.splice(at < 0 ? this.#cheapest.length : at, 0, pooled);
    // Nobody has asked for them for long.
    if (this.#cheapest.length > 2 * CHEAPEST_KNOWN) this.#cheapest = [];
  }

  #put(pooled: PooledTransaction): void {
    let list = this.#bySender.get(pooled.from);
    if (list === undefined) {
      list = new OfSender();
      this.#bySender.set(pooled.from, list);
    }
    const replaced = list.get(pooled.tx.nonce);
    if (replaced !== undefined) this.#byHash.delete(replaced.key);
    list.cost += pooled.cost - (replaced?.cost ?? 0n);
    list.set(pooled.tx.nonce, pooled);
    this.#touch(pooled.from, list);
    this.#noteCheap(pooled);
    this.#byHash.set(pooled.key, pooled);
    this.#version++;
  }
}

function tipOf({ tx }: PooledTransaction): bigint {
  return tx.maxPriorityFeePerGas;
}

/** The account of somebody who is in the pool, or is about to be. */
function accountAt(view: PoolView, sender: Uint8Array): PoolAccount | undefined {
  const account = view.account(sender);
  if (account instanceof Promise) throw new Error("a sender's account was to be at hand");
  return account;
}

function checkReplacement(tx: Transaction, old: Transaction): void {
  // A blob transaction takes another's place only, and the other way round.
  const hasBlobs = tx.type === 3;
  if (hasBlobs !== (old.type === 3))
    throw new RejectedTransactionError("BRAID_POOL_ALREADY_KNOWN", "address already reserved");
  const bump = hasBlobs ? BLOB_BUMP : BUMP;
  const least = (fee: bigint): bigint => (fee * (100n + bump) + 99n) / 100n;
  const isEnough =
    tx.maxFeePerGas >= least(old.maxFeePerGas) &&
    tx.maxPriorityFeePerGas >= least(old.maxPriorityFeePerGas) &&
    // With nothing to add 10% to, one wei more is asked for.
    (tx.maxFeePerGas > old.maxFeePerGas || tx.maxPriorityFeePerGas > old.maxPriorityFeePerGas) &&
    (!hasBlobs || tx.maxFeePerBlobGas >= least(old.maxFeePerBlobGas));
  if (isEnough) return;
  throw new RejectedTransactionError(
    "BRAID_POOL_REPLACEMENT_UNDERPRICED",
    `replacement transaction underpriced: new tx gas fee cap ${tx.maxFeePerGas}, tip ${tx.maxPriorityFeePerGas}; needed ${least(old.maxFeePerGas)} and ${least(old.maxPriorityFeePerGas)}`,
  );
}
