// Blocks, receipts and indices as the store's entries: written in the same commit as a block's state, read back by hash and number.
//
// key                    value
// "b", block hash        the block's RLP
// "r", block hash        rlp([senders, receipt, receipt, …])
// "s", block hash        the state that calls on this block see, where it was changed by hand after the block
// "n", number (u64)      of the canonical chain: block hash, logs bloom
// "t", transaction hash  of the canonical chain: block number (u64), index (u32)
// "m", name              the hash of the block that has this name
// "e", id (16 bytes)     a range of empty blocks: see empty-range.ts
// "l", number (u64)      of the canonical chain: the range whose last block, as far as it is part of it, has this number: its id

import type { BlockResult } from "@braid/executor";
import { bytesToHex, concatBytes, type Hex, readRlpItem, rlpOfBytes, rlpOfList } from "@braid/primitives";
import { type Chain, decodeBlock, decodeReceipt, encodeBlock, type Receipt } from "@braid/protocol";
import { type RecordChange, readStandIn, type StateStore } from "@braid/state";
import { EmptyRange } from "./empty-range.ts";
import { type BlockReceipts, StoredBlock, type TransactionPlace } from "./stored-block.ts";

/** Blocks that a node follows may be named by others: the newest that will most likely stay, and the newest that will surely stay. */
export type BlockName = "head" | "safe" | "finalized";

const ADDRESS_BYTES = 20;
const HASH_BYTES = 32;
/** Where a transaction is: u64 and u32. */
const PLACE_BYTES = 12;
/** Decoded blocks, and their receipts, that stay in memory: what clients poll is among the newest. */
const CACHED_BLOCKS = 64;

const PREFIX = {
  block: 0x62,
  receipts: 0x72,
  state: 0x73,
  canonical: 0x6e,
  transaction: 0x74,
  name: 0x6d,
  range: 0x65,
  rangeEnd: 0x6c,
};

function keyOf(prefix: keyof typeof PREFIX, rest: Uint8Array): Uint8Array {
  return concatBytes(Uint8Array.of(PREFIX[prefix]), rest);
}

function u64(value: bigint): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, value);
  return bytes;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}

/** The entries of a block, wherever it is in the tree. */
export function blockEntries(
  stored: StoredBlock,
  raw: Uint8Array,
  { senders, receiptStrings }: Pick<BlockResult, "senders" | "receiptStrings">,
): RecordChange[] {
  const receipts = rlpOfList([rlpOfBytes(senders), receiptStrings]);
  return [
    { key: keyOf("block", stored.hash), value: raw },
    { key: keyOf("receipts", stored.hash), value: receipts },
  ];
}

/** The entries that make a block part of the canonical chain. */
export function canonicalEntries(stored: StoredBlock): RecordChange[] {
  const { hash, number, header, transactionHashes } = stored;
  const at = u64(number);
  const entries: RecordChange[] = [
    { key: keyOf("canonical", at), value: concatBytes(hash, header.logsBloom) },
  ];
  // PERF: one array for all.
  const size = 1 + HASH_BYTES + PLACE_BYTES;
  const bytes = new Uint8Array(size * transactionHashes.length);
  const view = viewOf(bytes);
  transactionHashes.forEach((transaction, index) => {
    const key = index * size;
    const value = key + 1 + HASH_BYTES;
    bytes[key] = PREFIX.transaction;
    bytes.set(transaction, key + 1);
    view.setBigUint64(value, number);
    view.setUint32(value + 8, index);
    entries.push({ key: bytes.subarray(key, value), value: bytes.subarray(value, value + PLACE_BYTES) });
  });
  return entries;
}

/** Takes the canonical entries of a block back. */
export function droppedEntries({ number, transactionHashes }: StoredBlock): RecordChange[] {
  return [
    { key: keyOf("canonical", u64(number)), value: undefined },
    ...transactionHashes.map((hash) => ({ key: keyOf("transaction", hash), value: undefined })),
  ];
}

/** Takes all entries of a block back that is no part of the canonical chain; of a block of an empty range, those of the range. */
export function forgottenEntries(hash: Uint8Array): RecordChange[] {
  const keys = (["block", "receipts", "state"] as const).map((prefix) => keyOf(prefix, hash));
  const range = readStandIn(hash);
  if (range !== undefined) keys.push(keyOf("range", range.id));
  return keys.map((key) => ({ key, value: undefined }));
}

export function rangeEntry(range: EmptyRange): RecordChange {
  return { key: keyOf("range", range.id), value: range.encode() };
}

/** The canonical chain has the blocks of a range up to `last`; none of them when that is before its first one. */
export function canonicalRangeEntries(range: EmptyRange, last: bigint, before: bigint): RecordChange[] {
  const entry = (number: bigint, value?: Uint8Array): RecordChange[] =>
    range.has(number) ? [{ key: keyOf("rangeEnd", u64(number)), value }] : [];
  return [...entry(before), ...entry(last, range.id)];
}

export function nameEntry(name: BlockName, hash: Uint8Array): RecordChange {
  return { key: keyOf("name", new TextEncoder().encode(name)), value: hash };
}

/** `state` undefined: the block's own. */
export function stateEntry(block: Uint8Array, state: Uint8Array | undefined): RecordChange {
  return { key: keyOf("state", block), value: state };
}

export class BlockRecords {
  readonly #store: StateStore;
  readonly #chain: Chain;
  readonly #blocks = new Recent<StoredBlock>();
  readonly #receipts = new Recent<BlockReceipts>();
  readonly #ranges = new Recent<EmptyRange>();

  constructor(store: StateStore, chain: Chain) {
    this.#store = store;
    this.#chain = chain;
  }

  /** The entries of this block are written, and somebody will soon ask for them. */
  remember(stored: StoredBlock): void {
    this.#blocks.get(stored.hash, () => stored);
  }

  block(hash: Uint8Array): StoredBlock | undefined {
    const range = this.rangeOf(hash);
    if (range !== undefined) return range.range.block(range.number);
    return this.#blocks.get(hash, () => {
      const raw = this.#store.record(keyOf("block", hash));
      return raw && new StoredBlock(hash.slice(), decodeBlock(raw, this.#chain), raw.length);
    });
  }

  /** The empty range that a hash belongs to, and which block of it it means. */
  rangeOf(hash: Uint8Array): { range: EmptyRange; number: bigint } | undefined {
    const { id, number = 0n } = readStandIn(hash) ?? {};
    const range = id && this.#range(id);
    return range?.has(number) ? { range, number } : undefined;
  }

  #range(id: Uint8Array): EmptyRange | undefined {
    return this.#ranges.get(id, () => {
      const raw = this.#store.record(keyOf("range", id));
      return raw && EmptyRange.decode(raw, this.#chain);
    });
  }

  receipts(hash: Uint8Array): BlockReceipts | undefined {
    if (this.rangeOf(hash) !== undefined) return { receipts: [], senders: [] };
    return this.#receipts.get(hash, () => {
      const raw = this.#store.record(keyOf("receipts", hash));
      return raw && new KeptReceipts(raw);
    });
  }

  /** The block is there no more. */
  forget(hash: Uint8Array): void {
    const range = readStandIn(hash);
    if (range !== undefined) this.#ranges.forget(range.id);
    this.#blocks.forget(hash);
    this.#receipts.forget(hash);
  }

  /** The hash of the canonical block with this number. */
  canonical(number: bigint): Uint8Array | undefined {
    const own = this.#store.record(keyOf("canonical", u64(number)));
    return own === undefined ? this.#canonicalInRange(number) : own.slice(0, HASH_BYTES);
  }

  #canonicalInRange(number: bigint): Uint8Array | undefined {
    const after = { from: keyOf("rangeEnd", u64(number)), to: Uint8Array.of(PREFIX.rangeEnd + 1) };
    for (const [, id] of this.#store.records(after)) {
      const range = this.#range(id.slice());
      return range?.has(number) ? range.hashOf(number) : undefined;
    }
    return undefined;
  }

  /** The canonical blocks from one number to another, both included, with their blooms. */
  *canonicalRange(first: bigint, last: bigint): Generator<{ hash: Uint8Array; bloom: Uint8Array }> {
    const range = { from: keyOf("canonical", u64(first)), to: keyOf("canonical", u64(last + 1n)) };
    for (const [, value] of this.#store.records(range))
      yield { hash: value.slice(0, HASH_BYTES), bloom: value.subarray(HASH_BYTES) };
  }

  transaction(hash: Uint8Array): TransactionPlace | undefined {
    const value = this.#store.record(keyOf("transaction", hash));
    if (value === undefined) return undefined;
    const view = viewOf(value);
    return { blockNumber: view.getBigUint64(0), index: view.getUint32(8) };
  }

  named(name: BlockName): Uint8Array | undefined {
    return this.#store.record(keyOf("name", new TextEncoder().encode(name)));
  }

  /** The state that calls on a block see, when it does not go by the block's hash. The blocks of an empty range have one state, which goes by the last one's. */
  state(block: Uint8Array): Uint8Array | undefined {
    const { range } = this.rangeOf(block) ?? {};
    return this.#store.record(keyOf("state", block)) ?? range?.hashOf(range.last);
  }
}

/** The first block of a chain has no body. */
export function firstBlock(hash: Uint8Array, header: StoredBlock["header"]): StoredBlock {
  const withdrawals = header.withdrawalsRoot === undefined ? {} : { withdrawals: [] };
  const block = { header, transactions: [], uncles: [], ...withdrawals };
  return new StoredBlock(hash, block, encodeBlock(block).length);
}

/** What blockEntries wrote, decoded when somebody looks. */
class KeptReceipts implements BlockReceipts {
  /** The receipts' RLP strings, behind that of the senders. */
  readonly #raw: Uint8Array;
  readonly #senders: { content: number; end: number };
  #decoded: { senders?: readonly Uint8Array[]; receipts?: readonly Receipt[] } = {};

  constructor(raw: Uint8Array) {
    this.#raw = raw;
    const list = readRlpItem(raw, 0);
    this.#senders = (list && readRlpItem(raw, list.content)) ?? { content: raw.length, end: raw.length };
  }

  get senders(): readonly Uint8Array[] {
    const { content, end } = this.#senders;
    this.#decoded.senders ??= Array.from({ length: (end - content) / ADDRESS_BYTES }, (_, i) =>
      this.#raw.slice(content + i * ADDRESS_BYTES, content + (i + 1) * ADDRESS_BYTES),
    );
    return this.#decoded.senders;
  }

  get receipts(): readonly Receipt[] {
    this.#decoded.receipts ??= this.#decode();
    return this.#decoded.receipts;
  }

  #decode(): Receipt[] {
    const raw = this.#raw;
    const receipts: Receipt[] = [];
    for (let at = this.#senders.end; at < raw.length; ) {
      const item = readRlpItem(raw, at);
      if (item === undefined) break;
      receipts.push(decodeReceipt(raw.subarray(item.content, item.end)));
      at = item.end;
    }
    return receipts;
  }
}

/**
 * The values that were asked for last. What belongs to a hash never changes.
 *
 * PERF: when there are enough new ones, those that nobody has asked for since go together. A map that each block is put into and taken out of
 * leaves tables behind that keep what was in them until V8 collects all of its memory.
 */
class Recent<T> {
  #newer = new Map<Hex, T>();
  #older = new Map<Hex, T>();

  forget(hash: Uint8Array): void {
    const key = bytesToHex(hash);
    this.#newer.delete(key);
    this.#older.delete(key);
  }

  get(hash: Uint8Array, load: () => T | undefined): T | undefined {
    const key = bytesToHex(hash);
    const newer = this.#newer.get(key);
    if (newer !== undefined) return newer;
    const value = this.#older.get(key) ?? load();
    if (value === undefined) return undefined;
    if (this.#newer.size >= CACHED_BLOCKS / 2) {
      this.#older = this.#newer;
      this.#newer = new Map();
    }
    this.#newer.set(key, value);
    return value;
  }
}
