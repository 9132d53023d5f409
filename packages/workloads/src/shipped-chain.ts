// The chain that ships with Braid's command: a bit of every family in every form, in blocks as large as mainnet's.
import { FAMILIES } from "./families/index.ts";
import { type MixedFamily, WORKLOAD_DEFAULTS, type WorkloadOptions } from "./workload.ts";

/** What people mostly do; the others share the rest. */
const COMMON: Record<string, number> = { ether: 6, token: 10, amm: 9, concentrated: 3, account: 2, nft: 2 };

/** `braid workload make defi` makes it, and these options of a seed give the file in packages/cli/data. */
export const SHIPPED_CHAIN: WorkloadOptions = {
  ...WORKLOAD_DEFAULTS,
  mix: FAMILIES.flatMap((family) =>
    family.variants.map((variant): MixedFamily => {
      const weight = COMMON[family.name] ?? 1;
      return { family, variant, weight: variant === "plain" ? weight : weight / 3 };
    }),
  ),
  blocks: 24,
  transactions: [100, 300],
  users: 60,
  things: 2,
  senderContention: 0.5,
  accessLists: { right: 6, partlyWrong: 2, useless: 1 },
  chains: { share: 3, length: 5 },
  gasLimit: 60_000_000n,
  hasWithdrawals: true,
};
