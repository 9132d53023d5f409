// Frames: how one calls another and what comes back. The order in which accounts are looked at is ethereumjs's, so that the same is recorded: what
// has to be fetched is looked at before anything changes, and the opcode begins again when it is there.

import {
  ACCOUNT_ADDRESS,
  CODE_BYTES,
  CODE_LENGTH,
  ERROR_CODE_SIZE,
  ERROR_INVALID_CODE,
  ERROR_NONE,
  ERROR_OUT_OF_GAS,
  ERROR_REVERT,
  ERROR_STATIC,
  EVM_CALL_ADDRESS,
  EVM_CALL_DATA,
  EVM_CALL_GAS,
  EVM_CALL_LENGTH,
  EVM_ENTRIES,
  EVM_ERROR,
  EVM_GAS_COLD_ACCOUNT,
  EVM_GAS_LEFT,
  EVM_GAS_WARM,
  EVM_MEMORY,
  EVM_PRECOMPILES,
  EVM_RETURN,
  EVM_RETURN_LENGTH,
  EVM_STACK,
  EVM_TEMP,
  EXIT_DONE,
  EXIT_PRECOMPILE,
  EXIT_TIME,
  EXIT_UNSUPPORTED,
  RULE_ACCESS_LISTS,
  RULE_CODE_FORMAT,
  RULE_DELEGATIONS,
  RULE_TIME_LIMIT,
} from "../../src/layout";
import { jumpsOf } from "../codes";
import { area, evm } from "../memory";
import { codeOf, covers, credit, debit, isEmpty, loadAccount, NO_CODE, setCode, touch, warmAccount } from "./accounts";
import { A_RECORD, A_WARM, accountEntry, accountEntryAt, has } from "./entries";
import { revertTo } from "./journal";
import {
  depth,
  exit,
  FRAME_CALLER,
  FRAME_CHECK,
  FRAME_CODE,
  FRAME_CODE_LENGTH,
  FRAME_DATA,
  FRAME_DATA_LENGTH,
  FRAME_GAS,
  FRAME_JOURNAL,
  FRAME_JUMPS,
  FRAME_KIND,
  FRAME_LOGS,
  FRAME_MEMORY,
  FRAME_MEMORY_SIZE,
  FRAME_OUTPUT,
  FRAME_OUTPUT_LENGTH,
  FRAME_PC,
  FRAME_REFUND,
  FRAME_SELF,
  FRAME_SIZE,
  FRAME_STACK,
  FRAME_STATIC,
  FRAME_TOP,
  FRAME_VALUE,
  frame,
  hasRule,
  journalEnd,
  logsEnd,
  MAX_DEPTH,
  noteOutOfGas,
  param,
  refund,
  setFrame,
  setLogsEnd,
  setRefund,
  stop,
} from "./machine";
import { output as answer, outputLength as answerLength, OUTSIDE, runPrecompile } from "../precompiles/run";
import { areaEnd, expansionGas, grow } from "./memory";
import { copy, isShort, isZero, readAddress, setShort, writeAddress } from "./u256";

export const CALL: u32 = 0xf1;
export const CALLCODE: u32 = 0xf2;
export const DELEGATECALL: u32 = 0xf4;
export const STATICCALL: u32 = 0xfa;
export const CREATE: u32 = 0xf0;
export const CREATE2: u32 = 0xf5;

const VALUE_GAS: i64 = 9_000;
const NEW_ACCOUNT_GAS: i64 = 25_000;
const STIPEND: i64 = 2_300;
/** Gas after which somebody looks at the clock: about a tenth of a millisecond. */
export const CHECK_GAS: i64 = 100_000;
/** A frame's stack, in bytes. */
const STACK_BYTES: u32 = 1024 * 32;
/** The word that a call without a value sends. */
const NOTHING: u32 = EVM_TEMP + 512;

/** Gas that the next frame has before it looks at the clock: what its caller has left until then. */
let untilCheck: i64 = CHECK_GAS;

/** What a call's opcode, and the loop of opcodes, answer besides ERROR_*. */
export const GO_ON: i32 = 0;
export const ENTERED: i32 = -1;
export const STOP: i32 = -2;

/** The precompile at an address of 20 bytes, 0 for none. */
export function precompileAt(address: u32): u32 {
  if ((load<u64>(address) | load<u64>(address, 8)) != 0) return 0;
  const number = bswap<u32>(load<u32>(address, 16));
  if (number >= 512) return 0;
  return (load<u32>(evm + EVM_PRECOMPILES + ((number >> 5) << 2)) >> (number & 31)) & 1 ? number : 0;
}

function isWarm(entry: u32): bool {
  return has(entry, A_WARM) || precompileAt(load<u32>(entry, A_RECORD) + ACCOUNT_ADDRESS) != 0;
}

/** EIP-2929: what looking at the account costs; 0 before, when the opcode's own gas has it. */
export function accessGas(entry: u32): i64 {
  if (!hasRule(RULE_ACCESS_LISTS)) return 0;
  return i64(param(isWarm(entry) ? EVM_GAS_WARM : EVM_GAS_COLD_ACCOUNT));
}

/** Marks the account as accessed. False: the EVM stops. */
export function access(entry: u32): bool {
  return !hasRule(RULE_ACCESS_LISTS) || isWarm(entry) || warmAccount(entry);
}

/** EIP-7702: is the code 0xef0100 and an address? */
export function isDelegation(code: u32): bool {
  if (!hasRule(RULE_DELEGATIONS) || code == NO_CODE || load<u32>(code, CODE_LENGTH) != 23) return false;
  return (load<u32>(code, CODE_BYTES) & 0xffffff) == 0x0001ef;
}

/** EIP-7702: the entry of the account whose code this one has taken on; 0 for none, and when the EVM stops. */
export function delegateOf(code: u32): u32 {
  return isDelegation(code) ? accountEntryAt(code + CODE_BYTES + 3) : 0;
}

/** The code that runs when the account is called, or NO_CODE; 0: the EVM stops. */
export function codeToRun(entry: u32): u32 {
  if (!loadAccount(entry)) return 0;
  const code = codeOf(entry);
  if (code == 0) return 0;
  const delegate = delegateOf(code);
  if (exit != EXIT_DONE) return 0;
  if (delegate == 0) return code;
  return loadAccount(delegate) ? codeOf(delegate) : 0;
}

/**
 * CALL, CALLCODE, DELEGATECALL, STATICCALL. The frame's FRAME_TOP is where the opcode found it, `gas` what is left behind its own fee. Answers
 * GO_ON with the result on the stack, ENTERED, STOP, or an error.
 */
export function callOp(opcode: u32, gas: i64): i32 {
  const caller = frame;
  if (isTimeToCheck(caller)) return STOP;
  const top = load<u32>(caller, FRAME_TOP);
  const takesValue = opcode == CALL || opcode == CALLCODE;
  let item = top - 96;
  let value = evm + NOTHING;
  setShort(value, 0);
  if (takesValue) {
    value = item;
    item -= 32;
  }
  const hasValue = !isZero(value);
  if (opcode == CALL && hasValue && load<u32>(caller, FRAME_STATIC) != 0) return ERROR_STATIC;
  const input = item;
  const output = item - 64;
  const result = item - 96;
  const end = max(areaEnd(input, input - 32), areaEnd(output, output - 32));

  writeAddress(top - 64, area);
  const to = accountEntry();
  if (to == 0) return STOP;
  const address = load<u32>(to, A_RECORD) + ACCOUNT_ADDRESS;
  let cost = expansionGas(end) + accessGas(to);
  if (hasValue) cost += VALUE_GAS;
  if (opcode == CALL && hasValue) {
    if (!loadAccount(to)) return STOP;
    if (isEmpty(to)) cost += NEW_ACCOUNT_GAS;
    if (exit != EXIT_DONE) return STOP;
  }
  let delegate: u32 = 0;
  if (hasRule(RULE_DELEGATIONS)) {
    if (!loadAccount(to)) return STOP;
    const code = codeOf(to);
    if (code == 0) return STOP;
    delegate = delegateOf(code);
    if (exit != EXIT_DONE) return STOP;
    if (delegate != 0) cost += delegate == to ? i64(param(EVM_GAS_WARM)) : accessGas(delegate);
  }
  let left = gas - cost;
  if (left < 0) return ERROR_OUT_OF_GAS;
  untilCheck = load<i64>(caller, FRAME_GAS) - load<i64>(caller, FRAME_CHECK);
  // EIP-150: all but one 64th.
  let limit = left - left / 64;
  const wanted = top - 32;
  if (isShort(wanted) && load<u64>(wanted) < u64(limit)) limit = load<i64>(wanted);

  const self = load<u32>(caller, FRAME_SELF);
  const isDelegate = opcode == DELEGATECALL;
  const isRefused = depth() >= MAX_DEPTH || (!isDelegate && !covers(self, value));
  if (exit != EXIT_DONE) return STOP;
  let code: u32 = 0;
  const precompile = precompileAt(address);
  if (!isRefused) {
    if (precompile == 0) code = codeToRun(to);
    else if (opcode == CALL || opcode == STATICCALL) loadAccount(to);
    if (exit != EXIT_DONE) return STOP;
  }

  // From here on nothing is missing.
  if (!grow(end) || !access(to)) return STOP;
  if (delegate != 0 && !access(delegate)) return STOP;
  if (hasValue) {
    left += STIPEND;
    limit += STIPEND;
  }
  store<u32>(evm + EVM_RETURN_LENGTH, 0);
  store<u32>(caller, load<u32>(caller, FRAME_PC) + 1, FRAME_PC);
  store<u32>(caller, result, FRAME_TOP);
  store<i64>(caller, left, FRAME_GAS);
  if (isRefused) {
    push(caller, 0);
    return GO_ON;
  }
  const target = isDelegate || opcode == CALLCODE ? self : to;
  if (code == NO_CODE) {
    if (!isDelegate && !transfer(self, target, value)) return STOP;
    push(caller, 1);
    return GO_ON;
  }
  store<i64>(caller, left - limit, FRAME_GAS);
  const data = load<u32>(caller, FRAME_MEMORY);
  const child = caller + FRAME_SIZE;
  store<u32>(child, target, FRAME_SELF);
  store<u32>(child, isDelegate ? load<u32>(caller, FRAME_CALLER) : load<u32>(self, A_RECORD) + ACCOUNT_ADDRESS, FRAME_CALLER);
  copy(child + FRAME_VALUE, isDelegate ? caller + FRAME_VALUE : value);
  store<u32>(child, opcode == STATICCALL ? 1 : load<u32>(caller, FRAME_STATIC), FRAME_STATIC);
  setPart(child + FRAME_DATA, data, input);
  setPart(child + FRAME_OUTPUT, data, output);
  if (!enter(child, opcode, limit, code)) return STOP;
  if (!isDelegate && !transfer(self, target, value)) return STOP;
  if (precompile == 0) return ENTERED;
  const reason = runPrecompile(precompile);
  if (reason == OUTSIDE) {
    callPrecompile(precompile);
    return STOP;
  }
  return leave(reason, answer, answerLength) ? GO_ON : STOP;
}

/** Stops for a look at the clock, where frames call each other without a jump. */
function isTimeToCheck(caller: u32): bool {
  const gas = load<i64>(caller, FRAME_GAS);
  if (!hasRule(RULE_TIME_LIMIT) || gas >= load<i64>(caller, FRAME_CHECK)) return false;
  store<i64>(caller, gas - CHECK_GAS, FRAME_CHECK);
  stop(EXIT_TIME);
  return true;
}

/** Writes the ptr and length of a part of memory that is there, given as two words. */
function setPart(out: u32, start: u32, offset: u32): void {
  const length = load<u32>(offset - 32);
  store<u32>(out, length == 0 ? start : start + load<u32>(offset));
  store<u32>(out, length, 4);
}

/** Makes `child` the frame that runs; what it is called with was written. `code` is 0 for a precompile. False: the EVM stops. */
export function enter(child: u32, kind: u32, gas: i64, code: u32): bool {
  const isFirst = child == frame;
  const stack = isFirst ? evm + EVM_STACK : load<u32>(frame, FRAME_TOP);
  const start = isFirst ? evm + EVM_MEMORY : load<u32>(frame, FRAME_MEMORY) + load<u32>(frame, FRAME_MEMORY_SIZE);
  if (stack + STACK_BYTES > evm + EVM_MEMORY) return stop(EXIT_UNSUPPORTED);
  store<u32>(child, kind, FRAME_KIND);
  store<i64>(child, gas, FRAME_GAS);
  store<i64>(child, gas - (isFirst ? CHECK_GAS : untilCheck), FRAME_CHECK);
  store<u32>(child, stack, FRAME_STACK);
  store<u32>(child, stack, FRAME_TOP);
  store<u32>(child, start, FRAME_MEMORY);
  store<u32>(child, 0, FRAME_MEMORY_SIZE);
  store<u32>(child, journalEnd, FRAME_JOURNAL);
  store<u32>(child, logsEnd, FRAME_LOGS);
  store<i64>(child, refund, FRAME_REFUND);
  if (code != 0) {
    store<u32>(child, code + CODE_BYTES, FRAME_CODE);
    store<u32>(child, code + CODE_BYTES, FRAME_PC);
    store<u32>(child, load<u32>(code, CODE_LENGTH), FRAME_CODE_LENGTH);
    store<u32>(child, jumpsOf(code), FRAME_JUMPS);
  }
  setFrame(child);
  return true;
}

/** Moves the value, which is covered, and touches both. False: the EVM stops. */
export function transfer(from: u32, to: u32, value: u32): bool {
  return debit(from, value) && touch(from) && credit(to, value) && touch(to);
}

/** Stops for the precompile that the frame is a call of. */
export function callPrecompile(number: u32): void {
  store<u32>(evm + EVM_CALL_ADDRESS, number);
  store<u32>(evm + EVM_CALL_DATA, load<u32>(frame, FRAME_DATA));
  store<u32>(evm + EVM_CALL_LENGTH, load<u32>(frame, FRAME_DATA_LENGTH));
  store<u64>(evm + EVM_CALL_GAS, load<u64>(frame, FRAME_GAS));
  stop(EXIT_PRECOMPILE);
}

export function push(to: u32, value: u64): void {
  const top = load<u32>(to, FRAME_TOP);
  setShort(top, value);
  store<u32>(to, top + 32, FRAME_TOP);
}

const MAX_CODE_SIZE: u32 = 24_576;
const CODE_BYTE_GAS: i64 = 200;

/** What ends the creation that has returned `length` bytes of code: EIP-170, EIP-3541, the price of the code. It becomes the account's. */
function deposit(child: u32, code: u32, length: u32): u32 {
  if (length > MAX_CODE_SIZE) return ERROR_CODE_SIZE;
  const left = load<i64>(child, FRAME_GAS) - CODE_BYTE_GAS * i64(length);
  if (left < 0) return ERROR_OUT_OF_GAS;
  if (startsLikeFormat(code, length)) return ERROR_INVALID_CODE;
  store<i64>(child, left, FRAME_GAS);
  if (length != 0) setCode(load<u32>(child, FRAME_SELF), code, length);
  return ERROR_NONE;
}

function startsLikeFormat(code: u32, length: u32): bool {
  return hasRule(RULE_CODE_FORMAT) && length != 0 && load<u8>(code) == 0xef;
}

/**
 * The frame that runs has ended with `error` and this output; its FRAME_GAS is what it has left. Its caller goes on. Answers false when there is
 * none, or when the EVM stops.
 */
export function leave(reason: u32, output: u32, length: u32): bool {
  const child = frame;
  const kind = load<u32>(child, FRAME_KIND);
  const creates = kind == CREATE || kind == CREATE2;
  let error = reason;
  if (error == ERROR_OUT_OF_GAS) noteOutOfGas();
  if (creates) {
    if (error == ERROR_NONE) error = deposit(child, output, length);
    // ethereumjs takes what such a frame returns for a code that must not be: whoever runs everything decides.
    else if (error == ERROR_REVERT && startsLikeFormat(output, length)) stop(EXIT_UNSUPPORTED);
    if (exit != EXIT_DONE) return false;
  }
  const keeps = error == ERROR_NONE || error == ERROR_REVERT;
  const kept = keeps ? length : 0;
  if (kept > u32(EVM_ENTRIES - EVM_RETURN)) return stop(EXIT_UNSUPPORTED);
  if (output != evm + EVM_RETURN) memory.copy(evm + EVM_RETURN, output, kept);
  store<u32>(evm + EVM_RETURN_LENGTH, kept);
  if (error != ERROR_NONE) {
    revertTo(load<u32>(child, FRAME_JOURNAL));
    setLogsEnd(load<u32>(child, FRAME_LOGS));
    setRefund(load<i64>(child, FRAME_REFUND));
  }
  const left: i64 = keeps ? load<i64>(child, FRAME_GAS) : 0;
  if (depth() == 0) {
    store<u32>(evm + EVM_ERROR, error);
    store<i64>(evm + EVM_GAS_LEFT, left);
    return false;
  }
  const caller = child - FRAME_SIZE;
  setFrame(caller);
  store<i64>(caller, load<i64>(caller, FRAME_GAS) + left, FRAME_GAS);
  if (creates) {
    if (error != ERROR_NONE) {
      push(caller, 0);
      return true;
    }
    store<u32>(evm + EVM_RETURN_LENGTH, 0);
    push(caller, 0);
    readAddress(load<u32>(load<u32>(child, FRAME_SELF), A_RECORD) + ACCOUNT_ADDRESS, load<u32>(caller, FRAME_TOP) - 32);
    return true;
  }
  memory.copy(load<u32>(child, FRAME_OUTPUT), evm + EVM_RETURN, min(kept, load<u32>(child, FRAME_OUTPUT_LENGTH)));
  push(caller, error == ERROR_NONE ? 1 : 0);
  return true;
}
