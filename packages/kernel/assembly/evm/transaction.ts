// A transaction as a whole, around its frames: the checks of its sender, fees, authorizations, refunds, clean-up (Yellow Paper section 6). What is wrong
// with a transaction is told (EXIT_INVALID) before anything is left behind. System calls are frames without all that.

import {
  ACCOUNT_ADDRESS,
  ERROR_CREATE_COLLISION,
  ERROR_NO_CODE,
  ERROR_NONE,
  EVM_BASE_FEE,
  EVM_BLOB_FEE,
  EVM_COINBASE,
  EVM_ERROR,
  EVM_GAS_LEFT,
  EVM_HASH_KNOWN,
  EVM_REFUND_QUOTIENT,
  EVM_RETURN_LENGTH,
  EVM_TEMP,
  EXIT_DONE,
  EXIT_UNSUPPORTED,
  INVALID_SENDER,
  RULE_ACCESS_LISTS,
  RULE_BASE_FEE,
  RULE_CONTRACT_SENDERS,
  RULE_LASTING_ACCOUNTS,
  RULE_WARM_COINBASE,
  TX_ACCESS_ADDRESS,
  TX_ACCESS_COUNT,
  TX_ACCESS_LIST,
  TX_ACCESS_SIZE,
  TX_ACCESS_SLOT_COUNT,
  TX_ACCESS_SLOTS,
  TX_ANY_NONCE,
  TX_AUTHORIZATION_AUTHORITY,
  TX_AUTHORIZATION_COUNT,
  TX_AUTHORIZATION_DELEGATE,
  TX_AUTHORIZATION_NONCE,
  TX_AUTHORIZATION_SIZE,
  TX_AUTHORIZATIONS,
  TX_BLOB_COUNT,
  TX_CREATES,
  TX_DATA,
  TX_DATA_LENGTH,
  TX_FLAGS,
  TX_FLOOR_GAS,
  TX_GAS_LIMIT,
  TX_GAS_PRICE,
  TX_INTRINSIC_GAS,
  TX_MAX_BLOB_FEE,
  TX_MAX_FEE,
  TX_MESSAGE,
  TX_NONCE,
  TX_SIMULATED,
  TX_TO,
  TX_VALUE,
  UNIT_SENDER,
  UNIT_TRANSACTION,
  WORD_HUGE_BALANCES,
} from "../../src/layout";
import { copy32 } from "../keys";
import { area, evm } from "../memory";
import { beginIncarnation } from "../sets";
import { output, outputLength, OUTSIDE, runPrecompile } from "../precompiles/run";
import { unitAt } from "../unit-table";
import {
  assumeCovers,
  assumeNonce,
  codeOf,
  credit,
  debit,
  destroy,
  hasCode,
  isAbsent,
  isEmpty,
  loadAccount,
  NO_CODE,
  nonceOf,
  setCode,
  setNonce,
  touch,
  warmAccount,
} from "./accounts";
import { CALL, CREATE, callPrecompile, codeToRun, delegateOf, enter, isDelegation, leave, precompileAt, transfer } from "./calls";
import { beginContract, createdBy, isTaken, layOutInitCode, setCreation } from "./creations";
import {
  A_CREATED,
  A_DESTROYED,
  A_RECORD,
  A_SELF_DESTRUCTED,
  A_TOUCHED,
  accountEntryAt,
  beginEntries,
  clearTransient,
  ENTRY_NEXT,
  firstAccount,
  has,
  slotEntry,
} from "./entries";
import {
  beginMachine,
  exit,
  FRAME_CALLER,
  FRAME_DATA,
  FRAME_DATA_LENGTH,
  FRAME_SELF,
  FRAME_STATIC,
  FRAME_VALUE,
  frame,
  hasRule,
  head,
  param,
  refund,
  stop,
  stopInvalid,
  waitForHead,
} from "./machine";
import { mul } from "./mul-div";
import { leaveOutcome } from "./outcome";
import { beginPreimages } from "./preimages";
import { warmSlot } from "./storage";
import { add, copy, isZero, setShort, sub } from "./u256";

/** ptr of TX_*. */
export let transaction: u32 = 0;
/** ptr of the sender's 20 bytes. */
export let origin: u32 = 0;
let sender: u32 = 0;
/** The sender's, before the transaction. */
let senderNonce: u64 = 0;
/** The entry of the contract that the transaction is to create, 0 for none. */
let created: u32 = 0;
/** What authorizations give back (EIP-7702), whatever becomes of the outermost frame. */
let delegationRefund: u64 = 0;

const DELEGATION_REFUND: u64 = 12_500;
const DELEGATION_LENGTH: u32 = 23;
const GAS_PER_BLOB: u64 = 131_072;
const COST: u32 = EVM_TEMP + 544;
const PART: u32 = EVM_TEMP + 576;

/** Amounts below 2^128 wei and gas below 2^62: their sums and products cannot overflow. */
function isOrdinary(tx: u32): bool {
  let high: u64 = load<u64>(tx, TX_GAS_LIMIT) >> 62;
  high |= load<u64>(tx, TX_VALUE + 16) | load<u64>(tx, TX_VALUE + 24);
  high |= load<u64>(tx, TX_MAX_FEE + 16) | load<u64>(tx, TX_MAX_FEE + 24);
  high |= load<u64>(tx, TX_MAX_BLOB_FEE + 16) | load<u64>(tx, TX_MAX_BLOB_FEE + 24);
  return high == 0;
}

// @ts-ignore: decorator
@inline
function hasFlag(tx: u32, flag: u32): bool {
  return (load<u32>(tx, TX_FLAGS) & flag) != 0;
}

function creates(tx: u32): bool {
  return hasFlag(tx, TX_CREATES);
}

/** out += amount * price (a word). */
function addProduct(out: u32, amount: u64, price: u32): void {
  const part = evm + PART;
  setShort(part, amount);
  mul(part, price, part);
  add(out, part, out);
}

/** EIP-2929, EIP-2930, EIP-3651: what is warm before the first opcode. */
function warmUp(tx: u32): bool {
  const from = accountEntryAt(origin);
  if (from == 0 || !warmAccount(from)) return false;
  if (!creates(tx)) {
    const to = accountEntryAt(tx + TX_TO);
    if (to == 0 || !warmAccount(to)) return false;
  }
  if (hasRule(RULE_WARM_COINBASE)) {
    const coinbase = accountEntryAt(evm + EVM_COINBASE);
    if (coinbase == 0 || !warmAccount(coinbase)) return false;
  }
  let at = load<u32>(tx, TX_ACCESS_LIST);
  const end = at + load<u32>(tx, TX_ACCESS_COUNT) * TX_ACCESS_SIZE;
  for (; at < end; at += TX_ACCESS_SIZE) {
    const entry = accountEntryAt(at + TX_ACCESS_ADDRESS);
    if (entry == 0 || !warmAccount(entry)) return false;
    let key = load<u32>(at, TX_ACCESS_SLOTS);
    const last = key + (load<u32>(at, TX_ACCESS_SLOT_COUNT) << 5);
    for (; key < last; key += 32) {
      copy32(area, key);
      const slot = slotEntry(entry);
      if (slot == 0 || !warmSlot(slot)) return false;
    }
  }
  return true;
}

/** Checks the sender and takes what the transaction can cost at most. False: the EVM stops. */
function paySender(tx: u32): bool {
  sender = accountEntryAt(origin);
  if (sender == 0 || !loadAccount(sender)) return false;
  const isSimulated = hasFlag(tx, TX_SIMULATED);
  let nonce = load<u64>(tx, TX_NONCE);
  if (hasFlag(tx, TX_ANY_NONCE)) {
    nonce = nonceOf(sender);
    if (exit != EXIT_DONE) return false;
    // No transaction of a block has the last one.
    if (nonce == u64.MAX_VALUE && !isSimulated) return stop(EXIT_UNSUPPORTED);
  }
  senderNonce = nonce;
  if (!isSimulated && !assumeNonce(sender, nonce)) return false;
  const cost = evm + COST;
  const blobGas = u64(load<u32>(tx, TX_BLOB_COUNT)) * GAS_PER_BLOB;
  copy(cost, tx + TX_VALUE);
  addProduct(cost, load<u64>(tx, TX_GAS_LIMIT), tx + TX_MAX_FEE);
  addProduct(cost, blobGas, tx + TX_MAX_BLOB_FEE);
  if (!assumeCovers(sender, cost)) return false;
  if (!isSimulated && hasCode(sender) && !hasRule(RULE_CONTRACT_SENDERS)) {
    // EIP-3607, unless the code is a delegation.
    const code = codeOf(sender);
    if (code != 0 && !isDelegation(code)) return head ? stopInvalid(INVALID_SENDER) : waitForHead();
  }
  if (exit != EXIT_DONE) return false;
  setShort(cost, 0);
  addProduct(cost, load<u64>(tx, TX_GAS_LIMIT), tx + TX_GAS_PRICE);
  addProduct(cost, blobGas, evm + EVM_BLOB_FEE);
  // Only what is no transaction of a block can have the last nonce.
  return debit(sender, cost) && setNonce(sender, nonce + 1) && touch(sender);
}

/** EIP-7702: sets or clears the delegations; those that do not hold are passed over. False: the EVM stops. */
function delegateAll(tx: u32): bool {
  let at = load<u32>(tx, TX_AUTHORIZATIONS);
  const end = at + load<u32>(tx, TX_AUTHORIZATION_COUNT) * TX_AUTHORIZATION_SIZE;
  for (; at < end; at += TX_AUTHORIZATION_SIZE) {
    const entry = accountEntryAt(at + TX_AUTHORIZATION_AUTHORITY);
    if (entry == 0 || !warmAccount(entry) || !loadAccount(entry)) return false;
    const code = codeOf(entry);
    if (code == 0) return false;
    if (code != NO_CODE && !isDelegation(code)) continue;
    const nonce = nonceOf(entry);
    if (exit != EXIT_DONE) return false;
    if (nonce != load<u64>(at, TX_AUTHORIZATION_NONCE)) continue;
    if (!isEmpty(entry)) delegationRefund += DELEGATION_REFUND;
    if (exit != EXIT_DONE || !delegate(entry, at + TX_AUTHORIZATION_DELEGATE)) return false;
    if (!setNonce(entry, nonce + 1) || !touch(entry)) return false;
  }
  return true;
}

/** The account takes on the code of the one at `address`, or of none when that is zero. */
function delegate(entry: u32, address: u32): bool {
  if ((load<u64>(address) | load<u64>(address, 8) | u64(load<u32>(address, 16))) == 0) return setCode(entry, address, 0);
  const code = evm + PART;
  store<u32>(code, 0x0001ef);
  memory.copy(code + 3, address, 20);
  return setCode(entry, code, DELEGATION_LENGTH);
}

/** There is nothing to run: the outermost frame has ended so. */
function endAtOnce(error: u32, gas: i64): void {
  store<u32>(evm + EVM_ERROR, error);
  store<u32>(evm + EVM_RETURN_LENGTH, 0);
  store<i64>(evm + EVM_GAS_LEFT, gas);
  hasNothingToRun = true;
}

/** The outermost frame of a transaction that creates a contract. False: the EVM stops. */
function enterCreation(tx: u32): bool {
  const entry = createdBy(origin, senderNonce);
  if (entry == 0) return false;
  created = entry;
  if (hasRule(RULE_ACCESS_LISTS) && !warmAccount(entry)) return false;
  if (!loadAccount(entry)) return false;
  const collides = isTaken(entry);
  if (exit != EXIT_DONE) return false;
  if (collides) {
    endAtOnce(ERROR_CREATE_COLLISION, 0);
    return true;
  }
  const gas = load<i64>(tx, TX_GAS_LIMIT) - load<i64>(tx, TX_INTRINSIC_GAS);
  const length = load<u32>(tx, TX_DATA_LENGTH);
  setCreation(frame, entry, origin, tx + TX_VALUE);
  if (!enter(frame, CREATE, gas, 0) || !layOutInitCode(frame, load<u32>(tx, TX_DATA), length)) return false;
  if (!beginContract(sender, entry, tx + TX_VALUE)) return false;
  if (length == 0) endAtOnce(ERROR_NONE, gas);
  return true;
}

/** The outermost frame, which has ended already when there is nothing to run. False: the EVM stops. */
function enterFirst(tx: u32): bool {
  const to = accountEntryAt(tx + TX_TO);
  if (to == 0 || !loadAccount(to)) return false;
  const precompile = precompileAt(tx + TX_TO);
  const code = precompile == 0 ? codeToRun(to) : 0;
  if (exit != EXIT_DONE) return false;
  const gas = load<i64>(tx, TX_GAS_LIMIT) - load<i64>(tx, TX_INTRINSIC_GAS);
  const first = frame;
  store<u32>(first, to, FRAME_SELF);
  store<u32>(first, origin, FRAME_CALLER);
  copy(first + FRAME_VALUE, tx + TX_VALUE);
  store<u32>(first, 0, FRAME_STATIC);
  store<u32>(first, load<u32>(tx, TX_DATA), FRAME_DATA);
  store<u32>(first, load<u32>(tx, TX_DATA_LENGTH), FRAME_DATA_LENGTH);
  if (!enter(first, CALL, gas, code > NO_CODE ? code : 0)) return false;
  if (!transfer(sender, to, tx + TX_VALUE)) return false;
  if (precompile != 0) {
    const reason = runPrecompile(precompile);
    if (reason == OUTSIDE) {
      callPrecompile(precompile);
      return false;
    }
    leave(reason, output, outputLength);
    hasNothingToRun = true;
    return exit == EXIT_DONE;
  }
  if (code == NO_CODE) endAtOnce(ERROR_NONE, gas);
  const delegated = delegateOf(codeOf(to));
  return exit == EXIT_DONE && (delegated == 0 || warmAccount(delegated));
}

/** There is no code: the transaction is a transfer. */
export let hasNothingToRun: bool = false;

/** Begins an incarnation of a unit: nothing has been read, written or run. False: the EVM stops. */
export function beginUnit(unit: u32, isHead: bool): bool {
  beginIncarnation();
  beginMachine(unit, isHead);
  beginPreimages(unit);
  beginEntries();
  store<u32>(evm + EVM_HASH_KNOWN, 0);
  store<u32>(evm + EVM_RETURN_LENGTH, 0);
  return atomic.load<u32>(WORD_HUGE_BALANCES) == 0 || stop(EXIT_UNSUPPORTED);
}

/** Begins an incarnation of a transaction's unit, up to its first opcode. False: the EVM stops. */
export function beginTransaction(unit: u32, isHead: bool): bool {
  if (!beginUnit(unit, isHead)) return false;
  hasNothingToRun = false;
  created = 0;
  delegationRefund = 0;
  const row = unitAt(unit);
  const tx = load<u32>(row, UNIT_TRANSACTION);
  transaction = tx;
  origin = row + UNIT_SENDER;
  if (tx == 0 || !isOrdinary(tx)) return stop(EXIT_UNSUPPORTED);
  if (hasRule(RULE_ACCESS_LISTS) && !warmUp(tx)) return false;
  if (!paySender(tx) || !delegateAll(tx)) return false;
  return creates(tx) ? enterCreation(tx) : enterFirst(tx);
}

/**
 * The outermost frame of a system call in the unit that was begun: `call` has what a transaction's record has, `from` is the caller. Where there is
 * no code it has ended as ERROR_NO_CODE. False: the EVM stops.
 */
export function beginSystemCall(call: u32, from: u32): bool {
  hasNothingToRun = false;
  transaction = call;
  const to = accountEntryAt(call + TX_TO);
  if (to == 0 || !loadAccount(to)) return false;
  const isThere = hasCode(to);
  if (exit != EXIT_DONE) return false;
  if (!isThere) {
    endAtOnce(ERROR_NO_CODE, 0);
    return true;
  }
  sender = accountEntryAt(from);
  if (sender == 0 || !loadAccount(sender)) return false;
  origin = load<u32>(sender, A_RECORD) + ACCOUNT_ADDRESS;
  clearTransient();
  return enterFirst(call);
}

/** Removes what has destroyed itself; from EIP-6780 on only what was created in the same transaction. */
function destroyAll(): bool {
  for (let entry = firstAccount; entry != 0; entry = load<u32>(entry, ENTRY_NEXT)) {
    if (!has(entry, A_SELF_DESTRUCTED)) continue;
    if (hasRule(RULE_LASTING_ACCOUNTS) && !has(entry, A_CREATED)) continue;
    if (!destroy(entry)) return false;
  }
  return true;
}

/** EIP-161: removes the touched accounts that are empty. False: the EVM stops. */
export function clearTouched(): bool {
  for (let entry = firstAccount; entry != 0; entry = load<u32>(entry, ENTRY_NEXT)) {
    if (!has(entry, A_TOUCHED) || has(entry, A_DESTROYED)) continue;
    const isGone = isEmpty(entry) && !isAbsent(entry);
    if (exit != EXIT_DONE) return false;
    if (isGone && !destroy(entry)) return false;
  }
  return true;
}

/** Gives back what was not used, pays the beneficiary, and leaves the unit's writes, accesses and outcome behind. False: the EVM stops. */
export function finishTransaction(): bool {
  const tx = transaction;
  const limit = load<u64>(tx, TX_GAS_LIMIT);
  const floor = load<u64>(tx, TX_FLOOR_GAS);
  let gasUsed = limit - load<u64>(evm + EVM_GAS_LEFT);
  const gasBeforeRefund = max(gasUsed, floor);
  gasUsed -= min(u64(refund) + delegationRefund, gasUsed / param(EVM_REFUND_QUOTIENT));
  gasUsed = max(gasUsed, floor);
  const amount = evm + COST;
  setShort(amount, 0);
  addProduct(amount, limit - gasUsed, tx + TX_GAS_PRICE);
  if (!credit(sender, amount)) return false;
  const beneficiary = accountEntryAt(evm + EVM_COINBASE);
  if (beneficiary == 0 || !loadAccount(beneficiary)) return false;
  const tip = evm + PART + 32;
  copy(tip, tx + TX_GAS_PRICE);
  // What costs nothing pays no base fee either, which only a message may do.
  if (hasRule(RULE_BASE_FEE) && !isZero(tip)) sub(tip, evm + EVM_BASE_FEE, tip);
  setShort(amount, 0);
  addProduct(amount, gasUsed, tip);
  if (!credit(beneficiary, amount) || !touch(beneficiary)) return false;
  if (!destroyAll() || !clearTouched()) return false;
  const blockGas = hasFlag(tx, TX_MESSAGE) ? gasBeforeRefund : gasUsed;
  return leaveOutcome(gasUsed, blockGas, load<u32>(tx, TX_BLOB_COUNT), created);
}
