// Ethereum's forks in order: how their beginning is given, which EIPs they bring, and what blobs cost from then on.

/** EIP-7840: blobs per block, and the denominator of the blob price's exponent. */
export interface BlobParameters {
  target: number;
  max: number;
  baseFeeUpdateFraction: number;
}

interface Fork {
  readonly name: string;
  /** By block number up to Paris, by timestamp (seconds) after it. */
  readonly since: "block" | "time";
  /** The EIPs that it activates, from Berlin on; what came before is known by the fork's name. */
  readonly eips: readonly number[];
  /** Mainnet's. A later fork without any keeps those before it. */
  readonly blobs?: BlobParameters;
}

const byBlock = <Name extends string>(name: Name, eips: readonly number[] = []) =>
  ({ name, since: "block", eips }) as const;
const byTime = <Name extends string>(name: Name, eips: readonly number[], blobs?: BlobParameters) =>
  ({ name, since: "time", eips, ...(blobs === undefined ? {} : { blobs }) }) as const;

/** All forks in order, by the names that ethereumjs has for them. */
export const FORKS = [
  byBlock("chainstart"),
  byBlock("homestead"),
  byBlock("dao"),
  byBlock("tangerineWhistle"),
  byBlock("spuriousDragon"),
  byBlock("byzantium"),
  byBlock("constantinople"),
  byBlock("petersburg"),
  byBlock("istanbul"),
  byBlock("muirGlacier"),
  byBlock("berlin", [2565, 2718, 2929, 2930]),
  byBlock("london", [1559, 3198, 3529, 3541]),
  byBlock("arrowGlacier"),
  byBlock("grayGlacier"),
  byBlock("paris", [3675, 4399]),
  byTime("shanghai", [3651, 3855, 3860, 4895]),
  byTime("cancun", [1153, 4788, 4844, 5656, 6780, 7516], {
    target: 3,
    max: 6,
    baseFeeUpdateFraction: 3_338_477,
  }),
  byTime("prague", [2537, 2935, 6110, 7002, 7251, 7623, 7685, 7691, 7702], {
    target: 6,
    max: 9,
    baseFeeUpdateFraction: 5_007_716,
  }),
  byTime("osaka", [7594, 7823, 7825, 7883, 7892, 7918, 7934, 7939, 7951]),
  byTime("bpo1", [], { target: 10, max: 15, baseFeeUpdateFraction: 8_346_193 }),
  byTime("bpo2", [], { target: 14, max: 21, baseFeeUpdateFraction: 11_684_671 }),
  byTime("bpo3", []),
  byTime("bpo4", []),
  byTime("bpo5", []),
  byTime("amsterdam", [2780, 7708, 7778, 7843, 7928, 7954, 7976, 7981, 7997, 8024, 8037, 8038, 8246, 8282]),
] as const satisfies readonly Fork[];

/** A fork's name as ethereumjs has it. */
export type ForkName = (typeof FORKS)[number]["name"];

const byName: ReadonlyMap<string, Fork & { index: number }> = new Map(
  FORKS.map((fork, index) => [fork.name, { ...fork, index }]),
);

/** Is it the name of a fork? */
export function isForkName(name: string): name is ForkName {
  return byName.has(name);
}

/** What is known of a fork, and its place in the order. */
export function forkNamed(name: ForkName): Fork & { index: number } {
  // There is an entry for every name of the type.
  return byName.get(name) as Fork & { index: number };
}

/** Does the fork change blob parameters only (EIP-7892)? Chains have them in any number, also after later forks. */
export function isBlobFork(name: ForkName): boolean {
  return name.startsWith("bpo");
}

/** Does the fork begin at a timestamp, and not at a block? */
export function isTimed(name: ForkName): boolean {
  return forkNamed(name).since === "time";
}

/**
 * The EIPs whose rules are known here. A chain may list others for a fork that it has not come to;
 * blocks under rules that nobody here follows are refused.
 */
export const KNOWN_EIPS: ReadonlySet<number> = new Set(
  FORKS.filter(({ name }) => name !== "amsterdam")
    .flatMap(({ eips }): readonly number[] => eips)
    // Of Amsterdam: logs of transfers, block gas without refunds, SLOTNUM, block access lists, DUPN, SWAPN and EXCHANGE.
    .concat([7708, 7778, 7843, 7928, 8024]),
);
