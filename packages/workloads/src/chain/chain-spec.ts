// The rules of the chains that are made here: everything from Frontier to Osaka from the first block on.
import { type ChainSpec, FORKS } from "@braid/protocol";

/** Ethash's difficulty bombs and the DAO fork do nothing here. */
const LEFT_OUT: ReadonlySet<string> = new Set(["dao", "muirGlacier", "arrowGlacier", "grayGlacier"]);

export const HARDFORK = "osaka";

export const DEMO_CHAIN: ChainSpec = {
  name: "braid-defi",
  chainId: 133_742,
  hardforks: FORKS.slice(0, FORKS.findIndex(({ name }) => name === HARDFORK) + 1)
    .filter(({ name }) => !LEFT_OUT.has(name))
    .map(({ name, since }) => (since === "block" ? { name, block: 0 } : { name, timestamp: 0 })),
};

export const CHAIN_ID = BigInt(DEMO_CHAIN.chainId);

/** Gas a block may use; as much as mainnet's in 2026. */
export const BLOCK_GAS_LIMIT = 60_000_000n;

/** When the genesis block was, in seconds: the first second of 2026. Blocks follow every 12. */
export const GENESIS_TIME = 1_767_225_600n;
export const SECONDS_PER_BLOCK = 12n;
