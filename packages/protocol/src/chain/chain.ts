// A chain's rules: its forks, and nothing else, say which hold for a block; its number and timestamp say which fork that is.

import type { Hex } from "@braid/primitives";
import { InvalidChainError } from "../errors.ts";
import { type ChainSpec, checkSpec, type ForkActivation, forkActivations, invalid } from "./chain-spec.ts";
import { type BlobParameters, type ForkName, forkNamed, isTimed, KNOWN_EIPS } from "./forks.ts";
import { type ForkRules, forkRules } from "./rules.ts";

const MAINNET_DEPOSIT_CONTRACT: Hex = "0x00000000219ab540356cbb839cbe05303d7705fa";

/** What of a header chooses its fork. */
export interface BlockPosition {
  number: bigint;
  /** Seconds. */
  timestamp: bigint;
}

/** An immutable chain configuration. `chainOf` makes one of anything that describes a chain. */
export class Chain {
  readonly name: string;
  readonly chainId: bigint;
  /** In the order in which they begin. */
  readonly forks: readonly ForkActivation[];
  /** The chain as plain data, all of its forks listed: `new Chain(spec)` is this chain again. */
  readonly spec: Readonly<ChainSpec>;
  /** Equal for chains with equal rules. */
  readonly key: string;
  /** As `forks`. PERF: every call and every look at the next block asks for its fork. */
  readonly #begins: readonly { name: ForkName; isByBlock: boolean; at: bigint }[];
  readonly #rules = new Map<ForkName, ForkRules>();

  /** @throws InvalidChainError BRAID_INVALID_CHAIN, BRAID_UNKNOWN_CHAIN; `spec` lists its forks. */
  constructor(spec: ChainSpec) {
    checkSpec(spec);
    this.name = spec.name;
    this.chainId = BigInt(spec.chainId);
    this.forks = forkActivations(spec);
    this.#begins = this.forks.map((fork) => ({
      name: fork.name,
      isByBlock: "block" in fork,
      at: BigInt("block" in fork ? fork.block : fork.timestamp),
    }));
    this.spec = { ...spec, hardforks: [...this.forks] };
    const { name: _, ...rest } = this.spec;
    this.key = JSON.stringify(rest, (_key, value: unknown) => sortedKeys(value));
    for (const { name } of this.forks)
      if (/^bpo[345]$/.test(name) && spec.blobSchedule?.[name] === undefined)
        throw invalid(spec, `${name} has no blob parameters; give them in its blobSchedule`);
  }

  /** The fork that rules a block. A fork never begins before those in front of it. */
  forkAt({ number, timestamp }: BlockPosition): ForkName {
    let current: ForkName = "chainstart";
    for (const { name, isByBlock, at } of this.#begins) {
      if ((isByBlock ? number : timestamp) < at) break;
      current = name;
    }
    return current;
  }

  /** The rules of a block. PERF: computed once a fork. Throws as `rulesOfFork`. */
  rulesAt(position: BlockPosition): ForkRules {
    return this.rulesOfFork(this.forkAt(position));
  }

  /**
   * The rules from a fork of this chain on.
   *
   * @throws InvalidChainError BRAID_UNKNOWN_CHAIN when the chain does not have the fork, BRAID_UNKNOWN_EIP when it activates what Braid does not know.
   */
  rulesOfFork(fork: ForkName): ForkRules {
    let rules = this.#rules.get(fork);
    if (rules === undefined) {
      rules = this.#rulesOf(fork);
      this.#rules.set(fork, rules);
    }
    return rules;
  }

  #rulesOf(fork: ForkName): ForkRules {
    const last = this.forks.findIndex(({ name }) => name === fork);
    if (last < 0)
      throw new InvalidChainError("BRAID_UNKNOWN_CHAIN", `The chain "${this.name}" has no fork "${fork}".`, {
        name: this.name,
        hardfork: fork,
      });
    const { chainId, spec } = this;
    const eips = new Set<number>();
    let blobs: BlobParameters | undefined;
    for (const { name } of this.forks.slice(0, last + 1)) {
      for (const eip of eipsOf(spec, name)) eips.add(eip);
      blobs = spec.blobSchedule?.[name] ?? forkNamed(name).blobs ?? blobs;
    }
    const unknown = [...eips].filter((eip) => !KNOWN_EIPS.has(eip));
    if (unknown.length > 0)
      throw new InvalidChainError(
        "BRAID_UNKNOWN_EIP",
        `Blocks of the fork ${fork} of the chain "${this.name}" cannot be executed: it activates EIP ${unknown.join(", ")}, which Braid does not know yet. Its description can list other EIPs for a fork in "eips".`,
        { name: this.name, hardfork: fork, eips: unknown },
      );
    const dao = this.forks.find(({ name }) => name === "dao");
    return forkRules({
      chainId,
      fork,
      eips,
      blobs,
      proofOfStakeFromStart: spec.proofOfStake === true,
      unlimitedCodeSize: spec.unlimitedCodeSize === true,
      daoForkBlock: dao !== undefined && "block" in dao ? BigInt(dao.block) : undefined,
      depositContract: (spec.depositContractAddress?.toLowerCase() ?? MAINNET_DEPOSIT_CONTRACT) as Hex,
    });
  }

  /**
   * A chain with this one's rules up to a fork, and that fork's rules from the first block on: for blocks out of any context.
   *
   * @throws InvalidChainError BRAID_UNKNOWN_CHAIN when the chain does not have the fork.
   */
  from(fork: ForkName): Chain {
    this.rulesOfFork(fork);
    const end = this.forks.findIndex(({ name }) => name === fork) + 1;
    return new Chain({
      ...this.spec,
      hardforks: this.forks
        .slice(0, end)
        // A DAO fork at block 0 would be none: there is no ether to move yet.
        .filter(({ name }) => name !== "dao")
        .map(({ name }) => (isTimed(name) ? { name, timestamp: 0 } : { name, block: 0 })),
    });
  }
}

/** The EIPs that a fork of a chain activates. */
export function eipsOf(spec: Pick<ChainSpec, "eips">, fork: ForkName): readonly number[] {
  return spec.eips?.[fork] ?? forkNamed(fork).eips;
}

/** Equal rules give equal text, in whatever order they were written down. */
function sortedKeys(value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
