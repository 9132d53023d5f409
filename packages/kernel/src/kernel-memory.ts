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
  SCRATCH_SIZE,
  WORD_FAULT,
  WORD_HUGE_BALANCES,
} from "./layout.ts";
import type { MemoryMap } from "./memory-map.ts";
import { instantiate, type KernelExports } from "./wasm-module.ts";
import type { WasmModule } from "./webassembly.ts";

/** What a worker needs to attach; survives `postMessage`. */
export interface KernelShared extends MemoryMap {
  module: WasmModule;
}

/** In scratch, behind a 32-byte hash: where a code is staged. */
const STAGED_CODE = 64;

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
    this.exports = instantiate(shared.module, shared.memory);
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

  /** ptr of a code record (CODE_LENGTH, CODE_BYTES) for the hash at `codeHash`, or 0. */
  findCode(codeHash: number): number {
    return this.exports.findCode(codeHash) >>> 0;
  }

  /** Copies `length` bytes of code into the state arena (first insert wins). ptr, or 0 when the arena is full. */
  putCode(codeHash: number, code: number, length: number): number {
    return this.exports.putCode(codeHash, code, length) >>> 0;
  }

  /** A copy of the code with this hash, or undefined when it is not cached. Uses scratch. */
  readCode(codeHash: Uint8Array): Uint8Array | undefined {
    this.u8.set(codeHash, this.scratch);
    const record = this.findCode(this.scratch);
    if (record === 0) return undefined;
    const start = record + CODE_BYTES;
    return this.u8.slice(start, start + (this.u32[(record + CODE_LENGTH) >>> 2] ?? 0));
  }

  /** Caches a code; false when an arena is full. Uses scratch, and the block arena for codes that exceed it. */
  storeCode(codeHash: Uint8Array, code: Uint8Array): boolean {
    const staged =
      code.length <= SCRATCH_SIZE - STAGED_CODE ? this.scratch + STAGED_CODE : this.alloc(code.length);
    if (staged === 0) return false;
    this.u8.set(codeHash, this.scratch);
    this.u8.set(code, staged);
    return this.putCode(this.scratch, staged, code.length) !== 0;
  }

  /** Quiescent: forgets the whole state cache. Follow it by resetBlock, whose records point into it. */
  resetState(): void {
    this.exports.resetState();
  }
}
