// Looking for logs: the blooms of blocks and receipts say where there is nothing to find.

import { keccak256 } from "@braid/kernel";
import { BaseError, bytesToHex, equalBytes, type Payer, Slices } from "@braid/primitives";
import type { Log } from "@braid/protocol";
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
  /** For whom it is looked. */
  payer?: Payer | undefined;
}

/** The logs of the canonical chain that match, in its order. Rejects with TooManyLogsError. */
export async function findLogs(records: BlockRecords, query: LogQuery): Promise<FoundLog[]> {
  const { first, last, limit = Number.POSITIVE_INFINITY, signal, payer } = query;
  const found: FoundLog[] = [];
  const matcher = new LogMatcher(query);
  const slices = new Slices({ payer, signal });
  for (const { hash, bloom } of records.canonicalRange(first, last)) {
    const pause = slices.pause();
    if (pause !== undefined) await pause;
    if (!matcher.mayMatch(bloom)) continue;
    const block = records.block(hash);
    const receipts = records.receipts(hash);
    // Dropped by a reorganisation while the search was on its way: its logs are no part of the chain any more.
    if (block === undefined || receipts === undefined) continue;
    for (const log of matcher.logsOf(block, receipts)) {
      if (found.length >= limit) throw new TooManyLogsError(limit, block.number);
      found.push(log);
    }
  }
  slices.end();
  return found;
}

/** The logs of one block that match. PERF: who looks at several blocks makes one LogMatcher for them. */
export function logsOfBlock(block: StoredBlock, receipts: BlockReceipts, filter: LogFilter): FoundLog[] {
  return new LogMatcher(filter).logsOf(block, receipts);
}

/** Does a log fulfil the filter? */
export function matches(log: Log, filter: LogFilter): boolean {
  return new LogMatcher(filter).matches(log);
}

/** A filter that has been prepared for many logs. PERF: making it hashes every address and topic, 1 to 2 microseconds each. */
export class LogMatcher {
  readonly #places: number;
  /** Whether a value is one of those that are wanted in its place; undefined: any is. The address comes first. */
  readonly #wanted: (((value: Uint8Array) => boolean) | undefined)[];
  /** Of each place where something is wanted, the bits that each value sets in a bloom. */
  readonly #bits: Bits[][];

  constructor({ addresses, topics }: LogFilter) {
    const places = [addresses, ...topics];
    this.#places = topics.length;
    this.#wanted = places.map(isOneOf);
    this.#bits = places.filter((wanted) => wanted.length > 0).map((wanted) => wanted.map(bitsOf));
  }

  /** Does a bloom leave it open that there is a log that matches? */
  mayMatch(bloom: Uint8Array): boolean {
    return this.#bits.every((wanted) =>
      wanted.some((bits) => bits.every(([at, mask]) => ((bloom[at] as number) & mask) === mask)),
    );
  }

  matches({ address, topics }: Log): boolean {
    if (topics.length < this.#places) return false;
    return this.#wanted.every(
      (isWanted, i) => isWanted?.(i === 0 ? address : (topics[i - 1] as Uint8Array)) ?? true,
    );
  }

  logsOf(block: StoredBlock, { receipts }: BlockReceipts): FoundLog[] {
    const found: FoundLog[] = [];
    let logIndex = 0;
    for (const [transactionIndex, receipt] of receipts.entries()) {
      const { logs } = receipt;
      if (this.mayMatch(receipt.logsBloom))
        for (const [i, log] of logs.entries())
          if (this.matches(log)) found.push({ log, block, transactionIndex, logIndex: logIndex + i });
      logIndex += logs.length;
    }
    return found;
  }
}

/** Up to so many values are compared one by one. */
const FEW = 4;

function isOneOf(wanted: readonly Uint8Array[]): ((value: Uint8Array) => boolean) | undefined {
  if (wanted.length === 0) return undefined;
  if (wanted.length <= FEW) return (value) => wanted.some((one) => equalBytes(value, one));
  const known = new Set<string>(wanted.map(bytesToHex));
  return (value) => known.has(bytesToHex(value));
}

type Bits = [at: number, mask: number][];

/** The bits that an address or a topic sets: Yellow Paper section 4.3.1. */
function bitsOf(value: Uint8Array): Bits {
  const hash = keccak256(value);
  return [0, 2, 4].map((i) => {
    const bit = (((hash[i] as number) << 8) | (hash[i + 1] as number)) & 2_047;
    return [255 - (bit >>> 3), 1 << (bit & 7)];
  });
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
