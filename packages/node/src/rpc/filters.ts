// Filters that clients poll, and subscriptions that are sent to them: both are told of the same changes of the chain and the pool.

import { randomBytes } from "node:crypto";
import { type FoundLog, type HeadChange, type LogFilter, logsOfBlock, type StoredBlock } from "@braid/chain";
import type { BlockResult } from "@braid/executor";
import { bytesToHex, type Hex } from "@braid/primitives";
import { LIMIT_EXCEEDED, type RpcConnection, RpcError } from "@braid/rpc";
import type { Node } from "../node.ts";
import { parallelismOf } from "../parallelism/report.ts";
import type { PooledTransaction } from "../pool/pooled-transaction.ts";
import { formatHeader, formatLog, formatPooled } from "./format.ts";

/** Logs of blocks with these numbers; undefined: no bound. */
export interface LogWatch extends LogFilter {
  first?: bigint | undefined;
  last?: bigint | undefined;
}

/** What can be watched. */
export type Topic =
  | { kind: "blocks" }
  | { kind: "transactions"; whole: boolean }
  | { kind: "logs"; watch: LogWatch }
  | { kind: "parallelism" };

/** Takes what has happened; of a filter and of a subscription in its own form. */
interface Watcher {
  topic: Topic;
  tell: (events: readonly unknown[]) => void;
}

interface Filter {
  topic: Topic;
  events: unknown[];
  /** Milliseconds; when a client asked for it last. */
  asked: number;
  stop: () => void;
}

interface Subscription {
  connection: RpcConnection;
  stop: () => void;
}

const MOST_FILTERS = 10_000;
const MOST_EVENTS = 100_000;
const MOST_SUBSCRIPTIONS = 1_000;
/** As geth: a filter that nobody asks for goes. */
const FILTER_MS = 5 * 60_000;

export class Filters {
  readonly #node: Node;
  readonly #watchers = new Set<Watcher>();
  readonly #filters = new Map<Hex, Filter>();
  readonly #subscriptions = new Map<Hex, Subscription>();
  readonly #stop: (() => void)[];

  constructor(node: Node) {
    this.#node = node;
    this.#stop = [
      node.onHeadChange((change) => this.#onHeadChange(change)),
      node.pool.onTransaction((pooled) => this.#onTransaction(pooled)),
      node.onExecuted((block, result) => this.#onExecuted(block, result)),
    ];
  }

  /** The id that its events are asked for by. Throws RpcError -32005. */
  create(topic: Topic): Hex {
    this.#forgetOld();
    if (this.#filters.size >= MOST_FILTERS)
      throw new RpcError(LIMIT_EXCEEDED, "too many filters; uninstall some");
    const id = newId();
    const filter: Filter = { topic, events: [], asked: Date.now(), stop: () => {} };
    filter.stop = this.#watch({
      // A block filter gives hashes, where a subscription gives headers.
      topic,
      tell: (events) => {
        filter.events.push(...(topic.kind === "blocks" ? events.map(hashOfHeader) : events));
        if (filter.events.length > MOST_EVENTS) this.remove(id);
      },
    });
    this.#filters.set(id, filter);
    return id;
  }

  /** What has happened since it was asked last; undefined when there is no such filter. */
  changes(id: Hex): unknown[] | undefined {
    this.#forgetOld();
    const filter = this.#filters.get(id);
    if (filter === undefined) return undefined;
    filter.asked = Date.now();
    return filter.events.splice(0);
  }

  /** What a log filter watches. */
  watchOf(id: Hex): LogWatch | undefined {
    const topic = this.#filters.get(id)?.topic;
    return topic?.kind === "logs" ? topic.watch : undefined;
  }

  /** False when there was none. */
  remove(id: Hex): boolean {
    this.#filters.get(id)?.stop();
    return this.#filters.delete(id);
  }

  /** Sends what happens to the connection, until it ends or does not want to hear of it any more. Throws RpcError -32005. */
  subscribe(connection: RpcConnection, topic: Topic): Hex {
    const own = [...this.#subscriptions.values()].filter((one) => one.connection === connection);
    if (own.length >= MOST_SUBSCRIPTIONS)
      throw new RpcError(LIMIT_EXCEEDED, "too many subscriptions of this connection; end some");
    const subscription = newId();
    const unwatch = this.#watch({
      topic,
      tell: (events) => {
        for (const result of events) connection.notify?.("eth_subscription", { subscription, result });
      },
    });
    const end = (): void => {
      this.unsubscribe(connection, subscription);
    };
    const stop = (): void => {
      unwatch();
      connection.closed.removeEventListener("abort", end);
    };
    connection.closed.addEventListener("abort", end);
    this.#subscriptions.set(subscription, { connection, stop });
    return subscription;
  }

  /** False when the connection has no such subscription. */
  unsubscribe(connection: RpcConnection, id: Hex): boolean {
    const subscription = this.#subscriptions.get(id);
    if (subscription?.connection !== connection) return false;
    subscription.stop();
    return this.#subscriptions.delete(id);
  }

  close(): void {
    for (const stop of this.#stop) stop();
    for (const { stop } of this.#subscriptions.values()) stop();
    this.#watchers.clear();
    this.#filters.clear();
    this.#subscriptions.clear();
  }

  #watch(watcher: Watcher): () => void {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }

  #onHeadChange({ dropped, added }: HeadChange): void {
    if (this.#watchers.size === 0) return;
    const headers = added.map(({ header, hash }) => formatHeader(header, hash));
    for (const { topic, tell } of this.#watchers) {
      if (topic.kind === "blocks") tell(headers);
      else if (topic.kind === "logs") {
        const { watch } = topic;
        const gone = dropped.flatMap((block) => this.#logsOf(block, watch).toReversed());
        const come = added.flatMap((block) => this.#logsOf(block, watch));
        tell([...gone.map((log) => formatLog(log, true)), ...come.map((log) => formatLog(log))]);
      }
    }
  }

  #logsOf(block: StoredBlock, watch: LogWatch): FoundLog[] {
    const { first = 0n, last = block.number } = watch;
    if (block.number < first || block.number > last) return [];
    const receipts = this.#node.chain.receipts(block.hash);
    return receipts === undefined ? [] : logsOfBlock(block, receipts, watch);
  }

  #onTransaction(pooled: PooledTransaction): void {
    for (const { topic, tell } of this.#watchers)
      if (topic.kind === "transactions") tell([topic.whole ? formatPooled(pooled) : bytesToHex(pooled.hash)]);
  }

  #onExecuted(block: StoredBlock, result: BlockResult): void {
    const watchers = [...this.#watchers].filter(({ topic }) => topic.kind === "parallelism");
    if (watchers.length === 0) return;
    const report = parallelismOf(block, result, "kept");
    for (const { tell } of watchers) tell([report]);
  }

  #forgetOld(): void {
    const oldest = Date.now() - FILTER_MS;
    for (const [id, { asked }] of this.#filters) if (asked < oldest) this.remove(id);
  }
}

function hashOfHeader(header: unknown): unknown {
  return (header as { hash: Hex }).hash;
}

function newId(): Hex {
  return bytesToHex(randomBytes(16));
}
