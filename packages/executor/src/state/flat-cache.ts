// The shared cache of the parent state (the kernel's FlatState), filled by the main thread from a state source.

import {
  FLAT_ACCOUNT_BALANCE,
  FLAT_ACCOUNT_CODE_HASH,
  FLAT_ACCOUNT_NONCE,
  type Kernel,
  ROOM_LOST,
} from "@braid/kernel";
import { equalBytes } from "@braid/primitives";
import {
  ABSENT_CODE_HASH,
  CHANGED_BALANCE,
  CHANGED_CODE_HASH,
  CHANGED_DELETED,
  CHANGED_HAS_BALANCE,
  CHANGED_HAS_CODE_HASH,
  CHANGED_HAS_NONCE,
  CHANGED_SLOT_SIZE,
  CHANGED_STORAGE_RESET,
  type FlatAccount,
  type SourceAccount,
  type StateChanges,
  type StateSource,
} from "@braid/state";
import { writeU256 } from "../records/words.ts";
import { checkFlatAccount } from "./check-answer.ts";

/** Argument layout in scratch: address or slot key, balance or value, code hash. */
const KEY = 0;
const WORD = 32;
const HASH = 64;

export class FlatCache {
  readonly #kernel: Kernel;
  #source: StateSource | undefined;
  /** The root of the state that the cache mirrors, when its source knows it. */
  #stateRoot: Uint8Array | undefined;

  /** The root of the state that the cache mirrors, when its source knows it. */
  get stateRoot(): Uint8Array | undefined {
    return this.#stateRoot;
  }

  /** All that the source has is here: what is missing does not exist. */
  holdsAll = false;

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
  }

  /**
   * Makes the cache mirror `source`: keeps what it holds when that is the same state, follows the source's changes when they lead from
   * the state it holds to this one, else begins anew. Follow it by the kernel's resetBlock. `preload`: load all that the source offers at
   * once, instead of what is asked for. Throws ArenaExhaustedError when that does not fit, ExecutionError when it is not what a source
   * may offer.
   */
  attach(source: StateSource, preload: boolean): void {
    if (this.#source === source || this.#follow(source)) {
      this.#makeRoom();
      return;
    }
    this.#kernel.resetState();
    this.#source = source;
    this.#stateRoot = source.stateRoot;
    this.holdsAll = false;
    try {
      const flat = preload ? source.preload?.() : undefined;
      if (flat === undefined) return;
      for (const account of flat.accounts) this.#putFlatAccount(account);
      for (const [hash, code] of flat.codes) this.putCode(hash, code);
      // What did not fit must not count as absent.
      const fault = this.#kernel.faultError();
      if (fault !== undefined) throw fault;
    } catch (error) {
      this.clear();
      throw error;
    }
    this.holdsAll = true;
  }

  /** Forgets everything: after an arena was full, or a block failed in the middle. */
  clear(): void {
    this.#source = undefined;
    this.#stateRoot = undefined;
  }

  /** Lets go of what was not used lately when the arena gets full, so that no block has to halt for it. */
  #makeRoom(): void {
    if (this.#kernel.makeRoom() === ROOM_LOST) this.holdsAll = false;
  }

  /** Carries what leads to the source's state into the cache. Answers whether the cache mirrors it now. */
  #follow(source: StateSource): boolean {
    const from = this.#stateRoot;
    const to = source.stateRoot;
    if (this.#source === undefined || from === undefined || to === undefined) return false;
    const steps = equalBytes(from, to) ? [] : source.changesSince?.(from);
    if (steps === undefined) return false;
    for (const changes of steps) this.#apply(changes);
    // A value that did not fit is an old one.
    if (this.#kernel.faultError() !== undefined) return false;
    this.#source = source;
    this.#stateRoot = to;
    return true;
  }

  #apply(changes: StateChanges): void {
    const kernel = this.#kernel;
    for (let i = 0; i < changes.accountCount; i++) {
      const deleted = (changes.flagsAt(i) & CHANGED_DELETED) !== 0;
      let record = this.#find(changes.addressAt(i));
      // What is not here, the next reader asks for, unless nobody asks because all there is should be here.
      if (record === 0 && (deleted || !this.holdsAll)) continue;
      if (record === 0) record = this.putAccount(changes.addressAt(i), undefined);
      if (record === 0) return;
      this.#setAccount(changes, i, record);
      if (deleted) continue;
      const end = changes.slotsEnd(i);
      for (let slot = changes.slotsBegin(i); slot < end; slot++) {
        const at = changes.slotAt(slot);
        kernel.u8.set(changes.bytes.subarray(at, at + CHANGED_SLOT_SIZE), kernel.scratch + KEY);
        kernel.flatSetSlot(record, kernel.scratch + KEY, kernel.scratch + WORD);
      }
    }
    for (let i = 0; i < changes.codeCount; i++) this.putCode(changes.codeHashOf(i), changes.codeAt(i));
  }

  #setAccount(changes: StateChanges, index: number, record: number): void {
    const kernel = this.#kernel;
    const { u8, scratch } = kernel;
    const flags = changes.flagsAt(index);
    const deleted = (flags & CHANGED_DELETED) !== 0;
    if (flags & (CHANGED_DELETED | CHANGED_STORAGE_RESET)) kernel.flatWipeStorage(record);
    const balance = flags & CHANGED_HAS_BALANCE ? changes.accountAt(index) + CHANGED_BALANCE : undefined;
    copy32(u8, scratch + WORD, changes.bytes, balance, record + FLAT_ACCOUNT_BALANCE);
    const codeHash = flags & CHANGED_HAS_CODE_HASH ? changes.accountAt(index) + CHANGED_CODE_HASH : undefined;
    copy32(u8, scratch + HASH, changes.bytes, codeHash, record + FLAT_ACCOUNT_CODE_HASH);
    const writes = changes.slotsEnd(index) > changes.slotsBegin(index);
    kernel.flatSetAccount(
      record,
      !deleted,
      writes || kernel.flatHasStorage(record),
      flags & CHANGED_HAS_NONCE
        ? changes.nonceAt(index)
        : (kernel.u64[(record + FLAT_ACCOUNT_NONCE) >>> 3] as bigint),
      scratch + WORD,
      scratch + HASH,
    );
  }

  #putFlatAccount(flat: FlatAccount): void {
    checkFlatAccount(flat);
    const { address, account, storage } = flat;
    const record = this.putAccount(address, account);
    if (record === 0) return;
    for (const [slot, value] of storage) this.#putSlot(record, slot, value);
  }

  #find(address: Uint8Array): number {
    this.#kernel.u8.set(address, this.#kernel.scratch + KEY);
    return this.#kernel.flatFindAccount(this.#kernel.scratch + KEY);
  }

  hasAccount(address: Uint8Array): boolean {
    return this.#find(address) !== 0;
  }

  hasSlot(address: Uint8Array, slot: Uint8Array): boolean {
    const record = this.#find(address);
    if (record === 0) return false;
    this.#kernel.u8.set(slot, this.#kernel.scratch + KEY);
    return this.#kernel.flatFindSlot(record, this.#kernel.scratch + KEY) !== 0;
  }

  hasCode(codeHash: Uint8Array): boolean {
    return this.#kernel.hasCode(codeHash);
  }

  /** The ptr of the account's record; 0 when the arena is full. */
  putAccount(address: Uint8Array, account: SourceAccount | undefined): number {
    const { scratch, u8, u64 } = this.#kernel;
    u8.set(address, scratch + KEY);
    writeU256(u64, (scratch + WORD) >>> 3, account?.balance ?? 0n);
    u8.set(account?.codeHash ?? ABSENT_CODE_HASH, scratch + HASH);
    return this.#kernel.flatPutAccount(
      scratch + KEY,
      account !== undefined,
      account?.hasStorage ?? false,
      account?.nonce ?? 0n,
      scratch + WORD,
      scratch + HASH,
    );
  }

  /** Does nothing when the account is not here. */
  putSlot(address: Uint8Array, slot: Uint8Array, value: bigint): void {
    const record = this.#find(address);
    if (record !== 0) this.#putSlot(record, slot, value);
  }

  #putSlot(record: number, slot: Uint8Array, value: bigint): void {
    const { scratch, u8, u64 } = this.#kernel;
    u8.set(slot, scratch + KEY);
    writeU256(u64, (scratch + WORD) >>> 3, value);
    this.#kernel.flatPutSlot(record, scratch + KEY, scratch + WORD);
  }

  putCode(codeHash: Uint8Array, code: Uint8Array): void {
    this.#kernel.storeCode(codeHash, code);
  }
}

/** Copies 32 bytes to `to`: those of the changes when there are any, else what the cache has. */
function copy32(u8: Uint8Array, to: number, changes: Uint8Array, at: number | undefined, old: number): void {
  if (at === undefined) u8.copyWithin(to, old, old + 32);
  else u8.set(changes.subarray(at, at + 32), to);
}
