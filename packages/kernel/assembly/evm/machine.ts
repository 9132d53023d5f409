// What the parts of an instance's EVM share: the unit that runs, why it stopped, its frames. Globals are this instance's own: a unit runs from its
// beginning to its end on one thread.

import {
  EVM_BLOCKING,
  EVM_ENTRIES,
  EVM_FRAMES,
  EVM_INVALID,
  EVM_JOURNAL,
  EVM_LOGS,
  EVM_MISSING,
  EVM_RULES,
  EXIT_DONE,
  EXIT_FAULT,
  EXIT_INVALID,
  EXIT_SUSPENDED,
  EXIT_UNSUPPORTED,
  READ_ESTIMATE,
  READ_OK,
} from "../../src/layout";
import { area, evm } from "../memory";

/** The unit that runs; everything below it is committed when `head` is true. */
export let unit: u32 = 0;
export let head: bool = false;
/** Why the EVM stopped: EXIT_*. What a function answers means nothing unless this is EXIT_DONE. */
export let exit: i32 = EXIT_DONE;
/** Gas to be refunded, by the frames that have not failed. */
export let refund: i64 = 0;
/** A frame has run out of gas, whether its caller minded or not. */
export let ranOutOfGas: bool = false;
/** The frame that runs: ptr of FRAME_*. */
export let frame: u32 = 0;
/** Ends of what is used of EVM_ENTRIES, EVM_JOURNAL and EVM_LOGS. */
export let entriesEnd: u32 = 0;
export let journalEnd: u32 = 0;
export let logsEnd: u32 = 0;

export const FRAME_CODE: u32 = 0; // ptr of its bytes
export const FRAME_CODE_LENGTH: u32 = 4;
export const FRAME_JUMPS: u32 = 8; // ptr of bits
export const FRAME_PC: u32 = 12; // ptr of the next opcode
export const FRAME_STACK: u32 = 16; // ptr of its first item
export const FRAME_TOP: u32 = 20; // ptr behind its last item
export const FRAME_MEMORY: u32 = 24; // ptr
export const FRAME_MEMORY_SIZE: u32 = 28; // bytes that it has paid for
export const FRAME_GAS: u32 = 32; // i64
export const FRAME_DATA: u32 = 40; // ptr of what it was called with
export const FRAME_DATA_LENGTH: u32 = 44;
export const FRAME_SELF: u32 = 48; // ptr of its account's entry
export const FRAME_CALLER: u32 = 52; // ptr of 20 bytes
export const FRAME_STATIC: u32 = 56; // u32: 1 when it must not change the state
export const FRAME_KIND: u32 = 60; // u32: the opcode that made it
export const FRAME_VALUE: u32 = 64; // a word
export const FRAME_JOURNAL: u32 = 96; // where the journal was when it began
export const FRAME_LOGS: u32 = 100; // where the logs were
export const FRAME_REFUND: u32 = 104; // i64: what the refund was
export const FRAME_OUTPUT: u32 = 112; // ptr: where the caller wants what it returns
export const FRAME_OUTPUT_LENGTH: u32 = 116;
export const FRAME_CHECK: u32 = 120; // i64: at the next jump with less gas than this somebody looks at the clock
export const FRAME_SIZE: u32 = 128;

/** Frames below the one of the transaction itself, at most (Yellow Paper section 9.4.2). */
export const MAX_DEPTH: u32 = 1024;

export function depth(): u32 {
  return (frame - evm - EVM_FRAMES) / FRAME_SIZE;
}

// @ts-ignore: decorator
@inline
export function hasRule(rule: u32): bool {
  return (load<u32>(evm + EVM_RULES) & rule) != 0;
}

/** One of the numbers that depend on the block or fork. */
// @ts-ignore: decorator
@inline
export function param(offset: u32): u64 {
  return load<u64>(evm + offset);
}

/** Nothing has been read, written or run. */
export function beginMachine(theUnit: u32, isHead: bool): void {
  unit = theUnit;
  head = isHead;
  exit = EXIT_DONE;
  refund = 0;
  ranOutOfGas = false;
  frame = evm + EVM_FRAMES;
  entriesEnd = evm + EVM_ENTRIES;
  journalEnd = evm + EVM_JOURNAL;
  logsEnd = evm + EVM_LOGS;
}

/** The EVM goes on after it had stopped. */
export function goOn(): void {
  exit = EXIT_DONE;
}

/** Stops the EVM; answers false. */
export function stop(reason: i32): bool {
  exit = reason;
  return false;
}

/** Stops because `what` is not in the cache. */
export function stopMissing(reason: i32, what: u32): bool {
  store<u32>(evm + EVM_MISSING, what);
  return stop(reason);
}

/** Stops because the block cannot contain the transaction: INVALID_*. */
export function stopInvalid(reason: u32): bool {
  store<u32>(evm + EVM_INVALID, reason);
  return stop(EXIT_INVALID);
}

/** Leaves the incarnation until all lower units are committed. */
export function waitForHead(): bool {
  if (head) return stop(EXIT_UNSUPPORTED);
  store<u32>(evm + EVM_BLOCKING, u32.MAX_VALUE);
  return stop(EXIT_SUSPENDED);
}

/** What a read of the versions answered: false when the EVM stops. The head never meets an estimate: whoever runs everything reports it. */
export function resolved(status: i32): bool {
  if (status == READ_OK) return true;
  if (status != READ_ESTIMATE) return stop(EXIT_FAULT);
  if (head) return stop(EXIT_UNSUPPORTED);
  store<u32>(evm + EVM_BLOCKING, load<u32>(area));
  return stop(EXIT_SUSPENDED);
}

export function setFrame(ptr: u32): void {
  frame = ptr;
}

export function noteOutOfGas(): void {
  ranOutOfGas = true;
}

export function setRefund(value: i64): void {
  refund = value;
}

export function setEntriesEnd(ptr: u32): void {
  entriesEnd = ptr;
}

export function setJournalEnd(ptr: u32): void {
  journalEnd = ptr;
}

export function setLogsEnd(ptr: u32): void {
  logsEnd = ptr;
}
