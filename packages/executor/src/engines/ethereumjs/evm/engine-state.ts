// The two faces that the ethereumjs EVM looks at: its state manager and its journal, both thin fronts of VersionedState.
//
// Methods answer with a ready value where they can. The EVM awaits whatever it gets, and awaiting a plain value is as
// good as awaiting a promise; the interface's types want a promise, hence the casts through `Promise<T>`.

import { hexToBytes } from "@braid/primitives";
import type { AccountFields, StateManagerInterface } from "@ethereumjs/common";
import type { Account, Address } from "@ethereumjs/util";
import { bytesOfWord, wordOfBytes } from "../../../records/words.ts";
import type { AccountEntry, SlotEntry } from "../state/entries.ts";
import type { VersionedState } from "../state/versioned-state.ts";

const DONE: Promise<void> = Promise.resolve();

/** `StateManagerInterface` over a VersionedState. Roots are not its business: they come from the state changes. */
export class EngineStateManager implements StateManagerInterface {
  readonly #state: VersionedState;
  readonly originalStorageCache: StateManagerInterface["originalStorageCache"];

  constructor(state: VersionedState) {
    this.#state = state;
    this.originalStorageCache = {
      get: async (address, key) => bytesOfWord((await this.#slot(address, key)).original),
      clear: () => {},
    };
  }

  async #slot(address: Address, key: Uint8Array): Promise<SlotEntry> {
    const slot = this.#state.slotByBytes(await this.#state.account(address.bytes), key);
    if (!this.#state.tryLoadSlot(slot)) await this.#state.fetchSlot(slot);
    return slot;
  }

  getAccount(address: Address): Promise<Account | undefined> {
    const entry = this.#state.find(address.bytes);
    return (entry === undefined ? this.#fetchView(address) : this.#view(entry)) as Promise<
      Account | undefined
    >;
  }

  async #fetchView(address: Address): Promise<Account | undefined> {
    return this.#view(await this.#state.account(address.bytes));
  }

  /** From EIP-161 on an empty account is as good as none, so there is always a view, and existence is not read. */
  #view(entry: AccountEntry): Account | undefined {
    return this.#state.stateClearing || this.#state.exists(entry) ? entry.view : undefined;
  }

  async putAccount(address: Address, account?: Account): Promise<void> {
    const entry = await this.#state.account(address.bytes);
    if (account === undefined) return this.#state.destroy(entry);
    this.#state.touch(entry);
    // A live view has written its fields already; anything else is a new account that the engine made itself.
    if (account === entry.view) return;
    if (account.nonce !== 0n) this.#state.setNonce(entry, account.nonce);
    if (account.balance !== 0n) this.#state.setBalance(entry, account.balance);
  }

  async deleteAccount(address: Address): Promise<void> {
    this.#state.destroy(await this.#state.account(address.bytes));
  }

  async modifyAccountFields(address: Address, fields: AccountFields): Promise<void> {
    const entry = await this.#state.account(address.bytes);
    if (fields.nonce !== undefined) this.#state.setNonce(entry, fields.nonce);
    if (fields.balance !== undefined) this.#state.setBalance(entry, fields.balance);
    if (fields.codeHash !== undefined) this.#state.setCodeHash(entry, fields.codeHash);
  }

  async putCode(address: Address, code: Uint8Array): Promise<void> {
    this.#state.setCodeHash(await this.#state.account(address.bytes), this.#state.codes.put(code));
  }

  getCode(address: Address): Promise<Uint8Array> {
    const entry = this.#state.find(address.bytes);
    return (entry === undefined ? this.#fetchCode(address) : this.#state.code(entry)) as Promise<Uint8Array>;
  }

  async #fetchCode(address: Address): Promise<Uint8Array> {
    return this.#state.code(await this.#state.account(address.bytes));
  }

  async getCodeSize(address: Address): Promise<number> {
    return (await this.getCode(address)).length;
  }

  async getStorage(address: Address, key: Uint8Array): Promise<Uint8Array> {
    return bytesOfWord((await this.#slot(address, key)).value);
  }

  async putStorage(address: Address, key: Uint8Array, value: Uint8Array): Promise<void> {
    this.#state.setSlot(await this.#slot(address, key), wordOfBytes(value));
  }

  /** Called when a contract is created; a contract is only ever created where no storage is (EIP-7610). */
  async clearStorage(address: Address): Promise<void> {
    this.#state.markCreated(await this.#state.account(address.bytes));
  }

  checkpoint(): Promise<void> {
    this.#state.journal.checkpoint();
    return DONE;
  }

  commit(): Promise<void> {
    this.#state.journal.commit();
    return DONE;
  }

  revert(): Promise<void> {
    this.#state.journal.revert();
    return DONE;
  }

  clearCaches(): void {}

  getStateRoot(): never {
    throw new Error("a VersionedState has no root");
  }

  setStateRoot(): never {
    throw new Error("a VersionedState has no root");
  }

  hasStateRoot(): never {
    throw new Error("a VersionedState has no root");
  }

  shallowCopy(): never {
    throw new Error("a VersionedState cannot be copied");
  }
}

/** What the EVM calls on its journal: warm addresses and slots (EIP-2929), touched accounts (EIP-161), checkpoints. */
export class EngineJournal {
  readonly #state: VersionedState;
  readonly #manager: EngineStateManager;

  constructor(state: VersionedState, manager: EngineStateManager) {
    this.#state = state;
    this.#manager = manager;
  }

  putAccount(address: Address, account: Account | undefined): Promise<void> {
    return this.#manager.putAccount(address, account);
  }

  async deleteAccount(address: Address): Promise<void> {
    const entry = await this.#state.account(address.bytes);
    this.#state.touch(entry);
    this.#state.destroy(entry);
  }

  checkpoint(): Promise<void> {
    return this.#manager.checkpoint();
  }

  commit(): Promise<void> {
    return this.#manager.commit();
  }

  revert(): Promise<void> {
    return this.#manager.revert();
  }

  isWarmedAddress(address: Uint8Array): boolean {
    return this.#state.isPrecompile(address) || this.#state.isWarm(address);
  }

  addWarmedAddress(address: Uint8Array): void {
    this.#state.warmAddress(address);
  }

  /** `address`: hex with or without 0x. */
  addAlwaysWarmAddress(address: string): void {
    this.#state.warmAddress(hexToBytes(address.startsWith("0x") ? address : `0x${address}`));
  }

  isWarmedStorage(address: Uint8Array, slot: Uint8Array): boolean {
    return this.#state.isWarmSlot(address, slot);
  }

  addWarmedStorage(address: Uint8Array, slot: Uint8Array): void {
    this.#state.warmSlotAt(address, slot);
  }
}
