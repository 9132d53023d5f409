// Contracts that come and go: CREATE, CREATE2, the outermost frame of a transaction that creates one, SELFDESTRUCT. What ends a creation is in calls.ts.

import {
  ACCOUNT_ADDRESS,
  CODE_PADDING,
  ERROR_INIT_CODE_SIZE,
  ERROR_OUT_OF_GAS,
  ERROR_STATIC,
  EVM_END,
  EVM_GAS_COLD_ACCOUNT,
  EVM_MEMORY,
  EVM_REFUND_DESTROY,
  EVM_RETURN_LENGTH,
  EVM_TEMP,
  EXIT_DONE,
  EXIT_UNSUPPORTED,
  RULE_ACCESS_LISTS,
  RULE_INIT_CODE,
  RULE_LASTING_ACCOUNTS,
} from "../../src/layout";
import { analyse } from "../codes";
import { keccak } from "../keccak";
import { area, evm } from "../memory";
import {
  balance,
  covers,
  credit,
  debit,
  emptyBalance,
  hasCode,
  hasStorage,
  isEmpty,
  loadAccount,
  markCreated,
  nonceOf,
  selfDestruct,
  setNonce,
  touch,
  warmAccount,
} from "./accounts";
import { CREATE2, ENTERED, enter, GO_ON, push, STOP, access, accessGas } from "./calls";
import { A_CREATED, A_RECORD, accountEntry, accountEntryAt, has } from "./entries";
import {
  depth,
  exit,
  FRAME_CALLER,
  FRAME_CODE,
  FRAME_CODE_LENGTH,
  FRAME_DATA_LENGTH,
  FRAME_GAS,
  FRAME_JUMPS,
  FRAME_MEMORY,
  FRAME_MEMORY_SIZE,
  FRAME_OUTPUT_LENGTH,
  FRAME_PC,
  FRAME_SELF,
  FRAME_SIZE,
  FRAME_STATIC,
  FRAME_TOP,
  FRAME_VALUE,
  frame,
  hasRule,
  MAX_DEPTH,
  param,
  refund,
  setRefund,
  stop,
} from "./machine";
import { areaEnd, expansionGas, grow, STOPPED, wordsGas } from "./memory";
import { copy, isZero, readAddress, writeAddress, writeBytes } from "./u256";

const MAX_INIT_CODE_SIZE: u64 = 49_152;
const NEW_ACCOUNT_GAS: i64 = 25_000;
const BALANCE: u32 = EVM_TEMP + 640;

/** Writes an integer as RLP; answers the address behind it. */
function writeInteger(at: u32, value: u64): u32 {
  if (value != 0 && value < 0x80) {
    store<u8>(at, u8(value));
    return at + 1;
  }
  const bytes: u32 = value == 0 ? 0 : 8 - (u32(clz<u64>(value)) >> 3);
  store<u8>(at, 0x80 + bytes);
  for (let i: u32 = 0; i < bytes; i++) store<u8>(at + 1 + i, u8(value >> u64((bytes - 1 - i) << 3)));
  return at + 1 + bytes;
}

/** The entry of what the account at `creator` (20 bytes) creates with this nonce (Yellow Paper section 7); 0: the EVM stops. */
export function createdBy(creator: u32, nonce: u64): u32 {
  const list = area + 64;
  store<u8>(list, 0x94, 1);
  memory.copy(list + 2, creator, 20);
  const end = writeInteger(list + 22, nonce);
  store<u8>(list, 0xc0 + (end - list - 1));
  keccak(list, end - list, area);
  return accountEntryAt(area + 12);
}

/** EIP-1014. */
function createdWithSalt(creator: u32, salt: u32, code: u32, length: u32): u32 {
  const bytes = area + 64;
  store<u8>(bytes, 0xff);
  memory.copy(bytes + 1, creator, 20);
  writeBytes(salt, bytes + 21);
  keccak(code, length, area);
  memory.copy(bytes + 53, area, 32);
  keccak(bytes, 85, area);
  return accountEntryAt(area + 12);
}

/** Is there something already where a contract is to be made (EIP-7610)? `exit` tells whether the answer counts. */
export function isTaken(entry: u32): bool {
  if (nonceOf(entry) != 0) return exit == EXIT_DONE;
  if (exit != EXIT_DONE) return false;
  return hasCode(entry) || (exit == EXIT_DONE && hasStorage(entry));
}

/** Makes the account what it is when its first opcode runs. False: the EVM stops. */
export function beginContract(creator: u32, entry: u32, value: u32): bool {
  if (!debit(creator, value) || !touch(creator) || !touch(entry) || !markCreated(entry)) return false;
  return setNonce(entry, 1) && credit(entry, value);
}

/**
 * Lays the code of `child` out behind the memory of its caller, with its jump destinations, and lets the memory of `child` begin behind it. `child` is the
 * frame that runs. False: the EVM stops.
 */
export function layOutInitCode(child: u32, code: u32, length: u32): bool {
  // 32 bytes before it, for what a PUSH reads.
  const start = load<u32>(child, FRAME_MEMORY) + 32;
  const bits = (start + length + CODE_PADDING + 3) & ~3;
  const end = (bits + (((length + 31) >> 5) << 2) + 31) & ~31;
  if (length > u32(EVM_END - EVM_MEMORY) || end > evm + EVM_END) return stop(EXIT_UNSUPPORTED);
  memory.copy(start, code, length);
  memory.fill(start + length, 0, CODE_PADDING);
  analyse(start, length, bits);
  store<u32>(child, start, FRAME_CODE);
  store<u32>(child, start, FRAME_PC);
  store<u32>(child, length, FRAME_CODE_LENGTH);
  store<u32>(child, bits, FRAME_JUMPS);
  store<u32>(child, end, FRAME_MEMORY);
  return true;
}

/** What a frame that creates a contract has, besides its code. */
export function setCreation(child: u32, entry: u32, creator: u32, value: u32): void {
  store<u32>(child, entry, FRAME_SELF);
  store<u32>(child, creator, FRAME_CALLER);
  copy(child + FRAME_VALUE, value);
  store<u32>(child, 0, FRAME_STATIC);
  store<u32>(child, 0, FRAME_DATA_LENGTH);
  store<u32>(child, 0, FRAME_OUTPUT_LENGTH);
}

/** CREATE and CREATE2: as callOp (calls.ts). */
export function createOp(opcode: u32, gas: i64): i32 {
  const caller = frame;
  if (load<u32>(caller, FRAME_STATIC) != 0) return ERROR_STATIC;
  const top = load<u32>(caller, FRAME_TOP);
  const length = top - 96;
  const end = areaEnd(top - 64, length);
  let cost = expansionGas(end);
  if (hasRule(RULE_INIT_CODE)) cost += wordsGas(length, 2);
  if (opcode == CREATE2) cost += wordsGas(length, 6);
  const left = gas - cost;
  if (left < 0) return ERROR_OUT_OF_GAS;
  if (hasRule(RULE_INIT_CODE) && load<u64>(length) > MAX_INIT_CODE_SIZE) return ERROR_INIT_CODE_SIZE;
  const size = load<u32>(caller, FRAME_MEMORY_SIZE);
  if (!grow(end)) return STOP;
  const done = create(opcode, left);
  // The opcode begins again, and pays for its memory again.
  if (done == STOP) store<u32>(caller, size, FRAME_MEMORY_SIZE);
  return done;
}

function create(opcode: u32, left: i64): i32 {
  const caller = frame;
  const top = load<u32>(caller, FRAME_TOP);
  const value = top - 32;
  const length = load<u32>(top - 96);
  const code = load<u32>(caller, FRAME_MEMORY) + (length == 0 ? 0 : load<u32>(top - 64));
  // ethereumjs runs no code that looks like a container of EIP-3540, on any fork: whoever runs everything decides.
  if (length > 1 && load<u16>(code) == 0x00ef) {
    stop(EXIT_UNSUPPORTED);
    return STOP;
  }
  const self = load<u32>(caller, FRAME_SELF);
  const creator = load<u32>(self, A_RECORD) + ACCOUNT_ADDRESS;
  let isRefused = depth() >= MAX_DEPTH || !covers(self, value);
  if (exit != EXIT_DONE) return STOP;
  let nonce: u64 = 0;
  let entry: u32 = 0;
  let collides = false;
  if (!isRefused) {
    nonce = nonceOf(self);
    if (exit != EXIT_DONE) return STOP;
    isRefused = nonce == u64.MAX_VALUE;
  }
  if (!isRefused) {
    entry = opcode == CREATE2 ? createdWithSalt(creator, top - 128, code, length) : createdBy(creator, nonce);
    if (entry == 0 || !loadAccount(entry)) return STOP;
    collides = isTaken(entry);
    if (exit != EXIT_DONE) return STOP;
  }

  // From here on nothing is missing.
  if (hasRule(RULE_ACCESS_LISTS) && !warmAccount(self)) return STOP;
  store<u32>(evm + EVM_RETURN_LENGTH, 0);
  store<u32>(caller, load<u32>(caller, FRAME_PC) + 1, FRAME_PC);
  store<u32>(caller, opcode == CREATE2 ? top - 128 : top - 96, FRAME_TOP);
  store<i64>(caller, left, FRAME_GAS);
  if (isRefused) {
    push(caller, 0);
    return GO_ON;
  }
  if (!setNonce(self, nonce + 1) || !touch(self)) return STOP;
  if (hasRule(RULE_ACCESS_LISTS) && !warmAccount(entry)) return STOP;
  const limit = left - left / 64;
  if (collides) {
    store<i64>(caller, left - limit, FRAME_GAS);
    push(caller, 0);
    return GO_ON;
  }
  if (length == 0) {
    if (!beginContract(self, entry, value)) return STOP;
    push(caller, 0);
    readAddress(load<u32>(entry, A_RECORD) + ACCOUNT_ADDRESS, load<u32>(caller, FRAME_TOP) - 32);
    return GO_ON;
  }
  store<i64>(caller, left - limit, FRAME_GAS);
  const child = caller + FRAME_SIZE;
  setCreation(child, entry, creator, value);
  if (!enter(child, opcode, limit, 0) || !layOutInitCode(child, code, length)) return STOP;
  return beginContract(self, entry, child + FRAME_VALUE) ? ENTERED : STOP;
}

/** SELFDESTRUCT in favour of the account that a word names. Answers the gas that is left, -1 when there is not enough, STOPPED. */
export function selfDestructOp(item: u32, gas: i64): i64 {
  const self = load<u32>(frame, FRAME_SELF);
  const amount = evm + BALANCE;
  if (!balance(self, amount)) return STOPPED;
  writeAddress(item, area);
  const receiver = accountEntry();
  if (receiver == 0) return STOPPED;
  let left = gas;
  if (!isZero(amount)) {
    if (!loadAccount(receiver)) return STOPPED;
    if (isEmpty(receiver)) left -= NEW_ACCOUNT_GAS;
    if (exit != EXIT_DONE) return STOPPED;
  }
  // What is warm costs nothing more here.
  if (accessGas(receiver) == i64(param(EVM_GAS_COLD_ACCOUNT))) left -= i64(param(EVM_GAS_COLD_ACCOUNT));
  if (left < 0) return -1;
  const toSelf = receiver == self;
  if (!toSelf && !loadAccount(receiver)) return STOPPED;
  if (!access(receiver)) return STOPPED;
  const isFirst = selfDestruct(self);
  if (exit != EXIT_DONE) return STOPPED;
  if (isFirst) setRefund(refund + i64(param(EVM_REFUND_DESTROY)));
  if (!toSelf && (!credit(receiver, amount) || !touch(receiver))) return STOPPED;
  const isEmptied = !toSelf || !hasRule(RULE_LASTING_ACCOUNTS) || has(self, A_CREATED);
  return !isEmptied || emptyBalance(self) ? left : STOPPED;
}
