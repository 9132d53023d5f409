// The chain of Hardhat's own network, as far as it is another one than the development chain: its first block, what its blocks draw their
// random values from, and the rules that it leaves out.

import { keccak256 } from "@braid/kernel";
import { bytesToHex } from "@braid/primitives";
import { eipsOf, type ForkName, type ForkRules } from "@braid/protocol";
import type { HardhatOptions } from "./options.ts";

const seed = (name: string): Uint8Array => keccak256(new TextEncoder().encode(name));

/** The first block's PREVRANDAO; each further one's is the hash of the one before. */
const FIRST_RANDAO = seed("randomMixHashSeed");

/** What the blocks of a chain draw their random values from: each block's is the hash of the one before. */
export interface Randomness {
  /** PREVRANDAO of block 1. */
  randao: Uint8Array;
  /** The parent beacon block's root in block 1 (EIP-4788); undefined: it is zero in all blocks. */
  beaconRoot?: Uint8Array;
  /** Of all blocks until the Merge, 8 bytes; undefined: zero. */
  nonce?: Uint8Array;
}

export const BRAID_RANDOMNESS: Randomness = { randao: seed("braid") };

export const HARDHAT_RANDOMNESS: Randomness = {
  randao: keccak256(FIRST_RANDAO),
  beaconRoot: seed("randomParentBeaconBlockRootSeed"),
  nonce: Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0x42),
};

/** Fields of the first block's header. */
export function hardhatFirstBlock({ proofOfWork }: ForkRules): {
  extraData: string;
  mixhash?: string;
  nonce?: string;
} {
  return {
    extraData: "0x1234",
    ...(proofOfWork ? { nonce: "0x42" } : { mixhash: bytesToHex(FIRST_RANDAO) }),
  };
}

/** There are no contracts for withdrawal and consolidation requests (EIP-7002, EIP-7251): blocks have no requests. */
const WITHOUT = [7002, 7251];
const GAS_CAP = 7825;

/** What a genesis file says of the rules besides when forks begin. */
export function hardhatRules(
  forks: readonly ForkName[],
  { transactionGasCap, unlimitedContractSize = false }: HardhatOptions,
): { eips: Record<string, number[]>; unlimitedCodeSize?: true } {
  // A cap of one's own is the pool's to hold transactions to.
  const without = new Set(transactionGasCap === undefined ? WITHOUT : [...WITHOUT, GAS_CAP]);
  const changed = forks
    .map((name) => [name, eipsOf({}, name)] as const)
    .filter(([, eips]) => eips.some((eip) => without.has(eip)));
  return {
    eips: Object.fromEntries(changed.map(([name, eips]) => [name, eips.filter((eip) => !without.has(eip))])),
    ...(unlimitedContractSize ? { unlimitedCodeSize: true } : {}),
  };
}
