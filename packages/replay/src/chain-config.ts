// Which rules a chain has at which block: a small description that can be stored, and the ethereumjs Common made of it.
import type { Hex } from "@braid/primitives";
import {
  type ChainConfig,
  Common,
  type CustomCrypto,
  Holesky,
  Hoodi,
  Mainnet,
  Sepolia,
} from "@ethereumjs/common";
import { BlockFileError } from "./errors.ts";

/** A hardfork and where it begins: `block` up to Paris, `timestamp` (seconds) from Shanghai on. */
export interface HardforkActivation {
  /** The name as ethereumjs has it: "chainstart", "homestead", ..., "osaka", "bpo1". */
  name: string;
  block?: number;
  timestamp?: number;
}

/** The blob parameters of a hardfork (EIP-7840): blobs per block, and the denominator of the price's exponent. */
export interface BlobParameters {
  target: number;
  max: number;
  baseFeeUpdateFraction: number;
}

/**
 * A chain as it is stored in bundles. A chain that ethereumjs knows needs only its name
 * ("mainnet", "sepolia", "holesky", "hoodi"); any other one lists its hardforks in the order in which they begin.
 */
export interface ChainSpec {
  name: string;
  chainId: number;
  hardforks?: HardforkActivation[];
  /** Where a hardfork's blob parameters differ from mainnet's; keyed by the hardfork's name. Needed for BPO forks of own chains. */
  blobSchedule?: Record<string, BlobParameters>;
  /** The contract whose logs are deposit requests (EIP-6110); 20 bytes. */
  depositContractAddress?: Hex;
}

/** Ethereum mainnet. */
export const MAINNET: ChainSpec = { name: "mainnet", chainId: 1 };

const KNOWN_CHAINS: readonly ChainConfig[] = [Mainnet, Sepolia, Holesky, Hoodi];
const GAS_PER_BLOB = 131_072; // EIP-4844

/**
 * The rules of a chain as an ethereumjs Common, not yet set to a hardfork: see `hardforkOf`. `customCrypto` is for who executes with it.
 * Throws BlockFileError BRAID_UNKNOWN_CHAIN for an unknown name or hardfork.
 */
export function commonOf(spec: ChainSpec, customCrypto: CustomCrypto = {}): Common {
  if (spec.hardforks === undefined) {
    const known = KNOWN_CHAINS.find(
      (chain) => chain.name === spec.name && Number(chain.chainId) === spec.chainId,
    );
    if (known === undefined) {
      throw new BlockFileError(
        "BRAID_UNKNOWN_CHAIN",
        `The chain "${spec.name}" (id ${spec.chainId}) is not known; its description must list its hardforks.`,
        { data: { name: spec.name, chainId: spec.chainId } },
      );
    }
    return new Common({ chain: known, customCrypto });
  }
  return new Common({ chain: customChain(spec, spec.hardforks), customCrypto });
}

/** The hardfork that rules a block; number and timestamp (seconds) as in its header. */
export function hardforkOf(common: Common, number: bigint, timestamp: bigint): string {
  return common.getHardforkBy({ blockNumber: number, timestamp });
}

function customChain(spec: ChainSpec, hardforks: HardforkActivation[]): ChainConfig {
  const builtIn = builtInHardforks();
  const blobSchedule = spec.blobSchedule ?? {};
  const customHardforks: NonNullable<ChainConfig["customHardforks"]> = {};
  for (const [name, blob] of Object.entries(blobSchedule)) {
    const base = builtIn.get(name) ?? { eips: [] };
    customHardforks[name] = { ...base, params: { ...base.params, ...blobParams(name, blob) } };
  }
  for (const { name } of hardforks) {
    if (builtIn.has(name) || customHardforks[name] !== undefined) continue;
    throw new BlockFileError(
      "BRAID_UNKNOWN_CHAIN",
      `The chain "${spec.name}" uses an unknown hardfork "${name}".`,
      {
        data: { name: spec.name, hardfork: name },
      },
    );
  }
  return {
    name: spec.name,
    chainId: spec.chainId,
    defaultHardfork: hardforks.at(-1)?.name ?? "chainstart",
    // Only used to build a genesis block, which Braid never does: a chain starts from a stored state.
    genesis: { gasLimit: 5000, difficulty: 0, nonce: "0x0000000000000000", extraData: "0x" },
    // Paris and later override this by themselves.
    consensus: { type: "pow", algorithm: "ethash", ethash: {} },
    hardforks: hardforks.map(({ name, block, timestamp }) => ({
      name,
      block: block ?? null,
      ...(timestamp === undefined ? {} : { timestamp }),
    })),
    customHardforks,
    bootstrapNodes: [],
    ...(spec.depositContractAddress === undefined
      ? {}
      : { depositContractAddress: spec.depositContractAddress }),
  };
}

/** The hardforks that ethereumjs implements; it does not export its table, a Common over mainnet holds it. */
function builtInHardforks(): Map<string, NonNullable<ChainConfig["customHardforks"]>[string]> {
  return new Map(new Common({ chain: Mainnet })["HARDFORK_CHANGES"]);
}

/** ethereumjs counts blobs from BPO1 on and blob gas before. */
function blobParams(hardfork: string, blob: BlobParameters): Record<string, number> {
  const blobGasPriceUpdateFraction = blob.baseFeeUpdateFraction;
  if (hardfork.startsWith("bpo")) return { target: blob.target, max: blob.max, blobGasPriceUpdateFraction };
  return {
    targetBlobGasPerBlock: blob.target * GAS_PER_BLOB,
    maxBlobGasPerBlock: blob.max * GAS_PER_BLOB,
    blobGasPriceUpdateFraction,
  };
}
