// Looking for logs: the blooms of blocks and receipts say where there is nothing to find.

import { BaseError, equalBytes } from "@braid/primitives";
import { type Log, logsBloom } from "@braid/protocol";
import type { BlockRecords } from "./block-records.ts";
import type { BlockReceipts, FoundLog, StoredBlock } from "./stored-block.ts";

/** Which logs: one of the addresses, and at each place one of the topics. An empty list is fulfilled by anything. */
export interface LogFilter {
  /** 20 bytes each. */
  addresses: readonly Uint8Array[];
  /** 32 bytes each; a log with fewer topics than there are places does not match. */
  topics: readonly (readonly Uint8Array[])[];
}

export interface LogQuery extends LogFilter {
  /** Numbers of the first and the last block. */
  first: bigint;
  last: bigint;
  /** More logs than that are an error. */
  limit?: number;
  signal?: AbortSignal;
}

/** So long a search keeps the event loop. */
const MOST_MS = 8;

/** The logs of the canonical chain that match, in its order. Rejects with TooManyLogsError. */
export async function findLogs(records: BlockRecords, query: LogQuery): Promise<FoundLog[]> {
  const { first, last, limit = Number.POSITIVE_INFINITY, signal } = query;
  const found: FoundLog[] = [];
  const mayMatch = bloomTest(query);
  let begin = performance.now();
  for (const { hash, bloom } of records.canonicalRange(first, last)) {
    if (performance.now() - begin > MOST_MS) {
      await new Promise((resolve) => setImmediate(resolve));
      signal?.throwIfAborted();
      begin = performance.now();
    }
    if (!mayMatch(bloom)) continue;
    const block = records.block(hash);
    const receipts = records.receipts(hash);
    // Dropped by a reorganisation while the search was on its way: its logs are no part of the chain any more.
    if (block === undefined || receipts === undefined) continue;
    for (const log of logsOfBlock(block, receipts, query)) {
      if (found.length >= limit) throw new TooManyLogsError(limit, block.number);
      found.push(log);
    }
  }
  return found;
}

/** The logs of one block that match. */
export function logsOfBlock(block: StoredBlock, { receipts }: BlockReceipts, filter: LogFilter): FoundLog[] {
  const found: FoundLog[] = [];
  const mayMatch = bloomTest(filter);
  let logIndex = 0;
  for (const [transactionIndex, receipt] of receipts.entries()) {
    const { logs } = receipt;
    if (mayMatch(receipt.logsBloom))
      for (const [i, log] of logs.entries())
        if (matches(log, filter)) found.push({ log, block, transactionIndex, logIndex: logIndex + i });
    logIndex += logs.length;
  }
  return found;
}

/** Does a log fulfil the filter? */
export function matches({ address, topics }: Log, filter: LogFilter): boolean {
  if (topics.length < filter.topics.length) return false;
  if (!isOneOf(address, filter.addresses)) return false;
  return filter.topics.every((wanted, i) => isOneOf(topics[i] as Uint8Array, wanted));
}

function isOneOf(value: Uint8Array, wanted: readonly Uint8Array[]): boolean {
  return wanted.length === 0 || wanted.some((one) => equalBytes(value, one));
}

type Bits = [at: number, mask: number][];

/** Whether a bloom leaves it open that there is a log that matches. */
function bloomTest({ addresses, topics }: LogFilter): (bloom: Uint8Array) => boolean {
  const places = [addresses, ...topics]
    .filter((wanted) => wanted.length > 0)
    .map((wanted) => wanted.map(bitsOf));
  return (bloom) =>
    places.every((wanted) =>
      wanted.some((bits) => bits.every(([at, mask]) => ((bloom[at] as number) & mask) === mask)),
    );
}

/** The bits that an address or a topic sets. */
function bitsOf(value: Uint8Array): Bits {
  const bloom = logsBloom([{ address: value, topics: [], data: value }]);
  return Array.from(bloom.entries()).filter(([, mask]) => mask !== 0);
}

/** A query finds more logs than it may. Code BRAID_TOO_MANY_LOGS; data.block is where it stopped. */
export class TooManyLogsError extends BaseError {
  constructor(limit: number, block: bigint) {
    super(
      "BRAID_TOO_MANY_LOGS",
      `More than ${limit} logs match, the first ones up to block ${block}: ask for fewer blocks, or for certain addresses and topics.`,
      { data: { limit, block: block.toString() } },
    );
  }
}
