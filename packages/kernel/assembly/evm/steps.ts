// Units that are no transactions: what calls override of the state, a block's prologue and epilogue. They are made of steps that the engine calls one
// after the other; system calls are in unit.ts. Each answers EXIT_*: after EXIT_ACCOUNT and EXIT_SLOT it is to be called again. An address is a ptr of
// 20 bytes, a word one of four limbs.

import { EXIT_DONE } from "../../src/layout";
import { copy32 } from "../keys";
import { area } from "../memory";
import { credit, emptyStorage, loadAccount, setBalance, setCode, setNonce, touch } from "./accounts";
import { accountEntryAt, S_VALUE, slotEntry } from "./entries";
import { exit, goOn } from "./machine";
import { leaveWrites } from "./outcome";
import { loadSlot } from "./storage";
import { beginUnit, clearTouched } from "./transaction";
import { copy } from "./u256";

/** Begins an incarnation of such a unit. */
export function evmBeginSteps(unit: u32, isHead: u32): i32 {
  beginUnit(unit, isHead != 0);
  return exit;
}

/** The account's entry, with its base in the cache; 0: the EVM stops. */
function accountAt(address: u32): u32 {
  goOn();
  const entry = accountEntryAt(address);
  return entry != 0 && loadAccount(entry) ? entry : 0;
}

/** Gives the account the word at `amount`. */
export function evmCredit(address: u32, amount: u32): i32 {
  const entry = accountAt(address);
  if (entry != 0 && credit(entry, amount)) touch(entry);
  return exit;
}

/** The account's balance is the word at `amount`. */
export function evmSetBalance(address: u32, amount: u32): i32 {
  const entry = accountAt(address);
  if (entry != 0) setBalance(entry, amount);
  return exit;
}

export function evmSetNonce(address: u32, nonce: u64): i32 {
  const entry = accountAt(address);
  if (entry != 0) setNonce(entry, nonce);
  return exit;
}

/** The account's code is the `length` bytes at `code`. */
export function evmSetCode(address: u32, code: u32, length: u32): i32 {
  const entry = accountAt(address);
  if (entry != 0) setCode(entry, code, length);
  return exit;
}

/** The slot whose key is the 32 bytes at `key` has the word at `value`. */
export function evmSetSlot(address: u32, key: u32, value: u32): i32 {
  const owner = accountAt(address);
  if (owner == 0) return exit;
  copy32(area, key);
  const slot = slotEntry(owner);
  if (slot != 0 && loadSlot(slot)) copy(slot + S_VALUE, value);
  return exit;
}

/** Empties the account's storage: in a unit before the one that fills it. */
export function evmEmptyStorage(address: u32): i32 {
  const entry = accountAt(address);
  if (entry != 0) emptyStorage(entry);
  return exit;
}

/** Touches the account. */
export function evmTouch(address: u32): i32 {
  const entry = accountAt(address);
  if (entry != 0) touch(entry);
  return exit;
}

/**
 * Ends the unit: logs its writes, without the touched accounts that are empty when `clears` is 1. Answers the ptr of ACCESSES_*, which the outcome
 * is to have; 0 when the EVM stops.
 */
export function evmEndSteps(clears: u32): u32 {
  goOn();
  if (clears != 0 && !clearTouched()) return 0;
  return exit == EXIT_DONE ? leaveWrites() : 0;
}
