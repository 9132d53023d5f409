// Numbers as Ethereum writes them: minimal big-endian bytes in RLP, minimal hex in JSON-RPC.
import { type Hex, hexToBytes } from "@braid/primitives";

/** The shortest big-endian bytes of a number, none for 0 (RLP's form of an integer). */
export function bigIntToMinimalBytes(value: bigint): Uint8Array {
  if (value === 0n) return new Uint8Array(0);
  const digits = value.toString(16);
  return hexToBytes(digits.length % 2 === 0 ? digits : `0${digits}`);
}

/** The shortest big-endian bytes of a JSON-RPC quantity ("0x0", "0x1a3", also with leading zeros). Throws on anything that is not hex. */
export function quantityToMinimalBytes(quantity: string): Uint8Array {
  let start = quantity.startsWith("0x") ? 2 : 0;
  while (start < quantity.length && quantity.charCodeAt(start) === 0x30) start += 1;
  const digits = quantity.slice(start);
  return hexToBytes(digits.length % 2 === 0 ? digits : `0${digits}`);
}

/** A 32-byte key of a slot given in minimal or full hex. */
export function quantityToBytes32(quantity: string): Uint8Array {
  const minimal = quantityToMinimalBytes(quantity);
  if (minimal.length === 32) return minimal;
  if (minimal.length > 32) throw new RangeError(`${quantity} is longer than 32 bytes`);
  const out = new Uint8Array(32);
  out.set(minimal, 32 - minimal.length);
  return out;
}

/** Lower-case minimal hex of a number, as JSON-RPC writes it. */
export function toQuantity(value: bigint | number): Hex {
  return `0x${value.toString(16)}`;
}
