// A chain's forks as ethereumjs wants them: when each begins, and where it differs from mainnet's fork of the same name.

import { keccak256 } from "@braid/kernel";
import { bytesToHex, type Hex } from "@braid/primitives";
import { type ChainConfig, Common, Mainnet } from "@ethereumjs/common";

/** All forks in order, by ethereumjs's names, and how their beginning is given: by block number up to Paris, by timestamp (seconds) after it. */
export const FORKS = [
  ["chainstart", "block"],
  ["homestead", "block"],
  ["dao", "block"],
  ["tangerineWhistle", "block"],
  ["spuriousDragon", "block"],
  ["byzantium", "block"],
  ["constantinople", "block"],
  ["petersburg", "block"],
  ["istanbul", "block"],
  ["muirGlacier", "block"],
  ["berlin", "block"],
  ["london", "block"],
  ["arrowGlacier", "block"],
  ["grayGlacier", "block"],
  ["paris", "block"],
  ["shanghai", "time"],
  ["cancun", "time"],
  ["prague", "time"],
  ["osaka", "time"],
  ["bpo1", "time"],
  ["bpo2", "time"],
  ["bpo3", "time"],
  ["bpo4", "time"],
  ["bpo5", "time"],
  ["amsterdam", "time"],
] as const;

/** A fork's name as ethereumjs has it. */
export type ForkName = (typeof FORKS)[number][0];

/** EIP-7840: blobs per block, and the denominator of the blob price's exponent. */
export interface BlobParameters {
  target: number;
  max: number;
  baseFeeUpdateFraction: number;
}

export interface ChainDescription {
  name: string;
  chainId: number;
  /** In the order in which they begin; `at` is a block number or a timestamp, see FORKS. */
  forks: readonly { fork: ForkName; at: number }[];
  /** Where a fork's blob parameters are not mainnet's. */
  blobSchedule?: Partial<Record<ForkName, BlobParameters>>;
  /** Where a fork's EIPs are not those that ethereumjs knows it by. */
  eips?: Partial<Record<ForkName, readonly number[]>>;
  /** Proof of stake from the first block on, whatever fork that is: no rewards, no uncles. */
  proofOfStake?: boolean;
  /** EIP-6110; mainnet's when undefined. */
  depositContract?: Hex;
}

type Hardforks = NonNullable<ChainConfig["customHardforks"]>;

const GAS_PER_BLOB = 131_072;

/** The chain as an ethereumjs configuration. Two chains that differ have different names in it, because the executor's workers keep engines by name. */
export function chainConfig(chain: ChainDescription): ChainConfig {
  const fingerprint = bytesToHex(keccak256(new TextEncoder().encode(JSON.stringify(chain)))).slice(2, 10);
  return {
    name: `${chain.name}-${fingerprint}`,
    chainId: chain.chainId,
    defaultHardfork: chain.forks.at(-1)?.fork ?? "chainstart",
    // Only for building a genesis block by ethereumjs, which Braid does not.
    genesis: { gasLimit: 5000, difficulty: 0, nonce: "0x0000000000000000", extraData: "0x" },
    consensus: chain.proofOfStake
      ? { type: "pos", algorithm: "casper", casper: {} }
      : { type: "pow", algorithm: "ethash", ethash: {} },
    hardforks: chain.forks.map(({ fork, at }) =>
      isTimed(fork) ? { name: fork, block: null, timestamp: at } : { name: fork, block: at },
    ),
    customHardforks: customHardforks(chain),
    bootstrapNodes: [],
    ...(chain.depositContract === undefined ? {} : { depositContractAddress: chain.depositContract }),
  };
}

/** Does the fork begin at a timestamp? */
export function isTimed(fork: ForkName): boolean {
  return FORKS.some(([name, unit]) => name === fork && unit === "time");
}

function customHardforks({ blobSchedule = {}, eips = {} }: ChainDescription): Hardforks {
  const known = builtInHardforks();
  const custom: Hardforks = {};
  for (const [fork] of FORKS) {
    const base = known.get(fork) ?? { eips: [] };
    const blobs = blobSchedule[fork];
    custom[fork] = {
      ...base,
      eips: [...(eips[fork] ?? base.eips ?? [])],
      ...(blobs === undefined ? {} : { params: { ...base.params, ...blobParams(blobs) } }),
    };
  }
  return custom;
}

/** ethereumjs counts blobs from BPO1 on and blob gas before: it gets both. */
function blobParams({ target, max, baseFeeUpdateFraction }: BlobParameters): Record<string, number> {
  return {
    target,
    max,
    targetBlobGasPerBlock: target * GAS_PER_BLOB,
    maxBlobGasPerBlock: max * GAS_PER_BLOB,
    blobGasPriceUpdateFraction: baseFeeUpdateFraction,
  };
}

/** ethereumjs does not export its table of forks; a Common that has them all holds it. */
function builtInHardforks(): Map<string, Hardforks[string]> {
  const hardforks = FORKS.filter(([name]) => !/^bpo[345]$/.test(name)).map(([name]) => ({ name, block: 0 }));
  return new Map(new Common({ chain: { ...Mainnet, hardforks } })["HARDFORK_CHANGES"]);
}
