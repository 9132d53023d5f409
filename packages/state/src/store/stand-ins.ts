// Hashes that stand in for those of blocks which nobody has made one by one: a billion empty blocks are one entry, and nobody can hash them one
// after the other. Such a hash says of itself which blocks are meant and which of them it is, so that each leads to all others.

/** No hash begins like that, in as many blocks as there will ever be. */
const MARK_BYTES = 8;
const NUMBER_AT = 24;

/** The hash of the block with this number, of those that 16 bytes name. */
export function standInHash(id: Uint8Array, number: bigint): Uint8Array {
  const hash = new Uint8Array(32);
  hash.set(id, MARK_BYTES);
  new DataView(hash.buffer).setBigUint64(NUMBER_AT, number);
  return hash;
}

/** What a hash stands for; undefined for a hash that is one. */
export function readStandIn(hash: Uint8Array): { id: Uint8Array; number: bigint } | undefined {
  for (let i = 0; i < MARK_BYTES; i++) if (hash[i] !== 0) return undefined;
  const number = new DataView(hash.buffer, hash.byteOffset).getBigUint64(NUMBER_AT);
  return { id: hash.slice(MARK_BYTES, NUMBER_AT), number };
}

/** The hash of another one of the blocks that a hash stands in for one of; undefined for a hash that is one. */
export function siblingOf(hash: Uint8Array, number: bigint): Uint8Array | undefined {
  const read = readStandIn(hash);
  return read && standInHash(read.id, number);
}
