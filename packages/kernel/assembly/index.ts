// What the kernel exports to JavaScript. Pointers and counts are u32: the bindings (src/kernel.ts) make them unsigned.

export { addBlockCode, addCode, findCode, newBlockCode, newCode } from "./codes";
export {
  evmBeginSteps,
  evmCredit,
  evmEmptyStorage,
  evmEndSteps,
  evmSetBalance,
  evmSetCode,
  evmSetNonce,
  evmSetSlot,
  evmTouch,
} from "./evm/steps";
export { evmBeginsAgain, evmExecute, evmHashKnown, evmPrecompiled, evmResume, evmSystemCall } from "./evm/unit";
export {
  flatFindAccount,
  flatFindSlot,
  flatPutAccount,
  flatPutSlot,
  flatSetAccount,
  flatSetSlot,
  flatWipeStorage,
} from "./flat-state";
export { bloomAdd, keccak } from "./keccak";
export { layOut } from "./lay-out";
export { alloc, attach, heapBase, blockArenaUsed, halt } from "./memory";
export { makeRoom, resetState } from "./make-room";
export { account, accountFlat, collectAccounts, peek, slot } from "./mv-memory";
export { sealReceipts, settleReceipts } from "./receipts";
export { recoverAfterDeath, resetBlock } from "./run";
export {
  admission,
  commitInOrder,
  finishExecution,
  park,
  retryAtHead,
  unpark,
  solo,
  spinWhile,
  step,
  suspend,
} from "./scheduler";
export {
  beginIncarnation,
  hintEstimate,
  hintValue,
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
export { stateArenaUsed } from "./state-arena";
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
