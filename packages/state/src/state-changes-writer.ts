// Writes state changes in order: accounts ascending by address, each with its slots ascending by key, codes in any order.
import { bytesToHex, hexToBytes } from "@braid/primitives";
import {
  CHANGED_ACCOUNT_SIZE,
  CHANGED_BALANCE,
  CHANGED_CODE_HASH,
  CHANGED_CODE_SIZE,
  CHANGED_DELETED,
  CHANGED_FIRST_SLOT,
  CHANGED_FLAGS,
  CHANGED_HAS_BALANCE,
  CHANGED_HAS_CODE_HASH,
  CHANGED_HAS_NONCE,
  CHANGED_NONCE,
  CHANGED_SLOT_COUNT,
  CHANGED_SLOT_SIZE,
  CHANGED_SLOT_VALUE,
  CHANGED_STORAGE_RESET,
  CHANGES_HEADER,
  CHANGES_MAGIC,
  compareBytes,
  StateChanges,
  type StateChangesParts,
} from "./state-changes.ts";

/** A growing array of records of one size. */
class Records {
  readonly size: number;
  bytes: Uint8Array;
  u32: Uint32Array;
  u64: BigUint64Array;
  count = 0;

  constructor(size: number) {
    this.size = size;
    this.bytes = new Uint8Array(64 * size);
    this.u32 = new Uint32Array(this.bytes.buffer);
    this.u64 = new BigUint64Array(this.bytes.buffer);
  }

  /** The offset of a new record, all zero. */
  add(): number {
    const at = this.count * this.size;
    if (at === this.bytes.length) {
      const grown = new Uint8Array(2 * at);
      grown.set(this.bytes);
      this.bytes = grown;
      this.u32 = new Uint32Array(grown.buffer);
      this.u64 = new BigUint64Array(grown.buffer);
    }
    // A writer is used again.
    this.u32.fill(0, at >>> 2, (at + this.size) >>> 2);
    this.count++;
    return at;
  }
}

/**
 * PERF: what it writes to is used again from one `finish` to the next, so a block costs one allocation; words are copied as
 * numbers and not as bigints, which would be allocated one by one.
 */
export class StateChangesWriter {
  readonly #accounts = new Records(CHANGED_ACCOUNT_SIZE);
  readonly #slots = new Records(CHANGED_SLOT_SIZE);
  #codes: [hash: Uint8Array, code: Uint8Array][] = [];
  /** The offset of the account that is being written. */
  #at = 0;

  /** Forgets what was written. */
  clear(): void {
    this.#accounts.count = 0;
    this.#slots.count = 0;
    this.#codes = [];
  }

  /** Begins an account: its 20 bytes lie at `at`. What follows is about it. */
  account(source: Uint8Array, at: number): void {
    const start = this.#accounts.add();
    this.#at = start;
    const { bytes, u32 } = this.#accounts;
    for (let i = 0; i < 20; i++) bytes[start + i] = source[at + i] as number; // the caller's 20 bytes
    u32[(start + CHANGED_FIRST_SLOT) >>> 2] = this.#slots.count;
  }

  /** Takes the begun account back, with its slots. */
  dropAccount(): void {
    this.#slots.count = this.#field(CHANGED_FIRST_SLOT);
    this.#accounts.count--;
  }

  /** The account no longer exists: whatever was written about it counts for nothing. */
  deleted(): void {
    const { bytes } = this.#accounts;
    this.#slots.count = this.#field(CHANGED_FIRST_SLOT);
    bytes.fill(0, this.#at + CHANGED_NONCE, this.#at + CHANGED_ACCOUNT_SIZE);
    this.#setField(CHANGED_SLOT_COUNT, 0);
    this.#setField(CHANGED_FLAGS, CHANGED_DELETED);
  }

  storageReset(): void {
    this.#flag(CHANGED_STORAGE_RESET);
  }

  nonce(value: bigint): void {
    this.#accounts.u64[(this.#at + CHANGED_NONCE) >>> 3] = value;
    this.#flag(CHANGED_HAS_NONCE);
  }

  balance(value: bigint): void {
    writeLimbs(this.#accounts.u64, (this.#at + CHANGED_BALANCE) >>> 3, value);
    this.#flag(CHANGED_HAS_BALANCE);
  }

  /** The nonce of two words at `index` (in 4-byte units). */
  nonceWords(source: Uint32Array, index: number): void {
    copyWords(this.#accounts.u32, (this.#at + CHANGED_NONCE) >>> 2, source, index, 2);
    this.#flag(CHANGED_HAS_NONCE);
  }

  /** The balance of eight words at `index` (in 4-byte units). */
  balanceWords(source: Uint32Array, index: number): void {
    copyWords(this.#accounts.u32, (this.#at + CHANGED_BALANCE) >>> 2, source, index, 8);
    this.#flag(CHANGED_HAS_BALANCE);
  }

  /** The 32 bytes at `at`. */
  codeHash(source: Uint8Array, at: number): void {
    const start = this.#at + CHANGED_CODE_HASH;
    const { bytes } = this.#accounts;
    for (let i = 0; i < 32; i++) bytes[start + i] = source[at + i] as number; // the caller's 32 bytes
    this.#flag(CHANGED_HAS_CODE_HASH);
  }

  /** A slot of the begun account: its 32 key bytes at `at`. */
  slot(source: Uint8Array, at: number, value: bigint): void {
    // First the slot: making room may replace the array.
    const start = this.#slot(source, at);
    writeLimbs(this.#slots.u64, start >>> 3, value);
  }

  /** As `slot`, with the value as eight words at `index` (in 4-byte units). */
  slotWords(source: Uint8Array, at: number, words: Uint32Array, index: number): void {
    const start = this.#slot(source, at);
    copyWords(this.#slots.u32, start >>> 2, words, index, 8);
  }

  /** New code. The arrays are not copied before `finish`. */
  code(hash: Uint8Array, code: Uint8Array): void {
    this.#codes.push([hash, code]);
  }

  /** The changes; afterwards the writer is empty. */
  finish(): StateChanges {
    const codes = this.#sortedCodes();
    const accountBytes = this.#accounts.count * CHANGED_ACCOUNT_SIZE;
    const slotBytes = this.#slots.count * CHANGED_SLOT_SIZE;
    const tables = CHANGES_HEADER + accountBytes + slotBytes + codes.length * CHANGED_CODE_SIZE;
    const codeBytes = codes.reduce((sum, [, code]) => sum + code.length, 0);
    const bytes = new Uint8Array(tables + codeBytes);
    const header = new Uint32Array(bytes.buffer, 0, 4);
    header.set([CHANGES_MAGIC, this.#accounts.count, this.#slots.count, codes.length]);
    bytes.set(this.#accounts.bytes.subarray(0, accountBytes), CHANGES_HEADER);
    bytes.set(this.#slots.bytes.subarray(0, slotBytes), CHANGES_HEADER + accountBytes);
    let entry = CHANGES_HEADER + accountBytes + slotBytes;
    let end = 0;
    const view = new DataView(bytes.buffer);
    for (const [hash, code] of codes) {
      bytes.set(hash, entry);
      view.setUint32(entry + 32, end, true);
      view.setUint32(entry + 36, code.length, true);
      bytes.set(code, tables + end);
      entry += CHANGED_CODE_SIZE;
      end += code.length;
    }
    this.clear();
    return new StateChanges(bytes);
  }

  /** Two accounts may get the same code: it is listed once. */
  #sortedCodes(): [Uint8Array, Uint8Array][] {
    if (this.#codes.length < 2) return this.#codes;
    const byHash = new Map(this.#codes.map((entry) => [bytesToHex(entry[0]), entry]));
    return [...byHash.values()].sort((a, b) => compareBytes(a[0], b[0]));
  }

  /** A new slot of the account; gives the offset of its value. */
  #slot(source: Uint8Array, at: number): number {
    const start = this.#slots.add();
    const { bytes } = this.#slots;
    for (let i = 0; i < 32; i++) bytes[start + i] = source[at + i] as number; // the caller's 32 bytes
    this.#setField(CHANGED_SLOT_COUNT, this.#field(CHANGED_SLOT_COUNT) + 1);
    return start + CHANGED_SLOT_VALUE;
  }

  #field(field: number): number {
    return this.#accounts.u32[(this.#at + field) >>> 2] as number;
  }

  #setField(field: number, value: number): void {
    this.#accounts.u32[(this.#at + field) >>> 2] = value;
  }

  #flag(flag: number): void {
    this.#setField(CHANGED_FLAGS, this.#field(CHANGED_FLAGS) | flag);
  }
}

/** Changes out of objects, in whatever order they come. */
export function stateChangesOf({
  accounts = new Map(),
  codes = new Map(),
}: Partial<StateChangesParts>): StateChanges {
  const writer = new StateChangesWriter();
  for (const [address, change] of [...accounts].sort(byKey)) {
    writer.account(hexToBytes(address), 0);
    if (change.storageReset) writer.storageReset();
    if (change.nonce !== undefined) writer.nonce(change.nonce);
    if (change.balance !== undefined) writer.balance(change.balance);
    if (change.codeHash !== undefined) writer.codeHash(change.codeHash, 0);
    for (const [slot, value] of [...change.storage].sort(byKey)) writer.slot(hexToBytes(slot), 0, value);
    if (change.deleted) writer.deleted();
  }
  for (const [hash, code] of codes) writer.code(hexToBytes(hash), code);
  return writer.finish();
}

function byKey(a: readonly [string, unknown], b: readonly [string, unknown]): number {
  return a[0] < b[0] ? -1 : 1;
}

function copyWords(out: Uint32Array, to: number, source: Uint32Array, from: number, count: number): void {
  for (let i = 0; i < count; i++) out[to + i] = source[from + i] as number; // in range
}

function writeLimbs(out: BigUint64Array, index: number, value: bigint): void {
  out[index] = value;
  if (value <= 0xffffffffffffffffn) {
    out.fill(0n, index + 1, index + 4);
    return;
  }
  out[index + 1] = value >> 64n;
  out[index + 2] = value >> 128n;
  out[index + 3] = value >> 192n;
}
