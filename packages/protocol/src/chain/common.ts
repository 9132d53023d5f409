// A chain out of @ethereumjs/common: what its Common says of each fork, asked through its public methods.

import type { Hex } from "@braid/primitives";
import { type ChainSpec, type HardforkActivation, invalid } from "./chain-spec.ts";
import { type BlobParameters, FORKS, forkNamed, isForkName, isTimed } from "./forks.ts";

/** An @ethereumjs/common `Common`, as far as it is read. Its current hardfork does not matter. */
export interface CommonLike {
  chainName(): string;
  chainId(): bigint;
  hardforks(): readonly { name: string; block: number | null; timestamp?: number | string | undefined }[];
  copy(): CommonLike;
  setHardfork(name: string): void;
  isActivatedEIP(eip: number): boolean;
  consensusType(): string;
  resetParams(params: Record<string, Record<string, number>>): void;
  getBlobGasSchedule(): {
    targetBlobGasPerBlock: bigint;
    maxBlobGasPerBlock: bigint;
    blobGasPriceUpdateFraction: bigint;
  };
}

/** EIPs of no fork that ethereumjs can activate all the same. They are carried over, so that a chain with them is refused and not misread. */
const EIPS_OF_NO_FORK = [3540, 3670, 4200, 4750, 5450, 6206, 6800, 7069, 7480, 7620, 7692, 7698, 7709, 7864];
/** EIP-7934: ethereumjs knows it and leaves it out of Osaka, to which it belongs. */
const BLOCK_SIZE_EIP = 7934;
/** All that are asked for. */
export const ASKED_EIPS: readonly number[] = [
  ...new Set([...FORKS.flatMap(({ eips }): readonly number[] => eips), ...EIPS_OF_NO_FORK, BLOCK_SIZE_EIP]),
];
/** What ethereumjs's blob schedule is made of, as its block package has it. */
const BLOB_PARAMS = {
  4844: {
    targetBlobGasPerBlock: 393_216,
    maxBlobGasPerBlock: 786_432,
    blobGasPriceUpdateFraction: 3_338_477,
    blobGasPerBlob: 131_072,
  },
  7691: {
    targetBlobGasPerBlock: 786_432,
    maxBlobGasPerBlock: 1_179_648,
    blobGasPriceUpdateFraction: 5_007_716,
  },
};
const GAS_PER_BLOB = 131_072n;

/** @throws InvalidChainError BRAID_INVALID_CHAIN (proof of authority), BRAID_UNKNOWN_CHAIN (a fork of its own). */
export function specOfCommon(common: CommonLike): ChainSpec {
  const view = common.copy();
  // It replaces the copy's and leaves the Common's own.
  view.resetParams(BLOB_PARAMS);
  const name = common.chainName();
  const hardforks: HardforkActivation[] = [];
  const eips: Record<string, number[]> = {};
  const blobSchedule: Record<string, BlobParameters> = {};
  const active = new Set<number>();
  let blobs: BlobParameters | undefined;
  let proofOfStake = false;
  for (const { name: fork, block, timestamp } of common.hardforks()) {
    const isActive = block !== null || timestamp !== undefined;
    // ethereumjs's name for a block without rules of its own.
    if (!isActive || fork === "mergeNetsplitBlock") continue;
    hardforks.push({
      name: fork,
      ...(isForkName(fork) && isTimed(fork) ? { timestamp: Number(timestamp) } : { block: Number(block) }),
    });
    if (!isForkName(fork)) continue;
    view.setHardfork(fork);
    if (view.consensusType() === "poa") throw invalid({ name }, "proof of authority is not supported");
    if (fork === "chainstart") proofOfStake = view.consensusType() === "pos";
    const added = ASKED_EIPS.filter((eip) => view.isActivatedEIP(eip) && !active.has(eip));
    if (fork === "osaka" && !added.includes(BLOCK_SIZE_EIP)) added.push(BLOCK_SIZE_EIP);
    for (const eip of added) active.add(eip);
    const usual = forkNamed(fork);
    if (!sameNumbers(added, usual.eips)) eips[fork] = added;
    if (!active.has(4844)) continue;
    const found = blobParameters(view);
    if (!sameBlobs(found, usual.blobs ?? blobs)) blobSchedule[fork] = found;
    blobs = found;
  }
  const depositContractAddress = depositContractOf(common);
  return {
    name,
    chainId: Number(common.chainId()),
    hardforks,
    ...(Object.keys(eips).length === 0 ? {} : { eips }),
    ...(Object.keys(blobSchedule).length === 0 ? {} : { blobSchedule }),
    ...(proofOfStake ? { proofOfStake } : {}),
    ...(depositContractAddress === undefined ? {} : { depositContractAddress }),
  };
}

function blobParameters(view: CommonLike): BlobParameters {
  const schedule = view.getBlobGasSchedule();
  return {
    target: Number(schedule.targetBlobGasPerBlock / GAS_PER_BLOB),
    max: Number(schedule.maxBlobGasPerBlock / GAS_PER_BLOB),
    baseFeeUpdateFraction: Number(schedule.blobGasPriceUpdateFraction),
  };
}

function sameBlobs(a: BlobParameters, b: BlobParameters | undefined): boolean {
  return a.target === b?.target && a.max === b.max && a.baseFeeUpdateFraction === b.baseFeeUpdateFraction;
}

/** ethereumjs has no accessor for it. */
function depositContractOf(common: CommonLike): Hex | undefined {
  const chain: unknown = Reflect.get(common, "_chainParams");
  if (typeof chain !== "object" || chain === null) return undefined;
  const address: unknown = Reflect.get(chain, "depositContractAddress");
  return typeof address === "string" ? (address.toLowerCase() as Hex) : undefined;
}

function sameNumbers(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((value) => b.includes(value));
}
