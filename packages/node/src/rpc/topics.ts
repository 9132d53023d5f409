// What can be watched, by filters that clients poll and by subscriptions that are sent to them.

import { type FoundLog, type LogFilter, LogMatcher, type StoredBlock } from "@braid/chain";
import type { Node } from "../node.ts";

/** Logs of blocks with these numbers; undefined: no bound. */
export interface LogWatch extends LogFilter {
  first?: bigint | undefined;
  last?: bigint | undefined;
}

export type FilterTopic =
  | { kind: "blocks" }
  | { kind: "transactions"; whole: boolean }
  | { kind: "logs"; watch: LogWatch };

export type SubscriptionTopic = FilterTopic | { kind: "parallelism" };

/** What a topic keeps of memory and time, in addresses and topics of logs. */
export function weightOf(topic: SubscriptionTopic): number {
  if (topic.kind !== "logs") return 1;
  const { addresses, topics } = topic.watch;
  return topics.reduce((sum, wanted) => sum + wanted.length, 1 + addresses.length);
}

/** Finds the logs that somebody watches in one block after the other. */
export class WatchedLogs {
  readonly #node: Node;
  readonly #watch: LogWatch;
  #matcher: LogMatcher | undefined;

  constructor(node: Node, watch: LogWatch) {
    this.#node = node;
    this.#watch = watch;
  }

  /** @param receipts the block's; default: those that the chain has. */
  in(block: StoredBlock, receipts = this.#node.chain.receipts(block.hash)): FoundLog[] {
    const { first = 0n, last = block.number } = this.#watch;
    if (block.number < first || block.number > last) return [];
    // Many watch, and few look.
    this.#matcher ??= new LogMatcher(this.#watch);
    if (!this.#matcher.mayMatch(block.header.logsBloom)) return [];
    return receipts === undefined ? [] : this.#matcher.logsOf(block, receipts);
  }
}
