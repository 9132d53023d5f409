// A chain as plain data: how it is stored in bundles and sent to workers, and the check that it makes sense.

import type { Hex } from "@braid/primitives";
import { InvalidChainError } from "../errors.ts";
import {
  type BlobParameters,
  FORKS,
  type ForkName,
  forkNamed,
  isBlobFork,
  isForkName,
  isTimed,
} from "./forks.ts";

/** A fork and where it begins: `block` up to Paris, `timestamp` (seconds) from Shanghai on. */
export interface HardforkActivation {
  /** The name as ethereumjs has it: "chainstart", "homestead", ..., "osaka", "bpo1". */
  name: string;
  block?: number;
  timestamp?: number;
}

/**
 * A chain. One that Braid knows needs only its name and id ("mainnet" 1, "sepolia" 11155111, "holesky" 17000, "hoodi" 560048);
 * any other one lists its forks in the order in which they begin.
 */
export interface ChainSpec {
  name: string;
  chainId: number;
  /** A fork that is left out begins with the next one that is listed; not so the DAO's and forks of blob parameters. */
  hardforks?: HardforkActivation[];
  /** Where a fork's blob parameters are not mainnet's; keyed by the fork's name. Needed for blob parameter forks that mainnet does not have. */
  blobSchedule?: Record<string, BlobParameters>;
  /** Where a fork's EIPs are not those that Braid knows it by; keyed by the fork's name. */
  eips?: Record<string, number[]>;
  /** Contracts and init codes of any size, whatever EIP-170 and EIP-3860 say: for development chains. */
  unlimitedCodeSize?: boolean;
  /** Proof of stake from the first block on, whatever fork that is: no difficulty, no rewards, no uncles. */
  proofOfStake?: boolean;
  /** The contract whose logs are deposit requests (EIP-6110), 20 bytes; mainnet's when left out. */
  depositContractAddress?: Hex;
}

/** A fork and the first block or timestamp (seconds) that it rules. */
export type ForkActivation = { name: ForkName } & ({ block: number } | { timestamp: number });

/**
 * All forks of a chain in the order in which they begin, those that the description leaves out among them.
 *
 * @throws InvalidChainError BRAID_UNKNOWN_CHAIN for a fork that is not known, BRAID_INVALID_CHAIN for an order that cannot be.
 */
export function forkActivations(spec: ChainSpec): ForkActivation[] {
  const listed = (spec.hardforks ?? []).map((fork) => activation(spec, fork));
  checkOrder(spec, listed);
  const first = listed[0];
  if (first === undefined) throw invalid(spec, "it lists no forks");
  const forks: ForkActivation[] = [];
  let next = 0;
  for (const fork of listed) {
    if (!isBlobFork(fork.name)) {
      const { index } = forkNamed(fork.name);
      for (; next < index; next++) {
        const skipped = (FORKS[next] as (typeof FORKS)[number]).name;
        if (skipped !== "dao" && !isBlobFork(skipped)) forks.push(beginningWith(spec, skipped, fork));
      }
      next = index + 1;
    }
    forks.push(fork);
  }
  const [begin] = forks;
  if (begin === undefined || !("block" in begin) || begin.block !== 0)
    throw invalid(spec, "none of its forks begins at block 0");
  return forks;
}

/** A fork that is not listed, when the next one that is listed is `fork`. */
function beginningWith(spec: ChainSpec, name: ForkName, fork: ForkActivation): ForkActivation {
  if ("block" in fork) return { name, block: fork.block };
  if (isTimed(name)) return { name, timestamp: fork.timestamp };
  // From a timestamp nobody can tell at which block the forks before it began, unless that was the first one.
  if (fork.timestamp === 0 || spec.proofOfStake === true) return { name, block: 0 };
  throw invalid(spec, `it lists ${fork.name}, but not at which block ${name} begins`);
}

function activation(spec: ChainSpec, { name, block, timestamp }: HardforkActivation): ForkActivation {
  if (!isForkName(name))
    throw new InvalidChainError(
      "BRAID_UNKNOWN_CHAIN",
      `The chain "${spec.name}" has a fork "${name}", which is not known.`,
      { name: spec.name, hardfork: name },
    );
  const at = isTimed(name) ? timestamp : block;
  if (at === undefined || !Number.isSafeInteger(at) || at < 0)
    throw invalid(spec, `${name} needs a ${isTimed(name) ? "timestamp" : "block"}, not ${String(at)}`);
  return isTimed(name) ? { name, timestamp: at } : { name, block: at };
}

function checkOrder(spec: ChainSpec, forks: readonly ForkActivation[]): void {
  let last = -1;
  let block = 0;
  let timestamp = 0;
  const names = new Set<ForkName>();
  for (const fork of forks) {
    const { index } = forkNamed(fork.name);
    if (names.has(fork.name)) throw invalid(spec, `it lists ${fork.name} twice`);
    names.add(fork.name);
    if (!isBlobFork(fork.name)) {
      if (index < last) throw invalid(spec, `${fork.name} stands behind a later fork`);
      last = index;
    }
    if (("block" in fork && fork.block < block) || ("timestamp" in fork && fork.timestamp < timestamp))
      throw invalid(spec, `${fork.name} begins before the fork in front of it`);
    if ("block" in fork) block = fork.block;
    else timestamp = fork.timestamp;
  }
}

/** Checks the parts of a description that are no list of forks. Throws InvalidChainError. */
export function checkSpec(spec: ChainSpec): void {
  if (typeof spec.name !== "string") throw invalid({ name: "?" }, "it has no name");
  if (!Number.isSafeInteger(spec.chainId) || spec.chainId < 0)
    throw invalid(spec, `its chainId is ${String(spec.chainId)}`);
  for (const [fork, blobs] of Object.entries(spec.blobSchedule ?? {})) {
    const { target, max, baseFeeUpdateFraction: fraction } = blobs;
    const fits = (value: number, least: number): boolean => Number.isSafeInteger(value) && value >= least;
    if (!fits(target, 0) || !fits(max, 1) || max < target || !fits(fraction, 1))
      throw invalid(
        spec,
        `its blob parameters of ${fork} are not whole numbers of target, max, baseFeeUpdateFraction`,
      );
  }
  for (const [fork, eips] of Object.entries(spec.eips ?? {}))
    if (!isForkName(fork) || !Array.isArray(eips) || !eips.every(Number.isSafeInteger))
      throw invalid(spec, `its EIPs of ${fork} are not a fork's list of numbers`);
  const contract = spec.depositContractAddress;
  if (contract !== undefined && !isAddress(contract))
    throw invalid(spec, `its deposit contract ${String(contract)} is not an address`);
}

function isAddress(hex: unknown): boolean {
  return typeof hex === "string" && /^0x[0-9a-f]{40}$/i.test(hex);
}

/** The error of a chain whose description cannot be used. */
export function invalid({ name }: { name: string }, reason: string): InvalidChainError {
  return new InvalidChainError("BRAID_INVALID_CHAIN", `The chain "${name}" cannot be used: ${reason}.`, {
    name,
    reason,
  });
}
