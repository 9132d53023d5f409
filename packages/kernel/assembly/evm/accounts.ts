// Accounts as an incarnation sees them: what lower units left, its own changes on top, and what was observed in the instance's read log. What
// is recorded is what engines/ethereumjs/state/versioned-state.ts of the executor records: a balance is only read when something looks at it,
// and a comparison records the range that gives the same answer.

import {
  ACCOUNT_ADDRESS,
  ACCOUNT_BALANCE,
  ACCOUNT_CODE_HASH,
  ACCOUNT_NONCE,
  ACCOUNT_STORAGE_RESET,
  CODE_BYTES,
  EVM_INVALID_VALUE,
  EVM_TEMP,
  EXIT_ACCOUNT,
  EXIT_CODE,
  EXIT_DONE,
  EXIT_FAULT,
  EXIT_UNSUPPORTED,
  FLAT_ACCOUNT_FLAGS,
  FLAT_HAS_STORAGE,
  INVALID_FUNDS,
  INVALID_NONCE,
  RULE_HOLDS_ALL,
} from "../../src/layout";
import { addBlockCode, findCode, newBlockCode } from "../codes";
import { flatPutAccount } from "../flat-state";
import { keccak } from "../keccak";
import { sameKey32 } from "../keys";
import { area, evm } from "../memory";
import { accountFlat, resolve } from "../mv-memory";
import { logAssumption, logRange, read } from "../sets";
import {
  A_BALANCE,
  A_BALANCE_BASE,
  A_BALANCE_KNOWN,
  A_BALANCE_OBSERVED,
  A_BALANCE_SET,
  A_CODE,
  A_CREATED,
  A_DELTA,
  A_DESTROYED,
  A_HASH,
  A_HASH_BASE,
  A_HASH_KNOWN,
  A_HASH_SET,
  A_HAS_STORAGE,
  A_LOADED,
  A_NONCE,
  A_NONCE_BASE,
  A_NONCE_KNOWN,
  A_NONCE_OBSERVED,
  A_NONCE_SET,
  A_RECORD,
  A_SELF_DESTRUCTED,
  A_TOUCHED,
  A_WARM,
  has,
  raise,
} from "./entries";
import {
  note,
  UNDO_BALANCE,
  UNDO_CREATED,
  UNDO_DELTA,
  UNDO_DESTROYED,
  UNDO_HASH,
  UNDO_NONCE,
  UNDO_SELF_DESTRUCTED,
  UNDO_TOUCHED,
  UNDO_WARM_ACCOUNT,
} from "./journal";
import { exit, hasRule, head, resolved, stop, stopInvalid, stopMissing, unit, waitForHead } from "./machine";
import { add, copy, isNegative, isZero, less, set, setShort, sub } from "./u256";

/** keccak256 of nothing, as its bytes lie in memory. */
export const EMPTY_CODE_HASH: usize = memory.data<u64>([
  0x3c23f7860146d2c5, 0xc003c7dcb27d7e92, 0x3b2782ca53b600e5, 0x70a4855d04d8fa7b,
]);

// Scratch within EVM_TEMP, behind that of the arithmetic.
const NEEDED: u32 = EVM_TEMP + 384;
const TOTAL: u32 = EVM_TEMP + 416;
const ONE: u32 = EVM_TEMP + 448;

/** The base of the account is in the cache; false: the EVM stops, because it has to be fetched first. */
export function loadAccount(entry: u32): bool {
  if (has(entry, A_LOADED)) return true;
  const record = load<u32>(entry, A_RECORD);
  let flat = accountFlat(record);
  if (flat == 0) {
    if (!hasRule(RULE_HOLDS_ALL)) return stopMissing(EXIT_ACCOUNT, record + ACCOUNT_ADDRESS);
    flat = flatPutAccount(record + ACCOUNT_ADDRESS, 0, 0, 0, 0, 0);
    if (flat == 0) return stop(EXIT_FAULT);
  }
  raise(entry, load<u32>(flat, FLAT_ACCOUNT_FLAGS) & FLAT_HAS_STORAGE ? A_LOADED | A_HAS_STORAGE : A_LOADED);
  return true;
}

/** Records low <= value <= high. */
function logBetween(location: u32, low: u32, high: u32, assumed: bool): bool {
  copy(area, low);
  if (high != 0) copy(area + 32, high);
  else set(area + 32, u64.MAX_VALUE, u64.MAX_VALUE, u64.MAX_VALUE, u64.MAX_VALUE);
  return resolved(assumed ? logAssumption(location) : logRange(location));
}

// ---- Nonces ----

function peekNonce(entry: u32): bool {
  if (has(entry, A_NONCE_KNOWN)) return true;
  if (!resolved(resolve(load<u32>(entry, A_RECORD) + ACCOUNT_NONCE, unit, area))) return false;
  store<u64>(entry, load<u64>(area), A_NONCE_BASE);
  raise(entry, A_NONCE_KNOWN);
  return true;
}

function logNonce(entry: u32, assumed: bool): bool {
  const nonce = evm + NEEDED;
  setShort(nonce, load<u64>(entry, A_NONCE_BASE));
  raise(entry, A_NONCE_OBSERVED);
  return logBetween(load<u32>(entry, A_RECORD) + ACCOUNT_NONCE, nonce, nonce, assumed);
}

/** Is the nonce zero? Records as little as possible. `exit` tells whether the answer counts. */
function hasNonce(entry: u32): bool {
  if (has(entry, A_NONCE_SET)) return load<u64>(entry, A_NONCE) != 0;
  if (!peekNonce(entry)) return false;
  const base = load<u64>(entry, A_NONCE_BASE);
  if (has(entry, A_NONCE_OBSERVED)) return base != 0;
  if (base == 0) {
    logNonce(entry, false);
    return false;
  }
  setShort(evm + ONE, 1);
  return logBetween(load<u32>(entry, A_RECORD) + ACCOUNT_NONCE, evm + ONE, 0, false);
}

/** The protocol's own check of the sender. Speculation assumes that it holds. False: the EVM stops. */
export function assumeNonce(entry: u32, expected: u64): bool {
  if (head) {
    if (!peekNonce(entry) || !logNonce(entry, false)) return false;
    if (load<u64>(entry, A_NONCE_BASE) == expected) return true;
    setShort(evm + EVM_INVALID_VALUE, load<u64>(entry, A_NONCE_BASE));
    return stopInvalid(INVALID_NONCE);
  }
  store<u64>(entry, expected, A_NONCE_BASE);
  raise(entry, A_NONCE_KNOWN);
  return logNonce(entry, true);
}

/** The exact nonce, recorded as read. `exit` tells whether the answer counts. */
export function nonceOf(entry: u32): u64 {
  if (has(entry, A_NONCE_SET)) return load<u64>(entry, A_NONCE);
  if (!peekNonce(entry)) return 0;
  if (!has(entry, A_NONCE_OBSERVED)) logNonce(entry, false);
  return load<u64>(entry, A_NONCE_BASE);
}

export function setNonce(entry: u32, nonce: u64): bool {
  if (!note(UNDO_NONCE, entry, entry + A_NONCE)) return false;
  store<u64>(entry, nonce, A_NONCE);
  raise(entry, A_NONCE_SET);
  return true;
}

// ---- Balances ----

function peekBalance(entry: u32): bool {
  if (has(entry, A_BALANCE_KNOWN)) return true;
  if (!resolved(resolve(load<u32>(entry, A_RECORD) + ACCOUNT_BALANCE, unit, area))) return false;
  copy(entry + A_BALANCE_BASE, area);
  raise(entry, A_BALANCE_KNOWN);
  return true;
}

/** The balance itself goes to `out`; false: the EVM stops. */
export function balance(entry: u32, out: u32): bool {
  let base = entry + A_BALANCE;
  if (!has(entry, A_BALANCE_SET)) {
    if (!peekBalance(entry)) return false;
    base = entry + A_BALANCE_BASE;
    if (!has(entry, A_BALANCE_OBSERVED)) {
      raise(entry, A_BALANCE_OBSERVED);
      if (!logBetween(load<u32>(entry, A_RECORD) + ACCOUNT_BALANCE, base, base, false)) return false;
    }
  }
  const delta = entry + A_DELTA;
  const carry = add(base, delta, out);
  // Spent on the assumption that it was covered, and it was not (yet): only the head can tell what holds.
  if (isNegative(delta) && carry == 0) return waitForHead();
  return true;
}

/** What must be there below the change for `amount` to be covered, in NEEDED: 0 nothing, 1 so much, 2 more than there can be. */
function needed(entry: u32, amount: u32): u32 {
  const delta = entry + A_DELTA;
  const out = evm + NEEDED;
  // |delta| < 2^255: taking a negative one is adding.
  const borrow = sub(amount, delta, out);
  if (isNegative(delta)) return borrow ? 1 : 2;
  return borrow || isZero(out) ? 0 : 1;
}

/** Is the balance at least the word at `amount`? Records the range that gives the same answer. `exit` tells whether the answer counts. */
export function covers(entry: u32, amount: u32): bool {
  if (has(entry, A_BALANCE_SET | A_BALANCE_OBSERVED)) {
    const total = evm + TOTAL;
    return balance(entry, total) && !less(total, amount);
  }
  const answer = needed(entry, amount);
  if (answer != 1) return answer == 0;
  if (!peekBalance(entry)) return false;
  const location = load<u32>(entry, A_RECORD) + ACCOUNT_BALANCE;
  const low = evm + NEEDED;
  if (!less(entry + A_BALANCE_BASE, low)) return logBetween(location, low, 0, false);
  const one = evm + ONE;
  setShort(one, 1);
  sub(low, one, evm + TOTAL);
  setShort(one, 0);
  logBetween(location, one, evm + TOTAL, false);
  return false;
}

/** The protocol's own check of the sender: does its balance cover the most that the transaction can cost? False: the EVM stops. */
export function assumeCovers(entry: u32, amount: u32): bool {
  if (head) {
    if (covers(entry, amount)) return true;
    return exit == EXIT_DONE && balance(entry, evm + EVM_INVALID_VALUE) && stopInvalid(INVALID_FUNDS);
  }
  if (isZero(amount)) return true;
  return logBetween(load<u32>(entry, A_RECORD) + ACCOUNT_BALANCE, amount, 0, true);
}

/** Amounts from 2^128 wei on are left to another engine: so deltas stay far from overflowing. */
function isHuge(amount: u32): bool {
  return (load<u64>(amount, 16) | load<u64>(amount, 24)) != 0;
}

/** Adds to the balance without looking at it. False: the EVM stops. */
export function credit(entry: u32, amount: u32): bool {
  if (isZero(amount)) return true;
  if (isHuge(amount)) return stop(EXIT_UNSUPPORTED);
  const delta = entry + A_DELTA;
  if (!note(UNDO_DELTA, entry, delta)) return false;
  add(delta, amount, delta);
  return true;
}

/** Takes from the balance without looking at it: the caller knows that it is covered. False: the EVM stops. */
export function debit(entry: u32, amount: u32): bool {
  if (isZero(amount)) return true;
  if (isHuge(amount)) return stop(EXIT_UNSUPPORTED);
  const delta = entry + A_DELTA;
  if (!note(UNDO_DELTA, entry, delta)) return false;
  sub(delta, amount, delta);
  return true;
}

// ---- Code ----

/** ptr of the code's hash, all zero for an account that does not exist; 0: the EVM stops. */
export function codeHash(entry: u32): u32 {
  if (has(entry, A_HASH_SET)) return entry + A_HASH;
  if (!has(entry, A_HASH_KNOWN)) {
    if (!resolved(read(load<u32>(entry, A_RECORD) + ACCOUNT_CODE_HASH, unit))) return 0;
    copy(entry + A_HASH_BASE, area);
    raise(entry, A_HASH_KNOWN);
  }
  return entry + A_HASH_BASE;
}

/** `exit` tells whether the answer counts. */
export function hasCode(entry: u32): bool {
  const hash = codeHash(entry);
  return hash != 0 && !isZero(hash) && !sameKey32(hash, u32(EMPTY_CODE_HASH));
}

/** What `codeOf` answers for an account without code. */
export const NO_CODE: u32 = 1;

/** The record of the account's code, or NO_CODE; 0: the EVM stops. */
export function codeOf(entry: u32): u32 {
  const known = load<u32>(entry, A_CODE);
  if (known != 0) return known;
  const hash = codeHash(entry);
  if (hash == 0) return 0;
  let code = NO_CODE;
  if (!isZero(hash) && !sameKey32(hash, u32(EMPTY_CODE_HASH))) {
    code = findCode(hash);
    if (code == 0) {
      stopMissing(EXIT_CODE, hash);
      return 0;
    }
  }
  store<u32>(entry, code, A_CODE);
  return code;
}

// ---- The account as a whole ----

/** EIP-161: no code, nonce 0, balance 0; looks at as little as possible. `exit` tells whether the answer counts. */
export function isEmpty(entry: u32): bool {
  const hash = codeHash(entry);
  if (hash == 0 || !(isZero(hash) || sameKey32(hash, u32(EMPTY_CODE_HASH)))) return false;
  if (hasNonce(entry)) return false;
  const one = evm + ONE;
  setShort(one, 1);
  return !covers(entry, one);
}

/** EIP-161's historic exception: this precompile stays touched when the frame that touched it reverts. */
function isRipemd160(entry: u32): bool {
  const address = load<u32>(entry, A_RECORD) + ACCOUNT_ADDRESS;
  return load<u64>(address) == 0 && load<u64>(address, 8) == 0 && load<u32>(address, 16) == 0x03000000;
}

export function touch(entry: u32): bool {
  if (has(entry, A_TOUCHED)) return true;
  if (!isRipemd160(entry) && !note(UNDO_TOUCHED, entry, 0)) return false;
  raise(entry, A_TOUCHED);
  return true;
}

/** EIP-7610: was there storage under this address when the unit began? Only of an account without nonce and code. `exit` tells whether the answer counts. */
export function hasStorage(entry: u32): bool {
  if (!has(entry, A_HAS_STORAGE) || has(entry, A_DESTROYED)) return false;
  return resolved(read(load<u32>(entry, A_RECORD) + ACCOUNT_STORAGE_RESET, unit)) && load<u64>(area) == 0;
}

export function markCreated(entry: u32): bool {
  if (has(entry, A_CREATED)) return true;
  if (!note(UNDO_CREATED, entry, 0)) return false;
  raise(entry, A_CREATED);
  return true;
}

/** Makes `code` the account's. False: the EVM stops. */
export function setCode(entry: u32, code: u32, length: u32): bool {
  if (!note(UNDO_HASH, entry, entry + A_HASH)) return false;
  raise(entry, A_HASH_SET);
  if (length == 0) {
    copy(entry + A_HASH, u32(EMPTY_CODE_HASH));
    store<u32>(entry, NO_CODE, A_CODE);
    return true;
  }
  const hash = entry + A_HASH;
  keccak(code, length, hash);
  let record = findCode(hash);
  if (record == 0) {
    record = newBlockCode(hash, length);
    if (record == 0) return stop(EXIT_FAULT);
    memory.copy(record + CODE_BYTES, code, length);
    record = addBlockCode(record);
  }
  store<u32>(entry, record, A_CODE);
  return true;
}

/** EIP-2929: taken back when the frame reverts. */
export function warmAccount(entry: u32): bool {
  if (has(entry, A_WARM)) return true;
  if (!note(UNDO_WARM_ACCOUNT, entry, 0)) return false;
  raise(entry, A_WARM);
  return true;
}

/** The balance is the word at `amount` now, whatever it was. */
export function setBalance(entry: u32, amount: u32): bool {
  if (!note(UNDO_BALANCE, entry, entry + A_BALANCE) || !note(UNDO_DELTA, entry, entry + A_DELTA)) return false;
  copy(entry + A_BALANCE, amount);
  setShort(entry + A_DELTA, 0);
  raise(entry, A_BALANCE_SET);
  return true;
}

/** The balance is zero now, whatever it was. */
export function emptyBalance(entry: u32): bool {
  setShort(evm + ONE, 0);
  return setBalance(entry, evm + ONE);
}

/** Notes that the account has destroyed itself; true when that is new. `exit` tells whether the answer counts. */
export function selfDestruct(entry: u32): bool {
  if (has(entry, A_SELF_DESTRUCTED) || !note(UNDO_SELF_DESTRUCTED, entry, 0)) return false;
  raise(entry, A_SELF_DESTRUCTED);
  return true;
}

/** Removes the account and all its storage at the end of the unit. */
export function destroy(entry: u32): bool {
  if (!setNonce(entry, 0) || !emptyBalance(entry)) return false;
  if (!note(UNDO_HASH, entry, entry + A_HASH) || !note(UNDO_DESTROYED, entry, 0)) return false;
  setShort(entry + A_HASH, 0);
  store<u32>(entry, 0, A_CODE);
  raise(entry, A_HASH_SET | A_DESTROYED);
  return true;
}

/** Storage that was there before the unit is gone; the rest of the account stays. */
export function emptyStorage(entry: u32): void {
  raise(entry, A_DESTROYED);
}

/** Is the account that an empty one was found to be in the state at all? */
export function isAbsent(entry: u32): bool {
  const hash = codeHash(entry);
  return hash != 0 && isZero(hash);
}
