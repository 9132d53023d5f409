// What the engine calls: a unit from its beginning to its end, with a stop wherever something is needed from outside.

import { EVM_HASH_KNOWN, EVM_RETURN, EXIT_DONE } from "../../src/layout";
import { evm } from "../memory";
import { leave } from "./calls";
import { run } from "./interpreter";
import { exit, FRAME_GAS, frame, goOn } from "./machine";
import { beginSystemCall, beginTransaction, finishTransaction, hasNothingToRun } from "./transaction";

/** What runs is a system call, not a transaction: its unit goes on after it. */
let isSystemCall: bool = false;

/** Runs a transaction's unit: EXIT_*. After EXIT_ACCOUNT and EXIT_CODE in front of the first opcode or behind the last one, begin it again. */
export function evmExecute(unit: u32, isHead: u32): i32 {
  isInside = false;
  isSystemCall = false;
  if (!beginTransaction(unit, isHead != 0)) return exit;
  return hasNothingToRun ? finish() : evmResume();
}

/** An opcode of the unit has stopped the EVM: it can go on there. */
let isInside: bool = false;

/** Goes on where the EVM stopped, when what it needs is there. */
export function evmResume(): i32 {
  goOn();
  const end = run();
  isInside = end != EXIT_DONE;
  return isInside ? end : finish();
}

/**
 * Runs a system call in the unit that evmBeginSteps has begun: EXIT_*, and how it ended is at EVM_ERROR. `call` is a ptr of TX_*, of which a call
 * has gas, data and receiver, `from` one of 20 bytes.
 */
export function evmSystemCall(call: u32, from: u32): i32 {
  isInside = false;
  isSystemCall = true;
  goOn();
  if (!beginSystemCall(call, from)) return exit;
  return hasNothingToRun ? exit : evmResume();
}

function finish(): i32 {
  if (!isSystemCall) finishTransaction();
  return exit;
}

/** 1 when a unit that stopped for what the cache lacks has to begin again; 0 when it can go on. */
export function evmBeginsAgain(): u32 {
  return u32(!isInside);
}

/** Goes on with what the precompile has answered: ERROR_*, the gas it took, the length of its output at EVM_RETURN. */
export function evmPrecompiled(error: u32, gasUsed: u64, length: u32): i32 {
  goOn();
  store<i64>(frame, load<i64>(frame, FRAME_GAS) - i64(gasUsed), FRAME_GAS);
  if (leave(error, evm + EVM_RETURN, length)) return evmResume();
  return exit == EXIT_DONE ? finish() : exit;
}

/** The hash at EVM_HASH is that of the block EVM_HASH_NUMBER. */
export function evmHashKnown(): void {
  store<u32>(evm + EVM_HASH_KNOWN, 1);
}
