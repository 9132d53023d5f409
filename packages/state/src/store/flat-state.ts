// A state in plain maps: what an ordinary read asks, and what knows the keys that tries only know as hashes.
import { bytesToHex, type Hex, hexToBytes } from "@braid/primitives";
import { EMPTY_CODE_HASH } from "../constants.ts";
import {
  CHANGED_DELETED,
  CHANGED_HAS_BALANCE,
  CHANGED_HAS_CODE_HASH,
  CHANGED_HAS_NONCE,
  CHANGED_STORAGE_RESET,
  type StateChanges,
} from "../state-changes.ts";
import type { FlatAccount, SourceAccount } from "../state-source.ts";
import type { FlatReader } from "./backend.ts";
import { createsAccount } from "./invert-changes.ts";

interface Entry {
  account: SourceAccount;
  readonly storage: Map<Hex, bigint>;
}

/** An account of which a slot alone was written. */
const NOTHING: SourceAccount = { nonce: 0n, balance: 0n, codeHash: EMPTY_CODE_HASH, hasStorage: false };

export class FlatState implements FlatReader {
  readonly #entries = new Map<Hex, Entry>();
  #slotCount = 0;

  get size(): number {
    return this.#entries.size + this.#slotCount;
  }

  account(address: Uint8Array): SourceAccount | undefined {
    return this.#entries.get(bytesToHex(address))?.account;
  }

  slot(address: Uint8Array, key: Uint8Array): bigint {
    return this.#entries.get(bytesToHex(address))?.storage.get(bytesToHex(key)) ?? 0n;
  }

  *slots(address: Uint8Array): Generator<[Uint8Array, bigint]> {
    const storage = this.#entries.get(bytesToHex(address))?.storage;
    if (storage === undefined) return;
    for (const key of [...storage.keys()].sort()) yield [hexToBytes(key), storage.get(key) ?? 0n];
  }

  flatten(): FlatAccount[] {
    const accounts: FlatAccount[] = [];
    for (const [address, { account, storage }] of this.#entries) {
      const slots: [Uint8Array, bigint][] = [];
      for (const [slot, value] of storage) slots.push([hexToBytes(slot), value]);
      accounts.push({ address: hexToBytes(address), account, storage: slots });
    }
    return accounts;
  }

  apply(changes: StateChanges): void {
    for (let i = 0; i < changes.accountCount; i++) {
      const address = bytesToHex(changes.addressAt(i));
      let entry = this.#entries.get(address);
      if (changes.flagsAt(i) & CHANGED_DELETED) {
        this.#slotCount -= entry?.storage.size ?? 0;
        this.#entries.delete(address);
        continue;
      }
      if (entry === undefined) {
        if (!createsAccount(changes, i)) continue;
        entry = { account: NOTHING, storage: new Map() };
        this.#entries.set(address, entry);
      }
      this.#applyAccount(changes, i, entry);
    }
  }

  #applyAccount(changes: StateChanges, index: number, entry: Entry): void {
    const flags = changes.flagsAt(index);
    const { storage } = entry;
    this.#slotCount -= storage.size;
    if (flags & CHANGED_STORAGE_RESET) storage.clear();
    const end = changes.slotsEnd(index);
    for (let slot = changes.slotsBegin(index); slot < end; slot++) {
      const key = bytesToHex(changes.slotKeyAt(slot));
      const value = changes.slotValueAt(slot);
      if (value === 0n) storage.delete(key);
      else storage.set(key, value);
    }
    this.#slotCount += storage.size;
    const { nonce, balance, codeHash } = entry.account;
    entry.account = {
      nonce: flags & CHANGED_HAS_NONCE ? changes.nonceAt(index) : nonce,
      balance: flags & CHANGED_HAS_BALANCE ? changes.balanceAt(index) : balance,
      codeHash: flags & CHANGED_HAS_CODE_HASH ? changes.codeHashAt(index).slice() : codeHash,
      hasStorage: storage.size > 0,
    };
  }
}
