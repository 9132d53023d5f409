// Chains of blocks over the families' contracts: `makeWorkload`, and the kinds of it that have names.
import type { Bundle } from "@braid/replay";
import { createAccounts, type SigningAccount } from "./chain/accounts.ts";
import { type BlockAttributes, type MinedBlock, toBundle } from "./chain/stock-chain.ts";
import { TextRandom } from "./chain/text-random.ts";
import type { Family, Variant } from "./families/family.ts";
import { FAMILIES } from "./families/index.ts";
import { type Action, Traffic, type TrafficOptions } from "./traffic/traffic.ts";
import { World } from "./world.ts";

/** One family in one of its forms, and how often its users act. */
export interface MixedFamily {
  family: Family;
  variant: Variant;
  weight: number;
}

export interface WorkloadOptions extends TrafficOptions {
  /** Any text: the same one gives the same bytes. */
  seed: string;
  mix: readonly MixedFamily[];
  /** Fewer give a prefix of the same chain. */
  blocks: number;
  /** Of each block, from and to; fewer when it has no gas for more. */
  transactions: readonly [least: number, most: number];
  users: number;
  /** How many there are of whatever a family has several of: tokens, pools, markets, series, patients … */
  things: number;
  /** Of each block. */
  gasLimit: bigint;
  /** Withdrawals of validators every third block, and beneficiaries that take part in the blocks. */
  hasWithdrawals: boolean;
  /** Called after each block. */
  onBlock?: (block: MinedBlock) => void;
}

/** What all options are that nobody names. */
export const WORKLOAD_DEFAULTS = {
  seed: "braid",
  blocks: 4,
  transactions: [200, 200],
  users: 200,
  things: 50,
  contention: 1,
  senderContention: 0,
  accessLists: { right: 0, partlyWrong: 0, useless: 0 },
  reverts: 2,
  outOfGas: 1,
  chains: { share: 0, length: 5 },
  gasLimit: 100_000_000_000n,
  hasWithdrawals: false,
} as const satisfies Omit<WorkloadOptions, "mix" | "onBlock">;

/**
 * Names and forms of families: "amm" (plain), "amm-parallel", "amm=3" for three times as often. Throws a RangeError for one that there is not,
 * or for a weight that is none.
 */
export function mixOf(names: readonly string[]): MixedFamily[] {
  return names.map((name) => {
    const [form = "", weight = "1"] = name.split("=");
    const [base, variant = "plain"] = form.split("-");
    const family = FAMILIES.find((one) => one.name === base);
    const found = family?.variants.find((one) => one === variant);
    if (family === undefined || found === undefined || !(Number(weight) > 0))
      throw new RangeError(`there is no workload ${name}; there are ${workloadNames().join(", ")}`);
    return { family, variant: found, weight: Number(weight) };
  });
}

/** Every family in every form: "amm", "amm-parallel" … */
export function workloadNames(): string[] {
  return FAMILIES.flatMap(({ name, variants }) =>
    variants.map((variant) => (variant === "plain" ? name : `${name}-${variant}`)),
  );
}

/**
 * Blocks over the contracts of some families, on the state in which these are set up; executed and sealed by stock @ethereumjs/vm, whose
 * result is what the headers say.
 */
export async function makeWorkload(options: WorkloadOptions): Promise<Bundle> {
  const { seed, mix, users, things, gasLimit, blocks, transactions, onBlock } = options;
  const world = await World.create({ seed, users, things, gasLimit });
  const actions: Action[] = [];
  for (const { family, variant, weight } of mix) {
    const own = await family.setUp(world, variant);
    const sum = own.reduce((total, action) => total + action.weight, 0);
    actions.push(...own.map((action) => ({ ...action, weight: (action.weight / sum) * weight })));
  }
  const { chain } = world;
  const start = await chain.point();
  const traffic = new Traffic(chain, world.users, actions, seed, options);
  const attributes = blockAttributes(world, options);
  const rlps: Uint8Array[] = [];
  for (let i = 0; i < blocks; i++) {
    const own = attributes();
    const [least, most] = transactions;
    const block = await chain.mine(
      await traffic.block(traffic.random.between(least, most), own.coinbase),
      own,
    );
    rlps.push(block.rlp);
    onBlock?.(block);
  }
  return toBundle(
    start,
    rlps,
    `A workload of the seed ${seed}: ${mix.map(({ family }) => family.name).join(", ")}`,
  );
}

/** Beneficiaries whom nobody else ever touches; with withdrawals also one that sends in most blocks, and a contract. */
function blockAttributes({ users }: World, { seed, hasWithdrawals }: WorkloadOptions): () => BlockAttributes {
  const random = new TextRandom(`${seed}/attributes`);
  const validators = createAccounts(`${seed}/validators`, 3).map(({ address }) => address);
  const first = users[0]?.address;
  let count = 0n;
  let index = 0n;
  return () => {
    if (!hasWithdrawals || first === undefined) return { coinbase: random.pick(validators) };
    const coinbase = random.pick([...validators, first]);
    if (++count % 3n !== 0n) return { coinbase };
    const withdrawals = randomWithdrawals(random, users, coinbase, index);
    index += BigInt(withdrawals.length);
    return { coinbase, withdrawals };
  };
}

/** Up to 16 (EIP-4895): to accounts that also trade, to the beneficiary of the block, and to somebody new. */
function randomWithdrawals(
  random: TextRandom,
  users: readonly SigningAccount[],
  coinbase: Uint8Array,
  first: bigint,
): NonNullable<BlockAttributes["withdrawals"]> {
  const receivers = [
    coinbase,
    random.bytes(20),
    ...Array.from({ length: random.between(2, 14) }, () => random.pick(users).address),
  ];
  return receivers.map((address, index) => ({
    index: first + BigInt(index),
    validatorIndex: BigInt(random.below(1_000_000)),
    address,
    amount: BigInt(random.below(2 ** 32)),
  }));
}
