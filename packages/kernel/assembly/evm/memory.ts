// The memory of frames: they lie one behind the other, as frames are called. A frame's bytes are zero until it has paid for them and they are made so.

import { EVM_END, EXIT_UNSUPPORTED } from "../../src/layout";
import { evm } from "../memory";
import { FRAME_MEMORY, FRAME_MEMORY_SIZE, frame, stop } from "./machine";
import { isShort, isZero } from "./u256";

/** More gas than any frame has. */
export const TOO_MUCH_GAS: i64 = 1 << 61;
/** 2 GiB, for which a frame would pay 2^43 gas. */
const MAX_MEMORY: u64 = 1 << 31;

/** Where an area of the frame's memory ends, given as two words; 0 for an empty one, wherever it lies. */
export function areaEnd(offset: u32, size: u32): u64 {
  if (isZero(size)) return 0;
  if (!isShort(offset) || !isShort(size)) return u64.MAX_VALUE;
  const start = load<u64>(offset);
  const length = load<u64>(size);
  return start > MAX_MEMORY || length > MAX_MEMORY ? u64.MAX_VALUE : start + length;
}

/** Gas for words of memory: Yellow Paper appendix H. */
// @ts-ignore: decorator
@inline
function gasOf(words: u64): u64 {
  return 3 * words + ((words * words) >> 9);
}

/** What the frame pays for memory up to `end`. */
export function expansionGas(end: u64): i64 {
  const size = load<u32>(frame, FRAME_MEMORY_SIZE);
  if (end <= u64(size)) return 0;
  if (end > MAX_MEMORY) return TOO_MUCH_GAS;
  return i64(gasOf((end + 31) >> 5) - gasOf(u64(size >> 5)));
}

/** Makes the memory reach to `end`, which was paid for. False: the EVM stops. */
export function grow(end: u64): bool {
  const size = load<u32>(frame, FRAME_MEMORY_SIZE);
  if (end <= u64(size)) return true;
  const grown = (u32(end) + 31) & ~31;
  const start = load<u32>(frame, FRAME_MEMORY);
  if (grown > evm + EVM_END - start) return stop(EXIT_UNSUPPORTED);
  memory.fill(start + size, 0, grown - size);
  store<u32>(frame, grown, FRAME_MEMORY_SIZE);
  return true;
}

/** What `expand` answers when the EVM stops. */
export const STOPPED: i64 = -2;

/** Pays for memory up to `end` and `extra`, and makes it. Answers the gas that is left, -1 when there is not enough, STOPPED. */
export function expand(end: u64, extra: i64, gas: i64): i64 {
  const left = gas - extra - expansionGas(end);
  if (left < 0) return -1;
  return grow(end) ? left : STOPPED;
}

/** 3 gas for each word that is copied, or what `perWord` is; an empty area is free. */
export function wordsGas(size: u32, perWord: i64): i64 {
  if (!isShort(size) || load<u64>(size) > MAX_MEMORY) return TOO_MUCH_GAS;
  return i64((load<u64>(size) + 31) >> 5) * perWord;
}

/** Copies `length` bytes to `target` from `offset` (a word) of a source that is followed by zeros without end. */
export function copyPadded(target: u32, source: u32, sourceLength: u32, offset: u32, length: u32): void {
  if (length == 0) return;
  let available: u32 = 0;
  if (isShort(offset) && load<u64>(offset) < u64(sourceLength)) {
    const start = u32(load<u64>(offset));
    available = min(length, sourceLength - start);
    memory.copy(target, source + start, available);
  }
  if (available < length) memory.fill(target + available, 0, length - available);
}
