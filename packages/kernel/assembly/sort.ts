// Sorting linked records by their key bytes, in place: merge sort, which needs no memory beside the records.

import { area } from "./memory";

/** In scratch: a list for each first byte of a key. */
const HEADS: u32 = 4096;
const HEADS_SIZE: u32 = 1024;

/** What of the list has not been taken apart yet. */
let rest: u32 = 0;

/** Lexicographic order of `length` bytes, a multiple of 4. */
function isBefore(a: u32, b: u32, length: u32): bool {
  let i: u32 = 0;
  for (; i + 8 <= length; i += 8) {
    const x = load<u64>(a + i);
    const y = load<u64>(b + i);
    if (x != y) {
      // The lowest byte that differs, in memory order.
      const shift = ctz<u64>(x ^ y) & ~7;
      return ((x >> shift) & 255) < ((y >> shift) & 255);
    }
  }
  if (i == length) return false;
  return bswap<u32>(load<u32>(a + i)) < bswap<u32>(load<u32>(b + i));
}

/** Sorts the `count` records at `rest`. */
function sort(count: u32, next: u32, key: u32, length: u32): u32 {
  if (count == 1) {
    const record = rest;
    rest = load<u32>(record + next);
    store<u32>(record + next, 0);
    return record;
  }
  const half = count >> 1;
  let a = sort(half, next, key, length);
  let b = sort(count - half, next, key, length);
  let first: u32 = 0;
  let last: u32 = 0;
  while (a != 0 && b != 0) {
    const takeB = isBefore(b + key, a + key, length);
    const record = takeB ? b : a;
    if (takeB) b = load<u32>(b + next);
    else a = load<u32>(a + next);
    if (last == 0) first = record;
    else store<u32>(last + next, record);
    last = record;
  }
  store<u32>(last + next, a != 0 ? a : b);
  return first;
}

function sortList(first: u32, next: u32, key: u32, length: u32): u32 {
  let count: u32 = 0;
  for (let record = first; record != 0; record = load<u32>(record + next)) count++;
  if (count < 2) return first;
  rest = first;
  return sort(count, next, key, length);
}

/**
 * Sorts a list of records, ascending by the `length` key bytes (20 or 32) at `record + key`. `next` is the offset of the link, 0 at the
 * end. Answers the first record. PERF: keys are mostly hashes, so dealing them out by their first byte leaves little to compare.
 */
export function sortRecords(first: u32, next: u32, key: u32, length: u32): u32 {
  if (first == 0 || load<u32>(first + next) == 0) return first;
  const heads = area + HEADS;
  memory.fill(heads, 0, HEADS_SIZE);
  for (let record = first; record != 0; ) {
    const following = load<u32>(record + next);
    const head = heads + (u32(load<u8>(record + key)) << 2);
    store<u32>(record + next, load<u32>(head));
    store<u32>(head, record);
    record = following;
  }
  let sorted: u32 = 0;
  for (let head = heads + HEADS_SIZE - 4; head >= heads; head -= 4) {
    if (load<u32>(head) == 0) continue;
    const part = sortList(load<u32>(head), next, key, length);
    let last = part;
    while (load<u32>(last + next) != 0) last = load<u32>(last + next);
    store<u32>(last + next, sorted);
    sorted = part;
  }
  return sorted;
}
