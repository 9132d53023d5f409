// Reading RLP items as the Yellow Paper's types (appendix B): every deviation is a malformed block.

import { bytesToBigInt } from "@braid/primitives";
import { RLP } from "@ethereumjs/rlp";
import { BlockRejectedError } from "./errors.ts";

/** A decoded RLP item. */
export type Item = Uint8Array | Item[];

/** The error of bytes that are not what they should be. */
export function malformed(what: string): BlockRejectedError {
  return new BlockRejectedError("BRAID_BLOCK_MALFORMED", `The block cannot be decoded: ${what}.`);
}

/** Decodes RLP strictly: nothing may follow, lengths are as short as possible. Throws BRAID_BLOCK_MALFORMED. */
export function decodeRlp(raw: Uint8Array): Item {
  try {
    return RLP.decode(raw) as Item;
  } catch (cause) {
    throw malformed(cause instanceof Error ? cause.message : String(cause));
  }
}

/** Encodes an item that was decoded. */
export function encodeRlp(item: Item): Uint8Array {
  return RLP.encode(item as Parameters<typeof RLP.encode>[0]);
}

export function listItem(item: Item | undefined, name: string): Item[] {
  if (!Array.isArray(item)) throw malformed(`${name} is not a list`);
  return item;
}

/** Bytes of any length, or of exactly `length`. */
export function bytesItem(item: Item | undefined, name: string, length?: number): Uint8Array {
  if (!(item instanceof Uint8Array)) throw malformed(`${name} is not a byte string`);
  if (length !== undefined && item.length !== length)
    throw malformed(`${name} has ${item.length} bytes instead of ${length}`);
  return item;
}

/** A big-endian integer without leading zeros, of at most `maxBytes` bytes. */
export function integerItem(item: Item | undefined, name: string, maxBytes: number): bigint {
  const bytes = bytesItem(item, name);
  if (bytes.length > maxBytes) throw malformed(`${name} has more than ${maxBytes} bytes`);
  if (bytes[0] === 0) throw malformed(`${name} has a leading zero`);
  return bytes.length === 0 ? 0n : bytesToBigInt(bytes);
}
