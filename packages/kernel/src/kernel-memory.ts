// The part of the bindings that knows no block: the views of the shared memory, hashes, arenas and their faults, FlatState.

import { ArenaExhaustedError } from "./errors.ts";
import { keccak256 } from "./keccak256.ts";
import {
  CODE_BYTES,
  CODE_LENGTH,
  FAULT_BLOCK_ARENA_FULL,
  FLAT_ACCOUNT_FLAGS,
  FLAT_EXISTS,
  FLAT_HAS_STORAGE,
  WORD_FAULT,
  WORD_HUGE_BALANCES,
} from "./layout.ts";
import type { KernelShared } from "./memory-map.ts";
import { instantiate, type KernelExports } from "./wasm-module.ts";

/** The bindings of hashes, arenas, faults and FlatState. `Kernel` is what callers construct. */
export class KernelMemory {
  readonly shared: KernelShared;
  readonly instance: number;
  /** Views of the whole memory, which never grows. */
  readonly u8: Uint8Array;
  readonly u32: Uint32Array;
  readonly u64: BigUint64Array;
  readonly view: DataView;
  /** ptr of this instance's scratch, SCRATCH_SIZE bytes, 8-aligned. */
  readonly scratch: number;
  /** The instance's own functions, for tests that want every step and for hot loops. */
  readonly exports: KernelExports;

  protected constructor(shared: KernelShared, instance: number) {
    const buffer = shared.memory.buffer;
    this.shared = shared;
    this.instance = instance;
    this.u8 = new Uint8Array(buffer);
    this.u32 = new Uint32Array(buffer);
    this.u64 = new BigUint64Array(buffer);
    this.view = new DataView(buffer);
    this.exports = instantiate(shared.memory);
    this.scratch = this.exports.attach(instance) >>> 0;
  }

  // ---- Hashes ----

  /** Writes keccak-256 of `length` bytes at `data` to `out` (32 bytes). */
  keccak(data: number, length: number, out: number): void {
    this.exports.keccak(data, length, out);
  }

  /** keccak-256 of bytes outside the memory, as 32 fresh bytes. */
  keccak256(data: Uint8Array): Uint8Array {
    return keccak256(data);
  }

  /** Adds `length` bytes at `data` (an address or a topic) to the 256-byte log bloom at `bloom` (Yellow Paper 4.4.1). */
  bloomAdd(bloom: number, data: number, length: number): void {
    this.exports.bloomAdd(bloom, data, length);
  }

  // ---- Arenas, faults ----

  /** `size` bytes of the block arena, 8-aligned, not cleared, valid until resetBlock; 0 when it is full. */
  alloc(size: number): number {
    return this.exports.alloc(size) >>> 0;
  }

  blockArenaUsed(): number {
    return this.exports.blockArenaUsed() >>> 0;
  }

  /** Bytes of the state arena in use, in whole chunks. */
  stateArenaUsed(): number {
    return this.exports.stateArenaUsed() >>> 0;
  }

  /** FAULT_* bits since resetBlock. */
  get fault(): number {
    return Atomics.load(this.u32, WORD_FAULT >>> 2);
  }

  /** The error that says which arena is full, or undefined. */
  faultError(): ArenaExhaustedError | undefined {
    const fault = this.fault;
    if (fault === 0) return undefined;
    return fault & FAULT_BLOCK_ARENA_FULL
      ? new ArenaExhaustedError("blockArenaBytes", this.shared.blockArenaBytes)
      : new ArenaExhaustedError("stateArenaBytes", this.shared.stateArenaBytes);
  }

  // ---- FlatState ----

  /** ptr of the flat record of the account whose address is at `address`, or 0 when it was never put. */
  flatFindAccount(address: number): number {
    return this.exports.flatFindAccount(address) >>> 0;
  }

  /** Inserts an account as the source gives it (first insert wins). `balance`: 4 limbs; `codeHash`: 32 bytes. ptr, or 0 when the arena is full. */
  flatPutAccount(
    address: number,
    exists: boolean,
    hasStorage: boolean,
    nonce: bigint,
    balance: number,
    codeHash: number,
  ): number {
    return this.exports.flatPutAccount(address, +exists, +hasStorage, nonce, balance, codeHash) >>> 0;
  }

  /** Quiescent: overwrites an account with what a block made of it. Its slots stay known as they were. */
  flatSetAccount(
    record: number,
    exists: boolean,
    hasStorage: boolean,
    nonce: bigint,
    balance: number,
    codeHash: number,
  ): void {
    this.exports.flatSetAccount(record, +exists, +hasStorage, nonce, balance, codeHash);
  }

  /** ptr of a record with the slot's value at FLAT_SLOT_VALUE, or 0 when the slot is unknown. */
  flatFindSlot(account: number, slot: number): number {
    return this.exports.flatFindSlot(account, slot) >>> 0;
  }

  /** Inserts a slot as the source gives it (first insert wins). `slot`: 32 bytes; `value`: 4 limbs. ptr, or 0 when the arena is full. */
  flatPutSlot(account: number, slot: number, value: number): number {
    return this.exports.flatPutSlot(account, slot, value) >>> 0;
  }

  /** Quiescent: overwrites or inserts a slot with what a block made of it. ptr, or 0 when the arena is full. */
  flatSetSlot(account: number, slot: number, value: number): number {
    return this.exports.flatSetSlot(account, slot, value) >>> 0;
  }

  /** Quiescent: all slots of the account are zero from now on. */
  flatWipeStorage(account: number): void {
    this.exports.flatWipeStorage(account);
  }

  flatExists(account: number): boolean {
    return ((this.u32[(account + FLAT_ACCOUNT_FLAGS) >>> 2] ?? 0) & FLAT_EXISTS) !== 0;
  }

  flatHasStorage(account: number): boolean {
    return ((this.u32[(account + FLAT_ACCOUNT_FLAGS) >>> 2] ?? 0) & FLAT_HAS_STORAGE) !== 0;
  }

  /** True as soon as some account of the flat state held 2^200 wei or more: sums of deltas might then overflow. */
  get hugeBalances(): boolean {
    return Atomics.load(this.u32, WORD_HUGE_BALANCES >>> 2) !== 0;
  }

  /** Is the code with this hash in one of the arenas? Uses scratch. */
  hasCode(codeHash: Uint8Array): boolean {
    return this.#findCode(codeHash) !== 0;
  }

  /** A copy of the code with this hash, or undefined when it is in neither arena. Uses scratch. */
  readCode(codeHash: Uint8Array): Uint8Array | undefined {
    const record = this.#findCode(codeHash);
    if (record === 0) return undefined;
    const start = record + CODE_BYTES;
    return this.u8.slice(start, start + (this.u32[(record + CODE_LENGTH) >>> 2] ?? 0));
  }

  /** Caches a code of the parent state; false when the state arena is full. Uses scratch. */
  storeCode(codeHash: Uint8Array, code: Uint8Array): boolean {
    if (this.hasCode(codeHash)) return true;
    const record = this.exports.newCode(this.scratch, code.length) >>> 0;
    if (record === 0) return false;
    this.u8.set(code, record + CODE_BYTES);
    this.exports.addCode(record);
    return true;
  }

  /** Keeps a code that execution made until resetBlock; false when the block arena is full. Uses scratch. */
  storeBlockCode(codeHash: Uint8Array, code: Uint8Array): boolean {
    if (this.hasCode(codeHash)) return true;
    const record = this.exports.newBlockCode(this.scratch, code.length) >>> 0;
    if (record === 0) return false;
    this.u8.set(code, record + CODE_BYTES);
    this.exports.addBlockCode(record);
    return true;
  }

  #findCode(codeHash: Uint8Array): number {
    this.u8.set(codeHash, this.scratch);
    return this.exports.findCode(this.scratch) >>> 0;
  }

  /**
   * Quiescent, before each block that goes on with the cached state: drops what was not used lately when the state arena gets full, and
   * moves what was. Follow it by resetBlock, whose records point to what it moves. Answers ROOM_*. PERF: at most four times as many bytes
   * are gone through as the last block put in.
   */
  makeRoom(): number {
    return this.exports.makeRoom();
  }

  /** Quiescent: forgets the whole state cache. Follow it by resetBlock, whose records point into it. */
  resetState(): void {
    this.exports.resetState();
  }
}
