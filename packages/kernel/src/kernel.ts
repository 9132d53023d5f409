// The kernel's bindings: one Kernel per thread over one shared memory. Methods are thin (one call into wasm, nothing allocated)
// unless they say otherwise. A `ptr` is a byte offset into the memory; arguments and results larger than a number go through
// the instance's scratch. Offsets within records are in layout.ts. Here: instances, the unit table, the scheduler.

import { ArenaExhaustedError } from "./errors.ts";
import { KernelMvMemory } from "./kernel-mv-memory.ts";
import {
  HALT_ERROR,
  HEAD_ONLY,
  LEFT_OUT,
  SEAL_BLOBS,
  SEAL_BLOOM,
  SEAL_GAS_USED,
  SEAL_ROOT,
  SENDER_KNOWN,
  STEP_CONTINUE,
  STEP_IDLE,
  UNIT_ENCODING,
  UNIT_ENCODING_LENGTH,
  UNIT_FLAGS,
  UNIT_INCARNATION,
  UNIT_OUTCOME,
  UNIT_OUTCOME_LENGTH,
  UNIT_SENDER,
  UNIT_SENDER_STATUS,
  UNIT_SETS,
  UNIT_SIZE,
  UNIT_TRANSACTION,
  WORD_ABORT_CAUSES,
  WORD_ABORTS,
  WORD_BLOB_LIMIT,
  WORD_BLOCK_GAS_LIMIT,
  WORD_BUILDING,
  WORD_COMMIT_INDEX,
  WORD_CUMULATIVE_GAS,
  WORD_EXECUTIONS,
  WORD_HALT,
  WORD_MET,
  WORD_MISSES,
  WORD_SOLO,
  WORD_SOLO_AFTER,
  WORD_SUSPENSIONS,
  WORD_UNIT_TABLE,
  WORD_VALIDATIONS,
  WORD_WAITERS,
  WORD_WAKE,
} from "./layout.ts";
import { createMemory, type KernelOptions, type KernelShared } from "./memory-map.ts";

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
  /** Incarnations that were given up because state had to be fetched. */
  misses: number;
}

/** What a block's header says of its receipts. */
export interface ReceiptsSeal {
  count: number;
  /** Of the receipts trie (32 bytes), where it was asked for. */
  root: Uint8Array | undefined;
  /** 256 bytes. */
  bloom: Uint8Array;
  /** Of the block, which is not what the senders have paid for where refunds do not count (EIP-7778). */
  gasUsed: bigint;
  blobs: number;
}

/** About 30 microseconds: half of what waiting and being woken costs (60), so that a wait that ends soon stays cheap. */
const IDLE_SPINS = 40_000;

export class Kernel extends KernelMvMemory {
  readonly #i32: Int32Array;
  #epoch = 0;
  #waiting = false;

  private constructor(shared: KernelShared, instance: number) {
    super(shared, instance);
    this.#i32 = new Int32Array(shared.memory.buffer);
  }

  /**
   * Makes a shared memory and the main thread's instance (index 0) over it, with both arenas empty and no units.
   * @throws KernelOptionsError when the sizes exceed a 32-bit address space
   */
  static create(options: KernelOptions = {}): Kernel {
    const kernel = new Kernel(createMemory(options), 0);
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

  // ---- Unit table ----

  /**
   * Quiescent: makes ready for a block of `units` units. Empties the block arena and all words of the run (gas limit, solo, counters, halt).
   * @throws ArenaExhaustedError when the unit table alone does not fit
   */
  resetBlock(units: number): void {
    const done = this.exports.resetBlock(units);
    if (done !== 1) throw new ArenaExhaustedError("blockArenaBytes", this.shared.blockArenaBytes);
  }

  /** ptr of the unit's row; the fields are UNIT_*. */
  unitPtr(unit: number): number {
    return (this.u32[WORD_UNIT_TABLE >>> 2] ?? 0) + unit * UNIT_SIZE;
  }

  /** A 32-bit field of the unit's row. */
  unitField(unit: number, field: number): number {
    return Atomics.load(this.u32, (this.unitPtr(unit) + field) >>> 2);
  }

  /** ptr of the unit's published sets record (SETS_*), or 0. */
  unitSets(unit: number): number {
    return this.unitField(unit, UNIT_SETS);
  }

  /** Quiescent: the unit takes part in the block's gas admission. */
  setUnitGasLimit(unit: number, gas: bigint): void {
    this.exports.setUnitGasLimit(unit, gas);
  }

  /** The unit takes part in the admission of blobs (EIP-4844) with so many; none unless it was said. */
  setUnitBlobs(unit: number, blobs: number): void {
    this.exports.setUnitBlobs(unit, blobs);
  }

  /** Quiescent: adds flags (HEAD_ONLY). */
  setUnitFlags(unit: number, flags: number): void {
    this.exports.setUnitFlags(unit, flags);
  }

  /** Quiescent: `unit` is expected to depend on the lower unit `before`, and is not claimed until that one was executed. A wrong hint costs time only. */
  setUnitAfter(unit: number, before: number): void {
    this.exports.setUnitAfter(unit, before);
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

  /** Quiescent, before the run: where the unit's transaction lies, as the block has it. */
  setEncoding(unit: number, encoding: number, length: number): void {
    const row = this.unitPtr(unit);
    this.u32[(row + UNIT_ENCODING) >>> 2] = encoding;
    this.u32[(row + UNIT_ENCODING_LENGTH) >>> 2] = length;
  }

  /** The unit's transaction as the block has it: a view, where it stays until resetBlock. */
  encoding(unit: number): Uint8Array {
    const start = this.unitField(unit, UNIT_ENCODING);
    return this.u8.subarray(start, start + this.unitField(unit, UNIT_ENCODING_LENGTH));
  }

  /** ptr of the record of the unit's transaction (TX_*), 0 as long as nobody has written one. */
  transactionPtr(unit: number): number {
    return this.unitField(unit, UNIT_TRANSACTION);
  }

  /** The record is complete. Of two for the same unit either will do. */
  setTransaction(unit: number, record: number): void {
    Atomics.store(this.u32, (this.unitPtr(unit) + UNIT_TRANSACTION) >>> 2, record);
  }

  /** Makes the record of the unit's transaction when it is of an ordinary kind, in order, and its sender known. False: it is not, or the arena is full. Uses scratch. */
  layOut(unit: number): boolean {
    return this.exports.layOut(unit) !== 0;
  }

  /** Stores a unit's recovered sender (20 bytes). Uses scratch. */
  setSender(unit: number, sender: Uint8Array): void {
    this.u8.set(sender, this.scratch);
    this.exports.setSender(unit);
  }

  /** SENDER_UNKNOWN or SENDER_KNOWN. */
  senderStatus(unit: number): number {
    return this.unitField(unit, UNIT_SENDER_STATUS);
  }

  /** A copy of the unit's sender, or undefined unless it is known. */
  sender(unit: number): Uint8Array | undefined {
    if (this.senderStatus(unit) !== SENDER_KNOWN) return undefined;
    const at = this.unitPtr(unit) + UNIT_SENDER;
    return this.u8.slice(at, at + 20);
  }

  /** Hands out units 1 to unitCount - 2 for the recovery of their senders, each once, in order; -1 when there are no more. */
  recoverNext(): number {
    return this.exports.recoverNext();
  }

  /** As recoverNext, for what is left to do of each transaction when all are committed. */
  settleNext(): number {
    return this.exports.settleNext();
  }

  /** When all units are committed: hashes the leaves of the receipts trie, together with the other instances. */
  settleReceipts(): void {
    this.exports.settleReceipts();
  }

  /** Quiescent, when all units are committed: does what settleReceipts has left undone, and sums up. Uses scratch. */
  sealReceipts(withRoot: boolean): ReceiptsSeal {
    const count = this.exports.sealReceipts(+withRoot);
    const { u8, u32, u64, scratch } = this;
    const bytes = (from: number, length: number): Uint8Array =>
      u8.slice(scratch + from, scratch + from + length);
    return {
      count,
      root: withRoot ? bytes(SEAL_ROOT, 32) : undefined,
      bloom: bytes(SEAL_BLOOM, 256),
      gasUsed: u64[(scratch + SEAL_GAS_USED) >>> 3] as bigint,
      blobs: u32[(scratch + SEAL_BLOBS) >>> 2] as number,
    };
  }

  // ---- Scheduler ----

  /** Quiescent, after resetBlock: the block's gas limit for admission. Default: none. */
  setBlockGasLimit(gas: bigint): void {
    this.u64[WORD_BLOCK_GAS_LIMIT >>> 3] = gas;
  }

  /** Quiescent, after resetBlock: a block is being built, of at most so many blobs. Units it has no room for are left out and halt nothing. */
  setBuilding(blobLimit: number): void {
    this.u32[WORD_BUILDING >>> 2] = 1;
    this.u32[WORD_BLOB_LIMIT >>> 2] = blobLimit;
  }

  /** By whoever executes the unit as the head: ADMITTED, REFUSED_GAS or REFUSED_BLOBS. */
  admission(unit: number): number {
    return this.exports.admission(unit);
  }

  /** By the incarnation at the head, before it publishes no writes and an outcome without gas: the unit is not part of the block. */
  leaveOut(unit: number): void {
    this.exports.leaveOut(unit);
  }

  /** Was the unit left out? */
  isLeftOut(unit: number): boolean {
    return (this.unitField(unit, UNIT_FLAGS) & LEFT_OUT) !== 0;
  }

  /** Quiescent, after resetBlock: aborts plus suspensions above which one instance goes on alone; 0 = never. */
  setSoloAfter(limit: number): void {
    this.u32[WORD_SOLO_AFTER >>> 2] = limit;
  }

  /** Blocks the thread until `count` instances have come here since resetBlock, but no longer than `timeoutMs`. */
  meet(count: number, timeoutMs: number): void {
    const deadline = performance.now() + timeoutMs;
    const word = WORD_MET >>> 2;
    let met = Atomics.add(this.#i32, word, 1) + 1;
    if (met >= count) Atomics.notify(this.#i32, word);
    while (met < count) {
      const left = deadline - performance.now();
      if (left <= 0) return;
      Atomics.wait(this.#i32, word, met, left);
      met = Atomics.load(this.#i32, word);
    }
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

  /** The incarnation is given up for state that has to be fetched; the unit runs again after `unpark`, which must not come before this. */
  park(unit: number, incarnation: number): number {
    return this.exports.park(unit, incarnation);
  }

  /** What the unit is parked for is there, or could not be had: then it runs again as the head. Any thread, at any time. */
  unpark(unit: number, failed: boolean): void {
    this.exports.unpark(unit, +failed);
  }

  /** Does the unit run only when all lower ones are committed? */
  isHeadOnly(unit: number): boolean {
    return (this.unitField(unit, UNIT_FLAGS) & HEAD_ONLY) !== 0;
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
      misses: load(WORD_MISSES),
    };
  }
}
