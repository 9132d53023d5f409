// The undo log of an incarnation: what a frame that fails takes back. Reads stay recorded: they were made.

import { EVM_LOGS, EXIT_UNSUPPORTED } from "../../src/layout";
import { copy32 } from "../keys";
import { evm } from "../memory";
import {
  A_BALANCE,
  A_BALANCE_SET,
  A_CODE,
  A_CREATED,
  A_DELTA,
  A_DESTROYED,
  A_HASH,
  A_HASH_SET,
  A_NONCE,
  A_NONCE_SET,
  A_SELF_DESTRUCTED,
  A_TOUCHED,
  A_WARM,
  ENTRY_FLAGS,
  ENTRY_MARK,
  S_VALUE,
  S_WARM,
  T_VALUE,
} from "./entries";
import { FRAME_JOURNAL, frame, journalEnd, setJournalEnd, stop } from "./machine";

export const UNDO_NONCE: u32 = 0;
export const UNDO_DELTA: u32 = 1;
export const UNDO_BALANCE: u32 = 2;
export const UNDO_HASH: u32 = 3;
export const UNDO_SLOT: u32 = 4;
export const UNDO_TRANSIENT: u32 = 5;
export const UNDO_WARM_ACCOUNT: u32 = 6;
export const UNDO_WARM_SLOT: u32 = 7;
export const UNDO_TOUCHED: u32 = 8;
export const UNDO_DESTROYED: u32 = 9;
export const UNDO_CREATED: u32 = 10;
export const UNDO_SELF_DESTRUCTED: u32 = 11;

const KIND: u32 = 0;
const TARGET: u32 = 4;
const FLAGS: u32 = 8; // of the target, before
const OLD: u32 = 16; // a word
const SIZE: u32 = 48;

/** Notes what the target was like; `old` is where the value lies that is about to change, 0 for none. False: the EVM stops. */
export function note(kind: u32, target: u32, old: u32): bool {
  const at = journalEnd;
  if (at + SIZE > evm + EVM_LOGS) return stop(EXIT_UNSUPPORTED);
  store<u32>(at, kind, KIND);
  store<u32>(at, target, TARGET);
  store<u32>(at, load<u32>(target, ENTRY_FLAGS), FLAGS);
  if (old != 0) copy32(at + OLD, old);
  setJournalEnd(at + SIZE);
  return true;
}

/** As note, for a value that changes often: not again when that was noted since the frame began. A mark of 0 is none. */
export function noteOnce(kind: u32, target: u32, old: u32): bool {
  if (load<u32>(target, ENTRY_MARK) > load<u32>(frame, FRAME_JOURNAL)) return true;
  if (!note(kind, target, old)) return false;
  store<u32>(target, journalEnd, ENTRY_MARK);
  return true;
}

/** Takes back everything since the journal ended at `mark`. */
export function revertTo(mark: u32): void {
  let at = journalEnd;
  while (at > mark) {
    at -= SIZE;
    undo(load<u32>(at, KIND), load<u32>(at, TARGET), load<u32>(at, FLAGS), at + OLD);
  }
  setJournalEnd(mark);
}

function restore(target: u32, flags: u32, flag: u32): void {
  store<u32>(target, (load<u32>(target, ENTRY_FLAGS) & ~flag) | (flags & flag), ENTRY_FLAGS);
}

function undo(kind: u32, target: u32, flags: u32, old: u32): void {
  if (kind == UNDO_SLOT) {
    copy32(target + S_VALUE, old);
    store<u32>(target, 0, ENTRY_MARK);
  } else if (kind == UNDO_TRANSIENT) {
    copy32(target + T_VALUE, old);
    store<u32>(target, 0, ENTRY_MARK);
  } else if (kind == UNDO_DELTA) copy32(target + A_DELTA, old);
  else if (kind == UNDO_WARM_SLOT) restore(target, flags, S_WARM);
  else if (kind == UNDO_WARM_ACCOUNT) restore(target, flags, A_WARM);
  else if (kind == UNDO_TOUCHED) restore(target, flags, A_TOUCHED);
  else if (kind == UNDO_DESTROYED) restore(target, flags, A_DESTROYED);
  else if (kind == UNDO_CREATED) restore(target, flags, A_CREATED);
  else if (kind == UNDO_SELF_DESTRUCTED) restore(target, flags, A_SELF_DESTRUCTED);
  else if (kind == UNDO_NONCE) {
    store<u64>(target, load<u64>(old), A_NONCE);
    restore(target, flags, A_NONCE_SET);
  } else if (kind == UNDO_BALANCE) {
    copy32(target + A_BALANCE, old);
    restore(target, flags, A_BALANCE_SET);
  } else if (kind == UNDO_HASH) {
    copy32(target + A_HASH, old);
    restore(target, flags, A_HASH_SET);
    store<u32>(target, 0, A_CODE);
  }
}
