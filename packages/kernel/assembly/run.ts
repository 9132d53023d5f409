// The beginning of a block and the recovery of one whose workers died: both quiescent, nothing else may run.

import {
  INSTANCE_PENDING,
  LEFT_OUT,
  PENDING_NONE,
  STATUS_READY,
  UNIT_BLOBS,
  UNIT_DEPENDENTS,
  UNIT_FLAGS,
  UNIT_GAS_USED,
  UNIT_HEAD_INCARNATION,
  UNIT_HINTS,
  UNIT_INCARNATION,
  UNIT_SETS,
  UNIT_STATUS,
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
  WORD_FAULT,
  WORD_HALT,
  WORD_IN_VAIN,
  WORD_LOCK,
  WORD_MET,
  WORD_MISSES,
  WORD_SOLO,
  WORD_SOLO_AFTER,
  WORD_SUSPENSIONS,
  WORD_VALIDATION_INDEX,
  WORD_VALIDATIONS,
  WORD_WAITERS,
} from "../src/layout";
import { emptyBlockArena, instanceArea, instanceCount } from "./memory";
import { clearFrom, emptyLocations } from "./mv-memory";
import { resetLogs } from "./sets";
import { makeUnitTable, unitAt, unitCount } from "./unit-table";

function freeRoles(): void {
  atomic.store<u32>(WORD_LOCK, 0);
  atomic.store<u32>(WORD_COMMITTER, 0);
  atomic.store<u64>(WORD_HALT, 0);
  atomic.store<u32>(WORD_FAULT, 0);
  atomic.store<u32>(WORD_WAITERS, 0);
  const instances = instanceCount();
  for (let i: u32 = 0; i < instances; i++) store<u32>(instanceArea(i) + INSTANCE_PENDING, PENDING_NONE);
}

/** Quiescent. Everything that is not committed starts anew, as if it had never run; locks of dead workers are freed, the halt is taken back. */
export function recoverAfterDeath(): void {
  freeRoles();
  // Whoever went on alone may be the one that died.
  atomic.store<u32>(WORD_SOLO, 0);
  const units = unitCount();
  const commit = load<u32>(WORD_COMMIT_INDEX);
  clearFrom(commit);
  let gas: u64 = 0;
  let blobs: u32 = 0;
  for (let unit: u32 = 0; unit < units; unit++) {
    const at = unitAt(unit);
    store<u32>(at, 0, UNIT_DEPENDENTS);
    if (unit < commit) {
      gas += load<u64>(at, UNIT_GAS_USED);
      if (!(load<u32>(at, UNIT_FLAGS) & LEFT_OUT)) blobs += load<u32>(at, UNIT_BLOBS);
      continue;
    }
    store<u32>(at, load<u32>(at, UNIT_INCARNATION) + 1, UNIT_INCARNATION);
    store<u32>(at, 0, UNIT_SETS);
    store<u32>(at, 0, UNIT_HINTS);
    store<u32>(at, 0, UNIT_HEAD_INCARNATION);
    store<u32>(at, load<u32>(at, UNIT_FLAGS) & ~LEFT_OUT, UNIT_FLAGS);
    store<u32>(at, STATUS_READY, UNIT_STATUS);
  }
  // The worker may have died between adding the gas and moving the index.
  store<u64>(WORD_CUMULATIVE_GAS, gas);
  store<u32>(WORD_CUMULATIVE_BLOBS, blobs);
  atomic.store<u32>(WORD_EXECUTION_INDEX, commit);
  atomic.store<u32>(WORD_VALIDATION_INDEX, commit);
}

/** Quiescent. Makes ready for a block of `units` units: empties the block arena, the unit table and the words of the run. 1, or 0 when the arena is too small. */
export function resetBlock(units: u32): i32 {
  emptyBlockArena();
  emptyLocations();
  resetLogs();
  freeRoles();
  store<u32>(WORD_COMMIT_INDEX, 0);
  store<u32>(WORD_EXECUTION_INDEX, 0);
  store<u32>(WORD_VALIDATION_INDEX, 0);
  store<u32>(WORD_SOLO, 0);
  store<u32>(WORD_SOLO_AFTER, 0);
  store<u32>(WORD_IN_VAIN, 0);
  store<u32>(WORD_BACK_OFF_UNTIL, 0);
  store<u64>(WORD_CUMULATIVE_GAS, 0);
  store<u32>(WORD_CUMULATIVE_BLOBS, 0);
  store<u32>(WORD_BUILDING, 0);
  store<u32>(WORD_BLOB_LIMIT, u32.MAX_VALUE);
  store<u64>(WORD_BLOCK_GAS_LIMIT, u64.MAX_VALUE);
  store<u32>(WORD_MET, 0);
  store<u32>(WORD_EXECUTIONS, 0);
  store<u32>(WORD_ABORTS, 0);
  store<u32>(WORD_SUSPENSIONS, 0);
  store<u32>(WORD_VALIDATIONS, 0);
  store<u32>(WORD_MISSES, 0);
  for (let cause: u32 = 0; cause < 5; cause++) store<u32>(WORD_ABORT_CAUSES + cause * 4, 0);
  return makeUnitTable(units) ? 1 : 0;
}
