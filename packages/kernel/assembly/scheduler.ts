// The scheduler: Block-STM with commit in order. Correctness rests on one rule: a unit is committed only when all lower units are
// committed and its read set has been validated after that (or it was claimed after that). Early validation only finds aborts sooner.
//
//   READY --claim--> EXECUTING --finish--> EXECUTED --commit--> COMMITTED
//     ^                 |  |                  |
//     |  retryAtHead    |  | suspend          | its reads do not hold
//     +-----------------+  v                  v
//     +---resumed------ SUSPENDED          ABORTING: its writes become estimates
//     +---------------------------------------+
//
// A unit whose incarnation needs state that has to be fetched is given up and PARKED, until whoever fetches it makes it READY. That takes no lock,
// because a dead worker may hold it; so the execution index never passes a parked unit, and only its status has to change.
//
// While a block is being built, a unit that cannot be part of it is left out: as the head it publishes nothing and is committed.
//
// Where one unit after the other turns out to depend on the one before it, only the head is executed for a while (judgeSpeculation).
//
// One spin lock guards the statuses; it is held for some nanoseconds and never across a validation or a host call.

import {
  ADMITTED,
  HALT_ADMISSION,
  HAS_GAS_LIMIT,
  HEAD_ONLY,
  INSTANCE_FAILED_LOCATION,
  INSTANCE_PENDING,
  INSTANCE_PENDING_INCARNATION,
  INSTANCE_PENDING_UNIT,
  INSTANCE_PENDING_VALID,
  LEFT_OUT,
  LOCATION_BALANCE,
  LOCATION_CODE_HASH,
  LOCATION_KIND_MASK,
  LOCATION_NONCE,
  LOCATION_STORAGE,
  PENDING_COMMIT,
  PENDING_ESTIMATES,
  PENDING_INVALID,
  PENDING_NONE,
  PENDING_OWN,
  PUBLISH_CHANGED,
  REFUSED_BLOBS,
  REFUSED_GAS,
  SETS_INCARNATION,
  STATUS_ABORTING,
  STATUS_COMMITTED,
  STATUS_EXECUTED,
  STATUS_EXECUTING,
  STATUS_PARKED,
  STATUS_READY,
  STATUS_SUSPENDED,
  STEP_CONTINUE,
  STEP_DONE,
  STEP_EXECUTE,
  STEP_HALTED,
  STEP_IDLE,
  UNIT_ABORTS,
  UNIT_AFTER,
  UNIT_BLOBS,
  UNIT_DEPENDENTS,
  UNIT_EXECUTIONS,
  UNIT_FLAGS,
  UNIT_GAS_LIMIT,
  UNIT_GAS_USED,
  UNIT_HEAD_INCARNATION,
  UNIT_INCARNATION,
  UNIT_NEXT_DEPENDENT,
  UNIT_SETS,
  UNIT_STATUS,
  UNIT_SUSPENSIONS,
  WORD_ABORT_CAUSES,
  WORD_ABORTS,
  WORD_BACK_OFF_UNTIL,
  WORD_BLOB_LIMIT,
  WORD_BLOCK_GAS_LIMIT,
  WORD_BUILDING,
  WORD_COMMIT_INDEX,
  WORD_COMMITTER,
  WORD_CUMULATIVE_BLOBS,
  WORD_CUMULATIVE_GAS,
  WORD_EXECUTION_INDEX,
  WORD_EXECUTIONS,
  WORD_IN_VAIN,
  WORD_LOCK,
  WORD_MET,
  WORD_MISSES,
  WORD_SOLO,
  WORD_SOLO_AFTER,
  WORD_SUSPENSIONS,
  WORD_VALIDATION_INDEX,
  WORD_WAITERS,
} from "../src/layout";
import { area, halt, halted, self, wake } from "./memory";
import { markEstimates, validateSets } from "./sets";
import { unitAt, unitCount } from "./unit-table";

/** Turns of spinning before a waiter sleeps for LOCK_NAP: the holder has lost its core then. */
const LOCK_SPINS: u32 = 2000;
const LOCK_NAP: i64 = 50_000; // nanoseconds

/** Speculation was in vain for so many units in a row, for each worker, before it backs off: what ran at the same time fails at the same time. */
const BACK_OFF_AFTER: u32 = 3;
/** Then so many units are executed in order, and twice as many after each further one in vain. */
const BACK_OFF_UNITS: u32 = 8;
const MAX_BACK_OFF_UNITS: u32 = 64;

/** Takes the scheduler lock; false when the run was halted meanwhile, because a dead worker may hold it for ever. */
function lock(): bool {
  let spins: u32 = 0;
  while (true) {
    const holder = atomic.cmpxchg<u32>(WORD_LOCK, 0, self + 1);
    if (holder == 0) return true;
    if (halted()) return false;
    if (++spins > LOCK_SPINS) {
      atomic.wait<u32>(WORD_LOCK, holder, LOCK_NAP);
      spins = 0;
    }
  }
}

// @ts-ignore: decorator
@inline
function unlock(): void {
  atomic.store<u32>(WORD_LOCK, 0);
}

// @ts-ignore: decorator
@inline
function statusOf(at: u32): u32 {
  return atomic.load<u32>(at, UNIT_STATUS);
}

// @ts-ignore: decorator
@inline
function lower(word: u32, value: u32): void {
  let seen = atomic.load<u32>(word);
  while (value < seen) {
    const now = atomic.cmpxchg<u32>(word, seen, value);
    if (now == seen) break;
    seen = now;
  }
}

function setPending(kind: u32, unit: u32, incarnation: u32, valid: bool): void {
  store<u32>(area + INSTANCE_PENDING, kind);
  store<u32>(area + INSTANCE_PENDING_UNIT, unit);
  store<u32>(area + INSTANCE_PENDING_INCARNATION, incarnation);
  store<u32>(area + INSTANCE_PENDING_VALID, u32(valid));
}

/** Under the lock. The unit may be claimed again, in its next incarnation. */
function makeReady(at: u32, unit: u32): void {
  atomic.store<u32>(at, load<u32>(at, UNIT_INCARNATION) + 1, UNIT_INCARNATION);
  atomic.store<u32>(at, STATUS_READY, UNIT_STATUS);
  lower(WORD_EXECUTION_INDEX, unit);
}

function count(at: u32, unitCounter: u32, word: u32): void {
  store<u32>(at + unitCounter, load<u32>(at + unitCounter) + 1);
  atomic.add<u32>(word, 1);
}

/** Counts an abort by the kind of the read that failed in this instance's last validation. */
function countCause(): void {
  const kind = load<u32>(area + INSTANCE_FAILED_LOCATION) & LOCATION_KIND_MASK;
  const index: u32 =
    kind == LOCATION_STORAGE ? 0 : kind == LOCATION_BALANCE ? 1 : kind == LOCATION_NONCE ? 2 : kind == LOCATION_CODE_HASH ? 3 : 4;
  atomic.add<u32>(WORD_ABORT_CAUSES + index * 4, 1);
}

/**
 * Under the lock, when a unit is committed: did speculation pay? Where one transaction after the other turns out to depend on the one before it, it
 * only takes memory and cache from the worker that gets on.
 */
function judgeSpeculation(at: u32, unit: u32): void {
  // What is committed was claimed early, and held.
  if (load<u32>(at, UNIT_HEAD_INCARNATION) != load<u32>(at, UNIT_INCARNATION) + 1) {
    store<u32>(WORD_IN_VAIN, 0);
    return;
  }
  if ((load<u32>(at, UNIT_ABORTS) | load<u32>(at, UNIT_SUSPENSIONS)) == 0) return;
  const inVain = load<u32>(WORD_IN_VAIN) + 1;
  store<u32>(WORD_IN_VAIN, inVain);
  const workers = atomic.load<u32>(WORD_MET);
  const allowed = BACK_OFF_AFTER * (workers != 0 ? workers : 1);
  if (inVain < allowed) return;
  const doublings = inVain - allowed;
  const units: u32 = doublings < 3 ? BACK_OFF_UNITS << doublings : MAX_BACK_OFF_UNITS;
  atomic.store<u32>(WORD_BACK_OFF_UNTIL, unit + 1 + units);
}

/** When speculation does not pay, whoever notices goes on alone. */
function checkSolo(): void {
  const limit = load<u32>(WORD_SOLO_AFTER);
  if (limit != 0 && atomic.load<u32>(WORD_ABORTS) + atomic.load<u32>(WORD_SUSPENSIONS) > limit) {
    atomic.cmpxchg<u32>(WORD_SOLO, 0, self + 1);
  }
}

/** Only one instance gets work from now on: the caller, or the first worker when the main thread calls. */
export function solo(): void {
  atomic.cmpxchg<u32>(WORD_SOLO, 0, self != 0 ? self + 1 : 2);
  wake();
}

/** In solo mode what others bring about has to reach the one that goes on. */
// @ts-ignore: decorator
@inline
function wakeSolo(): void {
  const only = atomic.load<u32>(WORD_SOLO);
  if (only != 0 && only != self + 1) wake();
}

/** One atomic step for this instance: STEP_EXECUTE (unit, incarnation, head at scratch), STEP_CONTINUE, STEP_IDLE, STEP_DONE or STEP_HALTED. */
export function step(): i32 {
  if (halted()) return STEP_HALTED;
  const pending = load<u32>(area + INSTANCE_PENDING);
  if (pending != PENDING_NONE) return complete(pending);
  const units = unitCount();
  const commit = atomic.load<u32>(WORD_COMMIT_INDEX);
  if (commit >= units) return STEP_DONE;
  const only = atomic.load<u32>(WORD_SOLO);
  if (only != 0 && only != self + 1) return STEP_DONE;
  if (statusOf(unitAt(commit)) == STATUS_EXECUTED && beginCommit(units)) return STEP_CONTINUE;
  if (validateEarly(commit, units)) return STEP_CONTINUE;
  return claim(commit, units);
}

/** Takes the committer's role, if it is free, and validates the unit at the head; the next step commits or aborts it. */
function beginCommit(units: u32): bool {
  if (atomic.load<u32>(WORD_COMMITTER) != 0 || atomic.cmpxchg<u32>(WORD_COMMITTER, 0, self + 1) != 0) return false;
  const unit = atomic.load<u32>(WORD_COMMIT_INDEX);
  if (unit < units) {
    const at = unitAt(unit);
    if (statusOf(at) == STATUS_EXECUTED) {
      const sets = atomic.load<u32>(at, UNIT_SETS);
      const incarnation = load<u32>(sets, SETS_INCARNATION);
      // Claimed when everything below was committed: all it read was final.
      const valid = load<u32>(at, UNIT_HEAD_INCARNATION) == incarnation + 1 || validateSets(sets, unit, false);
      setPending(PENDING_COMMIT, unit, incarnation, valid);
      return true;
    }
  }
  atomic.store<u32>(WORD_COMMITTER, 0);
  return false;
}

/** Claims the next unit that may have read something stale and validates it. */
function validateEarly(commit: u32, units: u32): bool {
  const next = atomic.load<u32>(WORD_VALIDATION_INDEX);
  const unit = next > commit ? next : commit;
  if (unit >= atomic.load<u32>(WORD_EXECUTION_INDEX) || unit >= units) return false;
  if (atomic.cmpxchg<u32>(WORD_VALIDATION_INDEX, next, unit + 1) == next) examine(unit);
  return true;
}

/** Validates an executed unit; if its reads do not hold, the next step aborts it. */
function examine(unit: u32): void {
  const at = unitAt(unit);
  if (statusOf(at) != STATUS_EXECUTED) return;
  const sets = atomic.load<u32>(at, UNIT_SETS);
  if (!validateSets(sets, unit, true)) setPending(PENDING_INVALID, unit, load<u32>(sets, SETS_INCARNATION), false);
}

// @ts-ignore: decorator
@inline
function claimable(unit: u32, commit: u32): bool {
  const at = unitAt(unit);
  if (statusOf(at) != STATUS_READY) return false;
  if (unit == commit) return true;
  if (atomic.load<u32>(at, UNIT_FLAGS) & HEAD_ONLY) return false;
  // While the head waits for state, speculation takes nothing from it, and finds what else has to be fetched.
  if (commit < atomic.load<u32>(WORD_BACK_OFF_UNTIL) && statusOf(unitAt(commit)) != STATUS_PARKED) return false;
  // An expected dependent stays with whoever executes what it depends on.
  const before = load<u32>(at, UNIT_AFTER);
  return before == 0 || statusOf(unitAt(before - 1)) == STATUS_EXECUTED || statusOf(unitAt(before - 1)) == STATUS_COMMITTED;
}

/** READY, or made so without the lock. */
// @ts-ignore: decorator
@inline
function mayBecomeReady(at: u32): bool {
  const status = statusOf(at);
  return status == STATUS_READY || status == STATUS_PARKED;
}

/** Claims the lowest unit that is READY and may run. */
function claim(commit: u32, units: u32): i32 {
  let unit = atomic.load<u32>(WORD_EXECUTION_INDEX);
  while (unit < units && !claimable(unit, commit)) unit++;
  if (unit >= units) return STEP_IDLE;
  if (!lock()) return STEP_HALTED;
  const head = atomic.load<u32>(WORD_COMMIT_INDEX);
  if (!claimable(unit, head)) {
    unlock();
    return STEP_CONTINUE;
  }
  const at = unitAt(unit);
  const incarnation = load<u32>(at, UNIT_INCARNATION);
  atomic.store<u32>(at, STATUS_EXECUTING, UNIT_STATUS);
  store<u32>(at, head == unit ? incarnation + 1 : 0, UNIT_HEAD_INCARNATION);
  count(at, UNIT_EXECUTIONS, WORD_EXECUTIONS);
  let lowest = atomic.load<u32>(WORD_EXECUTION_INDEX);
  while (lowest <= unit && !mayBecomeReady(unitAt(lowest))) lowest++;
  atomic.store<u32>(WORD_EXECUTION_INDEX, lowest);
  unlock();
  // Whoever gets work looks whether there is more for those who wait: a chain of dependents wakes nobody.
  if (atomic.load<u32>(WORD_WAITERS) != 0) {
    let more = lowest;
    while (more < units && !claimable(more, head)) more++;
    if (more < units) wake();
  }
  store<u32>(area, unit);
  store<u32>(area, incarnation, 4);
  store<u32>(area, u32(head == unit), 8);
  return STEP_EXECUTE;
}

function complete(pending: u32): i32 {
  const unit = load<u32>(area + INSTANCE_PENDING_UNIT);
  const incarnation = load<u32>(area + INSTANCE_PENDING_INCARNATION);
  store<u32>(area + INSTANCE_PENDING, PENDING_NONE);
  if (pending == PENDING_OWN) {
    examine(unit);
    return STEP_CONTINUE;
  }
  if (pending == PENDING_ESTIMATES) markEstimates(unit);
  if (!lock()) return STEP_HALTED;
  const at = unitAt(unit);
  if (pending == PENDING_ESTIMATES) {
    makeReady(at, unit);
    lower(WORD_VALIDATION_INDEX, unit + 1);
  } else if (statusOf(at) == STATUS_EXECUTED && load<u32>(at, UNIT_INCARNATION) == incarnation) {
    if (pending == PENDING_COMMIT && load<u32>(area + INSTANCE_PENDING_VALID) != 0) {
      if (!commitUnit(at, unit) && load<u32>(WORD_BUILDING) != 0) {
        // The block has no room for it: it runs once more as the head, which leaves it out.
        atomic.or<u32>(at, HEAD_ONLY, UNIT_FLAGS);
        atomic.store<u32>(at, STATUS_ABORTING, UNIT_STATUS);
        count(at, UNIT_SUSPENSIONS, WORD_SUSPENSIONS);
        setPending(PENDING_ESTIMATES, unit, incarnation, false);
      }
    } else {
      atomic.store<u32>(at, STATUS_ABORTING, UNIT_STATUS);
      count(at, UNIT_ABORTS, WORD_ABORTS);
      countCause();
      checkSolo();
      setPending(PENDING_ESTIMATES, unit, incarnation, false);
    }
  }
  unlock();
  if (pending == PENDING_COMMIT) atomic.store<u32>(WORD_COMMITTER, 0);
  wakeSolo();
  return STEP_CONTINUE;
}

function admissionAt(at: u32): u32 {
  const flags = load<u32>(at, UNIT_FLAGS);
  if (flags & LEFT_OUT) return ADMITTED;
  const used = load<u64>(WORD_CUMULATIVE_GAS);
  const limit = load<u64>(WORD_BLOCK_GAS_LIMIT);
  if (flags & HAS_GAS_LIMIT && (used > limit || load<u64>(at, UNIT_GAS_LIMIT) > limit - used)) return REFUSED_GAS;
  const blobs = load<u32>(WORD_CUMULATIVE_BLOBS);
  return load<u32>(at, UNIT_BLOBS) > load<u32>(WORD_BLOB_LIMIT) - blobs ? REFUSED_BLOBS : ADMITTED;
}

/** By whoever executes the unit as the head: has the block room for it? ADMITTED, REFUSED_GAS or REFUSED_BLOBS. */
export function admission(unit: u32): u32 {
  return admissionAt(unitAt(unit));
}

/** Commits the unit at the head. False when the block has no room for it; that halts the run, unless a block is being built. */
function commitUnit(at: u32, unit: u32): bool {
  if (admissionAt(at) != ADMITTED) {
    if (load<u32>(WORD_BUILDING) == 0) halt(HALT_ADMISSION, unit);
    return false;
  }
  atomic.store<u64>(WORD_CUMULATIVE_GAS, load<u64>(WORD_CUMULATIVE_GAS) + load<u64>(at, UNIT_GAS_USED));
  if (!(load<u32>(at, UNIT_FLAGS) & LEFT_OUT)) {
    store<u32>(WORD_CUMULATIVE_BLOBS, load<u32>(WORD_CUMULATIVE_BLOBS) + load<u32>(at, UNIT_BLOBS));
  }
  judgeSpeculation(at, unit);
  atomic.store<u32>(at, STATUS_COMMITTED, UNIT_STATUS);
  atomic.store<u32>(WORD_COMMIT_INDEX, unit + 1);
  if (unit + 1 >= unitCount()) wake();
  return true;
}

/** Under the lock. Units that waited for this one may be claimed. */
function resumeDependents(at: u32): void {
  let dependent = load<u32>(at, UNIT_DEPENDENTS);
  store<u32>(at, 0, UNIT_DEPENDENTS);
  while (dependent != 0) {
    const unit = dependent - 1;
    const other = unitAt(unit);
    dependent = load<u32>(other, UNIT_NEXT_DEPENDENT);
    atomic.store<u32>(other, STATUS_READY, UNIT_STATUS);
    lower(WORD_EXECUTION_INDEX, unit);
  }
}

/** After publishEnd: the incarnation is complete. Answers STEP_CONTINUE, STEP_HALTED, or -1 when it is not this incarnation's turn. */
export function finishExecution(unit: u32, incarnation: u32, flags: u32): i32 {
  if (!lock()) return STEP_HALTED;
  const at = unitAt(unit);
  if (statusOf(at) != STATUS_EXECUTING || load<u32>(at, UNIT_INCARNATION) != incarnation) {
    unlock();
    return -1;
  }
  atomic.store<u32>(at, STATUS_EXECUTED, UNIT_STATUS);
  resumeDependents(at);
  if (flags & PUBLISH_CHANGED) lower(WORD_VALIDATION_INDEX, unit + 1);
  if (load<u32>(at, UNIT_HEAD_INCARNATION) != incarnation + 1) setPending(PENDING_OWN, unit, incarnation, false);
  unlock();
  wakeSolo();
  return STEP_CONTINUE;
}

/** The incarnation read an estimate of `blocking`: the unit waits for it, or is READY at once when it was executed meanwhile. */
export function suspend(unit: u32, incarnation: u32, blocking: u32): i32 {
  if (!lock()) return STEP_HALTED;
  const at = unitAt(unit);
  if (statusOf(at) != STATUS_EXECUTING || load<u32>(at, UNIT_INCARNATION) != incarnation) {
    unlock();
    return -1;
  }
  count(at, UNIT_SUSPENSIONS, WORD_SUSPENSIONS);
  checkSolo();
  makeReady(at, unit);
  const other = unitAt(blocking);
  const status = statusOf(other);
  if (status != STATUS_EXECUTED && status != STATUS_COMMITTED) {
    atomic.store<u32>(at, STATUS_SUSPENDED, UNIT_STATUS);
    store<u32>(at, load<u32>(other, UNIT_DEPENDENTS), UNIT_NEXT_DEPENDENT);
    store<u32>(other, unit + 1, UNIT_DEPENDENTS);
  }
  unlock();
  wakeSolo();
  return STEP_CONTINUE;
}

/** The incarnation needs state that has to be fetched: it is given up, and the unit waits for `unpark`. What is asked for is asked for after this. */
export function park(unit: u32, incarnation: u32): i32 {
  if (!lock()) return STEP_HALTED;
  const at = unitAt(unit);
  if (statusOf(at) != STATUS_EXECUTING || load<u32>(at, UNIT_INCARNATION) != incarnation) {
    unlock();
    return -1;
  }
  atomic.add<u32>(WORD_MISSES, 1);
  makeReady(at, unit);
  atomic.store<u32>(at, STATUS_PARKED, UNIT_STATUS);
  unlock();
  // Those behind a head that waits may be claimed whatever came before.
  if (unit == atomic.load<u32>(WORD_COMMIT_INDEX)) wake();
  else wakeSolo();
  return STEP_CONTINUE;
}

/** By whoever has fetched what the unit is parked for, at any time; a unit that is not parked stays as it is. `headOnly`: it runs again as the head. */
export function unpark(unit: u32, headOnly: bool): void {
  const at = unitAt(unit);
  if (headOnly) atomic.or<u32>(at, HEAD_ONLY, UNIT_FLAGS);
  if (atomic.cmpxchg<u32>(at, STATUS_PARKED, STATUS_READY, UNIT_STATUS) == STATUS_PARKED) wake();
}

/** The incarnation cannot go on speculating: the unit runs again when everything below it is committed. */
export function retryAtHead(unit: u32, incarnation: u32): i32 {
  if (!lock()) return STEP_HALTED;
  const at = unitAt(unit);
  if (statusOf(at) != STATUS_EXECUTING || load<u32>(at, UNIT_INCARNATION) != incarnation) {
    unlock();
    return -1;
  }
  atomic.or<u32>(at, HEAD_ONLY, UNIT_FLAGS);
  makeReady(at, unit);
  unlock();
  wakeSolo();
  return STEP_CONTINUE;
}

/** Sequential execution by a single instance: commits the unit at the head without validation. Answers 0, HALT_ADMISSION (no room), or -1 when it is not its turn. */
export function commitInOrder(unit: u32): i32 {
  if (unit != load<u32>(WORD_COMMIT_INDEX) || unit >= unitCount()) return -1;
  const at = unitAt(unit);
  if (statusOf(at) != STATUS_EXECUTED) count(at, UNIT_EXECUTIONS, WORD_EXECUTIONS);
  if (!commitUnit(at, unit)) return HALT_ADMISSION;
  if (load<u32>(WORD_EXECUTION_INDEX) <= unit) atomic.store<u32>(WORD_EXECUTION_INDEX, unit + 1);
  return 0;
}

/** Spins until the wake epoch differs from `epoch`; false when it did not within `turns`. */
export function spinWhile(epochWord: u32, epoch: u32, turns: u32): i32 {
  for (let i: u32 = 0; i < turns; i++) {
    if (atomic.load<u32>(epochWord) != epoch) return 1;
  }
  return 0;
}
