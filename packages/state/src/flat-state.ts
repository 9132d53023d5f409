// The newest state in plain maps: what an ordinary read asks, and what knows the keys that tries only know as hashes.
import { bytesToHex, type Hex, hexToBytes } from "@braid/primitives";
import { EMPTY_CODE_HASH } from "./constants.ts";
import {
  CHANGED_DELETED,
  CHANGED_HAS_BALANCE,
  CHANGED_HAS_CODE_HASH,
  CHANGED_HAS_NONCE,
  CHANGED_STORAGE_RESET,
  type StateChanges,
} from "./state-changes.ts";
import { StateChangesWriter } from "./state-changes-writer.ts";
import type { FlatAccount, SourceAccount } from "./state-source.ts";

const HAS_FIELD = CHANGED_HAS_NONCE | CHANGED_HAS_BALANCE | CHANGED_HAS_CODE_HASH;

interface Entry {
  account: SourceAccount;
  readonly storage: Map<Hex, bigint>;
}

export class FlatState {
  readonly #entries = new Map<Hex, Entry>();
  readonly #writer = new StateChangesWriter();
  #slotCount = 0;

  /** Accounts and slots. */
  get size(): number {
    return this.#entries.size + this.#slotCount;
  }

  account(address: Uint8Array): SourceAccount | undefined {
    return this.#entries.get(bytesToHex(address))?.account;
  }

  slot(address: Uint8Array, key: Uint8Array): bigint {
    return this.#entries.get(bytesToHex(address))?.storage.get(bytesToHex(key)) ?? 0n;
  }

  /** Applies changes, and gives those that lead back. */
  apply(changes: StateChanges): StateChanges {
    this.#writer.clear();
    for (let i = 0; i < changes.accountCount; i++) this.#applyAccount(changes, i);
    return this.#writer.finish();
  }

  /** Every account with its storage. */
  flatten(): FlatAccount[] {
    const accounts: FlatAccount[] = [];
    for (const [address, { account, storage }] of this.#entries) {
      const slots: [Uint8Array, bigint][] = [];
      for (const [slot, value] of storage) slots.push([hexToBytes(slot), value]);
      accounts.push({ address: hexToBytes(address), account, storage: slots });
    }
    return accounts;
  }

  #applyAccount(changes: StateChanges, index: number): void {
    const flags = changes.flagsAt(index);
    const address = bytesToHex(changes.addressAt(index));
    const before = this.#entries.get(address);
    if (before === undefined && !this.#creates(changes, index)) return;
    this.#writer.account(changes.bytes, changes.accountAt(index));
    if (before === undefined) this.#writer.deleted();
    else this.#writeFields(before);
    if (flags & CHANGED_DELETED) {
      if (before !== undefined) this.#writeWholeStorage(before);
      this.#entries.delete(address);
      return;
    }
    const entry = before ?? { account: NOTHING, storage: new Map<Hex, bigint>() };
    if (before === undefined) this.#entries.set(address, entry);
    if (flags & CHANGED_STORAGE_RESET && before !== undefined) {
      this.#writeWholeStorage(entry);
      entry.storage.clear();
    }
    this.#applySlots(changes, index, entry, before !== undefined && !(flags & CHANGED_STORAGE_RESET));
    const { nonce, balance, codeHash } = entry.account;
    entry.account = {
      nonce: flags & CHANGED_HAS_NONCE ? changes.nonceAt(index) : nonce,
      balance: flags & CHANGED_HAS_BALANCE ? changes.balanceAt(index) : balance,
      codeHash: flags & CHANGED_HAS_CODE_HASH ? changes.codeHashAt(index).slice() : codeHash,
      hasStorage: entry.storage.size > 0,
    };
  }

  /** Does a change make an account where there is none? As in the trie: by a field, or by a slot that is not zero. */
  #creates(changes: StateChanges, index: number): boolean {
    const flags = changes.flagsAt(index);
    if (flags & (HAS_FIELD | CHANGED_DELETED)) return (flags & CHANGED_DELETED) === 0;
    const end = changes.slotsEnd(index);
    for (let slot = changes.slotsBegin(index); slot < end; slot++)
      if (changes.slotValueAt(slot) !== 0n) return true;
    return false;
  }

  #applySlots(changes: StateChanges, index: number, { storage }: Entry, writeBack: boolean): void {
    const before = storage.size;
    const end = changes.slotsEnd(index);
    for (let slot = changes.slotsBegin(index); slot < end; slot++) {
      const key = bytesToHex(changes.slotKeyAt(slot));
      const value = changes.slotValueAt(slot);
      if (writeBack) this.#writer.slot(changes.bytes, changes.slotAt(slot), storage.get(key) ?? 0n);
      if (value === 0n) storage.delete(key);
      else storage.set(key, value);
    }
    this.#slotCount += storage.size - before;
  }

  #writeFields({ account }: Entry): void {
    this.#writer.nonce(account.nonce);
    this.#writer.balance(account.balance);
    this.#writer.codeHash(account.codeHash, 0);
  }

  /** For the way back: the storage as it is, in order; and it is counted as gone. */
  #writeWholeStorage({ storage }: Entry): void {
    this.#writer.storageReset();
    for (const key of [...storage.keys()].sort())
      this.#writer.slot(hexToBytes(key), 0, storage.get(key) ?? 0n);
    this.#slotCount -= storage.size;
  }
}

/** An account of which a slot alone was written. */
const NOTHING: SourceAccount = { nonce: 0n, balance: 0n, codeHash: EMPTY_CODE_HASH, hasStorage: false };
