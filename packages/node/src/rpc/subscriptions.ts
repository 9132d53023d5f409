// Subscriptions: what happens is sent to those who watch it, in its order, and in slices that leave the event loop to others.

import { randomBytes } from "node:crypto";
import type { HeadChange, StoredBlock } from "@braid/chain";
import type { BlockResult } from "@braid/executor";
import { bytesToHex, type Hex, Slices } from "@braid/primitives";
import { LIMIT_EXCEEDED, type RpcConnection, RpcError } from "@braid/rpc";
import type { Node } from "../node.ts";
import { parallelismOf } from "../parallelism/report.ts";
import type { PooledTransaction } from "../pool/pooled-transaction.ts";
import { formatHeader, formatLog, formatPooled } from "./format.ts";
import { type SubscriptionTopic, WatchedLogs, weightOf } from "./topics.ts";

interface Subscription {
  topic: SubscriptionTopic;
  logs: WatchedLogs | undefined;
  connection: RpcConnection;
  weight: number;
  stop: () => void;
}

/** Something that has happened: what it is for a subscription. Made when the first one asks. */
type Event = (subscription: Subscription) => readonly unknown[];

/** Of one connection, in addresses and topics of logs. */
const MOST_WEIGHT = 20_000;
/** Of all connections; beyond, the connection that has most of them is closed. */
const MOST_TOTAL_WEIGHT = 500_000;
/** Events that have not been sent to everybody. */
const MOST_EVENTS = 10_000;

export class Subscriptions {
  readonly #node: Node;
  readonly #subscriptions = new Map<Hex, Subscription>();
  readonly #stop: (() => void)[];
  #events: Event[] = [];
  #isSending = false;
  #weight = 0;

  constructor(node: Node) {
    this.#node = node;
    this.#stop = [
      node.onHeadChange((change) => this.#tell(() => headEvent(change))),
      node.pool.onTransaction((pooled) => this.#tell(() => transactionEvent(pooled))),
      node.onExecuted((block, result) => this.#tell(() => executedEvent(block, result))),
    ];
  }

  /** Sends what happens to the connection, until it ends or does not want to hear of it any more. Throws RpcError -32005. */
  subscribe(connection: RpcConnection, topic: SubscriptionTopic): Hex {
    const own = [...this.#subscriptions.values()].filter((one) => one.connection === connection);
    const weight = weightOf(topic);
    if (
      own.length >= this.#node.limits.subscriptions ||
      own.reduce((sum, one) => sum + one.weight, weight) > MOST_WEIGHT
    )
      throw new RpcError(LIMIT_EXCEEDED, "too many subscriptions of this connection; end some");
    const id = bytesToHex(randomBytes(16));
    const end = (): void => {
      this.unsubscribe(connection, id);
    };
    connection.closed.addEventListener("abort", end);
    const logs = topic.kind === "logs" ? new WatchedLogs(this.#node, topic.watch) : undefined;
    const stop = (): void => connection.closed.removeEventListener("abort", end);
    this.#subscriptions.set(id, { topic, logs, connection, weight, stop });
    this.#weight += weight;
    if (this.#weight > MOST_TOTAL_WEIGHT) this.#closeHeaviest();
    return id;
  }

  /** False when the connection has no such subscription. */
  unsubscribe(connection: RpcConnection, id: Hex): boolean {
    const subscription = this.#subscriptions.get(id);
    if (subscription?.connection !== connection) return false;
    subscription.stop();
    this.#weight -= subscription.weight;
    return this.#subscriptions.delete(id);
  }

  close(): void {
    for (const stop of this.#stop) stop();
    for (const { stop } of this.#subscriptions.values()) stop();
    this.#subscriptions.clear();
  }

  #tell(event: () => Event): void {
    if (this.#subscriptions.size === 0) return;
    this.#events.push(event());
    if (this.#events.length > MOST_EVENTS) this.#closeHeaviest();
    if (!this.#isSending) void this.#send();
  }

  async #send(): Promise<void> {
    this.#isSending = true;
    const slices = new Slices();
    while (this.#events.length > 0) {
      const events = this.#events;
      this.#events = [];
      for (const event of events)
        for (const [id, subscription] of this.#subscriptions) {
          for (const result of event(subscription))
            subscription.connection.notify?.("eth_subscription", { subscription: id, result });
          const pause = slices.pause();
          if (pause !== undefined) await pause;
        }
    }
    this.#isSending = false;
  }

  #closeHeaviest(): void {
    const weights = new Map<RpcConnection, number>();
    for (const { connection, weight } of this.#subscriptions.values())
      weights.set(connection, (weights.get(connection) ?? 0) + weight);
    const [heaviest] = [...weights].reduce((a, b) => (b[1] > a[1] ? b : a), [undefined, 0] as [
      RpcConnection | undefined,
      number,
    ]);
    if (heaviest === undefined) return;
    for (const [id, { connection }] of this.#subscriptions)
      if (connection === heaviest) this.unsubscribe(connection, id);
    heaviest.close?.();
  }
}

/** What `make` gives, made once. */
function once<T>(make: () => T): () => T {
  let made: { value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}

function headEvent({ dropped, added }: HeadChange): Event {
  const headers = once(() => added.map(({ header, hash }) => formatHeader(header, hash)));
  return ({ topic, logs }) => {
    if (topic.kind === "blocks") return headers();
    if (logs === undefined) return [];
    const gone = dropped.flatMap((block) => logs.in(block).toReversed());
    const come = added.flatMap((block) => logs.in(block));
    return [...gone.map((log) => formatLog(log, true)), ...come.map((log) => formatLog(log))];
  };
}

function transactionEvent(pooled: PooledTransaction): Event {
  const [whole, hash] = [once(() => [formatPooled(pooled)]), once(() => [bytesToHex(pooled.hash)])];
  return ({ topic }) => (topic.kind !== "transactions" ? [] : topic.whole ? whole() : hash());
}

function executedEvent(block: StoredBlock, result: BlockResult): Event {
  const report = once(() => [parallelismOf(block, result, "kept")]);
  return ({ topic }) => (topic.kind === "parallelism" ? report() : []);
}
