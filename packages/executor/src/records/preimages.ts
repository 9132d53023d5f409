// What some units hashed, as a list in shared memory: hints find out from it which keys of which mappings a call led to.

import {
  KEEP_PREIMAGES,
  type Kernel,
  MAX_PREIMAGE,
  MAX_PREIMAGES,
  PREIMAGE_BYTES,
  PREIMAGE_HASH,
  PREIMAGE_LENGTH,
  PREIMAGE_NEXT,
  UNIT_FLAGS,
  UNIT_PREIMAGES,
} from "@braid/kernel";
import { readWordBigEndian } from "./words.ts";

/** Starts an incarnation of the unit with nothing hashed. Answers of how many hashes the preimage is to be kept. */
export function beginPreimages(kernel: Kernel, unit: number): number {
  if ((kernel.unitField(unit, UNIT_FLAGS) & KEEP_PREIMAGES) === 0) return 0;
  kernel.u32[(kernel.unitPtr(unit) + UNIT_PREIMAGES) >>> 2] = 0;
  return MAX_PREIMAGES;
}

/** Keeps the `count` bytes at scratch, whose hash is at `hash`. */
export function keepPreimage(kernel: Kernel, unit: number, count: number, hash: number): void {
  if (count > MAX_PREIMAGE) return;
  const record = kernel.alloc(PREIMAGE_BYTES + MAX_PREIMAGE);
  if (record === 0) return;
  const { u8, u32, scratch } = kernel;
  const last = (kernel.unitPtr(unit) + UNIT_PREIMAGES) >>> 2;
  u32[(record + PREIMAGE_NEXT) >>> 2] = u32[last] as number;
  u32[(record + PREIMAGE_LENGTH) >>> 2] = count;
  u8.copyWithin(record + PREIMAGE_HASH, hash, hash + 32);
  u8.copyWithin(record + PREIMAGE_BYTES, scratch, scratch + count);
  u32[last] = record;
}

/** Quiescent: what the unit's last incarnation hashed, by the hash. */
export function preimages(kernel: Kernel, unit: number): Map<bigint, Uint8Array> {
  const found = new Map<bigint, Uint8Array>();
  const { u8, u32, view } = kernel;
  for (
    let record = kernel.unitField(unit, UNIT_PREIMAGES);
    record !== 0;
    record = u32[(record + PREIMAGE_NEXT) >>> 2] as number
  ) {
    const length = u32[(record + PREIMAGE_LENGTH) >>> 2] as number;
    found.set(
      readWordBigEndian(view, record + PREIMAGE_HASH),
      u8.slice(record + PREIMAGE_BYTES, record + PREIMAGE_BYTES + length),
    );
  }
  return found;
}
