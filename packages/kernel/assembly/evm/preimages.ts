// What a unit with KEEP_PREIMAGES hashes, for hints: layout PREIMAGE_*, as records/preimages.ts of the executor writes and reads it.

import {
  KEEP_PREIMAGES,
  MAX_PREIMAGE,
  MAX_PREIMAGES,
  PREIMAGE_BYTES,
  PREIMAGE_HASH,
  PREIMAGE_LENGTH,
  PREIMAGE_NEXT,
  UNIT_FLAGS,
  UNIT_PREIMAGES,
} from "../../src/layout";
import { allocBlock } from "../memory";
import { unitAt } from "../unit-table";
import { writeBytes } from "./u256";

/** Of how many more hashes of the incarnation the preimage is to be kept. */
export let preimagesLeft: u32 = 0;
let row: u32 = 0;

export function beginPreimages(unit: u32): void {
  row = unitAt(unit);
  preimagesLeft = (atomic.load<u32>(row, UNIT_FLAGS) & KEEP_PREIMAGES) != 0 ? u32(MAX_PREIMAGES) : 0;
  if (preimagesLeft != 0) store<u32>(row, 0, UNIT_PREIMAGES);
}

/** Keeps the bytes, whose hash is the word at `hash`. */
export function keepPreimage(bytes: u32, length: u32, hash: u32): void {
  preimagesLeft--;
  if (length > u32(MAX_PREIMAGE)) return;
  const record = allocBlock(PREIMAGE_BYTES + MAX_PREIMAGE, 8);
  if (record == 0) return;
  store<u32>(record, load<u32>(row, UNIT_PREIMAGES), PREIMAGE_NEXT);
  store<u32>(record, length, PREIMAGE_LENGTH);
  writeBytes(hash, record + PREIMAGE_HASH);
  memory.copy(record + PREIMAGE_BYTES, bytes, length);
  store<u32>(row, record, UNIT_PREIMAGES);
}
