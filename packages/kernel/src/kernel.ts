// The kernel's bindings: one Kernel per thread over one shared memory. Methods are thin (one call into wasm, nothing allocated)
// unless they say otherwise. A `ptr` is a byte offset into the memory; arguments and results larger than a number go through
// the instance's scratch. Offsets within records are in layout.ts.

import { ArenaExhaustedError } from "./errors.ts";
import { keccak256 } from "./keccak256.ts";
import {
  ACCOUNT_BALANCE,
  ACCOUNT_CODE_HASH,
  ACCOUNT_NONCE,
  ACCOUNT_STORAGE_RESET,
  CODE_BYTES,
  CODE_LENGTH,
  FAULT_BLOCK_ARENA_FULL,
  FLAT_ACCOUNT_FLAGS,
  FLAT_EXISTS,
  FLAT_HAS_STORAGE,
  HALT_ERROR,
  KIND_DELTA,
  KIND_VALUE,
  LOCATION_KIND_MASK,
  SCRATCH_SIZE,
  SENDER_INVALID,
  SENDER_KNOWN,
  SLOT_HEAD,
  SLOT_KEY,
  STEP_CONTINUE,
  STEP_IDLE,
  UNIT_INCARNATION,
  UNIT_OUTCOME,
  UNIT_OUTCOME_LENGTH,
  UNIT_SENDER,
  UNIT_SENDER_STATUS,
  UNIT_SETS,
  UNIT_SIZE,
  WORD_ABORT_CAUSES,
  WORD_ABORTS,
  WORD_ACCOUNT_COUNT,
  WORD_BLOCK_GAS_LIMIT,
  WORD_COMMIT_INDEX,
  WORD_CUMULATIVE_GAS,
  WORD_EXECUTIONS,
  WORD_FAULT,
  WORD_HALT,
  WORD_HUGE_BALANCES,
  WORD_SLOT_COUNT,
  WORD_SOLO,
  WORD_SOLO_AFTER,
  WORD_SUSPENSIONS,
  WORD_UNIT_COUNT,
  WORD_UNIT_TABLE,
  WORD_VALIDATIONS,
  WORD_WAITERS,
  WORD_WAKE,
} from "./layout.ts";
import { createMemory, type KernelOptions, type MemoryMap } from "./memory-map.ts";
import { instantiate, type KernelExports, kernelModule } from "./wasm-module.ts";

/** What a worker needs to attach; survives `postMessage`. */
export interface KernelShared extends MemoryMap {
  module: WebAssembly.Module;
}

/** Aborts by what turned out stale. */
export interface AbortCauses {
  storage: number;
  balance: number;
  nonce: number;
  codeHash: number;
  storageReset: number;
}

/** Counters of a run, as any thread may read them at any time. */
export interface Progress {
  committed: number;
  executions: number;
  aborts: number;
  suspensions: number;
  validations: number;
}

/** About 30 microseconds: half of what waiting and being woken costs (60), so that a wait that ends soon stays cheap. */
const IDLE_SPINS = 40_000;
/** In scratch, behind a 32-byte hash: where a code is staged. */
const STAGED_CODE = 64;

export class Kernel {
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
  readonly #i32: Int32Array;
  #epoch = 0;
  #waiting = false;

  private constructor(shared: KernelShared, instance: number) {
    const buffer = shared.memory.buffer;
    this.shared = shared;
    this.instance = instance;
    this.u8 = new Uint8Array(buffer);
    this.u32 = new Uint32Array(buffer);
    this.u64 = new BigUint64Array(buffer);
    this.view = new DataView(buffer);
    this.#i32 = new Int32Array(buffer);
    this.exports = instantiate(shared.module, shared.memory);
    this.scratch = this.exports.attach(instance) >>> 0;
  }

  /**
   * Makes a shared memory and the main thread's instance (index 0) over it, with both arenas empty and no units.
   * @throws KernelOptionsError when the sizes exceed a 32-bit address space
   */
  static create(options: KernelOptions = {}): Kernel {
    const kernel = new Kernel({ ...createMemory(options), module: kernelModule }, 0);
    kernel.resetState();
    kernel.resetBlock(0);
    return kernel;
  }

  /** A worker's instance over a memory that `create` made. `instance` is 1 to maxWorkers; two live threads must not share one. */
  static attach(shared: KernelShared, instance: number): Kernel {
    if (!(instance >= 0 && instance <= shared.maxWorkers))
      throw new RangeError(`instance ${instance} of ${shared.maxWorkers}`);
    return new Kernel(shared, instance);
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

  // ---- MultiVersionMemory ----

  /** HOT. The record of the account whose 20 address bytes are at scratch; created when new, 0 when the block arena is full. */
  account(): number {
    return this.exports.account() >>> 0;
  }

  /** HOT. The location of the account's slot whose 32 key bytes are at scratch; created when new, 0 when the block arena is full. */
  slot(record: number): number {
    return this.exports.slot(record) >>> 0;
  }

  /** The flat record of an account record, or 0 when it was never put. */
  accountFlat(record: number): number {
    return this.exports.accountFlat(record) >>> 0;
  }

  balanceLocation(record: number): number {
    return record + ACCOUNT_BALANCE;
  }

  nonceLocation(record: number): number {
    return record + ACCOUNT_NONCE;
  }

  codeHashLocation(record: number): number {
    return record + ACCOUNT_CODE_HASH;
  }

  storageResetLocation(record: number): number {
    return record + ACCOUNT_STORAGE_RESET;
  }

  /** One of LOCATION_*. */
  locationKind(location: number): number {
    return location & LOCATION_KIND_MASK;
  }

  /** The account or slot record that the location belongs to. */
  locationRecord(location: number): number {
    return location - (location & LOCATION_KIND_MASK);
  }

  /** A copy of the 32 key bytes of a slot's location. */
  slotKey(location: number): Uint8Array {
    const key = location - SLOT_HEAD + SLOT_KEY;
    return this.u8.slice(key, key + 32);
  }

  /** HOT. Writes the value that `unit` sees (32 bytes) to scratch. Answers a PeekStatus; scratch changes for Ok and Estimate only. */
  peek(location: number, unit: number): number {
    return this.exports.peek(location, unit);
  }

  /** HOT. peek, and the value becomes part of this incarnation's read set. */
  read(location: number, unit: number): number {
    return this.exports.read(location, unit);
  }

  /** After an Estimate: the unit to wait for. */
  blockingUnit(): number {
    return this.u32[this.scratch >>> 2] ?? 0;
  }

  /** Puts `lo <= value <= hi` (at scratch and scratch + 32) into the read set. Several entries for a location all have to hold. */
  logRange(location: number): number {
    return this.exports.logRange(location);
  }

  /** logRange for what was assumed without looking: early validations pass over it, the commit does not. */
  logAssumption(location: number): number {
    return this.exports.logAssumption(location);
  }

  /** Empties this instance's read and write logs. */
  beginIncarnation(): void {
    this.exports.beginIncarnation();
  }

  /** Logs a write of the 4 limbs at scratch. At most one write per location and incarnation. */
  write(location: number, kind: number): number {
    return this.exports.write(location, kind);
  }

  writeValue(location: number): number {
    return this.exports.write(location, KIND_VALUE);
  }

  /** Logs a commutative addition (modulo 2^256) of the 4 limbs at scratch. */
  writeDelta(location: number): number {
    return this.exports.write(location, KIND_DELTA);
  }

  /** Publishes the logs as the unit's read and write set. Answers flags for finishExecution, or PUBLISH_FAULT (-1). */
  publishAll(unit: number, incarnation: number): number {
    return this.exports.publishAll(unit, incarnation);
  }

  /** True when the unit's published read set holds now. */
  validate(unit: number): boolean {
    return this.exports.validate(unit) === 1;
  }

  /** Quiescent, before the run: expect a write, so that readers above wait for it. */
  hintEstimate(location: number, unit: number): number {
    return this.exports.hintEstimate(location, unit);
  }

  /** Quiescent, after the run: the value behind all units, as peek gives it. */
  finalValue(location: number): number {
    return this.exports.peek(location, this.unitCount);
  }

  /** Quiescent: links all account records (ACCOUNT_LIST_NEXT) and their slot records (ACCOUNT_SLOTS, SLOT_LIST_NEXT); ptr of the first, or 0. */
  collectAccounts(): number {
    return this.exports.collectAccounts() >>> 0;
  }

  accountCount(): number {
    return Atomics.load(this.u32, WORD_ACCOUNT_COUNT >>> 2);
  }

  slotCount(): number {
    return Atomics.load(this.u32, WORD_SLOT_COUNT >>> 2);
  }

  // ---- Unit table ----

  /**
   * Quiescent: makes ready for a block of `units` units. Empties the block arena and all words of the run (gas limit, solo, counters, halt).
   * @throws ArenaExhaustedError when the unit table alone does not fit
   */
  resetBlock(units: number): void {
    const done = this.exports.resetBlock(units);
    if (done !== 1) throw new ArenaExhaustedError("blockArenaBytes", this.shared.blockArenaBytes);
  }

  get unitCount(): number {
    return this.u32[WORD_UNIT_COUNT >>> 2] ?? 0;
  }

  /** ptr of the unit's row; the fields are UNIT_*. */
  unitPtr(unit: number): number {
    return (this.u32[WORD_UNIT_TABLE >>> 2] ?? 0) + unit * UNIT_SIZE;
  }

  /** A 32-bit field of the unit's row. */
  unitField(unit: number, field: number): number {
    return Atomics.load(this.u32, (this.unitPtr(unit) + field) >>> 2);
  }

  /** A 64-bit field of the unit's row (UNIT_GAS_LIMIT, UNIT_GAS_USED). */
  unitGas(unit: number, field: number): bigint {
    return this.u64[(this.unitPtr(unit) + field) >>> 3] ?? 0n;
  }

  /** ptr of the unit's published sets record (SETS_*), or 0. */
  unitSets(unit: number): number {
    return this.unitField(unit, UNIT_SETS);
  }

  /** Quiescent: the unit takes part in the block's gas admission. */
  setUnitGasLimit(unit: number, gas: bigint): void {
    this.exports.setUnitGasLimit(unit, gas);
  }

  /** Quiescent: adds flags (HEAD_ONLY). */
  setUnitFlags(unit: number, flags: number): void {
    this.exports.setUnitFlags(unit, flags);
  }

  /** Before publishing: what the incarnation leaves for the commit. `outcome` is a ptr of the block arena. */
  setOutcome(unit: number, outcome: number, length: number, gasUsed: bigint): void {
    this.exports.setOutcome(unit, outcome, length, gasUsed);
  }

  /** The unit's current incarnation. */
  unitIncarnation(unit: number): number {
    return this.unitField(unit, UNIT_INCARNATION);
  }

  /** ptr of the unit's outcome as setOutcome got it, or 0. */
  outcomePtr(unit: number): number {
    return this.unitField(unit, UNIT_OUTCOME);
  }

  outcomeLength(unit: number): number {
    return this.unitField(unit, UNIT_OUTCOME_LENGTH);
  }

  /** Stores a unit's recovered sender (20 bytes). Uses scratch. */
  setSender(unit: number, sender: Uint8Array): void {
    this.u8.set(sender, this.scratch);
    this.exports.setSender(unit, SENDER_KNOWN);
  }

  /** Notes that the unit has no valid sender, so that nobody tries again. */
  setSenderInvalid(unit: number): void {
    this.exports.setSender(unit, SENDER_INVALID);
  }

  /** SENDER_UNKNOWN, SENDER_KNOWN or SENDER_INVALID. */
  senderStatus(unit: number): number {
    return this.unitField(unit, UNIT_SENDER_STATUS);
  }

  /** A copy of the unit's sender, or undefined unless it is known. */
  sender(unit: number): Uint8Array | undefined {
    if (this.senderStatus(unit) !== SENDER_KNOWN) return undefined;
    const at = this.unitPtr(unit) + UNIT_SENDER;
    return this.u8.slice(at, at + 20);
  }

  /** Hands out units 1 to unitCount - 2, each once, in order; -1 when there are no more. */
  recoverNext(): number {
    return this.exports.recoverNext();
  }

  // ---- Scheduler ----

  /** Quiescent, after resetBlock: the block's gas limit for admission. Default: none. */
  setBlockGasLimit(gas: bigint): void {
    this.u64[WORD_BLOCK_GAS_LIMIT >>> 3] = gas;
  }

  /** Quiescent, after resetBlock: aborts plus suspensions above which one instance goes on alone; 0 = never. */
  setSoloAfter(limit: number): void {
    this.u32[WORD_SOLO_AFTER >>> 2] = limit;
  }

  /** Steps until there is something for the caller: a StepCode other than Continue. */
  next(): number {
    if (this.#waiting) this.#stopWaiting();
    let code = this.#steps();
    if (code === STEP_IDLE) {
      // Who claims work wakes those who wait; register first and look again, so that nothing falls in between.
      Atomics.add(this.#i32, WORD_WAITERS >>> 2, 1);
      this.#waiting = true;
      this.#epoch = Atomics.load(this.#i32, WORD_WAKE >>> 2);
      code = this.#steps();
      if (code !== STEP_IDLE) this.#stopWaiting();
    }
    return code;
  }

  #steps(): number {
    let code = this.exports.step();
    while (code === STEP_CONTINUE) code = this.exports.step();
    return code;
  }

  #stopWaiting(): void {
    Atomics.sub(this.#i32, WORD_WAITERS >>> 2, 1);
    this.#waiting = false;
  }

  /** After Idle: returns when there may be work, or after `timeoutMs`. Spins a little, then blocks the thread. */
  idleWait(timeoutMs: number): void {
    if (!this.#waiting) return;
    if (this.exports.spinWhile(WORD_WAKE, this.#epoch, IDLE_SPINS) === 0) {
      Atomics.wait(this.#i32, WORD_WAKE >>> 2, this.#epoch, timeoutMs);
    }
    this.#stopWaiting();
  }

  /** After Execute: which unit. */
  taskUnit(): number {
    return this.u32[this.scratch >>> 2] ?? 0;
  }

  taskIncarnation(): number {
    return this.u32[(this.scratch >>> 2) + 1] ?? 0;
  }

  /** True when all lower units are committed: what the unit reads is final. */
  taskIsHead(): boolean {
    return this.u32[(this.scratch >>> 2) + 2] === 1;
  }

  /** The incarnation is published; `flags` come from publishAll. */
  finishExecution(unit: number, incarnation: number, flags: number): number {
    return this.exports.finishExecution(unit, incarnation, flags);
  }

  /** The incarnation is given up until `blocking` has been executed. */
  suspend(unit: number, incarnation: number, blocking: number): number {
    return this.exports.suspend(unit, incarnation, blocking);
  }

  /** The incarnation is given up; the unit runs again when everything below it is committed. */
  retryAtHead(unit: number, incarnation: number): number {
    return this.exports.retryAtHead(unit, incarnation);
  }

  /** Stops the run with a HALT_* reason; the first one wins. Any thread, at any time. */
  halt(reason: number, unit: number): void {
    this.exports.halt(reason, unit);
  }

  /** Stops the run because executing `unit` failed. */
  haltFailed(unit: number): void {
    this.exports.halt(HALT_ERROR, unit);
  }

  /** HALT_NONE or the reason. */
  get haltReason(): number {
    return Number(Atomics.load(this.u64, WORD_HALT >>> 3) & 0xffffffffn);
  }

  /** The unit that the halt is about. */
  get haltUnit(): number {
    return Number(Atomics.load(this.u64, WORD_HALT >>> 3) >> 32n);
  }

  /** Only one instance gets work from now on (the caller, or instance 1 when the main thread calls); the others get Done. */
  solo(): void {
    this.exports.solo();
  }

  get isSolo(): boolean {
    return Atomics.load(this.u32, WORD_SOLO >>> 2) !== 0;
  }

  /** Sequential execution: commits the unit at the head without validating it. 0, HALT_ADMISSION, or -1 when it is not its turn. */
  commitInOrder(unit: number): number {
    return this.exports.commitInOrder(unit);
  }

  /** Quiescent: frees what dead workers held; every unit that is not committed starts anew. Go on with commitInOrder. */
  recoverAfterDeath(): void {
    this.exports.recoverAfterDeath();
  }

  /** Units below it are final. */
  commitIndex(): number {
    return Atomics.load(this.u32, WORD_COMMIT_INDEX >>> 2);
  }

  /** Gas used by all committed units. */
  get cumulativeGas(): bigint {
    return Atomics.load(this.u64, WORD_CUMULATIVE_GAS >>> 3);
  }

  /** Aborts since resetBlock by the kind of the first read that did not hold. */
  abortCauses(): AbortCauses {
    const at = (cause: number) => Atomics.load(this.u32, (WORD_ABORT_CAUSES >>> 2) + cause);
    return { storage: at(0), balance: at(1), nonce: at(2), codeHash: at(3), storageReset: at(4) };
  }

  progress(): Progress {
    const load = (word: number) => Atomics.load(this.u32, word >>> 2);
    return {
      committed: load(WORD_COMMIT_INDEX),
      executions: load(WORD_EXECUTIONS),
      aborts: load(WORD_ABORTS),
      suspensions: load(WORD_SUSPENSIONS),
      validations: load(WORD_VALIDATIONS),
    };
  }
}
