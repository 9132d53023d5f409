// What the kernel exports to JavaScript. Pointers and counts are u32: the bindings (src/kernel.ts) make them unsigned.

export {
  flatFindAccount,
  flatFindSlot,
  flatPutAccount,
  flatPutSlot,
  flatSetAccount,
  flatSetSlot,
  flatWipeStorage,
  findCode,
  putCode,
  resetState,
} from "./flat-state";
export { bloomAdd, keccak } from "./keccak";
export { alloc, attach, heapBase, blockArenaUsed, halt, stateArenaUsed } from "./memory";
export { account, accountFlat, collectAccounts, peek, slot } from "./mv-memory";
export { recoverAfterDeath, resetBlock } from "./run";
export {
  admission,
  commitInOrder,
  finishExecution,
  retryAtHead,
  solo,
  spinWhile,
  step,
  suspend,
} from "./scheduler";
export {
  beginIncarnation,
  hintEstimate,
  logAssumption,
  logRange,
  markEstimates,
  publishAll,
  publishBegin,
  publishEnd,
  publishNext,
  read,
  validate,
  write,
} from "./sets";
export {
  leaveOut,
  recoverNext,
  setOutcome,
  setSender,
  setUnitAfter,
  setUnitBlobs,
  setUnitFlags,
  setUnitGasLimit,
  settleNext,
} from "./unit-table";
