// The unit table: what the scheduler and the executor know about each unit of the block (prologue, transactions, epilogue).

import {
  UNIT_AFTER,
  UNIT_BLOBS,
  HAS_GAS_LIMIT,
  LEFT_OUT,
  SENDER_KNOWN,
  UNIT_FLAGS,
  UNIT_GAS_LIMIT,
  UNIT_GAS_USED,
  UNIT_OUTCOME,
  UNIT_OUTCOME_LENGTH,
  UNIT_SENDER,
  UNIT_SENDER_STATUS,
  UNIT_SIZE,
  WORD_RECOVER_NEXT,
  WORD_SETTLE_NEXT,
  WORD_TRANSACTIONS_END,
  WORD_UNIT_COUNT,
  WORD_UNIT_TABLE,
} from "../src/layout";
import { allocBlock, area } from "./memory";

// @ts-ignore: decorator
@inline
export function unitAt(unit: u32): u32 {
  return load<u32>(WORD_UNIT_TABLE) + unit * UNIT_SIZE;
}

// @ts-ignore: decorator
@inline
export function unitCount(): u32 {
  return load<u32>(WORD_UNIT_COUNT);
}

/** Quiescent. Makes a table of `count` empty units at the beginning of the (just emptied) block arena; false when it does not fit. */
export function makeUnitTable(count: u32): bool {
  const table = allocBlock((count != 0 ? count : 1) * UNIT_SIZE, 64);
  store<u32>(WORD_UNIT_TABLE, table);
  store<u32>(WORD_UNIT_COUNT, table != 0 ? count : 0);
  if (table == 0) return false;
  memory.fill(table, 0, count * UNIT_SIZE);
  atomic.store<u32>(WORD_RECOVER_NEXT, 1);
  atomic.store<u32>(WORD_SETTLE_NEXT, 1);
  store<u32>(WORD_TRANSACTIONS_END, count > 1 ? count - 1 : 1);
  return true;
}

/** Quiescent. The unit takes part in the block's gas admission with this limit. */
export function setUnitGasLimit(unit: u32, gas: u64): void {
  const at = unitAt(unit);
  store<u64>(at, gas, UNIT_GAS_LIMIT);
  store<u32>(at, load<u32>(at, UNIT_FLAGS) | HAS_GAS_LIMIT, UNIT_FLAGS);
}

/** The unit takes part in the block's blob admission with so many blobs. */
export function setUnitBlobs(unit: u32, blobs: u32): void {
  store<u32>(unitAt(unit), blobs, UNIT_BLOBS);
}

/** By the incarnation at the head, before publishing: the unit does not become part of the block that is being built. */
export function leaveOut(unit: u32): void {
  atomic.or<u32>(unitAt(unit), LEFT_OUT, UNIT_FLAGS);
}

/** Quiescent. Adds flags (HEAD_ONLY) to a unit. */
export function setUnitFlags(unit: u32, flags: u32): void {
  const at = unitAt(unit);
  store<u32>(at, load<u32>(at, UNIT_FLAGS) | flags, UNIT_FLAGS);
}

/** Quiescent. A hint: `unit` is expected to depend on the lower unit `before`, and is not claimed until that one was executed. */
export function setUnitAfter(unit: u32, before: u32): void {
  if (before < unit) store<u32>(unitAt(unit), before + 1, UNIT_AFTER);
}

/** What the incarnation leaves behind for the commit; to be called before publishEnd. */
export function setOutcome(unit: u32, outcome: u32, length: u32, gasUsed: u64): void {
  const at = unitAt(unit);
  store<u32>(at, outcome, UNIT_OUTCOME);
  store<u32>(at, length, UNIT_OUTCOME_LENGTH);
  store<u64>(at, gasUsed, UNIT_GAS_USED);
}

/** Stores the sender whose 20 bytes are at scratch. */
export function setSender(unit: u32): void {
  const at = unitAt(unit);
  memory.copy(at + UNIT_SENDER, area, 20);
  atomic.store<u32>(at, SENDER_KNOWN, UNIT_SENDER_STATUS);
}

/** Hands out the transactions' units for the recovery of their senders: in order, each once, to whoever asks. -1 when there are no more. */
export function recoverNext(): i32 {
  return handOut(WORD_RECOVER_NEXT);
}

/** As recoverNext, for what is left to do of each transaction when all are committed. */
export function settleNext(): i32 {
  return handOut(WORD_SETTLE_NEXT);
}

function handOut(counter: u32): i32 {
  const end = load<u32>(WORD_TRANSACTIONS_END);
  // The look ahead keeps the counter from running on when many ask at the end.
  if (atomic.load<u32>(counter) >= end) return -1;
  const unit = atomic.add<u32>(counter, 1);
  return unit < end ? i32(unit) : -1;
}
