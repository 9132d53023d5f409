// What a finished incarnation leaves behind: its net writes in the instance's write log, what it accessed, its outcome. Layout: WRITE_*, ACCESSES_*,
// OUTCOME_*. What ended where it began is no write.

import {
  ACCESSES_ACCOUNT_COUNT,
  ACCESSES_LISTS,
  ACCESSES_SLOT_COUNT,
  ACCOUNT_ADDRESS,
  ACCOUNT_BALANCE,
  ACCOUNT_CODE_HASH,
  ACCOUNT_NONCE,
  ACCOUNT_STORAGE_RESET,
  ERROR_NONE,
  ERROR_SIZE,
  EVM_ERROR,
  EVM_ERRORS,
  EVM_RETURN,
  EVM_RETURN_LENGTH,
  EXIT_FAULT,
  KIND_DELTA,
  KIND_VALUE,
  OUTCOME_ACCESSES,
  OUTCOME_BLOB_COUNT,
  OUTCOME_BLOCK_GAS_USED,
  OUTCOME_BODY,
  OUTCOME_CREATED_ADDRESS,
  OUTCOME_ERROR_LENGTH,
  OUTCOME_FLAGS,
  OUTCOME_FRAME_OUT_OF_GAS,
  OUTCOME_GAS_USED,
  OUTCOME_HAS_CREATED_ADDRESS,
  OUTCOME_LOGS_BLOOM,
  OUTCOME_LOGS_LENGTH,
  OUTCOME_OUTPUT_LENGTH,
  OUTCOME_STATUS,
  READ_OK,
} from "../../src/layout";
import { sameKey32 } from "../keys";
import { allocBlock, area, evm } from "../memory";
import { headerLength, writeHeader } from "../rlp";
import { write } from "../sets";
import { setOutcome } from "../unit-table";
import {
  A_BALANCE,
  A_BALANCE_BASE,
  A_BALANCE_OBSERVED,
  A_BALANCE_SET,
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
  A_NONCE_SET,
  A_RECORD,
  ENTRY_NEXT,
  firstAccount,
  firstSlot,
  has,
  S_ACCOUNT,
  S_LOADED,
  S_LOCATION,
  S_ORIGINAL,
  S_VALUE,
} from "./entries";
import { logsLength, writeLogs } from "./logs";
import { ranOutOfGas, stop, unit } from "./machine";
import { add, copy, equal, isZero, setShort } from "./u256";

/** Logs a write of the word at scratch. */
function put(location: u32, kind: u32): bool {
  return write(location, kind) == READ_OK || stop(EXIT_FAULT);
}

function writeAccount(entry: u32): bool {
  const record = load<u32>(entry, A_RECORD);
  if (has(entry, A_NONCE_SET) && (!has(entry, A_NONCE_KNOWN) || load<u64>(entry, A_NONCE) != load<u64>(entry, A_NONCE_BASE))) {
    setShort(area, load<u64>(entry, A_NONCE));
    if (!put(record + ACCOUNT_NONCE, KIND_VALUE)) return false;
  }
  if (has(entry, A_BALANCE_SET)) {
    add(entry + A_BALANCE, entry + A_DELTA, area);
    if ((!has(entry, A_BALANCE_OBSERVED) || !equal(area, entry + A_BALANCE_BASE)) && !put(record + ACCOUNT_BALANCE, KIND_VALUE)) return false;
  } else if (!isZero(entry + A_DELTA)) {
    copy(area, entry + A_DELTA);
    if (!put(record + ACCOUNT_BALANCE, KIND_DELTA)) return false;
  }
  if (has(entry, A_HASH_SET) && (!has(entry, A_HASH_KNOWN) || !sameKey32(entry + A_HASH, entry + A_HASH_BASE))) {
    copy(area, entry + A_HASH);
    if (!put(record + ACCOUNT_CODE_HASH, KIND_VALUE)) return false;
  }
  if (!has(entry, A_DESTROYED) || (has(entry, A_CREATED) && !has(entry, A_HAS_STORAGE))) return true;
  setShort(area, 1);
  return put(record + ACCOUNT_STORAGE_RESET, KIND_VALUE);
}

function writeSlot(entry: u32): bool {
  if (!has(entry, S_LOADED) || equal(entry + S_VALUE, entry + S_ORIGINAL) || has(load<u32>(entry, S_ACCOUNT), A_DESTROYED)) return true;
  copy(area, entry + S_VALUE);
  return put(load<u32>(entry, S_LOCATION), KIND_VALUE);
}

/** ptr of ACCESSES_*: what was looked at, by frames that failed too; 0 when the arena is full. */
function leaveAccesses(): u32 {
  let count: u32 = 0;
  for (let entry = firstAccount; entry != 0; entry = load<u32>(entry, ENTRY_NEXT)) count++;
  for (let entry = firstSlot; entry != 0; entry = load<u32>(entry, ENTRY_NEXT)) count++;
  const start = allocBlock(ACCESSES_LISTS + count * 4, 8);
  if (start == 0) return 0;
  let at = start + ACCESSES_LISTS;
  for (let entry = firstAccount; entry != 0; entry = load<u32>(entry, ENTRY_NEXT)) {
    if (!has(entry, A_LOADED)) continue;
    store<u32>(at, load<u32>(entry, A_RECORD));
    at += 4;
  }
  const slots = at;
  store<u32>(start, (slots - start - ACCESSES_LISTS) >> 2, ACCESSES_ACCOUNT_COUNT);
  for (let entry = firstSlot; entry != 0; entry = load<u32>(entry, ENTRY_NEXT)) {
    if (!has(entry, S_LOADED)) continue;
    store<u32>(at, load<u32>(entry, S_LOCATION));
    at += 4;
  }
  store<u32>(start, (at - slots) >> 2, ACCESSES_SLOT_COUNT);
  return start;
}

/** Logs all writes and writes down what was looked at: ptr of ACCESSES_*, 0 when an arena is full. */
export function leaveWrites(): u32 {
  for (let entry = firstAccount; entry != 0; entry = load<u32>(entry, ENTRY_NEXT)) if (!writeAccount(entry)) return 0;
  for (let entry = firstSlot; entry != 0; entry = load<u32>(entry, ENTRY_NEXT)) if (!writeSlot(entry)) return 0;
  return leaveAccesses();
}

/**
 * Writes all that the unit leaves behind; `created` is the entry of the contract that the transaction was to create, 0 for none; `blockGas` is what
 * counts towards the block's gas. False: an arena is full.
 */
export function leaveOutcome(gasUsed: u64, blockGas: u64, blobs: u32, created: u32): bool {
  const accesses = leaveWrites();
  if (accesses == 0) return stop(EXIT_FAULT);
  const error = load<u32>(evm + EVM_ERROR);
  const name = evm + EVM_ERRORS + error * ERROR_SIZE;
  const nameLength = error == ERROR_NONE ? 0 : load<u32>(name);
  const payload = logsLength();
  const logs = headerLength(payload) + payload;
  const output = load<u32>(evm + EVM_RETURN_LENGTH);
  const size = OUTCOME_BODY + nameLength + output + logs;
  const start = allocBlock(size, 8);
  if (start == 0) return stop(EXIT_FAULT);
  store<u32>(start, error == ERROR_NONE ? 1 : 0, OUTCOME_STATUS);
  let flags: u32 = ranOutOfGas ? OUTCOME_FRAME_OUT_OF_GAS : 0;
  if (created != 0) {
    flags |= OUTCOME_HAS_CREATED_ADDRESS;
    memory.copy(start + OUTCOME_CREATED_ADDRESS, load<u32>(created, A_RECORD) + ACCOUNT_ADDRESS, 20);
  }
  store<u32>(start, flags, OUTCOME_FLAGS);
  store<u64>(start, gasUsed, OUTCOME_GAS_USED);
  store<u64>(start, blockGas, OUTCOME_BLOCK_GAS_USED);
  store<u32>(start, blobs, OUTCOME_BLOB_COUNT);
  store<u32>(start, accesses, OUTCOME_ACCESSES);
  store<u32>(start, output, OUTCOME_OUTPUT_LENGTH);
  store<u32>(start, logs, OUTCOME_LOGS_LENGTH);
  store<u32>(start, nameLength, OUTCOME_ERROR_LENGTH);
  memory.fill(start + OUTCOME_LOGS_BLOOM, 0, 256);
  const behind = writeLogs(writeHeader(start + OUTCOME_BODY, payload, 0xc0), start + OUTCOME_LOGS_BLOOM);
  memory.copy(behind, evm + EVM_RETURN, output);
  memory.copy(behind + output, name + 4, nameLength);
  setOutcome(unit, start, size, blockGas);
  return true;
}
