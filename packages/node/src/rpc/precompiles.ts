// Which precompiles there are, and what they are called (EIP-7910).

import { bytesToBigInt, type Hex } from "@braid/primitives";
import type { ForkRules } from "@braid/protocol";

/** Names of EIP-7910, in the order of addresses. */
const PRECOMPILES: readonly { name: string; at: number; since?: keyof ForkRules }[] = [
  { name: "ECREC", at: 0x01 },
  { name: "SHA256", at: 0x02 },
  { name: "RIPEMD160", at: 0x03 },
  { name: "ID", at: 0x04 },
  { name: "MODEXP", at: 0x05, since: "byzantium" },
  { name: "BN254_ADD", at: 0x06, since: "byzantium" },
  { name: "BN254_MUL", at: 0x07, since: "byzantium" },
  { name: "BN254_PAIRING", at: 0x08, since: "byzantium" },
  // Istanbul has no rule of its own here; whoever has timestamps is past it.
  { name: "BLAKE2F", at: 0x09, since: "byzantium" },
  { name: "KZG_POINT_EVALUATION", at: 0x0a, since: "eip4844" },
  { name: "BLS12_G1ADD", at: 0x0b, since: "eip7702" },
  { name: "BLS12_G1MSM", at: 0x0c, since: "eip7702" },
  { name: "BLS12_G2ADD", at: 0x0d, since: "eip7702" },
  { name: "BLS12_G2MSM", at: 0x0e, since: "eip7702" },
  { name: "BLS12_PAIRING_CHECK", at: 0x0f, since: "eip7702" },
  { name: "BLS12_MAP_FP_TO_G1", at: 0x10, since: "eip7702" },
  { name: "BLS12_MAP_FP2_TO_G2", at: 0x11, since: "eip7702" },
  { name: "P256VERIFY", at: 0x100, since: "eip7594" },
];

/** The precompiles of these rules by name. */
export function precompilesOf(rules: ForkRules): Record<string, Hex> {
  const active = PRECOMPILES.filter(({ since }) => since === undefined || rules[since] === true);
  const sorted = active.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  return Object.fromEntries(sorted.map(({ name, at }) => [name, `0x${at.toString(16).padStart(40, "0")}`]));
}

/** Is a precompile of any rules at this address? */
export function isPrecompile(address: Uint8Array): boolean {
  const number = bytesToBigInt(address);
  return PRECOMPILES.some(({ at }) => BigInt(at) === number);
}
