// The public chains by name: when their forks began. Sources: the chains' genesis files and the EIPs that schedule the forks.

import type { ChainSpec, HardforkActivation } from "./chain-spec.ts";
import { type ForkName, isTimed } from "./forks.ts";

/** The chains that need no description. */
export const CHAIN_NAMES = ["mainnet", "sepolia", "holesky", "hoodi"] as const;
export type ChainName = (typeof CHAIN_NAMES)[number];

/** Forks in order, each with its first block or timestamp. */
function activations(forks: Partial<Record<ForkName, number>>): HardforkActivation[] {
  return (Object.entries(forks) as [ForkName, number][]).map(([name, at]) =>
    isTimed(name) ? { name, timestamp: at } : { name, block: at },
  );
}

export const KNOWN_CHAINS: Record<ChainName, ChainSpec & { hardforks: HardforkActivation[] }> = {
  mainnet: {
    name: "mainnet",
    chainId: 1,
    hardforks: activations({
      chainstart: 0,
      homestead: 1_150_000,
      dao: 1_920_000,
      tangerineWhistle: 2_463_000,
      spuriousDragon: 2_675_000,
      byzantium: 4_370_000,
      constantinople: 7_280_000,
      petersburg: 7_280_000,
      istanbul: 9_069_000,
      muirGlacier: 9_200_000,
      berlin: 12_244_000,
      london: 12_965_000,
      arrowGlacier: 13_773_000,
      grayGlacier: 15_050_000,
      paris: 15_537_394,
      shanghai: 1_681_338_455,
      cancun: 1_710_338_135,
      prague: 1_746_612_311,
      osaka: 1_764_798_551,
      bpo1: 1_765_290_071,
      bpo2: 1_767_747_671,
    }),
  },
  sepolia: {
    name: "sepolia",
    chainId: 11_155_111,
    hardforks: activations({
      chainstart: 0,
      muirGlacier: 0,
      london: 0,
      // The merge; its netsplit block came later.
      paris: 1_450_409,
      shanghai: 1_677_557_088,
      cancun: 1_706_655_072,
      prague: 1_741_159_776,
      osaka: 1_760_427_360,
      bpo1: 1_761_017_184,
      bpo2: 1_761_607_008,
    }),
    depositContractAddress: "0x7f02c3e3c98b133055b8b348b2ac625669ed295d",
  },
  holesky: {
    name: "holesky",
    chainId: 17_000,
    hardforks: activations({
      chainstart: 0,
      paris: 0,
      shanghai: 1_696_000_704,
      cancun: 1_707_305_664,
      prague: 1_740_434_112,
      osaka: 1_759_308_480,
      bpo1: 1_759_800_000,
      bpo2: 1_760_389_824,
    }),
    depositContractAddress: "0x4242424242424242424242424242424242424242",
  },
  hoodi: {
    name: "hoodi",
    chainId: 560_048,
    hardforks: activations({
      chainstart: 0,
      paris: 0,
      shanghai: 0,
      cancun: 0,
      prague: 1_742_999_832,
      osaka: 1_761_677_592,
      bpo1: 1_762_365_720,
      bpo2: 1_762_955_544,
    }),
  },
};
