// Read sets and write sets: the logs of a running incarnation, their publication in small steps (so that a test can suspend a
// worker between any two), and the validation of a published read set against the memory as it is now.

import {
  ENTRY_DATA,
  ESTIMATE_TAG,
  FORTHCOMING_LOCATION,
  FORTHCOMING_SIZE,
  FORTHCOMING_VALUE,
  HINT_ENTRY,
  HINT_NEXT,
  HINT_SIZE,
  INCARNATION_HINTED,
  INSTANCE_FAILED_LOCATION,
  INSTANCE_LOGS,
  INSTANCE_PUBLISH_CHANGED,
  INSTANCE_PUBLISH_INDEX,
  INSTANCE_PUBLISH_PHASE,
  INSTANCE_PUBLISH_SETS,
  INSTANCE_PUBLISH_UNIT,
  INSTANCE_READ_CURSOR,
  INSTANCE_READ_END,
  INSTANCE_READ_LOG,
  INSTANCE_VALUE,
  INSTANCE_WRITE_CURSOR,
  INSTANCE_WRITE_END,
  INSTANCE_WRITE_LOG,
  KIND_VALUE,
  LOCATION_KIND_MASK,
  LOCATION_STORAGE,
  PUBLISH_CHANGED,
  PUBLISH_DONE,
  PUBLISH_FAULT,
  PUBLISH_MORE,
  READ_ASSUMED,
  READ_FAULT,
  READ_FLAGS,
  READ_HI,
  READ_LO,
  READ_LOCATION,
  READ_LOG_SIZE,
  READ_OK,
  READ_SIZE,
  SETS_INCARNATION,
  SETS_READ_COUNT,
  SETS_READS,
  SETS_SIZE,
  SETS_WRITE_COUNT,
  SETS_WRITES,
  SLOT_HEAD,
  SLOT_HEAT,
  UNIT_HINT_COUNT,
  UNIT_HINT_HITS,
  UNIT_HINTS,
  UNIT_SETS,
  VALUE_INCARNATION,
  VALUE_KIND,
  VALUE_LIMBS,
  VALUE_SIZE,
  WORD_VALIDATIONS,
  WRITE_KIND,
  WRITE_LIMBS,
  WRITE_LOCATION,
  WRITE_LOG_SIZE,
  WRITE_SET_ENTRY,
  WRITE_SET_LOCATION,
  WRITE_SET_SIZE,
  WRITE_SET_VALUE,
  WRITE_SIZE,
} from "../src/layout";
import { atMost, copy32, sameKey32 } from "./keys";
import { allocBlock, area, instanceArea, instanceCount } from "./memory";
import { entryOf, resolve } from "./mv-memory";
import { unitAt } from "./unit-table";

/** So many readers that do not write it may be waited for in vain. */
const HEAT: u32 = 2;

/** Quiescent. Gives every instance its first log buffers back (grown ones live in the block arena). */
export function resetLogs(): void {
  const count = instanceCount();
  for (let i: u32 = 0; i < count; i++) {
    const base = instanceArea(i);
    const reads = base + INSTANCE_LOGS;
    store<u32>(base + INSTANCE_READ_LOG, reads);
    store<u32>(base + INSTANCE_READ_CURSOR, reads);
    store<u32>(base + INSTANCE_READ_END, reads + READ_LOG_SIZE);
    const writes = reads + READ_LOG_SIZE;
    store<u32>(base + INSTANCE_WRITE_LOG, writes);
    store<u32>(base + INSTANCE_WRITE_CURSOR, writes);
    store<u32>(base + INSTANCE_WRITE_END, writes + WRITE_LOG_SIZE);
  }
}

/** Empties this instance's read log and write log. */
export function beginIncarnation(): void {
  store<u32>(area + INSTANCE_READ_CURSOR, load<u32>(area + INSTANCE_READ_LOG));
  store<u32>(area + INSTANCE_WRITE_CURSOR, load<u32>(area + INSTANCE_WRITE_LOG));
}

/** Moves a full log (its three words are at `words`) to a buffer of twice the size. */
function growLog(words: u32): bool {
  const log = load<u32>(words);
  const used = load<u32>(words, 4) - log;
  const size = (load<u32>(words, 8) - log) * 2;
  const fresh = allocBlock(size, 8);
  if (fresh == 0) return false;
  memory.copy(fresh, log, used);
  store<u32>(words, fresh);
  store<u32>(words, fresh + used, 4);
  store<u32>(words, fresh + size, 8);
  return true;
}

/** The next free place of the log whose words are at `words`, or 0 when the block arena is full. */
// @ts-ignore: decorator
@inline
function append(words: u32, size: u32): u32 {
  let at = load<u32>(words, 4);
  if (at + size > load<u32>(words, 8)) {
    if (!growLog(words)) return 0;
    at = load<u32>(words, 4);
  }
  store<u32>(words, at + size, 4);
  return at;
}

/** HOT. peek, and the value goes into this instance's read log. */
export function read(location: u32, unit: u32): i32 {
  if (isHot(location) && !announce(location, unit)) return READ_FAULT;
  const status = resolve(location, unit, area);
  if (status != READ_OK) return status;
  const at = append(area + INSTANCE_READ_LOG, READ_SIZE);
  if (at == 0) return READ_FAULT;
  store<u32>(at, location, READ_LOCATION);
  store<u32>(at, 0, READ_FLAGS);
  copy32(at + READ_LO, area);
  copy32(at + READ_HI, area);
  return READ_OK;
}

// @ts-ignore: decorator
@inline
function isHot(location: u32): bool {
  return (location & LOCATION_KIND_MASK) == LOCATION_STORAGE && load<u32>(location - SLOT_HEAD, SLOT_HEAT) != 0;
}

/**
 * Who reads a hot slot will most likely write it: it leaves an estimate there at once, so that readers above it wait for it instead of reading
 * what it is about to change. False when the block arena is full.
 */
function announce(location: u32, unit: u32): bool {
  const entry = entryOf(location, unit);
  if (entry == 0) return false;
  if (atomic.load<u32>(entry, ENTRY_DATA) != 0) return true;
  const record = allocBlock(FORTHCOMING_SIZE, 8);
  if (record == 0) return false;
  const at = unitAt(unit);
  store<u32>(record, load<u32>(at, UNIT_HINTS), HINT_NEXT);
  store<u32>(record, entry, HINT_ENTRY);
  store<u32>(record, location, FORTHCOMING_LOCATION);
  store<u32>(at, record, UNIT_HINTS);
  atomic.store<u32>(entry, FORTHCOMING_VALUE | ESTIMATE_TAG, ENTRY_DATA);
  return true;
}

/** Logs the predicate lo <= value <= hi (lo at scratch, hi at scratch + 32). Answers READ_OK or READ_FAULT. */
export function logRange(location: u32): i32 {
  return logPredicate(location, 0);
}

/** Logs a predicate that was assumed without looking: an early validation passes over it. */
export function logAssumption(location: u32): i32 {
  return logPredicate(location, READ_ASSUMED);
}

function logPredicate(location: u32, flags: u32): i32 {
  const at = append(area + INSTANCE_READ_LOG, READ_SIZE);
  if (at == 0) return READ_FAULT;
  store<u32>(at, location, READ_LOCATION);
  store<u32>(at, flags, READ_FLAGS);
  copy32(at + READ_LO, area);
  copy32(at + READ_HI, area + 32);
  return READ_OK;
}

/** Logs a write of the 4 limbs at scratch; once per location and incarnation. Answers READ_OK or READ_FAULT. */
export function write(location: u32, kind: u32): i32 {
  const at = append(area + INSTANCE_WRITE_LOG, WRITE_SIZE);
  if (at == 0) return READ_FAULT;
  store<u32>(at, location, WRITE_LOCATION);
  store<u32>(at, kind, WRITE_KIND);
  copy32(at + WRITE_LIMBS, area);
  return READ_OK;
}

/** Copies the logs into the block arena as the unit's pending sets. Answers PUBLISH_MORE, or PUBLISH_FAULT. */
export function publishBegin(unit: u32, incarnation: u32): i32 {
  const readLog = load<u32>(area + INSTANCE_READ_LOG);
  const readBytes = load<u32>(area + INSTANCE_READ_CURSOR) - readLog;
  const writeLog = load<u32>(area + INSTANCE_WRITE_LOG);
  const writeCount = (load<u32>(area + INSTANCE_WRITE_CURSOR) - writeLog) / WRITE_SIZE;
  const sets = allocBlock(SETS_SIZE + readBytes + writeCount * (WRITE_SET_SIZE + VALUE_SIZE), 8);
  if (sets == 0) return PUBLISH_FAULT;
  const reads = sets + SETS_SIZE;
  const writes = reads + readBytes;
  let value = writes + writeCount * WRITE_SET_SIZE;
  memory.copy(reads, readLog, readBytes);
  store<u32>(sets, incarnation, SETS_INCARNATION);
  store<u32>(sets, readBytes / READ_SIZE, SETS_READ_COUNT);
  store<u32>(sets, reads, SETS_READS);
  store<u32>(sets, writeCount, SETS_WRITE_COUNT);
  store<u32>(sets, writes, SETS_WRITES);
  for (let i: u32 = 0; i < writeCount; i++) {
    const from = writeLog + i * WRITE_SIZE;
    const item = writes + i * WRITE_SET_SIZE;
    store<u32>(item, load<u32>(from, WRITE_LOCATION), WRITE_SET_LOCATION);
    store<u32>(item, 0, WRITE_SET_ENTRY);
    store<u32>(item, value, WRITE_SET_VALUE);
    store<u32>(value, load<u32>(from, WRITE_KIND), VALUE_KIND);
    store<u32>(value, incarnation, VALUE_INCARNATION);
    copy32(value + VALUE_LIMBS, from + WRITE_LIMBS);
    value += VALUE_SIZE;
  }
  store<u32>(area + INSTANCE_PUBLISH_UNIT, unit);
  store<u32>(area + INSTANCE_PUBLISH_SETS, sets);
  store<u32>(area + INSTANCE_PUBLISH_PHASE, 0);
  store<u32>(area + INSTANCE_PUBLISH_INDEX, 0);
  store<u32>(area + INSTANCE_PUBLISH_CHANGED, 0);
  return PUBLISH_MORE;
}

/** Publishes one write, or clears one entry that this incarnation did not write again. */
export function publishNext(): i32 {
  const unit = load<u32>(area + INSTANCE_PUBLISH_UNIT);
  const sets = load<u32>(area + INSTANCE_PUBLISH_SETS);
  const phase = load<u32>(area + INSTANCE_PUBLISH_PHASE);
  if (phase == 0) return publishWrite(unit, sets);
  if (phase == 1) return clearFormer(unit, sets);
  return phase == 2 ? clearHint(sets) : PUBLISH_DONE;
}

function publishWrite(unit: u32, sets: u32): i32 {
  const index = load<u32>(area + INSTANCE_PUBLISH_INDEX);
  if (index >= load<u32>(sets, SETS_WRITE_COUNT)) {
    store<u32>(area + INSTANCE_PUBLISH_PHASE, 1);
    store<u32>(area + INSTANCE_PUBLISH_INDEX, 0);
    return clearFormer(unit, sets);
  }
  const item = load<u32>(sets, SETS_WRITES) + index * WRITE_SET_SIZE;
  const value = load<u32>(item, WRITE_SET_VALUE);
  const entry = entryOf(load<u32>(item, WRITE_SET_LOCATION), unit);
  if (entry == 0) return PUBLISH_FAULT;
  store<u32>(item, entry, WRITE_SET_ENTRY);
  const former = atomic.load<u32>(entry, ENTRY_DATA);
  const old = former & ~ESTIMATE_TAG;
  atomic.store<u32>(entry, value, ENTRY_DATA);
  if (former == ESTIMATE_TAG || isHinted(old)) {
    const at = unitAt(unit);
    store<u32>(at, load<u32>(at, UNIT_HINT_HITS) + 1, UNIT_HINT_HITS);
  }
  // Whoever looked at an estimate waited, and whoever looked at a value that stays the same saw the right one: they need not be validated again.
  if (
    former != ESTIMATE_TAG &&
    (old == 0 ||
      old == FORTHCOMING_VALUE ||
      load<u32>(old, VALUE_KIND) != load<u32>(value, VALUE_KIND) ||
      !sameKey32(old + VALUE_LIMBS, value + VALUE_LIMBS))
  ) {
    store<u32>(area + INSTANCE_PUBLISH_CHANGED, 1);
  }
  store<u32>(area + INSTANCE_PUBLISH_INDEX, index + 1);
  return PUBLISH_MORE;
}

/** A value that was expected before the run (no tag). */
// @ts-ignore: decorator
@inline
function isHinted(value: u32): bool {
  return value != 0 && load<u32>(value, VALUE_INCARNATION) == INCARNATION_HINTED;
}

function clearFormer(unit: u32, sets: u32): i32 {
  const former = load<u32>(unitAt(unit), UNIT_SETS);
  if (former != 0) {
    const incarnation = load<u32>(sets, SETS_INCARNATION);
    const count = load<u32>(former, SETS_WRITE_COUNT);
    for (let index = load<u32>(area + INSTANCE_PUBLISH_INDEX); index < count; index++) {
      const entry = load<u32>(load<u32>(former, SETS_WRITES) + index * WRITE_SET_SIZE, WRITE_SET_ENTRY);
      const data = atomic.load<u32>(entry, ENTRY_DATA) & ~ESTIMATE_TAG;
      if (data != 0 && load<u32>(data, VALUE_INCARNATION) != incarnation) {
        atomic.store<u32>(entry, 0, ENTRY_DATA);
        store<u32>(area + INSTANCE_PUBLISH_CHANGED, 1);
        store<u32>(area + INSTANCE_PUBLISH_INDEX, index + 1);
        return PUBLISH_MORE;
      }
    }
  }
  store<u32>(area + INSTANCE_PUBLISH_PHASE, 2);
  store<u32>(area + INSTANCE_PUBLISH_INDEX, load<u32>(unitAt(unit), UNIT_HINTS));
  return clearHint(sets);
}

function clearHint(sets: u32): i32 {
  let hint = load<u32>(area + INSTANCE_PUBLISH_INDEX);
  while (hint != 0) {
    const record = hint;
    const entry = load<u32>(hint, HINT_ENTRY);
    hint = load<u32>(hint, HINT_NEXT);
    const data = atomic.load<u32>(entry, ENTRY_DATA);
    // Nobody looked past an estimate, but somebody may have seen a value that does not come.
    const seen = isHinted(data & ~ESTIMATE_TAG);
    const announced = data == (FORTHCOMING_VALUE | ESTIMATE_TAG);
    if (announced) cool(load<u32>(record, FORTHCOMING_LOCATION));
    if (data == ESTIMATE_TAG || seen || announced) {
      atomic.store<u32>(entry, 0, ENTRY_DATA);
      if (seen) store<u32>(area + INSTANCE_PUBLISH_CHANGED, 1);
      store<u32>(area + INSTANCE_PUBLISH_INDEX, hint);
      return PUBLISH_MORE;
    }
  }
  store<u32>(area + INSTANCE_PUBLISH_PHASE, 3);
  return PUBLISH_DONE;
}

/** Installs the pending sets as the unit's. Answers PUBLISH_CHANGED when higher units have to be validated again, else 0. */
export function publishEnd(unit: u32): i32 {
  const at = unitAt(unit);
  store<u32>(at, 0, UNIT_HINTS);
  atomic.store<u32>(at, load<u32>(area + INSTANCE_PUBLISH_SETS), UNIT_SETS);
  return load<u32>(area + INSTANCE_PUBLISH_CHANGED) ? PUBLISH_CHANGED : 0;
}

/** publishBegin, all of publishNext, publishEnd in one call; answers publishEnd's flags or PUBLISH_FAULT. */
export function publishAll(unit: u32, incarnation: u32): i32 {
  let more = publishBegin(unit, incarnation);
  while (more == PUBLISH_MORE) more = publishNext();
  return more == PUBLISH_DONE ? publishEnd(unit) : more;
}

/** Resolves every read of a set record again. A read that is blocked or cannot be answered makes it invalid. `early`: assumptions may still become true. */
export function validateSets(sets: u32, unit: u32, early: bool): bool {
  atomic.add<u32>(WORD_VALIDATIONS, 1);
  let at = load<u32>(sets, SETS_READS);
  const end = at + load<u32>(sets, SETS_READ_COUNT) * READ_SIZE;
  const value = area + INSTANCE_VALUE;
  for (; at < end; at += READ_SIZE) {
    if (early && load<u32>(at, READ_FLAGS) & READ_ASSUMED) continue;
    store<u32>(area + INSTANCE_FAILED_LOCATION, load<u32>(at, READ_LOCATION));
    if (resolve(load<u32>(at, READ_LOCATION), unit, value) != READ_OK) return false;
    // Most reads are of one value: the first comparison then settles it.
    if (!sameKey32(value, at + READ_LO) && !(atMost(at + READ_LO, value) && atMost(value, at + READ_HI))) return false;
  }
  return true;
}

/** 1 when the unit's installed read set still holds, else 0. */
export function validate(unit: u32): i32 {
  const sets = atomic.load<u32>(unitAt(unit), UNIT_SETS);
  return sets != 0 && validateSets(sets, unit, false) ? 1 : 0;
}

/** Marks every write of the unit as an estimate; the old values stay readable behind the mark. What it has read too early, and writes, becomes hot. */
export function markEstimates(unit: u32): void {
  const sets = atomic.load<u32>(unitAt(unit), UNIT_SETS);
  if (sets == 0) return;
  const writes = load<u32>(sets, SETS_WRITES);
  const count = load<u32>(sets, SETS_WRITE_COUNT);
  const failed = load<u32>(area + INSTANCE_FAILED_LOCATION);
  for (let i: u32 = 0; i < count; i++) {
    const item = writes + i * WRITE_SET_SIZE;
    atomic.or<u32>(load<u32>(item, WRITE_SET_ENTRY), ESTIMATE_TAG, ENTRY_DATA);
    if (load<u32>(item, WRITE_SET_LOCATION) == failed) heat(failed);
  }
}

/** The aborted unit has read the location too early, and writes it itself: the next ones that read it will most likely do so too. */
function heat(location: u32): void {
  if ((location & LOCATION_KIND_MASK) == LOCATION_STORAGE) store<u32>(location - SLOT_HEAD, HEAT, SLOT_HEAT);
}

/** A unit has read the slot, made others wait, and did not write it. */
function cool(location: u32): void {
  const slot = location - SLOT_HEAD;
  const heat = load<u32>(slot, SLOT_HEAT);
  if (heat != 0) store<u32>(slot, heat - 1, SLOT_HEAT);
}

/** Quiescent, before the run. Expects that `unit` will write `location`: readers above it wait for it. Answers READ_OK or READ_FAULT. */
export function hintEstimate(location: u32, unit: u32): i32 {
  return hint(location, unit, ESTIMATE_TAG);
}

/**
 * Quiescent, before the run. Expects that `unit` will write the 4 limbs at scratch to `location`: readers above it go on with them, and are as
 * wrong as with any other stale value when something else comes. Answers READ_OK or READ_FAULT.
 */
export function hintValue(location: u32, unit: u32): i32 {
  const value = allocBlock(VALUE_SIZE, 8);
  if (value == 0) return READ_FAULT;
  store<u32>(value, KIND_VALUE, VALUE_KIND);
  store<u32>(value, INCARNATION_HINTED, VALUE_INCARNATION);
  copy32(value + VALUE_LIMBS, area);
  return hint(location, unit, value);
}

/** The first hint about a location and unit counts. */
function hint(location: u32, unit: u32, data: u32): i32 {
  const entry = entryOf(location, unit);
  if (entry == 0) return READ_FAULT;
  if (load<u32>(entry, ENTRY_DATA) != 0) return READ_OK;
  const record = allocBlock(HINT_SIZE, 8);
  if (record == 0) return READ_FAULT;
  const at = unitAt(unit);
  store<u32>(record, load<u32>(at, UNIT_HINTS), HINT_NEXT);
  store<u32>(record, entry, HINT_ENTRY);
  store<u32>(at, record, UNIT_HINTS);
  store<u32>(at, load<u32>(at, UNIT_HINT_COUNT) + 1, UNIT_HINT_COUNT);
  atomic.store<u32>(entry, data, ENTRY_DATA);
  return READ_OK;
}
