// The receipts of a block whose units are all committed: their encodings and leaves (settleReceipts, shared by all instances), then their root, bloom
// and gas (sealReceipts). A receipt is encoded where its bloom and logs lie: in the outcome.
//
// The trie is that of the keys rlp(index) (Yellow Paper section 4.3.2), whose shape depends on the number of receipts alone. Each leaf is longer than a
// hash, so every node goes by its hash.

import {
  LEFT_OUT,
  OUTCOME_BLOB_COUNT,
  OUTCOME_BLOCK_GAS_USED,
  OUTCOME_BODY,
  OUTCOME_CUMULATIVE_GAS,
  OUTCOME_FLAGS,
  OUTCOME_GAS_USED,
  OUTCOME_HAS_RECEIPT_LEAF,
  OUTCOME_LOGS_BLOOM,
  OUTCOME_LOGS_LENGTH,
  OUTCOME_RECEIPT_LEAF,
  OUTCOME_STATUS,
  SEAL_BLOBS,
  SEAL_BLOOM,
  SEAL_GAS_USED,
  SEAL_ROOT,
  TX_TYPE,
  UNIT_FLAGS,
  UNIT_OUTCOME,
  UNIT_RECEIPT,
  UNIT_TRANSACTION,
  WORD_TRANSACTIONS_END,
} from "../src/layout";
import { keccak } from "./keccak";
import { copy32 } from "./keys";
import { area } from "./memory";
import { headerLength, integerSize, writeHeader, writeInteger } from "./rlp";
import { settleNext, unitAt } from "./unit-table";

const BLOOM_BYTES: u32 = 256;
const BLOOM_RLP: u32 = 3 + BLOOM_BYTES;
const HASH_RLP: u32 = 33;
/** In scratch: a node under construction for each level of the trie, which has at most eight. */
const NODES: u32 = 4096;
const NODE_SIZE: u32 = 576;
const MAX_HEADER: u32 = 3;

/** How many receipts there are. */
let count: u32 = 0;

// @ts-ignore: decorator
@inline
function isIncluded(unit: u32): bool {
  return (load<u32>(unitAt(unit), UNIT_FLAGS) & LEFT_OUT) == 0;
}

function countReceipts(): void {
  count = 0;
  const end = load<u32>(WORD_TRANSACTIONS_END);
  for (let unit: u32 = 1; unit < end; unit++) if (isIncluded(unit)) count++;
}

/** Hashes the leaves of receipts as long as there are some that nobody has taken. */
export function settleReceipts(): void {
  countReceipts();
  let gas: u64 = 0;
  let index: u32 = 0;
  let counted: u32 = 1;
  for (let unit = settleNext(); unit >= 0; unit = settleNext()) {
    for (; counted <= u32(unit); counted++) {
      if (!isIncluded(counted)) continue;
      gas += load<u64>(load<u32>(unitAt(counted), UNIT_OUTCOME), OUTCOME_GAS_USED);
      index++;
    }
    if (isIncluded(unit)) settle(unitAt(unit), index - 1, gas);
  }
}

/**
 * Quiescent. Sums up all receipts to SEAL_* at scratch, and answers how many there are. `withRoot`: also what settleReceipts has left undone, and
 * the root; before Byzantium nobody here knows the state roots that receipts have.
 */
export function sealReceipts(withRoot: u32): u32 {
  countReceipts();
  const bloom = area + SEAL_BLOOM;
  memory.fill(bloom, 0, BLOOM_BYTES);
  let gas: u64 = 0;
  let blockGas: u64 = 0;
  let blobs: u32 = 0;
  let index: u32 = 0;
  const end = load<u32>(WORD_TRANSACTIONS_END);
  for (let unit: u32 = 1; unit < end; unit++) {
    if (!isIncluded(unit)) continue;
    const row = unitAt(unit);
    const outcome = load<u32>(row, UNIT_OUTCOME);
    gas += load<u64>(outcome, OUTCOME_GAS_USED);
    blockGas += load<u64>(outcome, OUTCOME_BLOCK_GAS_USED);
    blobs += load<u32>(outcome, OUTCOME_BLOB_COUNT);
    store<u64>(outcome, gas, OUTCOME_CUMULATIVE_GAS);
    store<u32>(unitAt(index + 1), outcome, UNIT_RECEIPT);
    if (withRoot && !(load<u32>(outcome, OUTCOME_FLAGS) & OUTCOME_HAS_RECEIPT_LEAF)) settle(row, index, gas);
    // An empty list has one byte.
    if (load<u32>(outcome, OUTCOME_LOGS_LENGTH) > 1) {
      for (let i: u32 = 0; i < BLOOM_BYTES; i += 8)
        store<u64>(bloom + i, load<u64>(bloom + i) | load<u64>(outcome + i, OUTCOME_LOGS_BLOOM));
    }
    index++;
  }
  if (withRoot) writeRoot(area + SEAL_ROOT);
  store<u64>(area, blockGas, SEAL_GAS_USED);
  store<u32>(area, blobs, SEAL_BLOBS);
  return count;
}

/** Encodes a receipt from Byzantium on, rlp(status, gas, bloom, logs) behind its type unless that is 0 (EIP-658, EIP-2718), in its leaf, and hashes that. */
function settle(row: u32, index: u32, gas: u64): void {
  const outcome = load<u32>(row, UNIT_OUTCOME);
  const type = load<u32>(load<u32>(row, UNIT_TRANSACTION), TX_TYPE);
  const logs = load<u32>(outcome, OUTCOME_LOGS_LENGTH);
  const payload = 1 + integerSize(gas) + BLOOM_RLP + logs;
  const receipt = u32(type != 0) + headerLength(payload) + payload;
  const depth = leafDepth(index);
  const nibbles = keyLength(index) - depth;
  const leafPayload = pathSize(nibbles) + headerLength(receipt) + receipt;
  const leaf = headerLength(leafPayload) + leafPayload;
  const start = outcome + OUTCOME_BODY + logs - leaf;
  let at = writePath(writeHeader(start, leafPayload, 0xc0), index, depth, nibbles, 0x20);
  at = writeHeader(at, receipt, 0x80);
  if (type != 0) store<u8>(at++, type);
  at = writeHeader(at, payload, 0xc0);
  at = writeInteger(at, load<u32>(outcome, OUTCOME_STATUS));
  writeHeader(writeInteger(at, gas), BLOOM_BYTES, 0x80);
  keccak(start, leaf, outcome + OUTCOME_RECEIPT_LEAF);
  store<u32>(outcome, load<u32>(outcome, OUTCOME_FLAGS) | OUTCOME_HAS_RECEIPT_LEAF, OUTCOME_FLAGS);
}

// ---- The trie ----

/** In the order of the keys index 0, whose key is 0x80, comes behind 127. */
function positionOfZero(): u32 {
  return count - 1 < 127 ? count - 1 : 127;
}

/** The index at a position in the order of the keys. */
function indexAt(position: u32): u32 {
  const zero = positionOfZero();
  return position == zero ? 0 : position < zero ? position + 1 : position;
}

/** Bytes of an index that does not fit its key's first byte; up to 2^24 receipts. */
function indexBytes(index: u32): u32 {
  return index < 0x100 ? 1 : index < 0x10000 ? 2 : 3;
}

/** Nibbles of rlp(index). */
function keyLength(index: u32): u32 {
  return index < 128 ? 2 : 2 + (indexBytes(index) << 1);
}

/** A nibble of rlp(index): one byte (0x80 for 0), or from 128 on 0x80 plus the number of the bytes that follow. */
function keyNibble(index: u32, depth: u32): u32 {
  if (index < 128) {
    const byte = index == 0 ? 0x80 : index;
    return depth == 0 ? byte >> 4 : byte & 15;
  }
  const bytes = indexBytes(index);
  if (depth < 2) return depth == 0 ? 8 : bytes;
  return (index >> (((bytes << 1) + 1 - depth) << 2)) & 15;
}

/** How many nibbles the keys of two different indices have in common. */
function sharedNibbles(a: u32, b: u32): u32 {
  let shared: u32 = 0;
  while (keyNibble(a, shared) == keyNibble(b, shared)) shared++;
  return shared;
}

/** The nibbles of a receipt's key that lead to its leaf. */
function leafDepth(index: u32): u32 {
  const position = index == 0 ? positionOfZero() : index < 128 ? index - 1 : index;
  const before: u32 = position == 0 ? 0 : 1 + sharedNibbles(index, indexAt(position - 1));
  const behind: u32 = position == count - 1 ? 0 : 1 + sharedNibbles(index, indexAt(position + 1));
  return max(before, behind);
}

/** Bytes of a path's encoding. */
function pathSize(nibbles: u32): u32 {
  return nibbles < 2 ? 1 : 2 + (nibbles >> 1);
}

/** Writes nibbles of a key as bytes, behind a first nibble that says whether they are odd in number, and what they lead to (`kind`: 0 extension, 0x20 leaf). */
function writePath(at: u32, index: u32, from: u32, nibbles: u32, kind: u32): u32 {
  if (nibbles >= 2) store<u8>(at++, 0x81 + (nibbles >> 1));
  let depth = from;
  store<u8>(at++, nibbles & 1 ? kind | 0x10 | keyNibble(index, depth++) : kind);
  for (; depth < from + nibbles; depth += 2) store<u8>(at++, (keyNibble(index, depth) << 4) | keyNibble(index, depth + 1));
  return at;
}

function writeRoot(out: u32): void {
  if (count != 0) return hashNode(0, count, 0, area + NODES, out);
  store<u8>(area + NODES, 0x80);
  keccak(area + NODES, 1, out);
}

/** Writes the hash of the node above the receipts from one position to another whose keys have `depth` nibbles in common. */
function hashNode(from: u32, to: u32, depth: u32, node: u32, out: u32): void {
  const first = indexAt(from);
  if (to - from == 1) return copy32(out, load<u32>(unitAt(first + 1), UNIT_RECEIPT) + OUTCOME_RECEIPT_LEAF);
  const split = max(depth, sharedNibbles(first, indexAt(to - 1)));
  let at = node + MAX_HEADER;
  let start = from;
  for (let nibble: u32 = 0; nibble < 16; nibble++) {
    let end = start;
    while (end < to && keyNibble(indexAt(end), split) == nibble) end++;
    if (end == start) {
      store<u8>(at++, 0x80);
      continue;
    }
    store<u8>(at, 0xa0);
    hashNode(start, end, split + 1, node + NODE_SIZE, at + 1);
    at += HASH_RLP;
    start = end;
  }
  store<u8>(at++, 0x80);
  hashList(node + MAX_HEADER, at, out);
  if (split == depth) return;
  at = writePath(node + MAX_HEADER, first, depth, split - depth, 0);
  store<u8>(at, 0xa0);
  copy32(at + 1, out);
  hashList(node + MAX_HEADER, at + HASH_RLP, out);
}

/** Hashes a list whose items lie behind room for its header. */
function hashList(items: u32, end: u32, out: u32): void {
  const start = items - headerLength(end - items);
  writeHeader(start, end - items, 0xc0);
  keccak(start, end - start, out);
}
