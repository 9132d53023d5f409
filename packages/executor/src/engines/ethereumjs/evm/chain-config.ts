// A chain's forks as ethereumjs wants them.

import {
  type BlobParameters,
  type Chain,
  type ChainSpec,
  eipsOf,
  FORKS,
  type ForkName,
} from "@braid/protocol";
import { type ChainConfig, Common, type CustomCrypto, Mainnet } from "@ethereumjs/common";

type Hardforks = NonNullable<ChainConfig["customHardforks"]>;

const GAS_PER_BLOB = 131_072;

/** A chain as an @ethereumjs/common, set to one of its forks: for what works with ethereumjs itself. */
export function commonOf(chain: Chain, fork: ForkName, customCrypto: CustomCrypto = {}): Common {
  return new Common({ chain: chainConfig(chain.spec), hardfork: fork, customCrypto });
}

/** @param spec a chain's, with all its forks listed. */
export function chainConfig(spec: Readonly<ChainSpec>): ChainConfig {
  const { name, chainId, hardforks = [], proofOfStake, depositContractAddress } = spec;
  return {
    name,
    chainId,
    defaultHardfork: hardforks.at(-1)?.name ?? "chainstart",
    // Only for building a genesis block by ethereumjs, which Braid does not.
    genesis: { gasLimit: 5000, difficulty: 0, nonce: "0x0000000000000000", extraData: "0x" },
    consensus: proofOfStake
      ? { type: "pos", algorithm: "casper", casper: {} }
      : { type: "pow", algorithm: "ethash", ethash: {} },
    hardforks: hardforks.map((fork) => ({
      name: fork.name,
      block: fork.block ?? null,
      ...(fork.timestamp === undefined ? {} : { timestamp: fork.timestamp }),
    })),
    customHardforks: customHardforks(spec),
    bootstrapNodes: [],
    ...(depositContractAddress === undefined ? {} : { depositContractAddress }),
  };
}

/** Forks in which the chain differs from what ethereumjs knows them by. */
function customHardforks(spec: Readonly<ChainSpec>): Hardforks {
  const custom: Hardforks = {};
  const listed = new Set(spec.hardforks?.map(({ name }) => name));
  for (const { name } of FORKS) {
    if (!listed.has(name)) continue;
    const base = builtInHardforks.get(name) ?? { eips: [] };
    const blobs = spec.blobSchedule?.[name];
    custom[name] = {
      ...base,
      eips: eipsOfFork(spec, name, base.eips ?? []),
      ...(blobs === undefined ? {} : { params: { ...base.params, ...blobParams(blobs) } }),
    };
  }
  return custom;
}

/** Where the chain has its own, they replace those that a fork is known by; what ethereumjs calls a fork's meta EIP stays. */
function eipsOfFork(spec: Readonly<ChainSpec>, fork: ForkName, builtIn: readonly number[]): number[] {
  if (spec.eips?.[fork] === undefined) return [...builtIn];
  const usual = eipsOf({}, fork);
  return [...builtIn.filter((eip) => !usual.includes(eip)), ...eipsOf(spec, fork)];
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
const builtInHardforks: ReadonlyMap<string, Hardforks[string]> = new Map(
  new Common({
    chain: {
      ...Mainnet,
      hardforks: FORKS.filter(({ name }) => !/^bpo[345]$/.test(name)).map(({ name }) => ({ name, block: 0 })),
    },
  })["HARDFORK_CHANGES"],
);
