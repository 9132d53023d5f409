// Addresses in the mixed case that is their checksum (EIP-55).

import { keccak256 } from "@braid/kernel";
import { bytesToHex, type Hex } from "@braid/primitives";

export function checksumAddress(address: Uint8Array): Hex {
  const digits = bytesToHex(address).slice(2);
  const sum = bytesToHex(keccak256(new TextEncoder().encode(digits))).slice(2);
  const mixed = Array.from(digits, (digit, i) =>
    Number.parseInt(sum[i] as string, 16) >= 8 ? digit.toUpperCase() : digit,
  );
  return `0x${mixed.join("")}`;
}
