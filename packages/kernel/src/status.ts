// The kernel's answers under names that read well where they are compared.

import {
  READ_ESTIMATE,
  READ_FAULT,
  READ_MISSING,
  READ_OK,
  STEP_CONTINUE,
  STEP_DONE,
  STEP_EXECUTE,
  STEP_HALTED,
  STEP_IDLE,
} from "./layout.ts";

/** Answers of `peek`, `read`, `logRange`, the writes and `finalValue`. */
export const PeekStatus = {
  Ok: READ_OK,
  /** The base is not in the flat state: fetch it, insert it, ask again. */
  Missing: READ_MISSING,
  /** `blockingUnit()` is about to write the location again. */
  Estimate: READ_ESTIMATE,
  /** An arena is full; the run is halted. */
  Fault: READ_FAULT,
} as const;

/** Answers of `step` and `next`. */
export const StepCode = {
  Continue: STEP_CONTINUE,
  /** `taskUnit()`, `taskIncarnation()` and `taskIsHead()` say what to execute. */
  Execute: STEP_EXECUTE,
  /** Nothing to do now: `idleWait`. */
  Idle: STEP_IDLE,
  /** Everything is committed, or only another instance goes on. */
  Done: STEP_DONE,
  Halted: STEP_HALTED,
} as const;
