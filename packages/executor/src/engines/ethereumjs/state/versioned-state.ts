// The state as one incarnation of one unit (transaction, prologue or epilogue) sees it: values of lower units out of the
// multi-version memory, the unit's own writes on top, everything that was observed recorded in the kernel's read log.
//
// Three things make it more than a cache:
// - credits and debits are deltas: a balance is read only when something looks at it, and a comparison records the
//   range that gives the same answer instead of the value (DESIGN.md, concurrency rules 2 and 3);
// - accounts handed to the engine are live views (AccountView): a field is resolved when it is looked at;
// - an estimate in the way ends the incarnation by throwing SuspendSignal, which only this package sees.

import { ACCOUNT_ADDRESS, type Kernel, PeekStatus } from "@braid/kernel";
import { equalBytes } from "@braid/primitives";
import { ABSENT_CODE_HASH, EMPTY_CODE_HASH } from "@braid/state";
import { beginPreimages } from "../../../records/preimages.ts";
import { readU256, writeU256, writeWordBigEndian } from "../../../records/words.ts";
import type { MissHandler } from "../../engine.ts";
import type { CodeStore } from "./code-store.ts";
import { collectAccesses } from "./collect-accesses.ts";
import { collectWrites } from "./collect-writes.ts";
import { AccountEntry, type SlotEntry } from "./entries.ts";
import { Journal, UndoKind } from "./journal.ts";
import { FaultSignal, SuspendSignal } from "./signals.ts";

const MAX_U256 = (1n << 256n) - 1n;
/** EIP-161's historic exception: this precompile stays touched when the frame that touched it reverts. */
const RIPEMD160_SUFFIX = 3;

function isRipemd160({ u8 }: Kernel, record: number): boolean {
  const address = record + ACCOUNT_ADDRESS;
  if (u8[address + 19] !== RIPEMD160_SUFFIX) return false;
  for (let i = 0; i < 19; i++) if (u8[address + i] !== 0) return false;
  return true;
}

export class VersionedState {
  readonly kernel: Kernel;
  readonly codes: CodeStore;
  readonly journal = new Journal();
  readonly misses: MissHandler;
  readonly #scratch: number;
  /** Set for each block: the shared cache holds all that the source has, so what it lacks does not exist. */
  cacheHoldsAll = false;
  #unit = 0;
  /** All lower units are committed: what is read now is final. */
  #head = false;
  /** Of so many hashes somebody wants to know what was hashed. */
  preimagesLeft = 0;
  /** EIP-161: existence is the same as being non-empty. */
  #stateClearing = true;
  #accounts = new Map<number, AccountEntry>();
  #slots = new Map<number, SlotEntry>();
  /** Set with every SuspendSignal, since the engine may swallow what its own helpers throw. */
  suspended: SuspendSignal | undefined = undefined;

  constructor(kernel: Kernel, codes: CodeStore, misses: MissHandler) {
    this.kernel = kernel;
    this.codes = codes;
    this.misses = misses;
    this.#scratch = kernel.scratch;
  }

  get unit(): number {
    return this.#unit;
  }

  get head(): boolean {
    return this.#head;
  }

  get stateClearing(): boolean {
    return this.#stateClearing;
  }

  /** Starts an incarnation with nothing read and nothing written. */
  begin(unit: number, head: boolean, stateClearing: boolean): void {
    this.#unit = unit;
    this.#head = head;
    this.#stateClearing = stateClearing;
    // PERF: a map that is cleared leaves its table to the next one's, and the chain of them stays until V8 collects all of its memory.
    if (this.#accounts.size > 0) this.#accounts = new Map();
    if (this.#slots.size > 0) this.#slots = new Map();
    this.journal.reset();
    this.suspended = undefined;
    this.preimagesLeft = beginPreimages(this.kernel, unit);
    this.kernel.beginIncarnation();
  }

  accounts(): IterableIterator<AccountEntry> {
    return this.#accounts.values();
  }

  slots(): IterableIterator<SlotEntry> {
    return this.#slots.values();
  }

  // ---------------------------------------------------------------- accounts

  /** The account's entry, whether its base is in the shared cache or not: enough to warm it. */
  #entry(address: Uint8Array): AccountEntry {
    this.kernel.u8.set(address, this.#scratch);
    const record = this.kernel.account();
    if (record === 0) throw new FaultSignal();
    let entry = this.#accounts.get(record);
    if (entry === undefined) {
      entry = new AccountEntry(record, this);
      this.#accounts.set(record, entry);
    }
    return entry;
  }

  /** The account's entry when its base is in the shared cache, else undefined: `account` fetches it then. */
  find(address: Uint8Array): AccountEntry | undefined {
    const entry = this.#entry(address);
    if (!entry.loaded) {
      let flat = this.kernel.accountFlat(entry.record);
      if (flat === 0) {
        if (!this.cacheHoldsAll) return undefined;
        flat = this.#putAbsent(address);
      }
      entry.loaded = true;
      entry.hasStorageBase = this.kernel.flatHasStorage(flat);
    }
    return entry;
  }

  /** Notes in the shared cache that the account does not exist. */
  #putAbsent(address: Uint8Array): number {
    const { u8, scratch } = this.kernel;
    u8.set(address, scratch);
    u8.fill(0, scratch + 32, scratch + 96);
    const flat = this.kernel.flatPutAccount(scratch, false, false, 0n, scratch + 32, scratch + 64);
    if (flat === 0) throw new FaultSignal();
    return flat;
  }

  /** The account's entry; a promise only when the state source has to be asked. */
  account(address: Uint8Array): AccountEntry | Promise<AccountEntry> {
    return this.find(address) ?? this.#fetchAccount(address);
  }

  #fetchAccount(address: Uint8Array): AccountEntry | Promise<AccountEntry> {
    const copy = address.slice();
    const isThere = this.misses.fetchAccount(copy);
    return isThere instanceof Promise
      ? isThere.then((fetched) => this.#fetched(copy, fetched))
      : this.#fetched(copy, isThere);
  }

  #fetched(address: Uint8Array, isThere: boolean): AccountEntry {
    if (!isThere) return this.#predict(address);
    const entry = this.find(address);
    if (entry === undefined)
      throw new Error("the state source answered, but the account is not in the cache");
    return entry;
  }

  /** For a scout: an account without code, which has a nonce. */
  #predict(address: Uint8Array): AccountEntry {
    const entry = this.#entry(address);
    entry.loaded = true;
    entry.predicted = true;
    return entry;
  }

  // ------------------------------------------------------------------- reads

  #suspend(blockingUnit: number): never {
    this.suspended = new SuspendSignal(blockingUnit);
    throw this.suspended;
  }

  /** Leaves the incarnation until all lower units are committed. */
  waitForHead(): never {
    this.#suspend(-1);
  }

  #resolved(status: number): void {
    if (status === PeekStatus.Ok) return;
    if (status === PeekStatus.Estimate) this.#suspend(this.kernel.blockingUnit());
    throw new FaultSignal();
  }

  /** As #resolved; false when a scout lacks what was looked at. */
  #isKnown(entry: AccountEntry, status: number): boolean {
    if (entry.predicted && status === PeekStatus.Missing) return false;
    this.#resolved(status);
    return true;
  }

  #logRange(location: number, low: bigint, high: bigint): void {
    const index = this.#scratch >>> 3;
    writeU256(this.kernel.u64, index, low);
    writeU256(this.kernel.u64, index + 4, high);
    this.kernel.logRange(location);
  }

  #assume(location: number, low: bigint, high: bigint): void {
    const index = this.#scratch >>> 3;
    writeU256(this.kernel.u64, index, low);
    writeU256(this.kernel.u64, index + 4, high);
    this.kernel.logAssumption(location);
  }

  #peekNonce(entry: AccountEntry): bigint {
    if (entry.nonceBase === undefined) {
      const status = this.kernel.peek(this.kernel.nonceLocation(entry.record), this.#unit);
      entry.nonceBase = this.#isKnown(entry, status) ? (this.kernel.u64[this.#scratch >>> 3] as bigint) : 1n;
    }
    return entry.nonceBase;
  }

  nonce(entry: AccountEntry): bigint {
    if (entry.nonce !== undefined) return entry.nonce;
    const base = this.#peekNonce(entry);
    if (!entry.nonceObserved) {
      this.#logRange(this.kernel.nonceLocation(entry.record), base, base);
      entry.nonceObserved = true;
    }
    return base;
  }

  /**
   * The protocol's own check of the sender: "the nonce is `expected`". Speculation assumes that it holds and records just
   * that; at the head the real nonce is returned, so that a wrong one is reported.
   */
  assumeNonce(entry: AccountEntry, expected: bigint): bigint {
    if (this.#head) return this.nonce(entry);
    if (entry.nonce !== undefined) return entry.nonce;
    entry.nonceBase = expected;
    entry.nonceObserved = true;
    this.#assume(this.kernel.nonceLocation(entry.record), expected, expected);
    return expected;
  }

  #peekBalance(entry: AccountEntry): bigint {
    if (entry.balanceBase === undefined) {
      const status = this.kernel.peek(this.kernel.balanceLocation(entry.record), this.#unit);
      entry.balanceBase = this.#isKnown(entry, status)
        ? readU256(this.kernel.u64, this.#scratch >>> 3)
        : this.misses.prediction >> 128n;
    }
    return entry.balanceBase;
  }

  balance(entry: AccountEntry): bigint {
    if (entry.balanceSet !== undefined) return entry.balanceSet + entry.balanceDelta;
    const base = this.#peekBalance(entry);
    if (!entry.balanceObserved) {
      this.#logRange(this.kernel.balanceLocation(entry.record), base, base);
      entry.balanceObserved = true;
    }
    const balance = base + entry.balanceDelta;
    // Spent on the assumption that it was covered, and it was not (yet): only the head can tell what holds.
    if (balance < 0n) this.waitForHead();
    return balance;
  }

  /** Is the balance at least `amount`? Records the range of balances that give the same answer. */
  covers(entry: AccountEntry, amount: bigint): boolean {
    if (entry.balanceSet !== undefined || entry.balanceObserved) return this.balance(entry) >= amount;
    const needed = amount - entry.balanceDelta;
    if (needed <= 0n) return true;
    // No balance covers more than 2^256 - 1.
    if (needed > MAX_U256) return false;
    const covered = this.#peekBalance(entry) >= needed;
    const location = this.kernel.balanceLocation(entry.record);
    if (covered) this.#logRange(location, needed, MAX_U256);
    else this.#logRange(location, 0n, needed - 1n);
    return covered;
  }

  /** The protocol's own check of the sender: "the balance covers `amount`". Like assumeNonce: assumed while speculating, answered at the head. */
  assumeCovers(entry: AccountEntry, amount: bigint): boolean {
    if (this.#head || entry.balanceSet !== undefined) return this.covers(entry, amount);
    const needed = amount - entry.balanceDelta;
    // Beyond any balance: not worth an assumption.
    if (needed > MAX_U256) this.waitForHead();
    if (needed > 0n) this.#assume(this.kernel.balanceLocation(entry.record), needed, MAX_U256);
    return true;
  }

  /** The code hash as the base has it: all zero bytes for an account that does not exist. */
  rawCodeHash(entry: AccountEntry): Uint8Array {
    if (entry.codeHash !== undefined) return entry.codeHash;
    if (entry.codeHashBase === undefined) {
      const status = this.kernel.read(this.kernel.codeHashLocation(entry.record), this.#unit);
      entry.codeHashBase = this.#isKnown(entry, status)
        ? this.kernel.u8.slice(this.#scratch, this.#scratch + 32)
        : EMPTY_CODE_HASH;
    }
    return entry.codeHashBase;
  }

  codeHash(entry: AccountEntry): Uint8Array {
    const raw = this.rawCodeHash(entry);
    return equalBytes(raw, ABSENT_CODE_HASH) ? EMPTY_CODE_HASH : raw;
  }

  /** The account's code, none when it has none; a promise only when the state source has to be asked. */
  code(entry: AccountEntry): Uint8Array | Promise<Uint8Array> {
    const code = entry.code ?? this.codes.get(this.codeHash(entry));
    if (!(code instanceof Promise)) entry.code = code;
    return code;
  }

  hasCode(entry: AccountEntry): boolean {
    return !equalBytes(this.codeHash(entry), EMPTY_CODE_HASH);
  }

  /** EIP-161's emptiness: no code, nonce 0, balance 0; looks at as little as possible. */
  isEmpty(entry: AccountEntry): boolean {
    if (this.hasCode(entry)) return false;
    if (entry.nonce !== undefined) {
      if (entry.nonce !== 0n) return false;
    } else if (entry.nonceObserved) {
      if (this.nonce(entry) !== 0n) return false;
    } else if (this.#peekNonce(entry) !== 0n) {
      this.#logRange(this.kernel.nonceLocation(entry.record), 1n, MAX_U256);
      return false;
    } else {
      this.nonce(entry);
    }
    return !this.covers(entry, 1n);
  }

  /** Does the account exist in the trie? Before EIP-161 an empty account may; from then on existing means non-empty. */
  exists(entry: AccountEntry): boolean {
    if (this.#stateClearing) return !this.isEmpty(entry);
    return !equalBytes(this.rawCodeHash(entry), ABSENT_CODE_HASH);
  }

  /** EIP-7610: was there storage under this address when the unit began? Only an account without nonce and code is ever asked. */
  hasStorage(entry: AccountEntry): boolean {
    if (!entry.hasStorageBase || entry.destroyed) return false;
    this.#resolved(this.kernel.read(this.kernel.storageResetLocation(entry.record), this.#unit));
    return this.kernel.u64[this.#scratch >>> 3] === 0n;
  }

  // ------------------------------------------------------------------ writes

  setNonce(entry: AccountEntry, nonce: bigint): void {
    this.journal.record(UndoKind.Nonce, entry, entry.nonce);
    entry.nonce = nonce;
  }

  /** Adds `amount` wei (negative: takes) without looking at the balance. The caller has checked that a debit is covered. */
  addBalance(entry: AccountEntry, amount: bigint): void {
    if (amount === 0n) return;
    this.journal.record(UndoKind.BalanceDelta, entry, entry.balanceDelta);
    entry.balanceDelta += amount;
  }

  /** May `amount` be added without passing 2^256 - 1? Costs nothing unless some balance is near it; then the range in which it may is recorded. */
  canCredit(entry: AccountEntry, amount: bigint): boolean {
    if (amount >> 128n === 0n && !this.kernel.hugeBalances) return true;
    return !this.covers(entry, MAX_U256 - amount + 1n);
  }

  setBalance(entry: AccountEntry, balance: bigint): void {
    this.journal.record(UndoKind.BalanceSet, entry, entry.balanceSet);
    this.journal.record(UndoKind.BalanceDelta, entry, entry.balanceDelta);
    entry.balanceSet = balance;
    entry.balanceDelta = 0n;
  }

  setCodeHash(entry: AccountEntry, hash: Uint8Array): void {
    this.journal.record(UndoKind.CodeHash, entry, entry.codeHash);
    entry.codeHash = hash;
    entry.code = undefined;
  }

  /** Marks the account as touched (EIP-161) and, before EIP-161, makes it exist. */
  touch(entry: AccountEntry): void {
    if (!entry.touched) {
      const keep = isRipemd160(this.kernel, entry.record);
      if (!keep) this.journal.record(UndoKind.Touched, entry, undefined);
      entry.touched = true;
    }
    if (!this.#stateClearing && !this.exists(entry)) this.setCodeHash(entry, EMPTY_CODE_HASH);
  }

  markCreated(entry: AccountEntry): void {
    if (entry.created) return;
    this.journal.record(UndoKind.Created, entry, undefined);
    entry.created = true;
  }

  /** Removes the account and all its storage at the end of the unit. */
  destroy(entry: AccountEntry): void {
    this.setNonce(entry, 0n);
    this.setBalance(entry, 0n);
    this.setCodeHash(entry, ABSENT_CODE_HASH);
    if (!entry.destroyed) {
      this.journal.record(UndoKind.Destroyed, entry, undefined);
      entry.destroyed = true;
    }
  }

  // ----------------------------------------------------------------- storage

  #slotEntry(entry: AccountEntry): SlotEntry {
    const location = this.kernel.slot(entry.record);
    if (location === 0) throw new FaultSignal();
    let slot = this.#slots.get(location);
    if (slot === undefined) {
      slot = { location, account: entry, original: 0n, value: 0n, loaded: false, warm: false };
      this.#slots.set(location, slot);
    }
    return slot;
  }

  /** The entry of a slot given as a number; not loaded yet on first use. */
  slotByWord(entry: AccountEntry, key: bigint): SlotEntry {
    writeWordBigEndian(this.kernel.view, this.#scratch, key);
    return this.#slotEntry(entry);
  }

  slotByBytes(entry: AccountEntry, key: Uint8Array): SlotEntry {
    this.kernel.u8.set(key, this.#scratch);
    return this.#slotEntry(entry);
  }

  /** Loads the slot's value; false when the state source has to be asked first (`fetchSlot`). */
  tryLoadSlot(slot: SlotEntry): boolean {
    if (slot.loaded) return true;
    if (slot.account.created && !slot.account.hasStorageBase) {
      // Nothing but this unit's own writes can be there.
      slot.loaded = true;
      return true;
    }
    const status = this.kernel.read(slot.location, this.#unit);
    if (status === PeekStatus.Missing) {
      if (!this.cacheHoldsAll) return false;
      this.#putZeroSlot(slot);
      return this.tryLoadSlot(slot);
    }
    this.#resolved(status);
    slot.original = readU256(this.kernel.u64, this.#scratch >>> 3);
    slot.value = slot.original;
    slot.loaded = true;
    return true;
  }

  /** Notes in the shared cache that the slot is zero. */
  #putZeroSlot(slot: SlotEntry): void {
    const { u8 } = this.kernel;
    u8.set(this.kernel.slotKey(slot.location), this.#scratch);
    u8.fill(0, this.#scratch + 32, this.#scratch + 64);
    const flat = this.kernel.accountFlat(slot.account.record);
    if (this.kernel.flatPutSlot(flat, this.#scratch, this.#scratch + 32) === 0) throw new FaultSignal();
  }

  /** Loads the slot after all, or takes it for what is predicted. */
  async fetchSlot(slot: SlotEntry): Promise<void> {
    const { address } = slot.account;
    if (!(await this.misses.fetchSlot(address, this.kernel.slotKey(slot.location)))) {
      slot.original = this.misses.prediction;
      slot.value = slot.original;
      slot.loaded = true;
    } else if (!this.tryLoadSlot(slot))
      throw new Error("the state source answered, but the slot is not in the cache");
  }

  /** For a scout: the slot may be read later on. */
  expectSlot(entry: AccountEntry, key: bigint): void {
    writeWordBigEndian(this.kernel.view, this.#scratch, key);
    const location = this.kernel.slot(entry.record);
    if (location === 0) throw new FaultSignal();
    if (this.kernel.peek(location, this.#unit) !== PeekStatus.Missing) return;
    this.misses.expect({ kind: "slot", address: entry.address, slot: this.kernel.slotKey(location) });
  }

  setSlot(slot: SlotEntry, value: bigint): void {
    this.journal.record(UndoKind.Slot, slot, slot.value);
    slot.value = value;
  }

  warmSlot(slot: SlotEntry): void {
    this.journal.record(UndoKind.WarmSlot, slot, undefined);
    slot.warm = true;
  }

  /** EIP-2929: precompiles are always warm. The fork's, by the last two bytes of their address. */
  precompiles: ReadonlySet<number> = new Set();

  isPrecompile(address: Uint8Array): boolean {
    for (let i = 0; i < 18; i++) if (address[i] !== 0) return false;
    return this.precompiles.has(((address[18] as number) << 8) | (address[19] as number));
  }

  isWarm(address: Uint8Array): boolean {
    return this.#entry(address).warm;
  }

  /** EIP-2929: taken back when the frame reverts. */
  warmAddress(address: Uint8Array): void {
    const entry = this.#entry(address);
    if (entry.warm) return;
    this.journal.record(UndoKind.WarmAccount, entry, undefined);
    entry.warm = true;
  }

  isWarmSlot(address: Uint8Array, key: Uint8Array): boolean {
    return this.slotByBytes(this.#entry(address), key).warm;
  }

  warmSlotAt(address: Uint8Array, key: Uint8Array): void {
    const slot = this.slotByBytes(this.#entry(address), key);
    if (!slot.warm) this.warmSlot(slot);
  }

  // ------------------------------------------------------------------- finish

  /** EIP-161: removes the touched accounts that are empty. */
  clearTouched(): void {
    if (!this.#stateClearing) return;
    for (const entry of this.#accounts.values()) {
      if (
        entry.touched &&
        !entry.destroyed &&
        this.isEmpty(entry) &&
        !equalBytes(this.rawCodeHash(entry), ABSENT_CODE_HASH)
      )
        this.destroy(entry);
    }
  }

  /** Hands the unit's net writes to the kernel's write log. Call once, at the end of a complete incarnation. */
  collectWrites(): void {
    collectWrites(this.kernel, this.#accounts.values(), this.#slots.values());
  }

  /** Writes down what the incarnation accessed (collect-accesses.ts). Returns a ptr, 0 when the arena is full. */
  collectAccesses(marked: boolean): number {
    return collectAccesses(this.kernel, this.#accounts, this.#slots, marked);
  }

  /** Marks an account as accessed in the eyes of EIP-7928, which sees less than what is looked at (before gas is paid), and more. */
  markAccessed(address: Uint8Array): void {
    this.#entry(address).accessed = true;
  }
}
