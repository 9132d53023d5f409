// What an opcode takes from memory, seen before it runs: the memory may not reach so far yet, and the opcode may be unable to pay for it.

/** More than any gas limit can pay for. */
const MOST_BYTES = 1n << 24n;

/** A copy, with zeros for what is not there yet; nothing for what cannot be paid for. */
export function memoryAt(memory: Uint8Array, offset: bigint, size: bigint): Uint8Array {
  if (size > MOST_BYTES || offset > MOST_BYTES) return new Uint8Array(0);
  const copy = new Uint8Array(Number(size));
  const start = Number(offset);
  copy.set(memory.subarray(start, start + copy.length));
  return copy;
}
