// A call as it was executed, read out of shared memory after its block: what it read, wrote and hashed.

import {
  ACCOUNT_ADDRESS,
  type Kernel,
  LOCATION_KIND_MASK,
  LOCATION_NONCE,
  LOCATION_STORAGE,
  READ_HI,
  READ_LO,
  READ_LOCATION,
  READ_SIZE,
  SETS_READ_COUNT,
  SETS_READS,
  SETS_WRITE_COUNT,
  SETS_WRITES,
  SLOT_ACCOUNT,
  SLOT_KEY,
  WRITE_SET_LOCATION,
  WRITE_SET_SIZE,
} from "@braid/kernel";
import { preimages } from "../records/preimages.ts";
import { readU256, readWordBigEndian } from "../records/words.ts";
import { bytesAt, type CallFacts } from "./expression.ts";
import { type LocationNumbers, numbersId, type ObservedCall } from "./find-rules.ts";

/** Quiescent, after a block: what unit `unit` did, whose call is `call`. */
export function observeCall(
  kernel: Kernel,
  unit: number,
  call: CallFacts,
  unforeseen: readonly LocationNumbers[],
): ObservedCall {
  const sets = kernel.unitSets(unit);
  const word = (ptr: number): number => kernel.u32[ptr >>> 2] as number;
  const reads: { address: bigint; slot: bigint; value: bigint }[] = [];
  const writes = new Set<string>();
  for (let i = 0; i < word(sets + SETS_READ_COUNT); i++) {
    const read = word(sets + SETS_READS) + i * READ_SIZE;
    const value = readU256(kernel.u64, (read + READ_LO) >>> 3);
    if (value !== readU256(kernel.u64, (read + READ_HI) >>> 3)) continue;
    const { address, slot } = locationNumbers(kernel, word(read + READ_LOCATION)) ?? {};
    if (address !== undefined && slot !== undefined) reads.push({ address, slot, value });
  }
  for (let i = 0; i < word(sets + SETS_WRITE_COUNT); i++) {
    const write = word(sets + SETS_WRITES) + i * WRITE_SET_SIZE;
    const location = locationNumbers(kernel, word(write + WRITE_SET_LOCATION));
    if (location !== undefined) writes.add(numbersId(location));
  }
  return { ...call, reads, writes, preimages: preimages(kernel, unit), unforeseen };
}

/** A slot or a nonce; undefined for what hints are not about. */
function locationNumbers({ u8, u32, view }: Kernel, location: number): LocationNumbers | undefined {
  const kind = location & LOCATION_KIND_MASK;
  const record = location - kind;
  const isSlot = kind === LOCATION_STORAGE;
  if (!isSlot && kind !== LOCATION_NONCE) return undefined;
  const account = isSlot ? (u32[(record + SLOT_ACCOUNT) >>> 2] as number) : record;
  const address = bytesAt(u8, account + ACCOUNT_ADDRESS, 20) as bigint;
  return { address, slot: isSlot ? readWordBigEndian(view, record + SLOT_KEY) : undefined };
}
