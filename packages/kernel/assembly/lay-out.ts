// A transaction's record (TX_*) out of its encoding, when all is in order with it and its sender is known: types 0 to 2 (EIP-2718, EIP-2930,
// EIP-1559), checked as far as no state is needed. Whatever else there is, JavaScript lays out, or says what is wrong with it.

import {
  INSTANCE_TERMS,
  SENDER_KNOWN,
  TERMS_BASE_FEE,
  TERMS_CHAIN_ID,
  TERMS_CREATION_GAS,
  TERMS_FLAGS,
  TERMS_FLOOR,
  TERMS_GAS_CAP,
  TERMS_INIT_CODE,
  TERMS_MAX_INIT_CODE,
  TERMS_NON_ZERO_GAS,
  TERMS_PRIORITY_FEE,
  TERMS_REPLAY_PROTECTION,
  TERMS_TYPES,
  TX_ACCESS_ADDRESS,
  TX_ACCESS_COUNT,
  TX_ACCESS_LIST,
  TX_ACCESS_SIZE,
  TX_ACCESS_SLOT_COUNT,
  TX_ACCESS_SLOTS,
  TX_AUTHORIZATIONS,
  TX_BLOB_HASHES,
  TX_CREATES,
  TX_DATA,
  TX_DATA_LENGTH,
  TX_FLAGS,
  TX_FLOOR_GAS,
  TX_GAS_LIMIT,
  TX_GAS_PRICE,
  TX_INTRINSIC_GAS,
  TX_MAX_FEE,
  TX_NONCE,
  TX_SIZE,
  TX_TO,
  TX_TYPE,
  TX_VALUE,
  UNIT_ENCODING,
  UNIT_ENCODING_LENGTH,
  UNIT_SENDER_STATUS,
  UNIT_TRANSACTION,
} from "../src/layout";
import { add, copy, less } from "./evm/u256";
import { allocBlock, area } from "./memory";
import { content, contentEnd, isList, readItem, readNumber, readString } from "./rlp";
import { setUnitBlobs, setUnitGasLimit, unitAt } from "./unit-table";

const BASE_GAS: u64 = 21_000;
const CREATION_GAS: u64 = 32_000;
const INIT_CODE_WORD_GAS: u64 = 2;
const ZERO_BYTE_GAS: u64 = 4;
const ACCESS_GAS: u64 = 2_400;
const ACCESS_SLOT_GAS: u64 = 1_900;
const FLOOR_GAS: u64 = 10;
const NON_ZERO_TOKENS: u64 = 4;

// Fields, in scratch.
const NONCE: u32 = 0;
const GAS_LIMIT: u32 = 32;
const PRIORITY_FEE: u32 = 64;
const MAX_FEE: u32 = 96;
const VALUE: u32 = 128;
const NUMBER: u32 = 160;

let to: u32 = 0;
let creates: bool = false;
let data: u32 = 0;
let dataEnd: u32 = 0;
let list: u32 = 0;
let listEnd: u32 = 0;
let listEntries: u32 = 0;
let listSlots: u32 = 0;

/** Makes the record of a unit's transaction. 0: this is not the place for it, or the arena is full. */
export function layOut(unit: u32): u32 {
  const terms = area + INSTANCE_TERMS;
  const row = unitAt(unit);
  const start = load<u32>(row, UNIT_ENCODING);
  const limit = start + load<u32>(row, UNIT_ENCODING_LENGTH);
  if (start == limit || atomic.load<u32>(row, UNIT_SENDER_STATUS) != SENDER_KNOWN) return 0;
  const first: u32 = load<u8>(start);
  const type: u32 = first >= 0xc0 ? 0 : first;
  if (type >= load<u32>(terms, TERMS_TYPES)) return 0;
  if (!readItem(start + u32(type != 0), limit) || !isList || contentEnd != limit) return 0;
  if (!readFields(type, content, limit) || !readAccessList()) return 0;
  const nonce = load<u64>(area, NONCE);
  const gasLimit = load<u64>(area, GAS_LIMIT);
  const length = dataEnd - data;
  // EIP-2681, EIP-7825, the block's limit, EIP-3860.
  if (nonce == u64.MAX_VALUE || gasLimit > load<u64>(terms, TERMS_GAS_CAP)) return 0;
  if (creates && hasTerm(TERMS_INIT_CODE) && length > load<u32>(terms, TERMS_MAX_INIT_CODE)) return 0;
  if (less(area + MAX_FEE, area + PRIORITY_FEE) || less(area + MAX_FEE, terms + TERMS_BASE_FEE)) return 0;
  let zeros: u64 = 0;
  for (let at = data; at < dataEnd; at++) zeros += u64(load<u8>(at) == 0);
  const others = u64(length) - zeros;
  const intrinsic = intrinsicGas(zeros, others);
  const floor = hasTerm(TERMS_FLOOR) ? BASE_GAS + FLOOR_GAS * (zeros + NON_ZERO_TOKENS * others) : 0;
  if (gasLimit < intrinsic || gasLimit < floor) return 0;

  const record = allocBlock(TX_SIZE + listEntries * TX_ACCESS_SIZE + (listSlots << 5), 8);
  if (record == 0) return 0;
  memory.fill(record, 0, TX_SIZE);
  store<u32>(record, type, TX_TYPE);
  store<u32>(record, creates ? TX_CREATES : 0, TX_FLAGS);
  store<u64>(record, nonce, TX_NONCE);
  store<u64>(record, gasLimit, TX_GAS_LIMIT);
  store<u64>(record, intrinsic, TX_INTRINSIC_GAS);
  store<u64>(record, floor, TX_FLOOR_GAS);
  store<u32>(record, data, TX_DATA);
  store<u32>(record, length, TX_DATA_LENGTH);
  if (!creates) memory.copy(record + TX_TO, to, 20);
  copy(record + TX_VALUE, area + VALUE);
  copy(record + TX_MAX_FEE, area + MAX_FEE);
  writeGasPrice(record + TX_GAS_PRICE);
  store<u32>(record, record + TX_SIZE, TX_ACCESS_LIST);
  store<u32>(record, listEntries, TX_ACCESS_COUNT);
  const end = writeAccessList(record + TX_SIZE);
  store<u32>(record, end, TX_BLOB_HASHES);
  store<u32>(record, end, TX_AUTHORIZATIONS);
  setUnitGasLimit(unit, gasLimit);
  setUnitBlobs(unit, 0);
  atomic.store<u32>(row, record, UNIT_TRANSACTION);
  return record;
}

function hasTerm(term: u32): bool {
  return (load<u32>(area + INSTANCE_TERMS, TERMS_FLAGS) & term) != 0;
}

/** Reads the fields from `start` to `limit`. Fees have at most 128 bits here, so that no sum or product of them overflows. */
function readFields(type: u32, start: u32, limit: u32): bool {
  const chainId = load<u64>(area + INSTANCE_TERMS, TERMS_CHAIN_ID);
  let at = start;
  if (type != 0) {
    if (!readNumber(at, limit, 8, area + NUMBER) || load<u64>(area, NUMBER) != chainId) return false;
    at = contentEnd;
  }
  if (!readNumber(at, limit, 8, area + NONCE)) return false;
  if (!readNumber(contentEnd, limit, 16, area + PRIORITY_FEE)) return false;
  if (type < 2) copy(area + MAX_FEE, area + PRIORITY_FEE);
  else if (!readNumber(contentEnd, limit, 16, area + MAX_FEE)) return false;
  if (!readNumber(contentEnd, limit, 8, area + GAS_LIMIT)) return false;
  if (!readString(contentEnd, limit)) return false;
  to = content;
  creates = contentEnd == content;
  if (!creates && contentEnd - content != 20) return false;
  if (!readNumber(contentEnd, limit, 32, area + VALUE)) return false;
  if (!readString(contentEnd, limit)) return false;
  data = content;
  dataEnd = contentEnd;
  list = contentEnd;
  listEnd = contentEnd;
  if (type != 0) {
    if (!readItem(contentEnd, limit) || !isList) return false;
    list = content;
    listEnd = contentEnd;
  }
  if (!readNumber(contentEnd, limit, 8, area + NUMBER) || !isSigned(type, load<u64>(area, NUMBER), chainId)) return false;
  return readNumber(contentEnd, limit, 32, area + NUMBER) && readNumber(contentEnd, limit, 32, area + NUMBER) && contentEnd == limit;
}

/** Is `v` of a signature on this chain (EIP-155), or the parity of a typed transaction's? */
function isSigned(type: u32, v: u64, chainId: u64): bool {
  if (type != 0) return v < 2;
  return v == 27 || v == 28 || (v >= 35 && (v - 35) >> 1 == chainId && hasTerm(TERMS_REPLAY_PROTECTION));
}

/** Counts entries and slots. False: it is none. */
function readAccessList(): bool {
  listEntries = 0;
  listSlots = 0;
  let at = list;
  while (at < listEnd) {
    if (!readItem(at, listEnd) || !isList) return false;
    const entryEnd = contentEnd;
    if (!readString(content, entryEnd) || contentEnd - content != 20) return false;
    if (!readItem(contentEnd, entryEnd) || !isList || contentEnd != entryEnd) return false;
    let slot = content;
    while (slot < entryEnd) {
      if (!readString(slot, entryEnd) || contentEnd - content != 32) return false;
      slot = contentEnd;
      listSlots++;
    }
    listEntries++;
    at = entryEnd;
  }
  return true;
}

/** Writes all entries, then the slots of each. Answers the address behind them. */
function writeAccessList(start: u32): u32 {
  let entry = start;
  let target = start + listEntries * TX_ACCESS_SIZE;
  let at = list;
  while (at < listEnd) {
    readItem(at, listEnd);
    const entryEnd = contentEnd;
    readString(content, entryEnd);
    memory.copy(entry + TX_ACCESS_ADDRESS, content, 20);
    readItem(contentEnd, entryEnd);
    const slots = target;
    let slot = content;
    while (slot < entryEnd) {
      readString(slot, entryEnd);
      memory.copy(target, content, 32);
      target += 32;
      slot = contentEnd;
    }
    store<u32>(entry, (target - slots) >> 5, TX_ACCESS_SLOT_COUNT);
    store<u32>(entry, slots, TX_ACCESS_SLOTS);
    entry += TX_ACCESS_SIZE;
    at = entryEnd;
  }
  return target;
}

/** Yellow Paper equation 64, EIP-2, EIP-2028, EIP-2930, EIP-3860. */
function intrinsicGas(zeros: u64, others: u64): u64 {
  let gas = BASE_GAS + zeros * ZERO_BYTE_GAS + others * load<u64>(area + INSTANCE_TERMS, TERMS_NON_ZERO_GAS);
  if (creates) {
    if (hasTerm(TERMS_CREATION_GAS)) gas += CREATION_GAS;
    if (hasTerm(TERMS_INIT_CODE)) gas += ((zeros + others + 31) >> 5) * INIT_CODE_WORD_GAS;
  }
  return gas + u64(listEntries) * ACCESS_GAS + u64(listSlots) * ACCESS_SLOT_GAS;
}

/** EIP-1559: the base fee and the priority fee, as far as the maximum allows it. */
function writeGasPrice(out: u32): void {
  copy(out, area + MAX_FEE);
  if (!hasTerm(TERMS_PRIORITY_FEE)) return;
  add(area + INSTANCE_TERMS + TERMS_BASE_FEE, area + PRIORITY_FEE, area + NUMBER);
  if (less(area + NUMBER, out)) copy(out, area + NUMBER);
}
