// The networks that fixtures name ("Cancun", "ParisToShanghaiAtTime15k"), as chains.

import { BaseError } from "@braid/primitives";
import { type BlobParameters, Chain, type ChainSpec, FORKS, type ForkName, isTimed } from "@braid/protocol";
import type { FixtureConfig } from "./fixture-types.ts";

/** The fixtures' names where they are not ours with a capital; several for one fork where they have changed. */
const FIXTURE_NAMES: Record<string, ForkName> = {
  Frontier: "chainstart",
  EIP150: "tangerineWhistle",
  EIP158: "spuriousDragon",
  ConstantinopleFix: "petersburg",
  Merge: "paris",
};

/**
 * Amsterdam as of the fixtures eest-bal v5.1.0 and eest-zkevm v0.3.3: ETH transfer logs, block gas without refunds,
 * SLOTNUM, block access lists, DUPN/SWAPN/EXCHANGE. Those that the fork is known by follow a later draft.
 */
const AMSTERDAM_EIPS = [7708, 7778, 7843, 7928, 8024];

/** Blob parameters of test networks, which Amsterdam does not come after. */
const BESIDE_AMSTERDAM: readonly ForkName[] = ["bpo3", "bpo4", "bpo5"];

/**
 * What a state test leaves out of its block: system calls and requests (EIP-4788, EIP-2935, EIP-6110, EIP-7002, EIP-7251,
 * EIP-7685). Its rewards go with the proof of work.
 */
const TRANSACTIONS_ONLY: Record<string, number[]> = {
  cancun: [1153, 4844, 5656, 6780, 7516],
  prague: [2537, 7623, 7691, 7702],
};

const known = new Map<string, Chain>();

/**
 * The chain of a fixture's network.
 *
 * @param name a fork, or `AToBAtTime15k`, `AToBAt5`: fork A until that timestamp (in seconds, k for thousands) or block, then B.
 * @param kind `transactions`: its blocks have nothing but transactions, as state tests want it.
 * @throws UnknownNetworkError
 */
export function networkChain(
  name: string,
  config: FixtureConfig = {},
  kind: "blocks" | "transactions" = "blocks",
): Chain {
  const key = JSON.stringify([name, config.chainid, config.blobSchedule, kind]);
  let chain = known.get(key);
  if (chain === undefined) {
    const spec = describeNetwork(name, config);
    chain = new Chain(
      kind === "blocks"
        ? spec
        : { ...spec, eips: { ...spec.eips, ...TRANSACTIONS_ONLY }, proofOfStake: true },
    );
    known.set(key, chain);
  }
  return chain;
}

function describeNetwork(name: string, config: FixtureConfig): ChainSpec {
  const { from, to, at } = parseNetwork(name);
  const order: ForkName[] = FORKS.map((fork) => fork.name);
  const last = to ?? from;
  const hardforks = order
    .slice(0, order.indexOf(last) + 1)
    // The DAO's fork belongs to mainnet and to the network that is named after it.
    .filter((fork) => fork !== "dao" || last === "dao")
    .filter((fork) => !(last === "amsterdam" && BESIDE_AMSTERDAM.includes(fork)))
    .map((fork) => {
      const begin = order.indexOf(fork) > order.indexOf(from) ? at : 0;
      return isTimed(fork) ? { name: fork, timestamp: begin } : { name: fork, block: begin };
    });
  return {
    name,
    chainId: Number(config.chainid ?? 1),
    hardforks,
    blobSchedule: blobSchedule(config),
    eips: { amsterdam: AMSTERDAM_EIPS },
  };
}

function blobSchedule({ blobSchedule = {} }: FixtureConfig): Record<string, BlobParameters> {
  return Object.fromEntries(
    Object.entries(blobSchedule).map(([fork, { target, max, baseFeeUpdateFraction }]) => [
      forkName(fork) ?? fork,
      { target: Number(target), max: Number(max), baseFeeUpdateFraction: Number(baseFeeUpdateFraction) },
    ]),
  );
}

function forkName(name: string): ForkName | undefined {
  const ours =
    FIXTURE_NAMES[name] ??
    `${name.startsWith("BPO") ? "bpo" : name[0]?.toLowerCase()}${name.slice(name.startsWith("BPO") ? 3 : 1)}`;
  return FORKS.find((fork) => fork.name === ours)?.name;
}

function parseNetwork(name: string): { from: ForkName; to?: ForkName; at: number } {
  const single = forkName(name);
  if (single !== undefined) return { from: single, at: 0 };
  const [, before = "", after = "", time, amount, kilo] =
    /^(\w+?)To(\w+?)At(Time)?(\d+)(k?)$/.exec(name) ?? [];
  const from = forkName(before);
  const to = forkName(after);
  // A fork that begins at a block cannot begin at a time, and the other way round.
  if (from === undefined || to === undefined || isTimed(to) !== (time !== undefined))
    throw new UnknownNetworkError(name);
  return { from, to, at: Number(amount) * (kilo === "k" ? 1000 : 1) };
}

/** A network that Braid does not know: its cases are skipped, with this as the reason. */
export class UnknownNetworkError extends BaseError {
  constructor(name: string) {
    super("BRAID_UNKNOWN_NETWORK", `The network "${name}" is not known.`, { data: { network: name } });
  }
}
