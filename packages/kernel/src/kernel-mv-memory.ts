// The part of the bindings that reads and writes the multi-version memory.

import { KernelMemory } from "./kernel-memory.ts";
import {
  ACCOUNT_BALANCE,
  ACCOUNT_CODE_HASH,
  ACCOUNT_NONCE,
  ACCOUNT_STORAGE_RESET,
  KIND_DELTA,
  KIND_VALUE,
  SLOT_HEAD,
  SLOT_KEY,
  WORD_ACCOUNT_COUNT,
  WORD_SLOT_COUNT,
  WORD_UNIT_COUNT,
} from "./layout.ts";

/** The bindings of MultiVersionMemory, read sets and write sets. `Kernel` is what callers construct. */
export class KernelMvMemory extends KernelMemory {
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

  /** Quiescent, before the run: expect a write of the 4 limbs at scratch, with which readers above go on. */
  hintValue(location: number, unit: number): number {
    return this.exports.hintValue(location, unit);
  }

  /** Quiescent, after the run: the value behind all units, as peek gives it. */
  finalValue(location: number): number {
    return this.exports.peek(location, this.unitCount);
  }

  /**
   * Quiescent: links all account records (ACCOUNT_LIST_NEXT), ascending by address, and their slot records (ACCOUNT_SLOTS,
   * SLOT_LIST_NEXT), ascending by key; ptr of the first, or 0.
   */
  collectAccounts(): number {
    return this.exports.collectAccounts() >>> 0;
  }

  accountCount(): number {
    return Atomics.load(this.u32, WORD_ACCOUNT_COUNT >>> 2);
  }

  slotCount(): number {
    return Atomics.load(this.u32, WORD_SLOT_COUNT >>> 2);
  }

  get unitCount(): number {
    return this.u32[WORD_UNIT_COUNT >>> 2] ?? 0;
  }
}
