// A state in plain tables: what an ordinary read asks, and what knows the keys that tries only know as hashes.
//
//   accounts   104 bytes each: address (20), number of its slots (u32), nonce (u64), balance (4 limbs), code hash (32), its first slot (u32)
//   slots      80 bytes each: its account (u32), key (32), the next slot of the account (u32) and the one before (u32), value (4 limbs)
//
// Rows go by their numbers, and a slot's neighbours by number + 1: 0 is none.
import { isZero } from "../account-rlp.ts";
import { EMPTY_CODE_HASH } from "../constants.ts";
import { limbsAt } from "../limbs.ts";
import {
  CHANGED_BALANCE,
  CHANGED_CODE_HASH,
  CHANGED_DELETED,
  CHANGED_HAS_BALANCE,
  CHANGED_HAS_CODE_HASH,
  CHANGED_HAS_NONCE,
  CHANGED_NONCE,
  CHANGED_SLOT_VALUE,
  CHANGED_STORAGE_RESET,
  compareBytes,
  type StateChanges,
} from "../state-changes.ts";
import type { FlatAccount, SourceAccount } from "../state-source.ts";
import type { FlatReader } from "./backend.ts";
import { createsAccount } from "./invert-changes.ts";
import { RowTable } from "./row-table.ts";

const ADDRESS_BYTES = 20;
const SLOT_COUNT = 20;
const NONCE = 24;
const BALANCE = 32;
const CODE_HASH = 64;
const FIRST_SLOT = 96;
const ACCOUNT_BYTES = 104;

/** The account's number is part of a slot's key. */
const SLOT_KEY = 4;
const SLOT_KEY_BYTES = 36;
const NEXT_SLOT = 36;
const SLOT_BEFORE = 40;
const VALUE = 48;
const SLOT_BYTES = 80;

export class FlatState implements FlatReader {
  readonly #accounts = new RowTable(ADDRESS_BYTES, ACCOUNT_BYTES);
  readonly #slots = new RowTable(SLOT_KEY_BYTES, SLOT_BYTES);
  /** A slot's key in the making. */
  readonly #key = new Uint8Array(SLOT_KEY_BYTES);

  get size(): number {
    return this.#accounts.size + this.#slots.size;
  }

  account(address: Uint8Array): SourceAccount | undefined {
    const row = this.#accounts.find(address, 0);
    return row < 0 ? undefined : this.#account(row);
  }

  slot(address: Uint8Array, key: Uint8Array): bigint {
    const account = this.#accounts.find(address, 0);
    const row = account < 0 ? -1 : this.#findSlot(account, key, 0);
    return row < 0 ? 0n : limbsAt(this.#slots.u64, row * SLOT_BYTES + VALUE);
  }

  *slots(address: Uint8Array): Generator<[Uint8Array, bigint]> {
    const account = this.#accounts.find(address, 0);
    if (account >= 0) yield* this.#slotsOf(account).sort(([a], [b]) => compareBytes(a, b));
  }

  flatten(): FlatAccount[] {
    return Array.from(this.#accounts.rows(), (row) => {
      const at = row * ACCOUNT_BYTES;
      return {
        address: this.#accounts.bytes.slice(at, at + ADDRESS_BYTES),
        account: this.#account(row),
        storage: this.#slotsOf(row),
      };
    });
  }

  apply(changes: StateChanges): void {
    for (let i = 0; i < changes.accountCount; i++) {
      const at = changes.accountAt(i);
      let row = this.#accounts.find(changes.bytes, at);
      if (changes.flagsAt(i) & CHANGED_DELETED) {
        if (row < 0) continue;
        this.#clearStorage(row);
        this.#accounts.remove(row);
        continue;
      }
      if (row < 0) {
        if (!createsAccount(changes, i)) continue;
        row = this.#accounts.add(changes.bytes, at);
        // Of an account of which a slot alone was written.
        this.#accounts.bytes.set(EMPTY_CODE_HASH, row * ACCOUNT_BYTES + CODE_HASH);
      }
      this.#applyAccount(changes, i, row);
    }
  }

  #applyAccount(changes: StateChanges, index: number, row: number): void {
    const flags = changes.flagsAt(index);
    const { bytes } = this.#accounts;
    const from = changes.accountAt(index);
    const to = row * ACCOUNT_BYTES;
    if (flags & CHANGED_HAS_NONCE) copy(bytes, to + NONCE, changes.bytes, from + CHANGED_NONCE, 8);
    if (flags & CHANGED_HAS_BALANCE) copy(bytes, to + BALANCE, changes.bytes, from + CHANGED_BALANCE, 32);
    if (flags & CHANGED_HAS_CODE_HASH)
      copy(bytes, to + CODE_HASH, changes.bytes, from + CHANGED_CODE_HASH, 32);
    if (flags & CHANGED_STORAGE_RESET) this.#clearStorage(row);
    const end = changes.slotsEnd(index);
    for (let slot = changes.slotsBegin(index); slot < end; slot++)
      this.#applySlot(row, changes.bytes, changes.slotAt(slot));
  }

  /** Writes the slot whose key lies at `at`, and its value behind that. */
  #applySlot(account: number, from: Uint8Array, at: number): void {
    let row = this.#findSlot(account, from, at);
    if (isZero(from, at + CHANGED_SLOT_VALUE, 32)) {
      if (row >= 0) this.#removeSlot(account, row);
      return;
    }
    if (row < 0) row = this.#addSlot(account);
    copy(this.#slots.bytes, row * SLOT_BYTES + VALUE, from, at + CHANGED_SLOT_VALUE, 32);
  }

  #account(row: number): SourceAccount {
    const { bytes, u32, u64 } = this.#accounts;
    const at = row * ACCOUNT_BYTES;
    return {
      nonce: u64[(at + NONCE) >>> 3] as bigint, // a row's
      balance: limbsAt(u64, at + BALANCE),
      codeHash: hashAt(bytes, at + CODE_HASH),
      hasStorage: (u32[(at + SLOT_COUNT) >>> 2] as number) > 0, // a row's
    };
  }

  /** The row of a slot; its key stays in #key. */
  #findSlot(account: number, key: Uint8Array, at: number): number {
    const own = this.#key;
    for (let i = 0; i < SLOT_KEY; i++) own[i] = account >>> (8 * i);
    copy(own, SLOT_KEY, key, at, 32);
    return this.#slots.find(own, 0);
  }

  /** A row for the slot that was just looked for. */
  #addSlot(account: number): number {
    const row = this.#slots.add(this.#key, 0);
    const first = this.#accountWord(account, FIRST_SLOT);
    this.#setSlotWord(row, NEXT_SLOT, first);
    if (first > 0) this.#setSlotWord(first - 1, SLOT_BEFORE, row + 1);
    this.#setAccountWord(account, FIRST_SLOT, row + 1);
    this.#setAccountWord(account, SLOT_COUNT, this.#accountWord(account, SLOT_COUNT) + 1);
    return row;
  }

  #removeSlot(account: number, row: number): void {
    const next = this.#slotWord(row, NEXT_SLOT);
    const before = this.#slotWord(row, SLOT_BEFORE);
    if (next > 0) this.#setSlotWord(next - 1, SLOT_BEFORE, before);
    if (before > 0) this.#setSlotWord(before - 1, NEXT_SLOT, next);
    else this.#setAccountWord(account, FIRST_SLOT, next);
    this.#setAccountWord(account, SLOT_COUNT, this.#accountWord(account, SLOT_COUNT) - 1);
    this.#slots.remove(row);
  }

  #clearStorage(account: number): void {
    for (let first = this.#accountWord(account, FIRST_SLOT); first > 0; ) {
      const next = this.#slotWord(first - 1, NEXT_SLOT);
      this.#slots.remove(first - 1);
      first = next;
    }
    this.#setAccountWord(account, FIRST_SLOT, 0);
    this.#setAccountWord(account, SLOT_COUNT, 0);
  }

  #slotsOf(account: number): [Uint8Array, bigint][] {
    const { bytes, u64 } = this.#slots;
    const slots: [Uint8Array, bigint][] = [];
    let next = this.#accountWord(account, FIRST_SLOT);
    while (next > 0) {
      const at = (next - 1) * SLOT_BYTES;
      slots.push([bytes.slice(at + SLOT_KEY, at + SLOT_KEY_BYTES), limbsAt(u64, at + VALUE)]);
      next = this.#slotWord(next - 1, NEXT_SLOT);
    }
    return slots;
  }

  #accountWord(row: number, offset: number): number {
    return this.#accounts.u32[(row * ACCOUNT_BYTES + offset) >>> 2] as number; // a row's
  }

  #setAccountWord(row: number, offset: number, value: number): void {
    this.#accounts.u32[(row * ACCOUNT_BYTES + offset) >>> 2] = value;
  }

  #slotWord(row: number, offset: number): number {
    return this.#slots.u32[(row * SLOT_BYTES + offset) >>> 2] as number; // a row's
  }

  #setSlotWord(row: number, offset: number, value: number): void {
    this.#slots.u32[(row * SLOT_BYTES + offset) >>> 2] = value;
  }
}

function copy(out: Uint8Array, to: number, from: Uint8Array, at: number, length: number): void {
  for (let i = 0; i < length; i++) out[to + i] = from[at + i] as number; // in range
}

/** Most accounts have no code. */
function hashAt(bytes: Uint8Array, at: number): Uint8Array {
  for (let i = 0; i < 32; i++) if (bytes[at + i] !== EMPTY_CODE_HASH[i]) return bytes.slice(at, at + 32);
  return EMPTY_CODE_HASH;
}
