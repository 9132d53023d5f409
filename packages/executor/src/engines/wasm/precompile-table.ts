// The precompiles of the EVM: one row each, to be held against their EIPs. The wasm engine's words are made of it, and a test holds ethereumjs's to it.

import {
  EVM_PRECOMPILE_GAS,
  EVM_PRECOMPILES,
  type Kernel,
  PRECOMPILE_BLAKE2F,
  PRECOMPILE_IDENTITY,
  PRECOMPILE_MODEXP,
  PRECOMPILE_RIPEMD160,
  PRECOMPILE_SHA256,
} from "@braid/kernel";
import type { ForkName } from "@braid/protocol";
import { isSince } from "./opcodes.ts";

/** Gas from a fork on, where it is a number for the call and one for each unit of its input. */
type Since = readonly [fork: ForkName, eip: number, call: number, perUnit: number];

interface Precompile {
  readonly number: number;
  readonly name: string;
  /** The bytes of a unit of input, of which there may be a part; 0 where the units are something else, or there are none. */
  readonly unit: number;
  /** Where it runs: in the kernel, or outside of it, in a library. */
  readonly where: "kernel" | "library";
  /** The first entry is the fork that brought it; EIP 0 is the Yellow Paper (appendix E). */
  readonly gas: readonly Since[];
}

export const PRECOMPILES: readonly Precompile[] = [
  row(0x01, "ECRECOVER", 0, "library", ["chainstart", 0, 3_000, 0]),
  row(PRECOMPILE_SHA256, "SHA256", 32, "kernel", ["chainstart", 0, 60, 12]),
  row(PRECOMPILE_RIPEMD160, "RIPEMD160", 32, "kernel", ["chainstart", 0, 600, 120]),
  row(PRECOMPILE_IDENTITY, "IDENTITY", 32, "kernel", ["chainstart", 0, 15, 3]),
  // The least that it takes: the rest depends on the numbers (kernel/assembly/precompiles/modexp.ts).
  row(
    PRECOMPILE_MODEXP,
    "MODEXP",
    0,
    "kernel",
    ["byzantium", 198, 0, 0],
    ["berlin", 2565, 200, 0],
    ["osaka", 7883, 500, 0],
  ),
  row(0x06, "BN254_ADD", 0, "library", ["byzantium", 196, 500, 0], ["istanbul", 1108, 150, 0]),
  row(0x07, "BN254_MUL", 0, "library", ["byzantium", 196, 40_000, 0], ["istanbul", 1108, 6_000, 0]),
  row(
    0x08,
    "BN254_PAIRING",
    192,
    "library",
    ["byzantium", 197, 100_000, 80_000],
    ["istanbul", 1108, 45_000, 34_000],
  ),
  // A unit is a round.
  row(PRECOMPILE_BLAKE2F, "BLAKE2F", 0, "kernel", ["istanbul", 152, 0, 1]),
  row(0x0a, "KZG_POINT_EVALUATION", 0, "library", ["cancun", 4844, 50_000, 0]),
  row(0x0b, "BLS12_G1ADD", 0, "library", ["prague", 2537, 375, 0]),
  // For one pair; more of them are cheaper.
  row(0x0c, "BLS12_G1MSM", 160, "library", ["prague", 2537, 0, 12_000]),
  row(0x0d, "BLS12_G2ADD", 0, "library", ["prague", 2537, 600, 0]),
  row(0x0e, "BLS12_G2MSM", 288, "library", ["prague", 2537, 0, 22_500]),
  row(0x0f, "BLS12_PAIRING", 384, "library", ["prague", 2537, 37_700, 32_600]),
  row(0x10, "BLS12_MAP_FP_TO_G1", 0, "library", ["prague", 2537, 5_500, 0]),
  row(0x11, "BLS12_MAP_FP2_TO_G2", 0, "library", ["prague", 2537, 23_800, 0]),
  row(0x100, "P256VERIFY", 0, "library", ["osaka", 7951, 6_900, 0]),
];

function row(
  number: number,
  name: string,
  unit: number,
  where: Precompile["where"],
  ...gas: Since[]
): Precompile {
  return { number, name, unit, where, gas };
}

/** What a precompile costs in a fork; undefined before there is one. */
export function gasIn(fork: ForkName, { gas }: Precompile): Since | undefined {
  return gas.findLast(([since]) => isSince(fork, since));
}

/** Writes which addresses are precompiles, and the gas of those that run in the kernel. */
export function writePrecompiles({ u32 }: Kernel, evm: number, fork: ForkName): void {
  const words = (evm + EVM_PRECOMPILES) >>> 2;
  u32.fill(0, words, words + 16);
  for (const precompile of PRECOMPILES) {
    const { number, where } = precompile;
    const gas = gasIn(fork, precompile);
    if (gas === undefined) continue;
    const word = words + (number >>> 5);
    u32[word] = (u32[word] as number) | (1 << (number & 31));
    if (where === "kernel") u32.set(gas.slice(2) as number[], (evm + EVM_PRECOMPILE_GAS + number * 8) >>> 2);
  }
}
