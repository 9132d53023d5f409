// Storage and transient storage: values, EIP-2929's warmth, the gas and refunds of EIP-2200, EIP-3529 and what was before them.

import {
  EVM_GAS_COLD_SLOT,
  EVM_GAS_STORE_CLEAN,
  EVM_GAS_STORE_DIRTY,
  EVM_GAS_STORE_INIT,
  EVM_GAS_STORE_NOOP,
  EVM_GAS_STORE_SENTRY,
  EVM_GAS_WARM,
  EVM_REFUND_CLEAN,
  EVM_REFUND_CLEAR,
  EVM_REFUND_INIT,
  EVM_TEMP,
  ERROR_NONE,
  ERROR_OUT_OF_GAS,
  ERROR_REFUND_EXHAUSTED,
  EXIT_FAULT,
  EXIT_SLOT,
  READ_MISSING,
  RULE_ACCESS_LISTS,
  RULE_HOLDS_ALL,
  RULE_NET_METERING,
  SLOT_HEAD,
  SLOT_KEY,
} from "../../src/layout";
import { flatPutSlot } from "../flat-state";
import { area, evm } from "../memory";
import { accountFlat } from "../mv-memory";
import { read } from "../sets";
import {
  A_CREATED,
  A_HAS_STORAGE,
  A_RECORD,
  has,
  raise,
  S_ACCOUNT,
  S_LOADED,
  S_LOCATION,
  S_ORIGINAL,
  S_VALUE,
  S_WARM,
  slotEntry,
  T_VALUE,
  transientEntry,
} from "./entries";
import { note, noteOnce, UNDO_SLOT, UNDO_TRANSIENT, UNDO_WARM_SLOT } from "./journal";
import { hasRule, param, refund, resolved, setRefund, stop, stopMissing, unit } from "./machine";
import { copy, equal, isZero, setShort, writeBytes } from "./u256";

const ZERO: u32 = EVM_TEMP + 480;

/** The slot's value is known; false: the EVM stops. */
export function loadSlot(entry: u32): bool {
  if (has(entry, S_LOADED)) return true;
  const owner = load<u32>(entry, S_ACCOUNT);
  if (has(owner, A_CREATED) && !has(owner, A_HAS_STORAGE)) {
    // Nothing but this unit's own writes can be there.
    raise(entry, S_LOADED);
    return true;
  }
  const location = load<u32>(entry, S_LOCATION);
  let status = read(location, unit);
  if (status == READ_MISSING) {
    if (!hasRule(RULE_HOLDS_ALL)) return stopMissing(EXIT_SLOT, location);
    setShort(evm + ZERO, 0);
    const flat = accountFlat(load<u32>(owner, A_RECORD));
    if (flat == 0 || flatPutSlot(flat, location - SLOT_HEAD + SLOT_KEY, evm + ZERO) == 0) return stop(EXIT_FAULT);
    status = read(location, unit);
  }
  if (!resolved(status)) return false;
  copy(entry + S_ORIGINAL, area);
  copy(entry + S_VALUE, area);
  raise(entry, S_LOADED);
  return true;
}

/** The entry of the slot whose key is a word; 0: the EVM stops. */
export function slotOf(owner: u32, key: u32): u32 {
  writeBytes(key, area);
  return slotEntry(owner);
}

export function warmSlot(entry: u32): bool {
  if (has(entry, S_WARM)) return true;
  if (!note(UNDO_WARM_SLOT, entry, 0)) return false;
  raise(entry, S_WARM);
  return true;
}

/** SLOAD: the word at `item` becomes its slot's value. Answers the gas, -1 when there is not enough, -2 when the EVM stops. */
export function loadStorage(self: u32, item: u32, gas: i64): i64 {
  const slot = slotOf(self, item);
  if (slot == 0) return -2;
  let price: i64 = 0;
  const isCold = hasRule(RULE_ACCESS_LISTS) && !has(slot, S_WARM);
  if (hasRule(RULE_ACCESS_LISTS)) price = i64(param(isCold ? EVM_GAS_COLD_SLOT : EVM_GAS_WARM));
  if (gas < price) return -1;
  if (!loadSlot(slot)) return -2;
  if (isCold && !warmSlot(slot)) return -2;
  copy(item, slot + S_VALUE);
  return price;
}

/** What SSTORE ended with, when it was not ERROR_NONE and the EVM did not stop. */
export let storeError: u32 = ERROR_NONE;

/** SSTORE of `value` under `key`. Answers the gas, or -1: `storeError`, ERROR_NONE when the EVM stops. */
export function storeStorage(self: u32, key: u32, value: u32, gas: i64): i64 {
  storeError = ERROR_NONE;
  const isNet = hasRule(RULE_NET_METERING);
  if (isNet && gas <= i64(param(EVM_GAS_STORE_SENTRY))) return fail(ERROR_OUT_OF_GAS);
  const slot = slotOf(self, key);
  if (slot == 0 || !loadSlot(slot)) return -1;
  const current = slot + S_VALUE;
  let price: i64 = 0;
  if (isNet) {
    price = netPrice(slot, value);
    if (price < 0) return fail(ERROR_REFUND_EXHAUSTED);
  } else {
    const isCleared = isZero(value);
    price = isZero(current) && !isCleared ? 20_000 : 5_000;
    if (isCleared && !isZero(current)) setRefund(refund + 15_000);
  }
  if (hasRule(RULE_ACCESS_LISTS) && !has(slot, S_WARM)) {
    price += i64(param(EVM_GAS_COLD_SLOT));
    if (gas >= price && !warmSlot(slot)) return -1;
  }
  if (gas < price) return fail(ERROR_OUT_OF_GAS);
  if (equal(current, value)) return price;
  if (!noteOnce(UNDO_SLOT, slot, current)) return -1;
  copy(current, value);
  return price;
}

function fail(error: u32): i64 {
  storeError = error;
  return -1;
}

/** EIP-2200, with the numbers of EIP-2929 and EIP-3529. Counts the refund; -1 when there is less than nothing of it. */
function netPrice(slot: u32, value: u32): i64 {
  const current = slot + S_VALUE;
  if (equal(current, value)) return i64(param(EVM_GAS_STORE_NOOP));
  const original = slot + S_ORIGINAL;
  const wasZero = isZero(original);
  const clear = i64(param(EVM_REFUND_CLEAR));
  if (equal(original, current)) {
    if (wasZero) return i64(param(EVM_GAS_STORE_INIT));
    if (isZero(value)) setRefund(refund + clear);
    return i64(param(EVM_GAS_STORE_CLEAN));
  }
  let change: i64 = 0;
  if (!wasZero) {
    if (isZero(current)) change -= clear;
    else if (isZero(value)) change += clear;
  }
  if (equal(original, value)) change += i64(param(wasZero ? EVM_REFUND_INIT : EVM_REFUND_CLEAN));
  setRefund(refund + change);
  return refund < 0 ? -1 : i64(param(EVM_GAS_STORE_DIRTY));
}

/** TLOAD (EIP-1153). */
export function loadTransient(self: u32, item: u32): void {
  writeBytes(item, area);
  const entry = transientEntry(self, true);
  if (entry == 0) setShort(item, 0);
  else copy(item, entry + T_VALUE);
}

/** TSTORE (EIP-1153). False: the EVM stops. */
export function storeTransient(self: u32, key: u32, value: u32): bool {
  writeBytes(key, area);
  const entry = transientEntry(self, false);
  if (entry == 0 || !noteOnce(UNDO_TRANSIENT, entry, entry + T_VALUE)) return false;
  copy(entry + T_VALUE, value);
  return true;
}
