// Filters that clients poll. What has happened is noted once for all of them, and looked through by a filter when somebody asks it: filters that nobody
// asks cost nothing.

import { randomBytes } from "node:crypto";
import type { BlockReceipts, HeadChange, StoredBlock } from "@braid/chain";
import { bytesToHex, type Hex, hexToBytes, Slices, type SlicesOptions } from "@braid/primitives";
import type { Node } from "../node.ts";
import { formatLog, formatPooled, formatTransaction } from "./format.ts";
import { Journal } from "./journal.ts";
import { type FilterTopic, type LogWatch, WatchedLogs, weightOf } from "./topics.ts";

interface Filter {
  topic: FilterTopic;
  weight: number;
  logs: WatchedLogs | undefined;
  /** Where in its journal it goes on. */
  position: number;
  /** Milliseconds; when a client asked for it last. */
  asked: number;
  isPolled: boolean;
}

/** A block that has become part of the canonical chain, or is none any more. */
interface Move {
  hash: Uint8Array;
  isGone: boolean;
  /** Of a block that is gone: the chain forgets it. */
  kept?: { block: StoredBlock; receipts: BlockReceipts | undefined };
}

/** As geth: a filter that nobody asks for goes. */
const FILTER_MS = 5 * 60_000;
/** Addresses and topics, of all filters: half a kilobyte each, and as much again when it is asked. */
const MOST_WEIGHT = 100_000;

export class Filters {
  readonly #node: Node;
  readonly #filters = new Map<Hex, Filter>();
  readonly #moves = new Journal<Move>();
  readonly #transactions = new Journal<Hex>();
  readonly #stop: (() => void)[];
  #weight = 0;

  constructor(node: Node) {
    this.#node = node;
    this.#stop = [
      node.onHeadChange((change) => this.#onHeadChange(change)),
      node.pool.onTransaction(({ hash }) => {
        if (this.#filters.size > 0) this.#transactions.add(bytesToHex(hash));
      }),
    ];
  }

  /** The id that its events are asked for by. When there are too many, those go that nobody has asked for. */
  create(topic: FilterTopic): Hex {
    this.#forgetOld();
    const weight = weightOf(topic);
    while (
      this.#filters.size > 0 &&
      (this.#filters.size >= this.#node.limits.filters || this.#weight + weight > MOST_WEIGHT)
    )
      this.#forgetOne();
    const id = bytesToHex(randomBytes(16));
    this.#filters.set(id, {
      topic,
      weight,
      logs: topic.kind === "logs" ? new WatchedLogs(this.#node, topic.watch) : undefined,
      position: this.#journalOf(topic).end,
      asked: Date.now(),
      isPolled: false,
    });
    this.#weight += weight;
    return id;
  }

  /** What has happened since it was asked last; undefined when there is no such filter. */
  async changes(
    id: Hex,
    { signal, payer }: Pick<SlicesOptions, "signal" | "payer">,
  ): Promise<unknown[] | undefined> {
    this.#forgetOld();
    const filter = this.#filters.get(id);
    if (filter === undefined) return undefined;
    filter.asked = Date.now();
    filter.isPolled = true;
    const { topic, logs, position } = filter;
    const journal = this.#journalOf(topic);
    const news = journal.since(position);
    if (news === undefined) {
      this.remove(id);
      return undefined;
    }
    // Whoever asks meanwhile gets what comes from here on.
    filter.position = journal.end;
    if (topic.kind === "transactions")
      return topic.whole ? (news as Hex[]).flatMap((hash) => this.#transaction(hash) ?? []) : news;
    const moves = news as Move[];
    if (logs === undefined) return moves.filter(({ isGone }) => !isGone).map(({ hash }) => bytesToHex(hash));
    // A block that has come and gone since then is shown both times.
    const kept = new Map(moves.map((move) => [bytesToHex(move.hash), move.kept]));
    const slices = new Slices({ payer, signal });
    const found: unknown[] = [];
    for (const [i, { hash, isGone }] of moves.entries()) {
      // The others come with the next answer.
      if (found.length >= this.#node.limits.logs) {
        filter.position = position + i;
        break;
      }
      const pause = slices.pause();
      if (pause !== undefined) await pause;
      const gone = kept.get(bytesToHex(hash));
      const block = gone?.block ?? this.#node.chain.block(hash);
      const own = block === undefined ? [] : logs.in(block, gone?.receipts);
      for (const log of isGone ? own.toReversed() : own) found.push(formatLog(log, isGone));
    }
    slices.end();
    return found;
  }

  /** What a log filter watches. */
  watchOf(id: Hex): LogWatch | undefined {
    const topic = this.#filters.get(id)?.topic;
    return topic?.kind === "logs" ? topic.watch : undefined;
  }

  /** False when there was none. */
  remove(id: Hex): boolean {
    this.#weight -= this.#filters.get(id)?.weight ?? 0;
    const was = this.#filters.delete(id);
    if (this.#filters.size === 0) {
      this.#moves.clear();
      this.#transactions.clear();
    }
    return was;
  }

  close(): void {
    for (const stop of this.#stop) stop();
    this.#filters.clear();
  }

  #journalOf({ kind }: FilterTopic): Journal<unknown> {
    return kind === "transactions" ? this.#transactions : this.#moves;
  }

  #onHeadChange({ dropped, added }: HeadChange): void {
    if (this.#filters.size === 0) return;
    for (const block of dropped) {
      const { hash } = block;
      this.#moves.add({ hash, isGone: true, kept: { block, receipts: this.#node.chain.receipts(hash) } });
    }
    for (const { hash } of added) this.#moves.add({ hash, isGone: false });
  }

  /** Undefined when it is neither in the pool nor in a block any more. */
  #transaction(hash: Hex): unknown {
    const key = hexToBytes(hash);
    const pooled = this.#node.pool.get(key);
    if (pooled !== undefined) return formatPooled(pooled);
    const { block, index } = this.#node.chain.transaction(key) ?? {};
    const raw = block?.block.transactions[index ?? 0];
    const sender = block && this.#node.chain.receipts(block.hash)?.senders[index ?? 0];
    return raw === undefined || sender === undefined ? undefined : formatTransaction(raw, sender);
  }

  #forgetOld(): void {
    const oldest = Date.now() - FILTER_MS;
    for (const [id, { asked }] of this.#filters) if (asked < oldest) this.remove(id);
  }

  /** PERF: mostly the first one is what is looked for. */
  #forgetOne(): void {
    let chosen: [id: Hex, filter: Filter] | undefined;
    for (const entry of this.#filters) {
      if (!entry[1].isPolled) {
        chosen = entry;
        break;
      }
      if (chosen === undefined || entry[1].asked < chosen[1].asked) chosen = entry;
    }
    if (chosen !== undefined) this.remove(chosen[0]);
  }
}
