// Slots as JSON writes them.
import { hexToBytes } from "@braid/primitives";

/** A 32-byte key of a slot given in minimal or full hex. Throws on anything that is not hex. */
export function quantityToBytes32(quantity: string): Uint8Array {
  let start = quantity.startsWith("0x") ? 2 : 0;
  while (start < quantity.length && quantity.charCodeAt(start) === 0x30) start += 1;
  const digits = quantity.slice(start);
  const minimal = hexToBytes(digits.length % 2 === 0 ? digits : `0${digits}`);
  if (minimal.length === 32) return minimal;
  if (minimal.length > 32) throw new RangeError(`${quantity} is longer than 32 bytes`);
  const out = new Uint8Array(32);
  out.set(minimal, 32 - minimal.length);
  return out;
}
