// The rules of a forked chain: those of the chain that Braid knows by its id, or of a chain that nobody described.

import { BaseError, type JsonObject, jsonQuantity } from "@braid/primitives";
import { CHAIN_NAMES, Chain, type ChainSpec, chainOf, FORKS, type ForkName, isTimed } from "@braid/protocol";

/** What its user wants to be another way than in the other node's chain. */
export interface RuleOptions {
  chainId?: number;
  /** The rules of the blocks that are mined here. */
  hardfork?: ForkName;
  /** The other node's chain, when Braid does not know it by its id. */
  chain?: Chain;
  /** What the blocks that are mined here have other than what these forks say. */
  changes?: (forks: readonly ForkName[]) => Pick<ChainSpec, "eips" | "unlimitedCodeSize">;
}

/** The first fork whose headers have a field. */
const FORK_OF_FIELD: readonly [field: string, fork: ForkName][] = [
  ["blockAccessListHash", "amsterdam"],
  ["requestsHash", "prague"],
  ["parentBeaconBlockRoot", "cancun"],
  ["withdrawalsRoot", "shanghai"],
];

/**
 * The chain that goes on from a block of another node.
 *
 * @param remoteId the other node's chain.
 * @param block its header as JSON-RPC has it.
 * @throws ForkOptionsError: the block is of a later fork than `hardfork`.
 */
export function forkedChain(
  remoteId: bigint,
  block: JsonObject,
  { chainId, hardfork, chain, changes }: RuleOptions,
): Chain {
  const number = jsonQuantity(block.number, "block.number", 64n);
  const timestamp = jsonQuantity(block.timestamp, "block.timestamp", 64n);
  const known = chain ?? knownChain(remoteId);
  const id = chainId ?? Number(remoteId);
  if (hardfork === undefined && changes === undefined && known !== undefined)
    return id === Number(remoteId) ? known : new Chain({ ...known.spec, chainId: id });
  const found = known?.forkAt({ number, timestamp }) ?? forkOfFields(block);
  // Forks of blob parameters have no rules of their own.
  const own = isBlobFork(found) ? "osaka" : found;
  // Of a chain that nobody described the header says no more: Osaka's headers are Prague's.
  const last = hardfork ?? (own === "prague" ? "osaka" : own);
  if (indexOf(last) < indexOf(own))
    throw new ForkOptionsError(
      `Block ${number} has the rules of ${own}, which a chain cannot go back behind: give ${own} or a later fork, or no hardfork.`,
    );
  const hardforks = FORKS.filter(
    // No ether is moved any more, and forks of blob parameters have parameters of each chain's own.
    ({ name }) => name !== "dao" && !isBlobFork(name) && indexOf(name) <= indexOf(last),
  ).map(({ name }) => {
    const begun = indexOf(name) <= indexOf(own);
    if (!isTimed(name)) return { name, block: begun ? 0 : Number(number) + 1 };
    return { name, timestamp: begun ? 0 : Number(timestamp) + 1 };
  });
  const { eips: usual, depositContractAddress } = known?.spec ?? {};
  const changed = changes?.(hardforks.map(({ name }) => name));
  const eips = usual === undefined && changed === undefined ? undefined : { ...usual, ...changed?.eips };
  return new Chain({
    name: known?.name ?? "forked",
    chainId: id,
    hardforks,
    ...(eips === undefined ? {} : { eips }),
    ...(changed?.unlimitedCodeSize === true ? { unlimitedCodeSize: true } : {}),
    ...(depositContractAddress === undefined ? {} : { depositContractAddress }),
  });
}

/** The chain with this id, when Braid knows one. */
export function knownChain(id: bigint): Chain | undefined {
  const name = CHAIN_NAMES.find((one) => chainOf(one).chainId === id);
  return name && chainOf(name);
}

/**
 * Public chains beside those: Optimism, Cronos, BNB, Gnosis, Unichain, Polygon, Sonic, opBNB, Mantle, Base, Mode, Arbitrum One and Nova, Celo, Avalanche,
 * Ink, Linea, Berachain, Blast, Scroll, Zora, and the test networks of some.
 */
const PUBLIC_CHAINS: ReadonlySet<bigint> = new Set([
  10n,
  25n,
  56n,
  97n,
  100n,
  130n,
  137n,
  146n,
  204n,
  5_000n,
  8_453n,
  34_443n,
  42_161n,
  42_170n,
  42_220n,
  43_113n,
  43_114n,
  57_073n,
  59_141n,
  59_144n,
  80_002n,
  80_094n,
  81_457n,
  84_532n,
  421_614n,
  534_351n,
  534_352n,
  7_777_777n,
  11_155_420n,
]);

/** Is what was at a block of this chain there for ever? A development chain's owner can change it by hand. */
export function isPublicChain(id: bigint): boolean {
  return knownChain(id) !== undefined || PUBLIC_CHAINS.has(id);
}

function forkOfFields(block: JsonObject): ForkName {
  const found = FORK_OF_FIELD.find(([field]) => block[field] !== undefined && block[field] !== null);
  if (found !== undefined) return found[1];
  if (block.baseFeePerGas === undefined || block.baseFeePerGas === null) return "berlin";
  return jsonQuantity(block.difficulty ?? "0x0", "block.difficulty") === 0n ? "paris" : "london";
}

function isBlobFork(fork: ForkName): boolean {
  return /^bpo\d$/.test(fork);
}

function indexOf(fork: ForkName): number {
  return FORKS.findIndex(({ name }) => name === fork);
}

/** Options of a forked chain that do not go together. Code BRAID_FORK_OPTIONS. */
export class ForkOptionsError extends BaseError {
  constructor(message: string) {
    super("BRAID_FORK_OPTIONS", message);
  }
}
